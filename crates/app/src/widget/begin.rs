//! A new visitor: customer, addresses and token, in one transaction.

use domain::conversation::Verification;
use domain::ids::{CustomerId, IdentityId, VisitorId};
use jiff::Timestamp;
use serde_json::Value;
use store::channels::Channel;
use store::customers::{Customer, Identity};
use store::events::Cursor;
use store::visitors::Visitor;
use uuid::Uuid;

use super::identify::{self, Proof};
use super::prechat::Answers;
use super::{Session, TOKEN_DAYS};
use crate::identity_tokens::Claims;
use crate::setup::days_later;
use crate::{Ctx, Error, secrets};

#[derive(Clone)]
struct Newcomer {
    customer: Customer,
    identities: Vec<Identity>,
    visitor: Visitor,
    token_hash: Vec<u8>,
    proof: Option<Proof>,
    now: Timestamp,
}

/// Begins a session; with claims it is that of the person the site names.
pub(super) async fn begin(
    ctx: &Ctx,
    channel: &Channel,
    language: &str,
    answers: Answers,
    claims: Option<Claims>,
    was_reset: bool,
) -> Result<Session, Error> {
    let token = format!("ctv_{}", secrets::token(ctx.entropy()));
    let newcomer = newcomer(ctx, channel, language, &answers, claims, &token);
    let org = channel.organization_id;
    let (visitor, customer, cursor) = identify::repeated(|| {
        ctx.store().write("widget.begin", newcomer.clone(), |tx, newcomer| Box::pin(enter(tx, newcomer)))
    })
    .await?;
    ctx.runtime(org)?.hub.wake();
    Ok(Session { token, visitor, customer, cursor, was_reset, is_new: true })
}

async fn enter(tx: &mut db::Tx<'_>, n: Newcomer) -> Result<(Visitor, Customer, Cursor), Error> {
    let Newcomer { customer, mut identities, mut visitor, token_hash, proof, now } = n;
    let org = visitor.organization_id;
    let known = match &proof {
        Some(proof) => {
            identify::spend(tx, &visitor, proof).await?;
            visitor.subject = Some(proof.claims.subject.clone());
            identify::known(tx, &visitor, &proof.claims).await?
        }
        None => None,
    };
    match known {
        Some(id) => {
            visitor.customer_id = id;
            identities.iter_mut().for_each(|identity| identity.customer_id = id);
        }
        None => store::customers::insert(tx, &customer).await?,
    }
    for identity in &identities {
        store::customers::insert_identity(tx, identity).await?;
    }
    store::visitors::insert(tx, &visitor, &token_hash, now).await?;
    if let Some(proof) = &proof {
        identify::prove(tx, &visitor, proof).await?;
    }
    let customer = store::customers::find(tx, org, visitor.customer_id).await?.ok_or(Error::NotFound)?;
    if customer.is_blocked {
        return Err(Error::VisitorBlocked);
    }
    Ok((visitor, customer, store::events::head(tx, org).await?))
}

fn newcomer(
    ctx: &Ctx,
    channel: &Channel,
    language: &str,
    answers: &Answers,
    claims: Option<Claims>,
    token: &str,
) -> Newcomer {
    let now = ctx.now();
    let [visitor_id, customer_id, identity_id] = ctx.new_ids();
    let customer = customer(channel, CustomerId(customer_id), language, answers, now);
    let seed = Seed { channel, customer: customer.id, now };
    let visitor_identity = seed.identity(identity_id, "visitor", visitor_id.to_string(), Verification::Observed);
    let claimed = [("email", &answers.email), ("phone", &answers.phone)]
        .into_iter()
        .filter_map(|(kind, address)| Some(seed.identity(ctx.new_id(), kind, address.clone()?, Verification::Claimed)));
    let visitor = Visitor {
        id: VisitorId(visitor_id),
        organization_id: channel.organization_id,
        channel_id: channel.id,
        customer_id: customer.id,
        identity_id: visitor_identity.id,
        subject: None,
        language: language.to_owned(),
        is_blocked: false,
        expires_at: days_later(now, TOKEN_DAYS),
    };
    Newcomer {
        identities: std::iter::once(visitor_identity).chain(claimed).collect(),
        proof: claims.map(|claims| Proof::new(ctx, claims, now)),
        token_hash: secrets::hash(token),
        customer,
        visitor,
        now,
    }
}

fn customer(channel: &Channel, id: CustomerId, language: &str, answers: &Answers, now: Timestamp) -> Customer {
    Customer {
        id,
        organization_id: channel.organization_id,
        name: answers.name.as_ref().map(|name| name.chars().take(200).collect()),
        language: Some(language.to_owned()),
        time_zone: None,
        is_vip: false,
        is_blocked: false,
        fields: Value::Object(answers.fields.clone()),
        tags: Vec::new(),
        state: "active".to_owned(),
        is_demo: channel.is_demo,
        first_seen_at: now,
        last_seen_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
        profile: store::customers::Profile::default(),
    }
}

/// What every address of a visitor has in common.
struct Seed<'a> {
    channel: &'a Channel,
    customer: CustomerId,
    now: Timestamp,
}

impl Seed<'_> {
    fn identity(&self, id: Uuid, kind: &str, address: String, verification: Verification) -> Identity {
        Identity {
            id: IdentityId(id),
            organization_id: self.channel.organization_id,
            customer_id: self.customer,
            kind: kind.to_owned(),
            display: None,
            channel_id: (kind == "visitor").then_some(self.channel.id),
            verification,
            is_authenticated: false,
            is_primary: kind == "visitor",
            reachability: "ok".to_owned(),
            verified_at: None,
            created_at: self.now,
            version: 1,
            is_shared: false,
            verified_by: None,
            address,
        }
    }
}
