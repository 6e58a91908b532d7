//! Visitors: the anonymous or identified person behind a widget token.

use db::Kind::{Bool, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, CustomerId, IdentityId, OrganizationId, VisitorId};
use jiff::Timestamp;

use crate::cols::Cols;

/// One visitor of one web channel.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Visitor {
    pub id: VisitorId,
    pub organization_id: OrganizationId,
    pub channel_id: ChannelId,
    pub customer_id: CustomerId,
    pub identity_id: IdentityId,
    pub subject: Option<String>,
    pub language: String,
    pub is_blocked: bool,
    pub expires_at: Timestamp,
}

fn visitor(row: &Row<'_>) -> Result<Visitor, Error> {
    let mut c = Cols::new(row);
    Ok(Visitor {
        id: c.id()?,
        organization_id: c.id()?,
        channel_id: c.id()?,
        customer_id: c.id()?,
        identity_id: c.id()?,
        subject: c.get()?,
        language: c.get()?,
        is_blocked: c.get()?,
        expires_at: c.get()?,
    })
}

const COLUMNS: &[db::Kind] = &[Id, Id, Id, Id, Id, Text, Text, Bool, Time];

const INSERT: Sql = Sql::new(
    "visitors.insert",
    "INSERT INTO visitors (id, organization_id, channel_id, customer_id, identity_id, token_hash, subject, language,
       is_blocked, expires_at, created_at, last_seen_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
    &[],
);
const BY_TOKEN: Sql = Sql::global(
    "visitors.by_token",
    "SELECT id, organization_id, channel_id, customer_id, identity_id, subject, language, is_blocked, expires_at
     FROM visitors WHERE token_hash = $1",
    COLUMNS,
    "the token names the organization",
);
const EXTEND: Sql = Sql::new(
    "visitors.extend",
    "UPDATE visitors SET expires_at = $3, last_seen_at = $4 WHERE organization_id = $1 AND id = $2",
    &[],
);
const FORGET: Sql = Sql::new("visitors.forget", "DELETE FROM visitors WHERE organization_id = $1 AND id = $2", &[]);
const OF_CUSTOMER: Sql = Sql::new(
    "visitors.of_customer",
    "SELECT id, organization_id, channel_id, customer_id, identity_id, subject, language, is_blocked, expires_at
     FROM visitors WHERE organization_id = $1 AND customer_id = $2 ORDER BY id DESC LIMIT 100",
    COLUMNS,
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &BY_TOKEN, &EXTEND, &FORGET, &OF_CUSTOMER];

/// Adds a visitor under the hash of their token.
pub async fn insert(tx: &mut Tx<'_>, v: &Visitor, token_hash: &[u8], now: Timestamp) -> Result<(), Error> {
    let params = [
        v.id.0.into(),
        v.organization_id.0.into(),
        v.channel_id.0.into(),
        v.customer_id.0.into(),
        v.identity_id.0.into(),
        token_hash.to_vec().into(),
        v.subject.clone().into(),
        v.language.as_str().into(),
        v.is_blocked.into(),
        v.expires_at.into(),
        now.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// The visitor of a token's hash, expired or not.
pub async fn by_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Visitor>, Error> {
    tx.optional(&BY_TOKEN, &[token_hash.to_vec().into()], visitor).await
}

/// Moves the end of a visitor's token.
pub async fn extend(tx: &mut Tx<'_>, v: &Visitor, expires_at: Timestamp, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&EXTEND, &[v.organization_id.0.into(), v.id.0.into(), expires_at.into(), now.into()]).await
}

/// Forgets a visitor on this device.
pub async fn forget(tx: &mut Tx<'_>, org: OrganizationId, id: VisitorId) -> Result<(), Error> {
    tx.exec(&FORGET, &[org.0.into(), id.0.into()]).await.map(drop)
}

/// The visitors of a customer, newest first.
pub async fn of_customer(tx: &mut Tx<'_>, org: OrganizationId, customer: CustomerId) -> Result<Vec<Visitor>, Error> {
    tx.all(&OF_CUSTOMER, &[org.0.into(), customer.0.into()], visitor).await
}
