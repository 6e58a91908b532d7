//! Customers and their identities.

use db::Kind::{Bool, Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::conversation::Verification;
use domain::fold::fold;
use domain::ids::{AgentId, ChannelId, CustomerId, IdentityId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json, opt};

/// The person outside.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Customer {
    pub id: CustomerId,
    pub organization_id: OrganizationId,
    pub name: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub is_vip: bool,
    pub is_blocked: bool,
    pub fields: serde_json::Value,
    pub tags: Vec<String>,
    /// `active`, `merged` or `erased`.
    pub state: String,
    pub is_demo: bool,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    pub profile: Profile,
}

/// What staff and integrations add to a customer.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "columns")]
pub struct Profile {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub company_id: Option<Uuid>,
    pub owner_agent_id: Option<AgentId>,
    /// `{amount, currency}`
    pub value: Option<serde_json::Value>,
    /// A day: `2027-01-31`.
    pub renewal_on: Option<String>,
    pub first_source: Option<String>,
    /// Whom active merges lead to; `None` for somebody who stands alone.
    pub merged_into_id: Option<CustomerId>,
}

/// An address of a customer.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Identity {
    pub id: IdentityId,
    pub organization_id: OrganizationId,
    pub customer_id: CustomerId,
    pub kind: String,
    pub address: String,
    pub display: Option<String>,
    pub channel_id: Option<ChannelId>,
    pub verification: Verification,
    pub is_authenticated: bool,
    pub is_primary: bool,
    pub reachability: String,
    pub verified_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub version: i64,
    /// Several people use it: it finds nobody by itself.
    pub is_shared: bool,
    pub verified_by: Option<String>,
}

pub(crate) fn customer(row: &Row<'_>) -> Result<Customer, Error> {
    let mut c = Cols::new(row);
    Ok(Customer {
        id: c.id()?,
        organization_id: c.id()?,
        name: c.get()?,
        language: c.get()?,
        time_zone: c.get()?,
        is_vip: c.get()?,
        is_blocked: c.get()?,
        fields: c.get()?,
        tags: c.json()?,
        state: c.get()?,
        is_demo: c.get()?,
        first_seen_at: c.get()?,
        last_seen_at: c.get()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
        profile: Profile {
            given_name: c.get()?,
            family_name: c.get()?,
            company_id: c.get()?,
            owner_agent_id: c.opt_id()?,
            value: c.get()?,
            renewal_on: c.get()?,
            first_source: c.get()?,
            merged_into_id: c.opt_id()?,
        },
    })
}

pub(crate) fn identity(row: &Row<'_>) -> Result<Identity, Error> {
    let mut c = Cols::new(row);
    Ok(Identity {
        id: c.id()?,
        organization_id: c.id()?,
        customer_id: c.id()?,
        kind: c.get()?,
        address: c.get()?,
        display: c.get()?,
        channel_id: c.opt_id()?,
        verification: c.word()?,
        is_authenticated: c.get()?,
        is_primary: c.get()?,
        reachability: c.get()?,
        verified_at: c.get()?,
        created_at: c.get()?,
        version: c.get()?,
        is_shared: c.get()?,
        verified_by: c.get()?,
    })
}

macro_rules! customer_columns {
    () => {
        "id, organization_id, name, language, time_zone, is_vip, is_blocked, fields, tags, state, is_demo,
         first_seen_at, last_seen_at, created_at, updated_at, version, given_name, family_name, company_id,
         owner_agent_id, value, renewal_on, first_source, merged_into_id"
    };
}
macro_rules! identity_columns {
    () => {
        "id, organization_id, customer_id, kind, address, display, channel_id, verification, is_authenticated,
         is_primary, reachability, verified_at, created_at, version, is_shared, verified_by"
    };
}
pub(crate) use {customer_columns, identity_columns};
pub(crate) const CUSTOMER: &[db::Kind] = &[
    Id, Id, Text, Text, Text, Bool, Bool, Json, Json, Text, Bool, Time, Time, Time, Time, Int, Text, Text, Id, Id,
    Json, Text, Text, Id,
];
pub(crate) const IDENTITY: &[db::Kind] =
    &[Id, Id, Id, Text, Text, Text, Id, Text, Bool, Bool, Text, Time, Time, Int, Bool, Text];

const INSERT: Sql = Sql::new(
    "customers.insert",
    "INSERT INTO customers (id, organization_id, name, name_key, language, time_zone, is_vip, is_blocked, fields, tags,
       state, is_demo, first_seen_at, last_seen_at, created_at, updated_at, version, given_name, family_name, company_id,
       owner_agent_id, value, renewal_on, first_source)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $13, $13, 1, $14, $15, $16, $17, $18, $19, $20)",
    &[],
);
const FIND_MANY: Sql = Sql::new(
    "customers.find_many",
    concat!("SELECT ", customer_columns!(), " FROM customers WHERE organization_id = $1 AND id {any_uuid $2}"),
    CUSTOMER,
);
const FIND: Sql = Sql::new(
    "customers.find",
    concat!("SELECT ", customer_columns!(), " FROM customers WHERE organization_id = $1 AND id = $2"),
    CUSTOMER,
);
const NAME: Sql = Sql::new(
    "customers.name",
    "UPDATE customers SET name = $3, name_key = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND name IS NULL",
    &[],
);
const INSERT_IDENTITY: Sql = Sql::new(
    "customers.insert_identity",
    "INSERT INTO identities (id, organization_id, customer_id, kind, address, address_key, display, channel_id,
       verification, is_authenticated, is_primary, reachability, verified_at, created_at, updated_at, version, is_shared,
       verified_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 1, $15, $16)",
    &[],
);
const IDENTITIES: Sql = Sql::new(
    "customers.identities",
    concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND customer_id = $2 ORDER BY id LIMIT 200"
    ),
    IDENTITY,
);
const IDENTITIES_OF: Sql = Sql::new(
    "customers.identities_of",
    concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND customer_id {any_uuid $2} ORDER BY id LIMIT 10000"
    ),
    IDENTITY,
);
const MATCHING: Sql = Sql::new(
    "customers.matching_identity",
    concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND kind = $2 AND address_key = $3
         AND verification IN ('asserted', 'observed', 'verified') AND NOT is_shared ORDER BY id LIMIT 1"
    ),
    IDENTITY,
);

const MATCHING_ON_CHANNEL: Sql = Sql::new(
    "customers.matching_identity_on_channel",
    concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND channel_id = $2 AND kind = $3 AND address_key = $4
         AND verification IN ('asserted', 'observed', 'verified')"
    ),
    IDENTITY,
);
const HOLD_IDENTITY: Sql = Sql::new(
    "customers.hold_identity",
    concat!("SELECT ", identity_columns!(), " FROM identities WHERE organization_id = $1 AND id = $2 {lock_share}"),
    IDENTITY,
);
const VERIFY_IDENTITY: Sql = Sql::new(
    "customers.verify_identity",
    "UPDATE identities SET verification = 'verified', is_authenticated = TRUE, verified_at = $3, updated_at = $3,
       version = version + 1
     WHERE organization_id = $1 AND id = $2 AND verification <> 'verified'",
    &[],
);
const SET_FIELDS: Sql = Sql::new(
    "customers.set_fields",
    "UPDATE customers SET fields = $3, updated_at = $4, version = version + 1 WHERE organization_id = $1 AND id = $2",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[
    &INSERT,
    &FIND_MANY,
    &FIND,
    &NAME,
    &INSERT_IDENTITY,
    &IDENTITIES,
    &IDENTITIES_OF,
    &MATCHING,
    &MATCHING_ON_CHANNEL,
    &HOLD_IDENTITY,
    &VERIFY_IDENTITY,
    &SET_FIELDS,
];

/// How addresses are compared: trimmed, without case.
#[must_use]
pub fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// How an address is compared: the account names of a site letter by letter, every other address without case.
fn address_key(kind: &str, address: &str) -> String {
    if kind == "external_user" { address.to_owned() } else { key(address) }
}

/// Adds a customer.
pub async fn insert(tx: &mut Tx<'_>, c: &Customer) -> Result<(), Error> {
    let params = [
        c.id.0.into(),
        c.organization_id.0.into(),
        c.name.clone().into(),
        fold(c.name.as_deref().unwrap_or_default()).into(),
        c.language.clone().into(),
        c.time_zone.clone().into(),
        c.is_vip.into(),
        c.is_blocked.into(),
        c.fields.clone().into(),
        json(&c.tags),
        c.state.as_str().into(),
        c.is_demo.into(),
        c.created_at.into(),
        c.profile.given_name.clone().into(),
        c.profile.family_name.clone().into(),
        c.profile.company_id.into(),
        opt(c.profile.owner_agent_id),
        c.profile.value.clone().into(),
        c.profile.renewal_on.clone().into(),
        c.profile.first_source.clone().into(),
    ];
    tx.exec_one(&INSERT, &params).await?;
    if c.name.is_some() { crate::search::index_customer(tx, c.organization_id, c.id).await } else { Ok(()) }
}

/// The customers with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Customer>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], customer).await
}

/// One customer.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: CustomerId) -> Result<Option<Customer>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], customer).await
}

/// Names a customer who has no name yet.
pub async fn name(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: CustomerId,
    name: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec(&NAME, &[org.0.into(), id.0.into(), name.into(), fold(name).into(), now.into()]).await?;
    crate::search::index_customer(tx, org, id).await
}

/// Adds an identity.
///
/// # Errors
/// [`Error::Unique`] when the address belongs to somebody and this row would take its slot.
pub async fn insert_identity(tx: &mut Tx<'_>, i: &Identity) -> Result<(), Error> {
    let params = [
        i.id.0.into(),
        i.organization_id.0.into(),
        i.customer_id.0.into(),
        i.kind.as_str().into(),
        i.address.as_str().into(),
        address_key(&i.kind, &i.address).into(),
        i.display.clone().into(),
        opt(i.channel_id),
        i.verification.as_str().into(),
        i.is_authenticated.into(),
        i.is_primary.into(),
        i.reachability.as_str().into(),
        i.verified_at.into(),
        i.created_at.into(),
        i.is_shared.into(),
        i.verified_by.clone().into(),
    ];
    tx.exec_one(&INSERT_IDENTITY, &params).await?;
    if i.kind == "visitor" { Ok(()) } else { crate::search::index_customer(tx, i.organization_id, i.customer_id).await }
}

/// The identities of a customer.
pub async fn identities(tx: &mut Tx<'_>, org: OrganizationId, customer: CustomerId) -> Result<Vec<Identity>, Error> {
    tx.all(&IDENTITIES, &[org.0.into(), customer.0.into()], identity).await
}

/// The identities of several customers.
pub async fn identities_of(tx: &mut Tx<'_>, org: OrganizationId, customers: Vec<Uuid>) -> Result<Vec<Identity>, Error> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&IDENTITIES_OF, &[org.0.into(), customers.into()], identity).await
}

/// The identity that finds its customer by itself; claimed ones never do.
pub async fn matching_identity(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: &str,
    address: &str,
) -> Result<Option<Identity>, Error> {
    tx.optional(&MATCHING, &[org.0.into(), kind.into(), address_key(kind, address).into()], identity).await
}

/// The identity of an account of one channel, its customer with it.
pub async fn matching_identity_on_channel(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    channel: ChannelId,
    kind: &str,
    address: &str,
) -> Result<Option<Identity>, Error> {
    let params = [org.0.into(), channel.0.into(), kind.into(), address_key(kind, address).into()];
    tx.optional(&MATCHING_ON_CHANNEL, &params, identity).await
}

/// An identity that keeps its customer until the transaction ends.
pub async fn hold_identity(tx: &mut Tx<'_>, org: OrganizationId, id: IdentityId) -> Result<Option<Identity>, Error> {
    tx.optional(&HOLD_IDENTITY, &[org.0.into(), id.0.into()], identity).await
}

/// Marks an address as proven; whether it was not before.
pub async fn verify_identity(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: IdentityId,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.exec(&VERIFY_IDENTITY, &[org.0.into(), id.0.into(), now.into()]).await? > 0)
}

/// Replaces the fields of a customer.
pub async fn set_fields(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: CustomerId,
    fields: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec_one(&SET_FIELDS, &[org.0.into(), id.0.into(), fields.into(), now.into()]).await
}
