//! Who a visitor is, because the site says so in a token it signed.
//!
//! # Invariants
//! - Only a signature opens a person's history; what a visitor types never does.
//! - A visitor is bound to one account for good: another account gets a fresh visitor, and nothing goes along.
//! - An account name belongs to the channel whose keys vouch for it; two sites may use the same name.
//! - A token that names itself (`jti`) is spent in the transaction it takes effect in.

use domain::conversation::Verification;
use domain::ids::{ConversationId, CustomerId, IdentityId};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::channels::Channel;
use store::customers::{Customer, Identity};
use store::events::Cursor;
use store::visitors::Visitor;
use uuid::Uuid;

use super::{Session, TOKEN_DAYS, begin};
use crate::events::event;
use crate::identity_tokens::{Address, Claims, Keys, Reason};
use crate::setup::days_later;
use crate::widget::prechat::Answers;
use crate::{Ctx, Error, secrets};

/// Most conversations that join a person at once; each is told of.
const JOINED_MAX: usize = 200;

/// Claims with the ids their effect needs, so that the transaction may run again.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) claims: Claims,
    ids: [Uuid; 6],
    now: Timestamp,
}

impl Proof {
    pub(super) fn new(ctx: &Ctx, claims: Claims, now: Timestamp) -> Self {
        Self { claims, ids: ctx.new_ids(), now }
    }
}

/// What a token says, once its signature was checked against the channel's keys.
pub(super) async fn believed(ctx: &Ctx, channel: &Channel, token: &str) -> Result<Claims, Error> {
    let refused = Error::IdentityToken;
    let identity = super::config(channel).identity.ok_or(refused(Reason::Signature))?;
    let secrets = secrets::of_channel(ctx, channel, "identity_secret").await?;
    Keys::new(&identity, &secrets).verify(token, &channel.public_key, ctx.now()).map_err(refused)
}

/// Tells who the visitor of `token` is. The session goes on; it is a fresh one when the visitor was somebody else.
///
/// # Errors
/// [`Error::IdentityToken`], [`Error::VisitorBlocked`].
pub async fn identify(
    ctx: &Ctx,
    channel: &Channel,
    visitor: &Visitor,
    token: &str,
    identity_token: &str,
) -> Result<Session, Error> {
    let claims = believed(ctx, channel, identity_token).await?;
    bind(ctx, channel, visitor.clone(), token.to_owned(), claims).await
}

/// What became of a visitor who was identified.
enum Bound {
    /// They are that person now.
    Same(Box<(Visitor, Customer, Cursor)>),
    /// They are somebody else already.
    Other,
}

pub(super) async fn bind(
    ctx: &Ctx,
    channel: &Channel,
    visitor: Visitor,
    token: String,
    claims: Claims,
) -> Result<Session, Error> {
    let was_anonymous = visitor.subject.is_none();
    let proof = Proof::new(ctx, claims.clone(), ctx.now());
    let input = (visitor.clone(), proof, ctx.new_ids::<JOINED_MAX>().to_vec());
    let bound = repeated(|| {
        ctx.store().write("widget.identify", input.clone(), |tx, (visitor, proof, ids)| {
            Box::pin(join(tx, visitor, proof, ids))
        })
    })
    .await?;
    let hub = &ctx.runtime(channel.organization_id)?.hub;
    match bound {
        Bound::Same(rows) => {
            let (visitor, customer, cursor) = *rows;
            if was_anonymous {
                // Open sockets still listen to the anonymous customer; they come back as this one.
                hub.revoke(visitor.id.0);
            }
            hub.wake();
            Ok(Session { token, visitor, customer, cursor, was_reset: false, is_new: false })
        }
        Bound::Other => begin::begin(ctx, channel, &visitor.language, Answers::default(), Some(claims), true).await,
    }
}

async fn join(tx: &mut db::Tx<'_>, visitor: Visitor, proof: Proof, ids: Vec<Uuid>) -> Result<Bound, Error> {
    let (org, now) = (visitor.organization_id, proof.now);
    let mut visitor = store::visitors::hold(tx, org, visitor.id).await?.ok_or(Error::Unauthenticated)?;
    let subject = proof.claims.subject.clone();
    match &visitor.subject {
        Some(bound) if *bound != subject => return Ok(Bound::Other),
        Some(_) => {}
        None => {
            let known = known(tx, &visitor, &proof.claims).await?;
            let anonymous = visitor.customer_id;
            if !is_free(tx, &visitor, known).await? {
                return Ok(Bound::Other);
            }
            let person = known.unwrap_or(anonymous);
            store::visitors::bind(tx, org, visitor.id, person, &subject).await?;
            let marks = visitor.clone();
            (visitor.customer_id, visitor.subject) = (person, Some(subject));
            if person != anonymous {
                let moved = store::visitors::join(tx, org, anonymous, person, now).await?;
                tell_joined(tx, &visitor, anonymous, &moved, &ids, now).await?;
            }
            carry_marks(tx, &marks, &visitor, now).await?;
        }
    }
    spend(tx, &visitor, &proof).await?;
    prove(tx, &visitor, &proof).await?;
    store::visitors::extend(tx, &visitor, days_later(now, TOKEN_DAYS), now).await?;
    visitor.expires_at = days_later(now, TOKEN_DAYS);
    let customer = store::customers::find(tx, org, visitor.customer_id).await?.ok_or(Error::NotFound)?;
    if customer.is_blocked {
        return Err(Error::VisitorBlocked);
    }
    Ok(Bound::Same(Box::new((visitor, customer, store::events::head(tx, org).await?))))
}

/// Whether an anonymous visitor's record may become that of a person: it is nobody else's. Joining one that is known
/// moves everything, so it must be the device's alone.
async fn is_free(tx: &mut db::Tx<'_>, visitor: &Visitor, known: Option<CustomerId>) -> Result<bool, Error> {
    let identities = store::customers::identities(tx, visitor.organization_id, visitor.customer_id).await?;
    let is_someone = |i: &Identity| i.verification.matches() && i.kind != "visitor";
    let is_account = |i: &Identity| i.kind == "external_user" && i.verification.matches();
    let is_joined = known.is_some_and(|id| id != visitor.customer_id);
    Ok(if is_joined { !identities.iter().any(is_someone) } else { !identities.iter().any(is_account) })
}

/// The person an account or a proven address leads to, if there is one already.
pub(super) async fn known(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    claims: &Claims,
) -> Result<Option<CustomerId>, Error> {
    let (org, channel) = (visitor.organization_id, visitor.channel_id);
    let account =
        store::customers::matching_identity_on_channel(tx, org, channel, "external_user", &claims.subject).await?;
    if let Some(account) = account {
        return Ok(Some(account.customer_id));
    }
    for (kind, address) in [("email", &claims.email), ("phone", &claims.phone)] {
        let Some(address) = address.as_ref().filter(|address| address.is_verified) else { continue };
        let Some(found) = store::customers::matching_identity(tx, org, kind, &address.text).await? else { continue };
        if !has_account(tx, visitor, found.customer_id).await? {
            return Ok(Some(found.customer_id));
        }
    }
    Ok(None)
}

/// Whether a customer has an account on this channel: then another account is another person, whatever their address.
async fn has_account(tx: &mut db::Tx<'_>, visitor: &Visitor, customer: CustomerId) -> Result<bool, Error> {
    let identities = store::customers::identities(tx, visitor.organization_id, customer).await?;
    Ok(identities.iter().any(|i| i.kind == "external_user" && i.channel_id == Some(visitor.channel_id)))
}

/// Spends a token that names itself.
pub(super) async fn spend(tx: &mut db::Tx<'_>, visitor: &Visitor, proof: &Proof) -> Result<(), Error> {
    let Some(id) = &proof.claims.token_id else { return Ok(()) };
    let (org, channel, until) = (visitor.organization_id, visitor.channel_id, proof.claims.expires_at);
    let is_first = store::visitors::use_token_id(tx, org, channel, id, until, proof.now).await?;
    if is_first { Ok(()) } else { Err(Error::IdentityToken(Reason::Replayed)) }
}

/// Writes down what the site vouches for: the account, proven addresses, name and fields.
pub(super) async fn prove(tx: &mut db::Tx<'_>, visitor: &Visitor, proof: &Proof) -> Result<(), Error> {
    let Proof { claims, ids, now } = proof;
    let (org, customer) = (visitor.organization_id, visitor.customer_id);
    let held = store::customers::identities(tx, org, customer).await?;
    let account = Address { text: claims.subject.clone(), is_verified: true };
    let addresses =
        [("external_user", Some(&account)), ("email", claims.email.as_ref()), ("phone", claims.phone.as_ref())];
    for (at, (kind, address)) in addresses.into_iter().enumerate() {
        let Some(address) = address else { continue };
        let Some(change) = keep(tx, visitor, &held, (ids[at], kind, address), *now).await? else { continue };
        let data = json!({ "identity_id": change.identity, "customer_id": customer });
        let told = event(ids[at + 3], org, change.event, *now, actor(visitor), data);
        store::events::insert(tx, &told).await?;
    }
    if let Some(name) = &claims.name {
        store::customers::name(tx, org, customer, name, *now).await?;
    }
    merge_fields(tx, visitor, claims, *now).await
}

/// What changed about an address.
struct Change {
    identity: IdentityId,
    event: &'static str,
}

/// Keeps an address of the person: proven where the site vouches for it and nobody else has it, else claimed.
async fn keep(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    held: &[Identity],
    (id, kind, address): (Uuid, &str, &Address),
    now: Timestamp,
) -> Result<Option<Change>, Error> {
    let org = visitor.organization_id;
    let channel = (kind == "external_user").then_some(visitor.channel_id);
    let same = |i: &&Identity| {
        let is_address = if channel.is_some() {
            i.address == address.text
        } else {
            store::customers::key(&i.address) == store::customers::key(&address.text)
        };
        i.kind == kind && i.channel_id == channel && is_address
    };
    let own = held.iter().filter(same).find(|i| i.verification.matches());
    if let Some(own) = own {
        let is_new = address.is_verified && store::customers::verify_identity(tx, org, own.id, now).await?;
        return Ok(is_new.then_some(Change { identity: own.id, event: "identity.verified" }));
    }
    let is_taken =
        channel.is_none() && store::customers::matching_identity(tx, org, kind, &address.text).await?.is_some();
    let is_proven = address.is_verified && !is_taken;
    if !is_proven && held.iter().any(|i| same(&i)) {
        return Ok(None);
    }
    let identity = Identity {
        id: IdentityId(id),
        organization_id: org,
        customer_id: visitor.customer_id,
        kind: kind.to_owned(),
        address: address.text.clone(),
        display: None,
        channel_id: channel,
        verification: if is_proven { Verification::Verified } else { Verification::Claimed },
        is_authenticated: is_proven,
        is_primary: false,
        reachability: "ok".to_owned(),
        verified_at: is_proven.then_some(now),
        created_at: now,
        version: 1,
        is_shared: false,
        verified_by: is_proven.then(|| "identity_token".to_owned()),
    };
    store::customers::insert_identity(tx, &identity).await?;
    let event = if is_proven { "identity.verified" } else { "identity.added" };
    Ok(Some(Change { identity: identity.id, event }))
}

async fn merge_fields(tx: &mut db::Tx<'_>, visitor: &Visitor, claims: &Claims, now: Timestamp) -> Result<(), Error> {
    if claims.fields.is_empty() {
        return Ok(());
    }
    let (org, id) = (visitor.organization_id, visitor.customer_id);
    let customer = store::customers::find(tx, org, id).await?.ok_or(Error::NotFound)?;
    let mut fields = customer.fields.as_object().cloned().unwrap_or_default();
    fields.extend(claims.fields.clone());
    if Value::Object(fields.clone()) == customer.fields {
        return Ok(());
    }
    Ok(store::customers::set_fields(tx, org, id, Value::Object(fields), now).await?)
}

fn actor(visitor: &Visitor) -> Value {
    json!({ "type": "customer", "id": visitor.customer_id })
}

/// Tells of conversations that became a person's.
async fn tell_joined(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    from: CustomerId,
    moved: &[ConversationId],
    ids: &[Uuid],
    now: Timestamp,
) -> Result<(), Error> {
    let org = visitor.organization_id;
    let mut ids = ids.iter().copied();
    let merged = ("customer.merged", json!({ "customer_id": visitor.customer_id, "other_id": from }));
    let updated = moved.iter().map(|id| ("conversation.updated", json!({ "conversation_id": id })));
    for (kind, data) in std::iter::once(merged).chain(updated) {
        // A device has few conversations; beyond the limit lists are right all the same, only nobody is told at once.
        let Some(id) = ids.next() else { break };
        store::events::insert(tx, &event(id, org, kind, now, actor(visitor), data)).await?;
    }
    Ok(())
}

/// What the device has read, the person has read.
async fn carry_marks(tx: &mut db::Tx<'_>, before: &Visitor, after: &Visitor, now: Timestamp) -> Result<(), Error> {
    let org = after.organization_id;
    let own = store::visitors::conversations(tx, after, None, 50).await?;
    let own = own.into_iter().map(|id| id.0).collect();
    for (conversation, seq) in store::drafts::read_marks(tx, org, super::reader(before), own).await? {
        store::drafts::mark_read(tx, org, conversation, super::reader(after), seq, now).await?;
    }
    Ok(())
}

/// Runs a transaction again that lost against another one which wrote the same key: two devices of one person.
pub(super) async fn repeated<T, F: Future<Output = Result<T, Error>>>(run: impl Fn() -> F) -> Result<T, Error> {
    match run().await {
        Err(Error::Store(error)) if error.is_unique() => run().await,
        outcome => outcome,
    }
}
