//! The small nouns of the desk: conversation statuses, tags, custom fields, views and companies.
//! Each stands whole in `settings`; what it means is told by the use cases.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// Which noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// What a conversation's state is called.
    Status,
    /// A label.
    Tag,
    /// A custom field.
    Field,
    /// A saved filter.
    View,
    /// Whom customers work for.
    Company,
}

impl Noun {
    /// Its word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Tag => "tag",
            Self::Field => "field",
            Self::View => "view",
            Self::Company => "company",
        }
    }
}

/// One of a small noun.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct NounRow {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub key: String,
    /// Whose it is, where it belongs to somebody.
    pub user_id: Option<UserId>,
    pub settings: serde_json::Value,
    pub position: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

fn noun(row: &Row<'_>) -> Result<NounRow, Error> {
    let mut c = Cols::new(row);
    Ok(NounRow {
        id: c.get()?,
        organization_id: c.id()?,
        key: c.get()?,
        user_id: c.opt_id()?,
        settings: c.get()?,
        position: c.get()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, key, user_id, settings, position, created_at, updated_at, version"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Text, Id, Json, Int, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "desk_nouns.insert",
    "INSERT INTO desk_nouns (id, organization_id, noun, key, user_id, settings, position, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1)",
    &[],
);
const LIST: Sql = Sql::new(
    "desk_nouns.list",
    concat!(
        "SELECT ",
        columns!(),
        " FROM desk_nouns WHERE organization_id = $1 AND noun = $2 AND (position, id) > ($3, $4)
          ORDER BY position, id LIMIT $5"
    ),
    COLUMNS,
);
const FIND_MANY: Sql = Sql::new(
    "desk_nouns.find_many",
    concat!("SELECT ", columns!(), " FROM desk_nouns WHERE organization_id = $1 AND noun = $2 AND id {any_uuid $3}"),
    COLUMNS,
);
const BY_KEY: Sql = Sql::new(
    "desk_nouns.by_key",
    concat!("SELECT ", columns!(), " FROM desk_nouns WHERE organization_id = $1 AND noun = $2 AND key = $3"),
    COLUMNS,
);
const UPDATE: Sql = Sql::new(
    "desk_nouns.update",
    "UPDATE desk_nouns SET settings = $4, position = $5, updated_at = $6, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const DELETE: Sql = Sql::new(
    "desk_nouns.delete",
    "DELETE FROM desk_nouns WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const USES_STATUS: Sql = Sql::new(
    "desk_nouns.uses_of_status",
    "SELECT id FROM conversations WHERE organization_id = $1 AND status_id = $2 LIMIT 1",
    &[Id],
);
const USES_COMPANY: Sql = Sql::new(
    "desk_nouns.uses_of_company",
    "SELECT id FROM customers WHERE organization_id = $1 AND company_id = $2 LIMIT 1",
    &[Id],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &LIST, &FIND_MANY, &BY_KEY, &UPDATE, &DELETE, &USES_STATUS, &USES_COMPANY];

/// Adds one.
///
/// # Errors
/// [`Error::Unique`] when the key is taken.
pub async fn insert(tx: &mut Tx<'_>, kind: Noun, n: &NounRow) -> Result<(), Error> {
    let params = [
        n.id.into(),
        n.organization_id.0.into(),
        kind.as_str().into(),
        n.key.as_str().into(),
        opt(n.user_id),
        n.settings.clone().into(),
        n.position.into(),
        n.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// Those after a place, in their order; at most `limit`.
pub async fn list(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: Noun,
    after: (i64, Uuid),
    limit: i64,
) -> Result<Vec<NounRow>, Error> {
    let params = [org.0.into(), kind.as_str().into(), after.0.into(), after.1.into(), limit.into()];
    tx.all(&LIST, &params, noun).await
}

/// Before the first one.
pub const FIRST: (i64, Uuid) = (i64::MIN, Uuid::nil());

/// Those with these ids, in no order.
pub async fn find_many(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: Noun,
    ids: Vec<Uuid>,
) -> Result<Vec<NounRow>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), kind.as_str().into(), ids.into()], noun).await
}

/// One.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, kind: Noun, id: Uuid) -> Result<Option<NounRow>, Error> {
    Ok(find_many(tx, org, kind, vec![id]).await?.pop())
}

/// The one with this key.
pub async fn by_key(tx: &mut Tx<'_>, org: OrganizationId, kind: Noun, key: &str) -> Result<Option<NounRow>, Error> {
    tx.optional(&BY_KEY, &[org.0.into(), kind.as_str().into(), key.into()], noun).await
}

/// Writes one whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, n: &mut NounRow, now: Timestamp) -> Result<(), Error> {
    let params = [
        n.organization_id.0.into(),
        n.id.into(),
        n.version.into(),
        n.settings.clone().into(),
        n.position.into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    n.version += 1;
    n.updated_at = now;
    Ok(())
}

/// Removes one whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete(tx: &mut Tx<'_>, n: &NounRow) -> Result<(), Error> {
    tx.exec_one(&DELETE, &[n.organization_id.0.into(), n.id.into(), n.version.into()]).await
}

/// Somebody who refers to it, if there is one.
pub async fn use_of(tx: &mut Tx<'_>, org: OrganizationId, kind: Noun, id: Uuid) -> Result<Option<Uuid>, Error> {
    let sql = match kind {
        Noun::Status => &USES_STATUS,
        Noun::Company => &USES_COMPANY,
        Noun::Tag | Noun::Field | Noun::View => return Ok(None),
    };
    tx.optional(sql, &[org.0.into(), id.into()], |row| Cols::new(row).get()).await
}
