//! Long work as whoever asked for it sees it.

use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use serde_json::json;
use store::jobs::Job;
use uuid::Uuid;

use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Kinds that run within the call that asks for them: no process goes on with them after a restart.
const WITHIN_A_CALL: [&str; 2] = ["conversations.bulk", "customers.erase"];

/// Remembers that work has begun.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn begin(ctx: &Ctx, actor: &Actor, kind: &str, total: Option<usize>) -> Result<Job, Error> {
    let mut pen = Pen::new(ctx, actor);
    let job = Job {
        id: pen.id(),
        organization_id: actor.organization,
        kind: kind.to_owned(),
        state: "running".to_owned(),
        done_count: 0,
        total_count: total.and_then(|total| i64::try_from(total).ok()),
        result: None,
        error: None,
        undo: None,
        created_by: actor.standing.user,
        created_at: pen.now,
        updated_at: pen.now,
        version: 1,
    };
    ctx.store()
        .write("jobs.begin", (pen, job), |tx, (mut pen, job)| {
            Box::pin(async move {
                store::jobs::insert(tx, &job).await?;
                pen.tell(tx, "job.updated", json!({ "job_id": job.id, "state": job.state })).await?;
                Ok::<_, Error>(job)
            })
        })
        .await
}

/// Ends work in `state`.
pub(crate) async fn end(tx: &mut db::Tx<'_>, pen: &mut Pen, job: &mut Job, state: &str) -> Result<(), Error> {
    state.clone_into(&mut job.state);
    store::jobs::update(tx, job, pen.now).await?;
    pen.tell(tx, "job.updated", json!({ "job_id": job.id, "state": job.state })).await
}

/// Work that the end of a process interrupted is over: what it had committed stays.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn recover(ctx: &Ctx, org: OrganizationId) -> Result<(), Error> {
    ctx.store()
        .write("jobs.recover", (org, ctx.now()), |tx, (org, now)| {
            Box::pin(async move {
                let kinds = WITHIN_A_CALL.map(str::to_owned).to_vec();
                for mut job in store::jobs::interrupted(tx, org, kinds).await? {
                    "failed".clone_into(&mut job.state);
                    job.error = Some(json!({ "code": "interrupted" }));
                    store::jobs::update(tx, &mut job, now).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await
}

fn may_see(actor: &Actor, job: &Job) -> bool {
    let is_own = job.created_by.is_some() && job.created_by == actor.standing.user;
    is_own || actor.authorize(Permission::OrganizationEdit, Resource::Organization).is_ok()
}

/// One job.
///
/// # Errors
/// [`Error::NotFound`] for somebody else's.
pub async fn find(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<Job, Error> {
    let job = ctx
        .store()
        .read("jobs.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { store::jobs::find(tx, org, id).await?.ok_or(Error::NotFound) })
        })
        .await?;
    if may_see(actor, &job) { Ok(job) } else { Err(Error::NotFound) }
}

/// Jobs, newest first: one's own, or all for an administrator.
///
/// # Errors
/// What the store refuses.
pub async fn list(ctx: &Ctx, actor: &Actor, before: Option<Uuid>, limit: i64) -> Result<Vec<Job>, Error> {
    let is_admin = actor.authorize(Permission::OrganizationEdit, Resource::Organization).is_ok();
    let user = if is_admin { None } else { Some(actor.user()?) };
    ctx.store()
        .read("jobs.list", (actor.organization, before, user, limit), |tx, (org, before, user, limit)| {
            Box::pin(async move {
                Ok::<_, Error>(store::jobs::list(tx, org, before.unwrap_or(Uuid::max()), user, limit).await?)
            })
        })
        .await
}
