//! Customers: searching, changing, merging. A merge moves nothing: rows keep the customer they came to.

use db::Kind::{Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::fold::fold;
use domain::ids::{ConversationId, CustomerId, IdentityId, OrganizationId, UserId};
use domain::permissions::Reach;
use jiff::Timestamp;
use uuid::Uuid;

use crate::built::{Parts, containing};
use crate::cols::{Cols, json, opt};
use crate::conversations::Before;
use crate::customers::{CUSTOMER, Customer, IDENTITY, Identity, customer, identity, key};
use crate::entries::{Entry, entry};

/// Two customers who are one person.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Merge {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub target_id: CustomerId,
    pub source_id: CustomerId,
    /// `merged` or `unmerged`, one way.
    pub state: String,
    pub evidence: serde_json::Value,
    /// By field: `target` or `source`.
    pub field_choices: serde_json::Map<String, serde_json::Value>,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub unmerged_at: Option<Timestamp>,
}

/// Two customers who may be one person.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Proposal {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub a_id: CustomerId,
    pub b_id: CustomerId,
    /// `[{type, strength, detail}]`
    pub evidence: serde_json::Value,
    /// `open`, `accepted` or `dismissed`.
    pub state: String,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<UserId>,
}

fn merge(row: &Row<'_>) -> Result<Merge, Error> {
    let mut c = Cols::new(row);
    Ok(Merge {
        id: c.get()?,
        organization_id: c.id()?,
        target_id: c.id()?,
        source_id: c.id()?,
        state: c.get()?,
        evidence: c.get()?,
        field_choices: c.json()?,
        created_by: c.opt_id()?,
        created_at: c.get()?,
        unmerged_at: c.get()?,
    })
}

fn proposal(row: &Row<'_>) -> Result<Proposal, Error> {
    let mut c = Cols::new(row);
    Ok(Proposal {
        id: c.get()?,
        organization_id: c.id()?,
        a_id: c.id()?,
        b_id: c.id()?,
        evidence: c.get()?,
        state: c.get()?,
        created_at: c.get()?,
        decided_at: c.get()?,
        decided_by: c.opt_id()?,
    })
}

macro_rules! merge_columns {
    () => {
        "id, organization_id, target_id, source_id, state, evidence, field_choices, created_by, created_at, unmerged_at"
    };
}
macro_rules! proposal_columns {
    () => {
        "id, organization_id, a_id, b_id, evidence, state, created_at, decided_at, decided_by"
    };
}
const MERGE: &[db::Kind] = &[Id, Id, Id, Id, Text, Json, Json, Id, Time, Time];
const PROPOSAL: &[db::Kind] = &[Id, Id, Id, Id, Json, Text, Time, Time, Id];

const GROUP: Sql = Sql::new(
    "customer_merges.group",
    concat!(
        "SELECT ",
        crate::customers::customer_columns!(),
        " FROM customers WHERE organization_id = $1 AND (id {any_uuid $2} OR merged_into_id {any_uuid $2})
          ORDER BY id LIMIT 10000"
    ),
    CUSTOMER,
);
const LOCK: Sql = Sql::new(
    "customer_merges.lock",
    concat!(
        "SELECT ",
        crate::customers::customer_columns!(),
        " FROM customers WHERE organization_id = $1 AND id = $2 {for_update}"
    ),
    CUSTOMER,
);
const UPDATE: Sql = Sql::new(
    "customer_merges.update_customer",
    "UPDATE customers SET name = $4, name_key = $5, language = $6, time_zone = $7, is_vip = $8, is_blocked = $9,
       fields = $10, tags = $11, state = $12, given_name = $13, family_name = $14, company_id = $15, owner_agent_id = $16,
       value = $17, renewal_on = $18, first_source = $19, merged_into_id = $20, updated_at = $21, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const LEAD: Sql = Sql::new(
    "customer_merges.lead",
    "UPDATE customers SET merged_into_id = $3, state = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2",
    &[],
);
const INSERT_MERGE: Sql = Sql::new(
    "customer_merges.insert",
    concat!("INSERT INTO customer_merges (", merge_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)"),
    &[],
);
const MERGES_OF: Sql = Sql::new(
    "customer_merges.of",
    concat!(
        "SELECT ",
        merge_columns!(),
        " FROM customer_merges WHERE organization_id = $1 AND state = 'merged'
            AND (target_id {any_uuid $2} OR source_id {any_uuid $2}) ORDER BY created_at, id LIMIT 10000"
    ),
    MERGE,
);
const HISTORY_OF: Sql = Sql::new(
    "customer_merges.history_of",
    concat!(
        "SELECT ",
        merge_columns!(),
        " FROM customer_merges WHERE organization_id = $1 AND (target_id {any_uuid $2} OR source_id {any_uuid $2})
          ORDER BY created_at DESC, id DESC LIMIT 200"
    ),
    MERGE,
);
const LOCK_MERGE: Sql = Sql::new(
    "customer_merges.lock_merge",
    concat!("SELECT ", merge_columns!(), " FROM customer_merges WHERE organization_id = $1 AND id = $2 {for_update}"),
    MERGE,
);
const UPDATE_MERGE: Sql = Sql::new(
    "customer_merges.update",
    "UPDATE customer_merges SET state = $3, field_choices = $4, unmerged_at = $5 WHERE organization_id = $1 AND id = $2",
    &[],
);
const INSERT_PROPOSAL: Sql = Sql::new(
    "customer_merges.insert_proposal",
    "INSERT INTO merge_proposals (id, organization_id, a_id, b_id, evidence, state, created_at)
     VALUES ($1, $2, $3, $4, $5, 'open', $6) ON CONFLICT DO NOTHING",
    &[],
);
const PROPOSALS: Sql = Sql::new(
    "customer_merges.proposals",
    concat!(
        "SELECT ",
        proposal_columns!(),
        " FROM merge_proposals WHERE organization_id = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
    ),
    PROPOSAL,
);
const LOCK_PROPOSAL: Sql = Sql::new(
    "customer_merges.lock_proposal",
    concat!(
        "SELECT ",
        proposal_columns!(),
        " FROM merge_proposals WHERE organization_id = $1 AND id = $2 {for_update}"
    ),
    PROPOSAL,
);
const DECIDE: Sql = Sql::new(
    "customer_merges.decide",
    "UPDATE merge_proposals SET state = $3, decided_at = $4, decided_by = $5
     WHERE organization_id = $1 AND id = $2 AND state = 'open'",
    &[],
);
const PROPOSALS_BY_ID: Sql = Sql::new(
    "customer_merges.proposals_by_id",
    concat!("SELECT ", proposal_columns!(), " FROM merge_proposals WHERE organization_id = $1 AND id {any_uuid $2}"),
    PROPOSAL,
);
const LOCK_IDENTITY: Sql = Sql::new(
    "customer_merges.lock_identity",
    concat!(
        "SELECT ",
        crate::customers::identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND id = $2 {for_update}"
    ),
    IDENTITY,
);
const IDENTITIES_BY_ID: Sql = Sql::new(
    "customer_merges.identities_by_id",
    concat!(
        "SELECT ",
        crate::customers::identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND id {any_uuid $2}"
    ),
    IDENTITY,
);
const HOLDER: Sql = Sql::new(
    "customer_merges.holder",
    concat!(
        "SELECT ",
        crate::customers::identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND kind = $2 AND address_key = $3
            AND COALESCE(channel_id = {cast $4 uuid}, channel_id IS NULL AND {cast $4 uuid} IS NULL)
            AND verification IN ('asserted', 'observed', 'verified') ORDER BY id LIMIT 1"
    ),
    IDENTITY,
);
const UPDATE_IDENTITY: Sql = Sql::new(
    "customer_merges.update_identity",
    "UPDATE identities SET customer_id = $4, address = $5, address_key = $6, display = $7, verification = $8,
       is_primary = $9, reachability = $10, verified_at = $11, is_shared = $12, verified_by = $13, updated_at = $14,
       version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const ONE_PRIMARY: Sql = Sql::new(
    "customer_merges.one_primary",
    "UPDATE identities SET is_primary = FALSE, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND customer_id = $2 AND kind = $3 AND id <> $4 AND is_primary",
    &[],
);
const WIPE_IDENTITIES: Sql = Sql::new(
    "customer_merges.wipe_identities",
    "UPDATE identities SET address = '', address_key = '', display = NULL, verification = 'revoked', updated_at = $3,
       version = version + 1
     WHERE organization_id = $1 AND customer_id = $2",
    &[],
);
const CONVERSATIONS_OF: Sql = Sql::new(
    "customer_merges.conversations_of",
    "SELECT id FROM conversations WHERE organization_id = $1 AND customer_id {any_uuid $2} ORDER BY id LIMIT 100000",
    &[Id],
);
const HELD_OF: Sql = Sql::new(
    "customer_merges.held_of",
    "SELECT c.id FROM conversations c WHERE c.organization_id = $1 AND c.deleted_at IS NULL
       AND c.customer_id IN (SELECT k.id FROM customers k WHERE k.organization_id = $1
         AND COALESCE(k.merged_into_id, k.id) = $2)
       AND (c.owner_agent_id {any_uuid $3} OR EXISTS (SELECT 1 FROM work_items w WHERE w.organization_id = $1
         AND w.conversation_id = c.id AND w.agent_id {any_uuid $3} AND w.state NOT IN ('closed', 'cancelled')))
     LIMIT 1",
    &[Id],
);

pub(crate) const ALL: &[&Sql] = &[
    &GROUP,
    &LOCK,
    &UPDATE,
    &LEAD,
    &INSERT_MERGE,
    &MERGES_OF,
    &HISTORY_OF,
    &LOCK_MERGE,
    &UPDATE_MERGE,
    &INSERT_PROPOSAL,
    &PROPOSALS,
    &LOCK_PROPOSAL,
    &DECIDE,
    &PROPOSALS_BY_ID,
    &LOCK_IDENTITY,
    &IDENTITIES_BY_ID,
    &HOLDER,
    &UPDATE_IDENTITY,
    &ONE_PRIMARY,
    &WIPE_IDENTITIES,
    &CONVERSATIONS_OF,
    &HELD_OF,
];

/// Whom to look for; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct CustomerFilter {
    /// Name, mail address or number, in part.
    pub q: Option<String>,
    /// A whole address of this kind: `(kind, address)`.
    pub address: Option<(String, String)>,
    pub company_id: Option<Uuid>,
    pub tag: Option<String>,
    pub is_vip: Option<bool>,
}

/// Customers who stand for themselves, newest first, before `before`. Whoever is merged into them counts for them.
///
/// # Errors
/// What the engine refuses.
pub async fn search(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    filter: &CustomerFilter,
    before: CustomerId,
    limit: i64,
) -> Result<Vec<Customer>, Error> {
    let mut parts = Parts::new(org);
    let before = parts.bind(before.0);
    parts.push(concat!("SELECT ", crate::customers::customer_columns!(), " FROM customers WHERE organization_id = $1"));
    parts.push(&format!(" AND id < {before} AND merged_into_id IS NULL AND state = 'active'"));
    if let Some(q) = &filter.q {
        anywhere(&mut parts, q);
    }
    if let Some((kind, address)) = &filter.address {
        let (kind, address) = (parts.bind(kind.as_str()), parts.bind(key(address)));
        parts.push(&format!(
            " AND id IN (SELECT COALESCE(m.merged_into_id, m.id) FROM identities i
                JOIN customers m ON m.organization_id = $1 AND m.id = i.customer_id
                WHERE i.organization_id = $1 AND i.kind = {kind} AND i.address_key = {address}
                  AND i.verification <> 'revoked')"
        ));
    }
    if let Some(company) = filter.company_id {
        let company = parts.bind(company);
        parts.push(&format!(" AND company_id = {company}"));
    }
    if let Some(tag) = &filter.tag {
        let pattern = parts.bind(containing(&serde_json::Value::String(tag.clone()).to_string()));
        parts.push(&format!(" AND CAST(tags AS TEXT) LIKE {pattern} ESCAPE '!'"));
    }
    if let Some(is_vip) = filter.is_vip {
        parts.push(if is_vip { " AND is_vip" } else { " AND NOT is_vip" });
    }
    let limit = parts.bind(limit);
    parts.push(&format!(" ORDER BY id DESC LIMIT {limit}"));
    let (sql, params) = parts.finish("customer_merges.search")?;
    tx.all_built(&sql, &params, customer).await
}

fn anywhere(parts: &mut Parts, q: &str) {
    let name = parts.bind(containing(&fold(q)));
    let address = parts.bind(containing(&key(q)));
    parts.push(&format!(
        " AND (name_key LIKE {name} ESCAPE '!'
           OR id IN (SELECT m.merged_into_id FROM customers m WHERE m.organization_id = $1
                AND m.merged_into_id IS NOT NULL AND m.name_key LIKE {name} ESCAPE '!')
           OR id IN (SELECT COALESCE(m.merged_into_id, m.id) FROM identities i
                JOIN customers m ON m.organization_id = $1 AND m.id = i.customer_id
                WHERE i.organization_id = $1 AND i.kind <> 'visitor' AND i.verification <> 'revoked'
                  AND i.address_key LIKE {address} ESCAPE '!'))"
    ));
}

/// These customers and everybody merged into them.
pub async fn group(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Customer>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&GROUP, &[org.0.into(), ids.into()], customer).await
}

/// One customer, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: CustomerId) -> Result<Option<Customer>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.0.into()], customer).await
}

/// Writes a customer whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, c: &mut Customer, now: Timestamp) -> Result<(), Error> {
    let params = [
        c.organization_id.0.into(),
        c.id.0.into(),
        c.version.into(),
        c.name.clone().into(),
        fold(c.name.as_deref().unwrap_or_default()).into(),
        c.language.clone().into(),
        c.time_zone.clone().into(),
        c.is_vip.into(),
        c.is_blocked.into(),
        c.fields.clone().into(),
        json(&c.tags),
        c.state.as_str().into(),
        c.profile.given_name.clone().into(),
        c.profile.family_name.clone().into(),
        c.profile.company_id.into(),
        opt(c.profile.owner_agent_id),
        c.profile.value.clone().into(),
        c.profile.renewal_on.clone().into(),
        c.profile.first_source.clone().into(),
        opt(c.profile.merged_into_id),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    c.version += 1;
    c.updated_at = now;
    crate::search::index_customer(tx, c.organization_id, c.id).await
}

/// Lets a customer lead to another, or to nobody.
pub async fn lead(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: CustomerId,
    to: Option<CustomerId>,
    now: Timestamp,
) -> Result<(), Error> {
    let state = if to.is_some() { "merged" } else { "active" };
    tx.exec_one(&LEAD, &[org.0.into(), id.0.into(), opt(to), state.into(), now.into()]).await?;
    crate::search::index_customer(tx, org, id).await
}

/// Remembers a merge.
pub async fn insert_merge(tx: &mut Tx<'_>, m: &Merge) -> Result<(), Error> {
    let params = [
        m.id.into(),
        m.organization_id.0.into(),
        m.target_id.0.into(),
        m.source_id.0.into(),
        m.state.as_str().into(),
        m.evidence.clone().into(),
        json(&m.field_choices),
        opt(m.created_by),
        m.created_at.into(),
    ];
    tx.exec_one(&INSERT_MERGE, &params).await
}

/// The merges in force that touch these customers, oldest first.
pub async fn merges_of(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Merge>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&MERGES_OF, &[org.0.into(), ids.into()], merge).await
}

/// Every merge that ever touched these customers, newest first.
pub async fn history_of(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Merge>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&HISTORY_OF, &[org.0.into(), ids.into()], merge).await
}

/// One merge, held until the transaction ends.
pub async fn lock_merge(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<Merge>, Error> {
    tx.optional(&LOCK_MERGE, &[org.0.into(), id.into()], merge).await
}

/// Writes state and choices of a merge.
pub async fn update_merge(tx: &mut Tx<'_>, m: &Merge) -> Result<(), Error> {
    let params = [
        m.organization_id.0.into(),
        m.id.into(),
        m.state.as_str().into(),
        json(&m.field_choices),
        m.unmerged_at.into(),
    ];
    tx.exec_one(&UPDATE_MERGE, &params).await
}

/// Proposes a merge; whether it was not proposed before.
pub async fn insert_proposal(tx: &mut Tx<'_>, p: &Proposal) -> Result<bool, Error> {
    let params = [
        p.id.into(),
        p.organization_id.0.into(),
        p.a_id.0.into(),
        p.b_id.0.into(),
        p.evidence.clone().into(),
        p.created_at.into(),
    ];
    Ok(tx.exec(&INSERT_PROPOSAL, &params).await? > 0)
}

/// Proposals in this state, newest first, before `before`.
pub async fn proposals(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    state: &str,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Proposal>, Error> {
    tx.all(&PROPOSALS, &[org.0.into(), state.into(), before.into(), limit.into()], proposal).await
}

/// Those with these ids, in no order.
pub async fn proposals_by_id(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Proposal>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&PROPOSALS_BY_ID, &[org.0.into(), ids.into()], proposal).await
}

/// One proposal, held until the transaction ends.
pub async fn lock_proposal(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<Proposal>, Error> {
    tx.optional(&LOCK_PROPOSAL, &[org.0.into(), id.into()], proposal).await
}

/// Accepts or dismisses a proposal.
pub async fn decide(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    state: &str,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec_one(&DECIDE, &[org.0.into(), id.into(), state.into(), now.into(), opt(by)]).await
}

/// The addresses with these ids.
pub async fn identities_by_id(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Identity>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&IDENTITIES_BY_ID, &[org.0.into(), ids.into()], identity).await
}

/// One address, held until the transaction ends.
pub async fn lock_identity(tx: &mut Tx<'_>, org: OrganizationId, id: IdentityId) -> Result<Option<Identity>, Error> {
    tx.optional(&LOCK_IDENTITY, &[org.0.into(), id.0.into()], identity).await
}

/// Whoever holds the slot of an address.
pub async fn holder(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: &str,
    address: &str,
    channel: Option<Uuid>,
) -> Result<Option<Identity>, Error> {
    tx.optional(&HOLDER, &[org.0.into(), kind.into(), key(address).into(), channel.into()], identity).await
}

/// Writes an address whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Unique`] when the address belongs to somebody else; [`Error::Conflict`].
pub async fn update_identity(tx: &mut Tx<'_>, i: &mut Identity, now: Timestamp) -> Result<(), Error> {
    let params = [
        i.organization_id.0.into(),
        i.id.0.into(),
        i.version.into(),
        i.customer_id.0.into(),
        i.address.as_str().into(),
        key(&i.address).into(),
        i.display.clone().into(),
        i.verification.as_str().into(),
        i.is_primary.into(),
        i.reachability.as_str().into(),
        i.verified_at.into(),
        i.is_shared.into(),
        i.verified_by.clone().into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE_IDENTITY, &params).await?;
    i.version += 1;
    if i.is_primary {
        let others =
            [i.organization_id.0.into(), i.customer_id.0.into(), i.kind.as_str().into(), i.id.0.into(), now.into()];
        tx.exec(&ONE_PRIMARY, &others).await?;
    }
    crate::search::index_customer(tx, i.organization_id, i.customer_id).await
}

/// Forgets every address of a customer.
pub async fn wipe_identities(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec(&WIPE_IDENTITIES, &[org.0.into(), customer.0.into(), now.into()]).await?;
    crate::search::index_customer(tx, org, customer).await
}

/// The conversations of these customers, oldest first.
pub async fn conversations_of(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    customers: Vec<Uuid>,
) -> Result<Vec<ConversationId>, Error> {
    tx.all(&CONVERSATIONS_OF, &[org.0.into(), customers.into()], |row| Cols::new(row).id()).await
}

/// Whether one of these agents owns a conversation of this (effective) customer or holds live work of one.
pub async fn is_held_by(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    customer: CustomerId,
    agents: Vec<Uuid>,
) -> Result<bool, Error> {
    let params = [org.0.into(), customer.0.into(), agents.into()];
    Ok(tx.optional(&HELD_OF, &params, |row| Cols::new(row).get::<Uuid>()).await?.is_some())
}

/// What of a timeline may be seen.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What the caller reaches.
    pub reach: Reach,
    /// What concerns this user is readable.
    pub user: Option<UserId>,
    /// The customer-history rule holds.
    pub has_history: bool,
}

/// A customer's entries over all conversations of everybody merged into them, newest first.
///
/// # Errors
/// What the engine refuses.
pub async fn timeline(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    customers: Vec<Uuid>,
    sight: &Sight,
    kinds: &[String],
    before: Before,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let mut parts = Parts::new(org);
    let (customers, at, id) = (parts.bind(customers), parts.bind(before.at), parts.bind(before.id));
    parts.push(concat!("SELECT ", crate::entries::columns!(), " FROM entries WHERE organization_id = $1"));
    parts.push(&format!(" AND customer_id {{any_uuid {customers}}} AND (created_at, id) < ({at}, {id})"));
    if !kinds.is_empty() {
        let kinds = parts.bind(kinds.to_vec());
        parts.push(&format!(" AND kind {{any_text {kinds}}}"));
    }
    if !sight.reach.is_everything {
        seen(&mut parts, sight);
    }
    let limit = parts.bind(limit);
    parts.push(&format!(" ORDER BY created_at DESC, id DESC LIMIT {limit}"));
    let (sql, params) = parts.finish("customer_merges.timeline")?;
    tx.all_built(&sql, &params, entry).await
}

fn seen(parts: &mut Parts, sight: &Sight) {
    let queues: Vec<Uuid> = sight.reach.queues.iter().map(|q| q.0).collect();
    let agents: Vec<Uuid> = sight.reach.agents.iter().map(|a| a.0).collect();
    let (queues, agents) = (parts.bind(queues), parts.bind(agents));
    parts.push(&format!(
        " AND EXISTS (SELECT 1 FROM conversations c WHERE c.organization_id = $1 AND c.id = entries.conversation_id
           AND (c.queue_id {{any_uuid {queues}}} OR c.owner_agent_id {{any_uuid {agents}}}
             OR EXISTS (SELECT 1 FROM work_items w WHERE w.organization_id = $1 AND w.conversation_id = c.id
               AND w.state NOT IN ('closed', 'cancelled') AND w.agent_id {{any_uuid {agents}}})"
    ));
    if let Some(user) = sight.user {
        let user = parts.bind(user.0);
        parts.push(&format!(
            " OR c.id IN (SELECT p.conversation_id FROM conversation_people p
                WHERE p.organization_id = $1 AND p.user_id = {user})"
        ));
    }
    if sight.has_history {
        parts.push(" OR NOT c.is_restricted");
    }
    parts.push("))");
}
