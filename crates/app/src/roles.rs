//! Roles: the three built-in ones, and an organization's own.

use std::collections::BTreeMap;

use domain::ids::{OrganizationId, RoleId};
use domain::permissions::{BuiltinRole, Grant, Permission, Resource};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::agents::Names;
use uuid::Uuid;

use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, FieldError, defaults};

/// A role as it is shown.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Role {
    pub id: RoleId,
    pub key: String,
    pub name: Names,
    pub grants: Vec<Grant>,
    pub is_builtin: bool,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub version: i64,
}

impl From<store::roles::Role> for Role {
    fn from(row: store::roles::Role) -> Self {
        Self {
            id: row.id,
            key: row.key,
            name: row.name,
            grants: row.grants,
            is_builtin: false,
            created_at: Some(row.created_at),
            updated_at: Some(row.updated_at),
            version: row.version,
        }
    }
}

/// The id of a built-in role: the same in every process, different in every organization.
#[must_use]
pub fn builtin_id(org: OrganizationId, role: BuiltinRole) -> RoleId {
    let digest = Sha256::new().chain_update(org.0.as_bytes()).chain_update(role.as_str()).finalize();
    let mut bytes = *org.0.as_bytes();
    bytes[6..].copy_from_slice(&digest[..10]);
    RoleId(
        uuid::Builder::from_bytes(bytes)
            .with_version(uuid::Version::SortRand)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid(),
    )
}

/// The id of a role by the word that stands with its users.
#[must_use]
pub fn id_of(org: OrganizationId, word: &str) -> Option<RoleId> {
    match word.parse::<BuiltinRole>() {
        Ok(role) => Some(builtin_id(org, role)),
        Err(_) => word.parse().ok(),
    }
}

fn builtin(org: OrganizationId, role: BuiltinRole) -> Role {
    let name = match role {
        BuiltinRole::Agent => defaults::names("Agente", "Agent"),
        BuiltinRole::Supervisor => defaults::names("Supervisión", "Supervisor"),
        BuiltinRole::Admin => defaults::names("Administración", "Administrator"),
    };
    Role {
        id: builtin_id(org, role),
        key: role.as_str().to_owned(),
        name,
        grants: role.grants(),
        is_builtin: true,
        created_at: None,
        updated_at: None,
        version: 1,
    }
}

pub(crate) async fn all(tx: &mut db::Tx<'_>, org: OrganizationId) -> Result<Vec<Role>, Error> {
    let own = store::roles::list(tx, org).await?.into_iter().map(Role::from);
    Ok(BuiltinRole::ALL.iter().map(|&role| builtin(org, role)).chain(own).collect())
}

/// Turns ids or keys of roles into the words that stand with a user.
///
/// An actor without `roles.edit` cannot hand out more than they hold.
pub(crate) async fn words(tx: &mut db::Tx<'_>, actor: &Actor, roles: &[String]) -> Result<Vec<String>, Error> {
    let known = all(tx, actor.organization).await?;
    let mut words = Vec::new();
    for (place, wanted) in roles.iter().enumerate() {
        let pointer = format!("/role_ids/{place}");
        let role = known.iter().find(|role| role.key == *wanted || role.id.to_string() == *wanted);
        let role = role.ok_or_else(|| Error::field(&pointer, "unknown_reference", "an id or key of a role"))?;
        if actor.authorize(Permission::RolesEdit, Resource::Organization).is_err() {
            holds(actor, &role.grants)?;
        }
        words.push(if role.is_builtin { role.key.clone() } else { role.id.to_string() });
    }
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// Refuses grants that the actor does not hold.
pub(crate) fn holds(actor: &Actor, grants: &[Grant]) -> Result<(), Error> {
    for grant in grants {
        let held = actor.standing.scope(grant.permission);
        match held {
            Some(scope) if scope >= grant.scope => {}
            Some(scope) => {
                return Err(domain::permissions::Denied::OutOfScope { permission: grant.permission, scope }.into());
            }
            None => return Err(domain::permissions::Denied::Forbidden(grant.permission).into()),
        }
    }
    Ok(())
}

/// Every role: the built-in ones first.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor) -> Result<Vec<Role>, Error> {
    actor.authorize(Permission::UsersRead, Resource::Any)?;
    ctx.store().read("roles.list", actor.organization, |tx, org| Box::pin(all(tx, org))).await
}

/// One role.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: RoleId) -> Result<Role, Error> {
    list(ctx, actor).await?.into_iter().find(|role| role.id == id).ok_or(Error::NotFound)
}

/// A role of one's own.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Input {
    pub key: String,
    pub name: Names,
    pub grants: Vec<Grant>,
}

/// What to change of a role; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub name: Option<Names>,
    pub grants: Option<Vec<Grant>>,
}

/// Adds a role.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::AlreadyExists`].
pub async fn create(ctx: &Ctx, actor: &Actor, input: Input) -> Result<Role, Error> {
    actor.authorize(Permission::RolesEdit, Resource::Organization)?;
    check_key(&input.key)?;
    check_name(&input.name)?;
    check_grants(&input.grants)?;
    let stamp = Stamp::new(ctx, actor);
    let row = store::roles::Role {
        id: RoleId(ctx.new_id()),
        organization_id: actor.organization,
        key: input.key,
        name: input.name,
        grants: input.grants,
        created_at: stamp.now,
        updated_at: stamp.now,
        version: 1,
    };
    let created = ctx
        .store()
        .write("roles.create", (stamp, row), |tx, (stamp, row)| {
            Box::pin(async move {
                let known = all(tx, row.organization_id).await?;
                if let Some(role) = known.iter().find(|role| role.key == row.key) {
                    return Err(Error::AlreadyExists { existing_id: Some(role.id.0) });
                }
                store::roles::insert(tx, &row).await?;
                stamp.audit(tx, "role.created", ("role", row.id.0), None, Some(json!(row.grants))).await?;
                Ok(row.into())
            })
        })
        .await;
    created.map_err(taken)
}

/// A key or address that somebody else took meanwhile.
pub(crate) fn taken(error: Error) -> Error {
    match error {
        Error::Store(error) if error.is_unique() => Error::AlreadyExists { existing_id: None },
        other => other,
    }
}

/// Changes a role of the organization's own; whoever holds it has the new rights at once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`], [`Error::VersionConflict`].
pub async fn update(ctx: &Ctx, actor: &Actor, id: RoleId, version: i64, change: Change) -> Result<Role, Error> {
    actor.authorize(Permission::RolesEdit, Resource::Organization)?;
    refuse_builtin(actor.organization, id)?;
    change.name.as_ref().map_or(Ok(()), check_name)?;
    change.grants.as_deref().map_or(Ok(()), check_grants)?;
    let input = (Stamp::new(ctx, actor), id, version, change);
    let role = ctx.store().write("roles.update", input, |tx, (stamp, id, version, change)| {
        Box::pin(save(tx, stamp, id, version, change))
    });
    let role = role.await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(role)
}

async fn save(tx: &mut db::Tx<'_>, stamp: Stamp, id: RoleId, version: i64, change: Change) -> Result<Role, Error> {
    let org = stamp.actor.organization;
    let mut row = current(tx, org, id, version).await?;
    let before = json!({ "name": row.name, "grants": row.grants });
    row.name = change.name.unwrap_or(row.name);
    row.grants = change.grants.unwrap_or(row.grants);
    store::roles::update(tx, &mut row, stamp.now).await?;
    let holders = store::users::with_role(tx, org, &id.to_string()).await?;
    store::access::mark_rotation(tx, org, holders.iter().map(|user| user.0).collect()).await?;
    stamp.tell(tx, "role.updated", json!({ "role_id": id })).await?;
    let after = json!({ "name": row.name, "grants": row.grants });
    stamp.audit(tx, "role.updated", ("role", id.0), Some(before), Some(after)).await?;
    Ok(row.into())
}

async fn current(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    id: RoleId,
    version: i64,
) -> Result<store::roles::Role, Error> {
    let row = store::roles::find(tx, org, id).await?.ok_or(Error::NotFound)?;
    Error::unless_version(version, row.version)?;
    Ok(row)
}

/// Removes a role that nobody holds.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::InUse`], [`Error::VersionConflict`].
pub async fn delete(ctx: &Ctx, actor: &Actor, id: RoleId, version: i64) -> Result<(), Error> {
    actor.authorize(Permission::RolesEdit, Resource::Organization)?;
    refuse_builtin(actor.organization, id)?;
    let input = (Stamp::new(ctx, actor), id, version);
    ctx.store()
        .write("roles.delete", input, |tx, (stamp, id, version)| {
            Box::pin(async move {
                let org = stamp.actor.organization;
                let row = current(tx, org, id, version).await?;
                if !store::users::with_role(tx, org, &id.to_string()).await?.is_empty() {
                    return Err(Error::InUse { by: vec!["users".to_owned()] });
                }
                store::roles::delete(tx, &row).await?;
                stamp.audit(tx, "role.deleted", ("role", id.0), Some(json!(row.grants)), None).await
            })
        })
        .await
}

fn refuse_builtin(org: OrganizationId, id: RoleId) -> Result<(), Error> {
    match BuiltinRole::ALL.iter().find(|&&role| builtin_id(org, role) == id) {
        Some(_) => Err(Error::field("/id", "builtin", "a built-in role stays as it is")),
        None => Ok(()),
    }
}

/// A key: `[a-z0-9_-]{1,64}`.
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if key.is_empty() || key.len() > 64 || !key.chars().all(is_letter) {
        return Err(Error::field("/key", "pattern", "1 to 64 of a-z, 0-9, _ and -"));
    }
    Ok(())
}

fn check_name(name: &BTreeMap<String, String>) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::field("/name", "required", "a name in a language"));
    }
    let wrong = |(language, text): (&String, &String)| {
        let is_wrong =
            !matches!(language.as_str(), "es" | "en") || text.trim().is_empty() || text.chars().count() > 200;
        is_wrong.then(|| FieldError {
            pointer: format!("/name/{language}"),
            code: "length",
            detail: "1 to 200 characters, in es or en".to_owned(),
        })
    };
    let errors: Vec<FieldError> = name.iter().filter_map(wrong).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Each permission once.
pub(crate) fn check_grants(grants: &[Grant]) -> Result<(), Error> {
    for (place, grant) in grants.iter().enumerate() {
        if grants[..place].iter().any(|other| other.permission == grant.permission) {
            return Err(Error::field(&format!("/grants/{place}/permission"), "duplicate", "each permission once"));
        }
    }
    Ok(())
}

/// A text of 1 to `max` characters, without white space around it.
pub(crate) fn check_text(pointer: &str, text: &str, max: usize) -> Result<String, Error> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > max {
        return Err(Error::field(pointer, "length", format!("1 to {max} characters")));
    }
    Ok(text.to_owned())
}

/// An id before which every page begins.
pub(crate) fn newest() -> Uuid {
    Uuid::max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_roles_have_an_id_of_their_own_in_each_organization() {
        let (a, b) = (OrganizationId(Uuid::now_v7()), OrganizationId(Uuid::now_v7()));
        assert_eq!(builtin_id(a, BuiltinRole::Agent), builtin_id(a, BuiltinRole::Agent));
        assert_ne!(builtin_id(a, BuiltinRole::Agent), builtin_id(a, BuiltinRole::Admin));
        assert_ne!(builtin_id(a, BuiltinRole::Agent), builtin_id(b, BuiltinRole::Agent));
        assert_eq!(builtin_id(a, BuiltinRole::Agent).0.get_version_num(), 7);
    }

    #[test]
    fn keys_are_short_and_plain() {
        assert!(check_key("night-shift_2").is_ok());
        for wrong in ["", "Noche", "a b", "ñ", &"a".repeat(65)] {
            assert!(check_key(wrong).is_err(), "{wrong}");
        }
    }
}
