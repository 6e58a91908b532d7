//! One command for many conversations, as a job with one undo. Partial success is normal.

use domain::ids::ConversationId;
use domain::permissions::Permission;
use serde_json::{Value, json};
use store::jobs::Job;

use super::change::{self, Step};
use super::commands::{Act, Applied, apply, follow_up};
use super::lists::{self, ListQuery};
use crate::pen::Pen;
use crate::{Actor, Ctx, Error, jobs};

/// Most conversations of one bulk command.
pub const MAX_BULK: usize = 500;
/// Conversations of one transaction.
const CHUNK: usize = 50;

/// Which conversations, and what to do.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct BulkInput {
    pub ids: Vec<ConversationId>,
    /// In the place of ids.
    pub query: Option<ListQuery>,
    pub command: Act,
}

/// One that is left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Excluded {
    pub id: ConversationId,
    pub code: &'static str,
}

/// What a bulk command did, or would do.
#[derive(Clone, Debug)]
pub enum BulkOutcome {
    /// It was only looked at.
    Preview {
        /// How many it would change.
        affected_count: usize,
        /// What it would leave out.
        excluded: Vec<Excluded>,
    },
    /// The job that did it.
    Job(Box<Job>),
}

/// Carries a command out on many conversations, or shows what it would reach.
///
/// # Errors
/// [`Error::Invalid`] for too many, or for neither ids nor a filter; [`Error::Denied`].
pub async fn bulk(ctx: &Ctx, actor: &Actor, input: BulkInput, is_preview: bool) -> Result<BulkOutcome, Error> {
    let ids = targets(ctx, actor, &input).await?;
    if is_preview {
        let excluded = preview(ctx, actor, &ids, &input.command).await?;
        return Ok(BulkOutcome::Preview { affected_count: ids.len() - excluded.len(), excluded });
    }
    let job = jobs::begin(ctx, actor, "conversations.bulk", Some(ids.len())).await?;
    let (mut results, mut steps): (Vec<Value>, Vec<Step>) = (Vec::new(), Vec::new());
    for chunk in ids.chunks(CHUNK) {
        let (applied, told) = carry_out(ctx, actor, chunk, &input.command).await?;
        steps.extend(applied.iter().filter_map(|a| a.step.clone()));
        results.extend(told);
        follow_up(ctx, actor, &applied).await?;
    }
    let job = finish(ctx, actor, job, results, steps).await?;
    Ok(BulkOutcome::Job(Box::new(job)))
}

async fn targets(ctx: &Ctx, actor: &Actor, input: &BulkInput) -> Result<Vec<ConversationId>, Error> {
    let too_many = || Error::field("/ids", "length", format!("1 to {MAX_BULK}"));
    let Some(query) = &input.query else {
        let mut ids = input.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        return if ids.is_empty() || ids.len() > MAX_BULK { Err(too_many()) } else { Ok(ids) };
    };
    actor.authorize(Permission::ConversationsRead, domain::permissions::Resource::Any)?;
    let limit = i64::try_from(MAX_BULK).unwrap_or(i64::MAX) + 1;
    let mut ids = ctx
        .store()
        .read(
            "conversations.bulk_ids",
            (actor.clone(), query.clone(), ctx.now(), limit),
            |tx, (actor, query, now, limit)| {
                Box::pin(async move { lists::ids(tx, &actor, &query, now.into(), limit).await })
            },
        )
        .await?;
    // Always in one order, so that two of these never wait for each other.
    ids.sort_unstable();
    if ids.len() > MAX_BULK { Err(too_many()) } else { Ok(ids) }
}

/// What the command would leave out: tried in a transaction that is never kept.
async fn preview(ctx: &Ctx, actor: &Actor, ids: &[ConversationId], command: &Act) -> Result<Vec<Excluded>, Error> {
    let input = (Pen::new(ctx, actor), ids.to_vec(), command.clone());
    let tried = ctx
        .store()
        .write("conversations.bulk_preview", input, |tx, (mut pen, ids, command)| {
            Box::pin(async move {
                let mut excluded = Vec::new();
                for id in ids {
                    if let Err(error) = apply(tx, &mut pen, id, None, &command).await {
                        excluded.push(Excluded { id, code: code(error)? });
                    }
                }
                // Refused on purpose: what was tried is rolled back, what was learnt goes with the refusal.
                Err::<(), Error>(Error::Tried(excluded))
            })
        })
        .await;
    match tried {
        Err(Error::Tried(excluded)) => Ok(excluded),
        Err(error) => Err(error),
        Ok(()) => Ok(Vec::new()),
    }
}

/// The code of a refusal that concerns one conversation alone.
///
/// # Errors
/// Failures of the store, which concern them all.
fn code(error: Error) -> Result<&'static str, Error> {
    match error {
        Error::NotFound => Ok("not_found"),
        Error::Denied(domain::permissions::Denied::Forbidden(_)) => Ok("forbidden"),
        Error::Denied(domain::permissions::Denied::OutOfScope { .. }) => Ok("out_of_scope"),
        Error::Invalid(_) => Ok("invalid"),
        Error::FieldsRequired { .. } => Ok("fields_required"),
        Error::ConversationMerged { .. } => Ok("conversation_merged"),
        Error::Erased => Ok("erased"),
        other => Err(other),
    }
}

async fn carry_out(
    ctx: &Ctx,
    actor: &Actor,
    ids: &[ConversationId],
    command: &Act,
) -> Result<(Vec<Applied>, Vec<Value>), Error> {
    let input = (Pen::new(ctx, actor), ids.to_vec(), command.clone());
    ctx.store()
        .write("conversations.bulk", input, |tx, (mut pen, ids, command)| {
            Box::pin(async move {
                let (mut all, mut told) = (Vec::new(), Vec::new());
                for id in ids {
                    match apply(tx, &mut pen, id, None, &command).await {
                        Ok(applied) => {
                            told.push(json!({ "id": id, "ok": true }));
                            all.push(applied);
                        }
                        Err(error) => told.push(json!({ "id": id, "ok": false, "code": code(error)? })),
                    }
                }
                Ok::<_, Error>((all, told))
            })
        })
        .await
}

async fn finish(ctx: &Ctx, actor: &Actor, job: Job, results: Vec<Value>, steps: Vec<Step>) -> Result<Job, Error> {
    let input = (Pen::new(ctx, actor), job, results, steps);
    let job = ctx
        .store()
        .write("conversations.bulk_done", input, |tx, (mut pen, mut job, results, steps)| {
            Box::pin(async move {
                let undo = change::remember(tx, &mut pen, &steps).await?;
                job.undo = undo.map(|u| json!({ "id": u.id, "expires_at": u.expires_at }));
                job.done_count = i64::try_from(results.len()).unwrap_or(i64::MAX);
                job.result = Some(json!({ "items": results }));
                jobs::end(tx, &mut pen, &mut job, "succeeded").await?;
                Ok::<_, Error>(job)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(job)
}
