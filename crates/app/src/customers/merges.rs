//! Merging customers, and taking that back. Nothing is moved: what is shown follows from the merges in force.

use std::collections::BTreeMap;

use domain::customers::{conflicts, root};
use domain::ids::{CustomerId, OrganizationId};
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};
use store::customer_merges::{self, Merge, Proposal};
use store::customers::Customer;
use uuid::Uuid;

use super::{effective_many, own_fields};
use crate::conversations::Undo;
use crate::conversations::change::remember_kind;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// How long a merge can be taken back from its answer; the merge itself has no end.
const UNDO_FOR_MS: i64 = 10 * 60 * 1_000;

/// Merges `source` into `target`.
///
/// # Errors
/// [`Error::CannotMerge`]; [`Error::MergeConflict`] with the fields that need a choice; [`Error::NotFound`],
/// [`Error::Denied`].
pub async fn merge(
    ctx: &Ctx,
    actor: &Actor,
    target: CustomerId,
    source: CustomerId,
    choices: Map<String, Value>,
) -> Result<(Merge, Undo), Error> {
    actor.authorize(Permission::CustomersMerge, Resource::Any)?;
    let input = (Pen::new(ctx, actor), target, source, choices);
    let merged = ctx
        .store()
        .write("customers.merge", input, |tx, (mut pen, target, source, choices)| {
            Box::pin(async move {
                let merge = merge_in(tx, &mut pen, target, source, choices, json!([])).await?;
                let data = json!({ "merge_id": merge.id });
                let undo = remember_kind(tx, &mut pen, "customer_merge", data, UNDO_FOR_MS).await?;
                Ok::<_, Error>((merge, undo))
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(merged)
}

async fn merge_in(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    target: CustomerId,
    source: CustomerId,
    choices: Map<String, Value>,
    evidence: Value,
) -> Result<Merge, Error> {
    let org = pen.actor.organization;
    if target == source {
        return Err(Error::CannotMerge("a customer with themselves"));
    }
    if choices.values().any(|choice| !matches!(choice.as_str(), Some("target" | "source"))) {
        return Err(Error::field("/field_choices", "enum", "target or source"));
    }
    // Always in one order, so that two of these never wait for each other.
    let mut found = BTreeMap::new();
    for id in [target.min(source), target.max(source)] {
        found.insert(id, customer_merges::lock(tx, org, id).await?.ok_or(Error::NotFound)?);
    }
    may_merge(tx, &pen.actor, found.values().collect()).await?;
    if found.values().any(|c| c.state != "active") {
        return Err(Error::CannotMerge("both must be active customers"));
    }
    let shown = effective_many(tx, org, vec![target, source]).await?;
    let of = |id: &CustomerId| shown.get(id).map(own_fields).unwrap_or_default();
    let fields = conflicts(&of(&target), &of(&source), &choices);
    if !fields.is_empty() {
        return Err(Error::MergeConflict { fields });
    }
    let merge = Merge {
        id: pen.id(),
        organization_id: org,
        target_id: target,
        source_id: source,
        state: "merged".to_owned(),
        evidence,
        field_choices: choices,
        created_by: pen.actor.standing.user,
        created_at: pen.now,
        unmerged_at: None,
    };
    customer_merges::insert_merge(tx, &merge).await?;
    for person in customer_merges::group(tx, org, vec![source.0]).await? {
        customer_merges::lead(tx, org, person.id, Some(target), pen.now).await?;
    }
    let data = json!({ "customer_id": target, "other_id": source, "merge_id": merge.id });
    pen.tell(tx, "customer.merged", data).await?;
    pen.audit(tx, "customer.merged", ("customer", target.0), None, Some(json!({ "source_id": source }))).await?;
    Ok(merge)
}

/// Merging needs the whole organization, or a hand in the matters of one of them.
async fn may_merge(tx: &mut db::Tx<'_>, actor: &Actor, people: Vec<&Customer>) -> Result<(), Error> {
    let reach = actor.reach(Permission::CustomersMerge)?;
    if reach.is_everything {
        return Ok(());
    }
    let agents: Vec<Uuid> = reach.agents.iter().map(|a| a.0).collect();
    for customer in people {
        let is_owned = customer.profile.owner_agent_id.is_some_and(|owner| reach.agents.contains(&owner));
        let shown = customer.profile.merged_into_id.unwrap_or(customer.id);
        if is_owned || customer_merges::is_held_by(tx, actor.organization, shown, agents.clone()).await? {
            return Ok(());
        }
    }
    actor.authorize(Permission::CustomersMerge, Resource::Organization)
}

/// Ends a merge: both are as they were, with what came to each of them since.
///
/// # Errors
/// [`Error::UndoStale`] when it was ended before; [`Error::NotFound`], [`Error::Denied`].
pub async fn unmerge(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<Merge, Error> {
    actor.authorize(Permission::CustomersMerge, Resource::Any)?;
    let merge = ctx
        .store()
        .write("customers.unmerge", (Pen::new(ctx, actor), id), |tx, (mut pen, id)| {
            Box::pin(async move { unmerge_in(tx, &mut pen, id).await })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(merge)
}

/// The transaction's part of [`unmerge`].
pub(crate) async fn unmerge_in(tx: &mut db::Tx<'_>, pen: &mut Pen, id: Uuid) -> Result<Merge, Error> {
    let org = pen.actor.organization;
    let mut merge = customer_merges::lock_merge(tx, org, id).await?.ok_or(Error::NotFound)?;
    let target = customer_merges::lock(tx, org, merge.target_id).await?.ok_or(Error::NotFound)?;
    let source = customer_merges::lock(tx, org, merge.source_id).await?.ok_or(Error::NotFound)?;
    may_merge(tx, &pen.actor, vec![&target, &source]).await?;
    if merge.state != "merged" || [&target, &source].iter().any(|c| c.state == "erased") {
        return Err(Error::UndoStale);
    }
    "unmerged".clone_into(&mut merge.state);
    merge.unmerged_at = Some(pen.now);
    customer_merges::update_merge(tx, &merge).await?;
    lead_anew(tx, org, target.profile.merged_into_id.unwrap_or(target.id), pen.now).await?;
    let data = json!({ "customer_id": target.id, "other_id": source.id, "merge_id": id });
    pen.tell(tx, "customer.unmerged", data).await?;
    pen.audit(tx, "customer.unmerged", ("customer", target.id.0), Some(json!({ "source_id": source.id })), None)
        .await?;
    Ok(merge)
}

/// Works out anew whom everybody of a group leads to.
async fn lead_anew(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    top: CustomerId,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let group = customer_merges::group(tx, org, vec![top.0]).await?;
    let merges = customer_merges::merges_of(tx, org, group.iter().map(|c| c.id.0).collect()).await?;
    let parents: BTreeMap<CustomerId, CustomerId> = merges.iter().map(|m| (m.source_id, m.target_id)).collect();
    for person in group {
        let to = Some(root(&parents, person.id)).filter(|to| *to != person.id);
        if to != person.profile.merged_into_id {
            customer_merges::lead(tx, org, person.id, to, now).await?;
        }
    }
    Ok(())
}

/// Every merge a customer took part in, newest first.
///
/// # Errors
/// [`Error::Denied`].
pub async fn merges(ctx: &Ctx, actor: &Actor, customer: CustomerId) -> Result<Vec<Merge>, Error> {
    actor.authorize(Permission::CustomersMerge, Resource::Any)?;
    ctx.store()
        .read("customers.merges", (actor.organization, customer), |tx, (org, customer)| {
            Box::pin(async move {
                let group = customer_merges::group(tx, org, vec![customer.0]).await?;
                let ids = group.iter().map(|c| c.id.0).chain([customer.0]).collect();
                Ok::<_, Error>(customer_merges::history_of(tx, org, ids).await?)
            })
        })
        .await
}

/// Proposals in `state`, newest first, before one of them.
///
/// # Errors
/// [`Error::Denied`].
pub async fn proposals(
    ctx: &Ctx,
    actor: &Actor,
    state: &str,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Proposal>, Error> {
    actor.authorize(Permission::CustomersMerge, Resource::Any)?;
    let input = (actor.organization, state.to_owned(), before.unwrap_or(Uuid::max()), limit);
    ctx.store()
        .read("customers.proposals", input, |tx, (org, state, before, limit)| {
            Box::pin(async move { Ok::<_, Error>(customer_merges::proposals(tx, org, &state, before, limit).await?) })
        })
        .await
}

/// Accepts a proposal, which merges both (`b` into `a`, or the other way), or dismisses it.
///
/// # Errors
/// [`Error::NotPending`] when it is decided; what [`merge`] refuses.
pub async fn decide(
    ctx: &Ctx,
    actor: &Actor,
    id: Uuid,
    accepted: Option<(bool, Map<String, Value>)>,
) -> Result<(Proposal, Option<Merge>), Error> {
    actor.authorize(Permission::CustomersMerge, Resource::Any)?;
    let input = (Pen::new(ctx, actor), id, accepted);
    let decided = ctx
        .store()
        .write("customers.decide", input, |tx, (mut pen, id, accepted)| {
            Box::pin(async move {
                let org = pen.actor.organization;
                let mut proposal = customer_merges::lock_proposal(tx, org, id).await?.ok_or(Error::NotFound)?;
                if proposal.state != "open" {
                    return Err(Error::NotPending);
                }
                let merge = match accepted {
                    Some((is_reversed, choices)) => {
                        let (a, b) = (proposal.a_id, proposal.b_id);
                        let (target, source) = if is_reversed { (b, a) } else { (a, b) };
                        let evidence = proposal.evidence.clone();
                        Some(merge_in(tx, &mut pen, target, source, choices, evidence).await?)
                    }
                    None => None,
                };
                let state = if merge.is_some() { "accepted" } else { "dismissed" };
                customer_merges::decide(tx, org, id, state, pen.actor.standing.user, pen.now).await?;
                state.clone_into(&mut proposal.state);
                proposal.decided_at = Some(pen.now);
                proposal.decided_by = pen.actor.standing.user;
                pen.tell(tx, "merge_proposal.decided", json!({ "merge_proposal_id": id, "state": state })).await?;
                Ok::<_, Error>((proposal, merge))
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(decided)
}
