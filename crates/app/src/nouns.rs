//! The small nouns of the desk: conversation statuses, tags, custom fields and companies. Each has a key or an id,
//! a version, and stands whole in its settings.
//!
//! # Invariants
//! - Every write leaves an audit record and, where the contract has one, an event.
//! - Each category always has exactly one default status.

use std::collections::BTreeMap;

use domain::conversation::StatusCategory;
use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::desk_nouns::{self, Noun, NounRow};
use uuid::Uuid;

use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Most of one small noun that are read at once.
pub(crate) const MOST: i64 = 1_000;

/// What a small noun consists of.
pub trait Settings: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Which noun.
    const NOUN: Noun;
    /// Who may read it; `None` is anybody who is signed in.
    const READ: Option<Permission>;
    /// Who may change it.
    const EDIT: Permission;

    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    fn check(&self) -> Result<(), Error>;

    /// Where it stands among its like.
    fn position(&self) -> i64 {
        0
    }
}

/// One of a small noun.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Found<T> {
    pub row: NounRow,
    pub settings: T,
}

/// What a conversation's state is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct ConversationStatus {
    pub name: BTreeMap<String, String>,
    pub category: StatusCategory,
    pub is_default: bool,
    pub position: i64,
}

/// A label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Tag {
    pub name: String,
    pub colour: String,
}

/// A field that an organization adds to a noun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct CustomField {
    pub name: BTreeMap<String, String>,
    /// `conversation`, `customer` or `company`.
    pub noun: String,
    pub kind: FieldKind,
    /// Of a choice.
    pub options: Vec<String>,
    pub is_required_to_resolve: bool,
    pub position: i64,
}

/// What values a custom field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum FieldKind {
    Text,
    Number,
    Date,
    Bool,
    Choice,
    Money,
    Url,
}

/// Whom customers work for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Company {
    pub name: String,
    pub domains: Vec<String>,
    pub fields: serde_json::Map<String, Value>,
    pub owner_agent_id: Option<Uuid>,
}

fn text(pointer: &str, value: &str, most: usize) -> Result<(), Error> {
    let length = value.trim().chars().count();
    if length == 0 || length > most {
        return Err(Error::field(pointer, "length", format!("1 to {most} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::field(pointer, "format", "no control characters"));
    }
    Ok(())
}

fn names(pointer: &str, names: &BTreeMap<String, String>) -> Result<(), Error> {
    if names.is_empty() {
        return Err(Error::field(pointer, "required", "a name in at least one language"));
    }
    names.values().try_for_each(|name| text(pointer, name, 100))
}

impl Settings for ConversationStatus {
    const NOUN: Noun = Noun::Status;
    const READ: Option<Permission> = None;
    const EDIT: Permission = Permission::OrganizationEdit;

    fn check(&self) -> Result<(), Error> {
        names("/name", &self.name)
    }

    fn position(&self) -> i64 {
        self.position
    }
}

impl Settings for Tag {
    const NOUN: Noun = Noun::Tag;
    const READ: Option<Permission> = None;
    const EDIT: Permission = Permission::OrganizationEdit;

    fn check(&self) -> Result<(), Error> {
        text("/name", &self.name, 64)?;
        text("/colour", &self.colour, 32)
    }
}

impl Settings for CustomField {
    const NOUN: Noun = Noun::Field;
    const READ: Option<Permission> = None;
    const EDIT: Permission = Permission::OrganizationEdit;

    fn check(&self) -> Result<(), Error> {
        names("/name", &self.name)?;
        if !["conversation", "customer", "company"].contains(&self.noun.as_str()) {
            return Err(Error::field("/noun", "enum", "conversation, customer or company"));
        }
        if (self.kind == FieldKind::Choice) == self.options.is_empty() {
            return Err(Error::field("/options", "required", "a choice has options, nothing else has"));
        }
        if self.options.len() > 200 {
            return Err(Error::field("/options", "length", "at most 200"));
        }
        self.options.iter().try_for_each(|option| text("/options", option, 200))
    }

    fn position(&self) -> i64 {
        self.position
    }
}

impl Settings for Company {
    const NOUN: Noun = Noun::Company;
    const READ: Option<Permission> = Some(Permission::CustomersRead);
    const EDIT: Permission = Permission::CustomersEdit;

    fn check(&self) -> Result<(), Error> {
        text("/name", &self.name, 200)?;
        if self.domains.len() > 50 {
            return Err(Error::field("/domains", "length", "at most 50"));
        }
        self.domains.iter().try_for_each(|domain| text("/domains", domain, 253))?;
        sizes(&self.fields)
    }
}

/// Most custom fields of one thing.
const MAX_FIELDS: usize = 200;
/// Most bytes of one value.
const MAX_FIELD_BYTES: usize = 8 * 1_024;

/// Refuses too many or too large custom fields, and keys that are none.
///
/// # Errors
/// [`Error::Invalid`].
pub(crate) fn sizes(fields: &serde_json::Map<String, Value>) -> Result<(), Error> {
    if fields.len() > MAX_FIELDS {
        return Err(Error::field("/fields", "length", format!("at most {MAX_FIELDS}")));
    }
    for (key, value) in fields {
        let pointer = format!("/fields/{key}");
        if !domain::conditions::is_key(key) {
            return Err(Error::field(&pointer, "pattern", "a key of a-z, 0-9, _ and -"));
        }
        if value.to_string().len() > MAX_FIELD_BYTES {
            return Err(Error::field(&pointer, "length", format!("at most {MAX_FIELD_BYTES} bytes")));
        }
    }
    Ok(())
}

impl CustomField {
    /// Whether `value` is one of this field.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        match self.kind {
            FieldKind::Text => value.is_string(),
            FieldKind::Number => value.is_number(),
            FieldKind::Bool => value.is_boolean(),
            FieldKind::Date => value.as_str().is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()),
            FieldKind::Choice => value.as_str().is_some_and(|choice| self.options.iter().any(|o| o == choice)),
            FieldKind::Url => {
                value.as_str().is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"))
            }
            FieldKind::Money => {
                let currency = value.get("currency").and_then(Value::as_str).unwrap_or_default();
                let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
                is_code && value.get("amount").and_then(Value::as_i64).is_some_and(|a| a.abs() < 1 << 53)
            }
        }
    }
}

/// Applies a merge patch to custom fields and checks what the organization has defined of them.
///
/// # Errors
/// [`Error::Invalid`] with the field's place.
pub(crate) async fn patch_fields(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    noun: &str,
    fields: &Value,
    patch: &serde_json::Map<String, Value>,
) -> Result<Value, Error> {
    let mut fields = fields.as_object().cloned().unwrap_or_default();
    let defined = defined(tx, org, noun).await?;
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(key);
            continue;
        }
        if defined.iter().any(|f| f.row.key == *key && !f.settings.takes(value)) {
            return Err(Error::field(&format!("/fields/{key}"), "type", "not a value of this field"));
        }
        fields.insert(key.clone(), value.clone());
    }
    sizes(&fields)?;
    Ok(Value::Object(fields))
}

/// The custom fields of a noun.
pub(crate) async fn defined(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    noun: &str,
) -> Result<Vec<Found<CustomField>>, Error> {
    let rows = desk_nouns::list(tx, org, Noun::Field, desk_nouns::FIRST, MOST).await?;
    let found = rows.into_iter().filter_map(|row| read::<CustomField>(row).ok());
    Ok(found.filter(|f| f.settings.noun == noun).collect())
}

/// A row with its settings.
pub(crate) fn read<T: Settings>(row: NounRow) -> Result<Found<T>, Error> {
    match serde_json::from_value(row.settings.clone()) {
        Ok(settings) => Ok(Found { row, settings }),
        Err(error) => {
            tracing::error!(%error, noun = T::NOUN.as_str(), "settings in the store cannot be read");
            Err(Error::Unavailable("a setting cannot be read"))
        }
    }
}

fn may_read<T: Settings>(actor: &Actor) -> Result<(), Error> {
    T::READ.map_or(Ok(()), |permission| actor.authorize(permission, Resource::Any))
}

/// What editing is asked for: configuration needs the organization, companies any reach.
///
/// # Errors
/// [`Error::Denied`].
pub fn may_edit<T: Settings>(actor: &Actor) -> Result<(), Error> {
    let resource = if T::EDIT == Permission::OrganizationEdit { Resource::Organization } else { Resource::Any };
    actor.authorize(T::EDIT, resource)
}

/// Those after a place, in their order.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list<T: Settings>(
    ctx: &Ctx,
    actor: &Actor,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Found<T>>, Error> {
    may_read::<T>(actor)?;
    let input = (actor.organization, after.unwrap_or(desk_nouns::FIRST), limit);
    ctx.store()
        .read("nouns.list", input, |tx, (org, after, limit)| {
            Box::pin(async move {
                let rows = desk_nouns::list(tx, org, T::NOUN, after, limit).await?;
                rows.into_iter().map(read).collect::<Result<Vec<_>, Error>>()
            })
        })
        .await
}

/// One.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find<T: Settings>(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<Found<T>, Error> {
    may_read::<T>(actor)?;
    ctx.store()
        .read("nouns.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move {
                let row = desk_nouns::find(tx, org, T::NOUN, id).await?.ok_or(Error::NotFound)?;
                read(row)
            })
        })
        .await
}

/// Adds one; without a key its id is its key.
///
/// # Errors
/// [`Error::AlreadyExists`], [`Error::Invalid`], [`Error::Denied`].
pub async fn create<T: Settings>(
    ctx: &Ctx,
    actor: &Actor,
    key: Option<String>,
    settings: T,
) -> Result<Found<T>, Error> {
    may_edit::<T>(actor)?;
    if key.as_deref().is_some_and(|key| !domain::conditions::is_key(key)) {
        return Err(Error::field("/key", "pattern", "1 to 64 of a-z, 0-9, _ and -"));
    }
    settings.check()?;
    let input = (Pen::new(ctx, actor), key, settings);
    let found = ctx
        .store()
        .write("nouns.create", input, |tx, (pen, key, settings)| Box::pin(insert(tx, pen, key, settings)))
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(found)
}

async fn insert<T: Settings>(
    tx: &mut db::Tx<'_>,
    mut pen: Pen,
    key: Option<String>,
    settings: T,
) -> Result<Found<T>, Error> {
    let org = pen.actor.organization;
    let id = pen.id();
    let row = NounRow {
        id,
        organization_id: org,
        key: key.unwrap_or_else(|| id.to_string()),
        user_id: pen.actor.standing.user,
        settings: json!(settings),
        position: settings.position(),
        created_at: pen.now,
        updated_at: pen.now,
        version: 1,
    };
    if let Some(taken) = desk_nouns::by_key(tx, org, T::NOUN, &row.key).await? {
        return Err(Error::AlreadyExists { existing_id: Some(taken.id) });
    }
    desk_nouns::insert(tx, T::NOUN, &row).await?;
    one_default(tx, &mut pen, T::NOUN, &row).await?;
    told(tx, &mut pen, T::NOUN, "created", id, None, Some(row.settings.clone())).await?;
    Ok(Found { row, settings })
}

/// Replaces the settings of one whose version is `version`.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::Invalid`], [`Error::NotFound`], [`Error::Denied`].
pub async fn replace<T: Settings>(
    ctx: &Ctx,
    actor: &Actor,
    id: Uuid,
    version: i64,
    settings: T,
) -> Result<Found<T>, Error> {
    may_edit::<T>(actor)?;
    settings.check()?;
    let input = (Pen::new(ctx, actor), id, version, settings);
    let found = ctx
        .store()
        .write("nouns.replace", input, |tx, (mut pen, id, version, settings)| {
            Box::pin(async move {
                let mut row = at_version::<T>(tx, &pen, id, version).await?;
                let before = std::mem::replace(&mut row.settings, json!(settings));
                if before == row.settings {
                    return read(row);
                }
                refuse_lost_default(T::NOUN, &before, &row.settings)?;
                row.position = settings.position();
                desk_nouns::update(tx, &mut row, pen.now).await?;
                one_default(tx, &mut pen, T::NOUN, &row).await?;
                told(tx, &mut pen, T::NOUN, "updated", id, Some(before), Some(row.settings.clone())).await?;
                Ok::<_, Error>(Found { row, settings })
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(found)
}

async fn at_version<T: Settings>(tx: &mut db::Tx<'_>, pen: &Pen, id: Uuid, version: i64) -> Result<NounRow, Error> {
    let row = desk_nouns::find(tx, pen.actor.organization, T::NOUN, id).await?.ok_or(Error::NotFound)?;
    Error::unless_version(version, row.version)?;
    Ok(row)
}

/// Removes one whose version is `version`.
///
/// # Errors
/// [`Error::InUse`], [`Error::VersionConflict`], [`Error::NotFound`], [`Error::Denied`].
pub async fn delete<T: Settings>(ctx: &Ctx, actor: &Actor, id: Uuid, version: i64) -> Result<(), Error> {
    may_edit::<T>(actor)?;
    ctx.store()
        .write("nouns.delete", (Pen::new(ctx, actor), id, version), |tx, (mut pen, id, version)| {
            Box::pin(async move {
                let org = pen.actor.organization;
                let row = at_version::<T>(tx, &pen, id, version).await?;
                if let Some(by) = desk_nouns::use_of(tx, org, T::NOUN, id).await? {
                    let noun = if T::NOUN == Noun::Company { "customer" } else { "conversation" };
                    return Err(Error::InUse { by: vec![format!("{noun}:{by}")] });
                }
                if is_default(T::NOUN, &row.settings) {
                    return Err(Error::InUse { by: vec!["default".to_owned()] });
                }
                desk_nouns::delete(tx, &row).await?;
                told(tx, &mut pen, T::NOUN, "deleted", id, Some(row.settings), None).await
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(())
}

async fn told(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    noun: Noun,
    verb: &str,
    id: Uuid,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), Error> {
    let name = match noun {
        Noun::Status => "conversation_status",
        Noun::Tag => "tag",
        Noun::Field => "field",
        Noun::View => "view",
        Noun::Company => "company",
    };
    let action = format!("{name}.{verb}");
    pen.audit(tx, &action, (name, id), before, after).await?;
    let data = json!({ "id": id, "noun": name, "verb": verb });
    match noun {
        Noun::Company => pen.tell(tx, &action, json!({ "company_id": id })).await,
        Noun::Status | Noun::Tag | Noun::Field => pen.tell(tx, "config.published", data).await,
        Noun::View => Ok(()),
    }
}

fn is_default(noun: Noun, settings: &Value) -> bool {
    noun == Noun::Status && settings.get("is_default") == Some(&json!(true))
}

fn refuse_lost_default(noun: Noun, before: &Value, after: &Value) -> Result<(), Error> {
    let keeps = is_default(noun, after) && before.get("category") == after.get("category");
    if is_default(noun, before) && !keeps {
        return Err(Error::field("/is_default", "required", "make another status the default of this category first"));
    }
    Ok(())
}

/// A new default takes the place of the one before.
async fn one_default(tx: &mut db::Tx<'_>, pen: &mut Pen, noun: Noun, row: &NounRow) -> Result<(), Error> {
    if !is_default(noun, &row.settings) {
        return Ok(());
    }
    let same = |other: &NounRow| {
        other.id != row.id
            && is_default(noun, &other.settings)
            && other.settings.get("category") == row.settings.get("category")
    };
    let all = desk_nouns::list(tx, pen.actor.organization, noun, desk_nouns::FIRST, MOST).await?;
    for mut other in all.into_iter().filter(same) {
        other.settings["is_default"] = json!(false);
        desk_nouns::update(tx, &mut other, pen.now).await?;
    }
    Ok(())
}

/// Gives an organization its first statuses; one that has some keeps them.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn begin(ctx: &Ctx, org: OrganizationId) -> Result<(), Error> {
    let input = (org, ctx.new_ids::<3>(), ctx.now());
    ctx.store()
        .write("nouns.begin", input, |tx, (org, ids, now)| {
            Box::pin(async move {
                let first = [
                    ("open", "Abierta", "Open"),
                    ("waiting", "Esperando", "Waiting"),
                    ("resolved", "Resuelta", "Resolved"),
                ];
                for ((key, es, en), (position, id)) in first.into_iter().zip((1..).zip(ids)) {
                    if desk_nouns::by_key(tx, org, Noun::Status, key).await?.is_some() {
                        return Ok::<_, Error>(());
                    }
                    let settings = json!({
                        "name": { "es": es, "en": en }, "category": key, "is_default": true, "position": position,
                    });
                    let key = key.to_owned();
                    let row = NounRow {
                        id,
                        organization_id: org,
                        key,
                        user_id: None,
                        settings,
                        position,
                        created_at: now,
                        updated_at: now,
                        version: 1,
                    };
                    desk_nouns::insert(tx, Noun::Status, &row).await?;
                }
                Ok(())
            })
        })
        .await
}
