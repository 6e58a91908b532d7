//! A configuration as one document: shown, and applied as a whole or not at all.
//!
//! # Invariants
//! - Objects are matched by key; applying the same document twice changes nothing the second time.
//! - With `prune` what the document's lists do not name goes, but never agents, teams or what the system needs.

use std::collections::BTreeSet;

use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::draft::{Draft, Entry};
use super::rows::{Catalog, Noun, Row};
use super::save::{Stamp, check_removals, save};
use super::show::{References, document};
use crate::{Actor, Ctx, Error, FieldError};

/// Most objects of one document.
const ENTRIES_MAX: usize = 20_000;

/// An object that a document changed.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Named {
    pub noun: &'static str,
    pub key: String,
    pub id: Uuid,
}

/// What applying a document did, or would do.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Applied {
    pub created: Vec<Named>,
    pub updated: Vec<Named>,
    pub removed: Vec<Named>,
    pub unchanged_count: usize,
    pub warnings: Vec<FieldError>,
}

/// The configuration as a document, with keys for references.
///
/// # Errors
/// [`Error::Denied`]; what the store refuses.
pub async fn show(ctx: &Ctx, actor: &Actor) -> Result<Value, Error> {
    actor.authorize(Permission::RoutingRead, Resource::Organization)?;
    let catalog = ctx
        .store()
        .read("config.show", actor.organization, |tx, org| Box::pin(async move { Catalog::load(tx, org).await }))
        .await?;
    let mut whole = Map::from_iter([("version".to_owned(), json!(1))]);
    for noun in Noun::ALL {
        let shown = catalog.of(noun).filter(|row| !row.is_fixed());
        let mut rows: Vec<&Row> = shown.collect();
        rows.sort_by_key(|row| row.key());
        let rows = rows.into_iter().map(|row| document(row, References::Keys(&catalog))).collect();
        whole.insert(noun.list().to_owned(), Value::Array(rows));
    }
    Ok(Value::Object(whole))
}

/// Reads a document written as YAML.
///
/// # Errors
/// What is wrong with it, in words.
pub fn from_yaml(bytes: &[u8]) -> Result<Value, String> {
    serde_norway::from_slice(bytes).map_err(|error| error.to_string())
}

/// Writes a document as YAML.
#[must_use]
pub fn to_yaml(document: &Value) -> String {
    serde_norway::to_string(document).unwrap_or_default()
}

#[derive(Clone)]
struct Input {
    stamp: Stamp,
    document: Map<String, Value>,
    is_dry_run: bool,
}

/// Applies a document.
///
/// # Errors
/// [`Error::ConfigInvalid`] with a pointer for each fault, [`Error::OverflowCycle`], [`Error::InUse`],
/// [`Error::Denied`].
pub async fn apply(ctx: &Ctx, actor: &Actor, document: Value, is_dry_run: bool) -> Result<Applied, Error> {
    actor.authorize(Permission::RoutingPublish, Resource::Organization)?;
    let Value::Object(document) = document else { return Err(invalid("", "type", "an object")) };
    let names_people = [Noun::Agent, Noun::Team].iter().any(|noun| document.contains_key(noun.list()));
    if names_people {
        actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    }
    let input = Input { stamp: Stamp::new(ctx, actor), document, is_dry_run };
    if is_dry_run {
        return ctx.store().read("config.rehearse", input, |tx, input| Box::pin(carry_out(tx, input))).await;
    }
    let applied = ctx.store().write("config.apply", input, |tx, input| Box::pin(carry_out(tx, input))).await?;
    super::published(ctx, actor.organization).await?;
    Ok(applied)
}

fn invalid(pointer: &str, code: &'static str, detail: &str) -> Error {
    Error::ConfigInvalid(vec![FieldError { pointer: pointer.to_owned(), code, detail: detail.to_owned() }])
}

async fn carry_out(tx: &mut db::Tx<'_>, input: Input) -> Result<Applied, Error> {
    let Input { stamp, mut document, is_dry_run } = input;
    let org: OrganizationId = stamp.actor.organization;
    let prune = head(&mut document)?;
    if !is_dry_run {
        store::queues::lock_configuration(tx, org).await?;
    }
    let mut draft = Draft::new(Catalog::load(tx, org).await?, stamp.now);
    let entries = entries(&stamp, &mut draft, document, prune)?;
    let touched: Vec<(Noun, Uuid, String)> =
        entries.iter().map(|entry| (entry.noun, entry.id, entry.pointer.clone())).collect();
    let mut faults = Vec::new();
    for entry in entries {
        faults.extend(draft.put(entry).err().into_iter().flatten());
    }
    if !faults.is_empty() {
        return Err(Error::ConfigInvalid(faults));
    }
    draft.check().map_err(in_document)?;
    super::check_leaving(tx, org, &draft).await?;
    let difference = draft.difference();
    check_removals(tx, &stamp, &difference).await?;
    if !is_dry_run {
        save(tx, &stamp, &difference).await?;
    }
    let changed: BTreeSet<(Noun, Uuid)> = (difference.created.iter())
        .chain(difference.updated.iter().map(|(_, row)| row))
        .map(|row| (row.noun(), row.id()))
        .collect();
    let unchanged = touched.iter().filter(|(noun, id, _)| !changed.contains(&(*noun, *id)));
    Ok(Applied {
        unchanged_count: unchanged.count(),
        warnings: warnings(&draft.after, &touched),
        created: difference.created.iter().map(named).collect(),
        updated: difference.updated.iter().map(|(_, row)| named(row)).collect(),
        removed: difference.removed.iter().map(named).collect(),
    })
}

/// Faults that concern a single change's body are faults of a document here.
fn in_document(error: Error) -> Error {
    match error {
        Error::Invalid(errors) => Error::ConfigInvalid(errors),
        Error::AlreadyExists { existing_id } => {
            let detail = existing_id.map(|id| id.to_string()).unwrap_or_default();
            invalid("", "duplicate", &format!("two objects would be the same as {detail}"))
        }
        other => other,
    }
}

/// Takes `version` and `prune` out of the document.
fn head(document: &mut Map<String, Value>) -> Result<bool, Error> {
    if document.remove("version") != Some(json!(1)) {
        return Err(invalid("/version", "enum", "1"));
    }
    match document.remove("prune") {
        None => Ok(false),
        Some(Value::Bool(prune)) => Ok(prune),
        Some(_) => Err(invalid("/prune", "type", "true or false")),
    }
}

/// The documents with the objects they are about, in an order in which references are known.
fn entries(
    stamp: &Stamp,
    draft: &mut Draft,
    mut document: Map<String, Value>,
    prune: bool,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let mut faults = Vec::new();
    for noun in Noun::ALL {
        let Some(list) = document.remove(noun.list()) else { continue };
        let Value::Array(list) = list else { return Err(invalid(&format!("/{}", noun.list()), "type", "a list")) };
        let mut seen = BTreeSet::new();
        for (at, input) in list.into_iter().enumerate() {
            let pointer = format!("/{}/{at}", noun.list());
            match entry(stamp, draft, noun, input, pointer) {
                Ok(entry) if seen.insert(entry.id) => entries.push(entry),
                Ok(entry) => faults.push(fault(format!("{}/key", entry.pointer), "duplicate", "named twice")),
                Err(wrong) => faults.push(wrong),
            }
        }
        if prune && !matches!(noun, Noun::Agent | Noun::Team) {
            drop_others(draft, noun, &seen);
        }
    }
    if let Some(unknown) = document.keys().next() {
        faults.push(fault(format!("/{unknown}"), "unknown_field", "no such list"));
    }
    if entries.len() > ENTRIES_MAX {
        faults.push(fault(String::new(), "length", "too many objects"));
    }
    if faults.is_empty() { Ok(entries) } else { Err(Error::ConfigInvalid(faults)) }
}

fn fault(pointer: String, code: &'static str, detail: &str) -> FieldError {
    FieldError { pointer, code, detail: detail.to_owned() }
}

fn entry(stamp: &Stamp, draft: &mut Draft, noun: Noun, input: Value, pointer: String) -> Result<Entry, FieldError> {
    let Value::Object(input) = input else { return Err(fault(pointer, "type", "an object")) };
    let Some(key) = input.get("key").and_then(Value::as_str) else {
        return Err(fault(format!("{pointer}/key"), "required", "objects are matched by key"));
    };
    let id = draft.find(noun, &input).unwrap_or_else(|| stamp.ctx.new_id());
    draft.announce(noun, key, id);
    Ok(Entry { noun, id, input, pointer })
}

fn drop_others(draft: &mut Draft, noun: Noun, keep: &BTreeSet<Uuid>) {
    let others = draft.after.of(noun).filter(|row| !keep.contains(&row.id()) && !row.is_needed());
    let others: Vec<Uuid> = others.map(Row::id).collect();
    others.into_iter().for_each(|id| draft.remove(noun, id));
}

/// Queues of the document that nobody serves.
fn warnings(after: &Catalog, touched: &[(Noun, Uuid, String)]) -> Vec<FieldError> {
    let unstaffed = touched.iter().filter(|(noun, id, _)| match after.get(*noun, *id) {
        Some(Row::Queue(queue)) => !after.is_staffed(queue),
        Some(_) | None => false,
    });
    unstaffed.map(|(_, _, pointer)| fault(pointer.clone(), "unstaffed_class", "nobody serves this queue")).collect()
}

fn named(row: &Row) -> Named {
    Named { noun: row.noun().list(), key: row.key(), id: row.id() }
}
