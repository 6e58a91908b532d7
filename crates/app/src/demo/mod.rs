//! A small shop to try things out with: colleagues, and some days of history. All of it is tagged, and one call ends it.
//!
//! # Invariants
//! - What is brought along is tagged in the transaction that writes it.
//! - Ending it deletes what is tagged, and what customers of the demonstration did since; nothing else.
//! - Seeding twice brings nothing twice: while there is a demonstration, seeding is refused.
//! - Each transaction writes or deletes a bounded number of rows.

mod past;

use domain::ids::AgentId;
use domain::permissions::{Permission, Resource};
use domain::routing::{CancelReason, Command};
use serde_json::{Value, json};
use store::jobs::Job;
use uuid::Uuid;

use crate::jobs;
use crate::pen::Pen;
use crate::people::{self, Acceptance, Invitation};
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, secrets};

/// Conversations and customers of one transaction.
const CHUNK: i64 = 100;

/// Somebody who came with the demonstration, with a password to sign in.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Colleague {
    pub name: String,
    pub email: String,
    /// Shown once; only its hash is stored.
    pub password: String,
    agent: Option<AgentId>,
}

/// What was brought along.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Seeded {
    pub colleagues: Vec<Colleague>,
    pub conversation_count: usize,
}

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Cleared {
    pub conversation_count: usize,
    pub customer_count: usize,
    pub user_count: usize,
}

/// Remembers work that was done within the call as a job.
///
/// # Errors
/// What the store refuses.
pub async fn remember(ctx: &Ctx, actor: &Actor, kind: &str, result: Value) -> Result<Job, Error> {
    let job = jobs::begin(ctx, actor, kind, Some(1)).await?;
    let input = (Pen::new(ctx, actor), job, result);
    ctx.store()
        .write("demo.job", input, |tx, (mut pen, mut job, result)| {
            Box::pin(async move {
                job.done_count = 1;
                job.result = Some(result);
                jobs::end(tx, &mut pen, &mut job, "succeeded").await?;
                Ok::<_, Error>(job)
            })
        })
        .await
}

/// Brings the demonstration along.
///
/// # Errors
/// [`Error::Denied`]; [`Error::AlreadyExists`] while there is one; what the store refuses.
pub async fn seed(ctx: &Ctx, actor: &Actor) -> Result<Seeded, Error> {
    actor.authorize(Permission::DemoManage, Resource::Organization)?;
    if !people_of(ctx, actor).await?.is_empty() {
        return Err(Error::AlreadyExists { existing_id: None });
    }
    let mut colleagues = Vec::new();
    for (name, email) in past::COLLEAGUES {
        colleagues.push(colleague(ctx, actor, name, email).await?);
    }
    let conversation_count = history(ctx, actor, &colleagues).await?;
    let figures = json!({ "conversations": conversation_count, "colleagues": colleagues.len() });
    note(ctx, actor, "demo.seeded", figures).await?;
    Ok(Seeded { colleagues, conversation_count })
}

async fn colleague(ctx: &Ctx, actor: &Actor, name: &str, email: &str) -> Result<Colleague, Error> {
    let invitation = Invitation {
        email: email.to_owned(),
        name: name.to_owned(),
        roles: vec!["agent".to_owned()],
        language: "es".to_owned(),
        ..Invitation::default()
    };
    let invited = people::invite(ctx, actor, invitation).await?;
    let input = (actor.organization, invited.user.id);
    ctx.store()
        .write("demo.tag_user", input, |tx, (org, user)| {
            Box::pin(async move { Ok::<_, Error>(store::demo::tag_user(tx, org, user).await?) })
        })
        .await?;
    let password: String = secrets::token(ctx.entropy()).chars().take(16).collect();
    let acceptance = Acceptance {
        token: invited.token,
        name: None,
        password: password.clone(),
        language: None,
        ip: None,
        user_agent: None,
    };
    people::accept(ctx, acceptance).await?;
    let found = people_of(ctx, actor).await?.into_iter().find(|(user, ..)| *user == invited.user.id);
    let agent = found.and_then(|(_, _, agent)| agent);
    Ok(Colleague { name: name.to_owned(), email: email.to_owned(), password, agent })
}

/// Writes the past; how many conversations.
async fn history(ctx: &Ctx, actor: &Actor, colleagues: &[Colleague]) -> Result<usize, Error> {
    let org = actor.organization;
    let channels = ctx
        .store()
        .read("demo.channels", org, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::channels::list(tx, org).await?) })
        })
        .await?;
    let Some(channel) = channels.into_iter().find(|c| c.kind == "web_chat") else { return Ok(0) };
    let agents: Vec<_> = colleagues.iter().filter_map(|c| Some((c.agent?, c.name.clone()))).collect();
    let mut written = 0;
    for chunk in past::plan(ctx.now()).chunks(20) {
        let mut rows = Vec::new();
        for story in chunk {
            let number = ctx.next_number(org).await?;
            rows.extend(story.row(number, &channel, &agents, || ctx.new_id()));
        }
        written += rows.len();
        ctx.store()
            .write("demo.history", (org, rows), |tx, (org, rows)| {
                Box::pin(async move {
                    for past in &rows {
                        store::demo::insert_past(tx, org, past).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
    }
    Ok(written)
}

async fn people_of(ctx: &Ctx, actor: &Actor) -> Result<Vec<(domain::ids::UserId, String, Option<AgentId>)>, Error> {
    ctx.store()
        .read("demo.people", actor.organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::demo::people(tx, org).await?) })
        })
        .await
}

/// Takes the demonstration away: its people, its customers and all their conversations.
///
/// # Errors
/// [`Error::Denied`]; what the store refuses. What was deleted before stays deleted, and a repeat goes on.
pub async fn clear(ctx: &Ctx, actor: &Actor) -> Result<Cleared, Error> {
    actor.authorize(Permission::DemoManage, Resource::Organization)?;
    let mut cleared = Cleared::default();
    loop {
        let ids = some_conversations(ctx, actor).await?;
        if ids.is_empty() {
            break;
        }
        cleared.conversation_count += ids.len();
        withdraw(ctx, actor, &ids).await?;
        delete_conversations(ctx, actor, ids).await?;
    }
    loop {
        let count = delete_customers(ctx, actor).await?;
        if count == 0 {
            break;
        }
        cleared.customer_count += count;
    }
    cleared.user_count = delete_people(ctx, actor).await?;
    let figures = json!({ "conversations": cleared.conversation_count, "customers": cleared.customer_count,
        "users": cleared.user_count });
    note(ctx, actor, "demo.cleared", figures).await?;
    ctx.runtime(actor.organization)?.owner.reload().await;
    Ok(cleared)
}

async fn some_conversations(ctx: &Ctx, actor: &Actor) -> Result<Vec<Uuid>, Error> {
    ctx.store()
        .read("demo.conversations", actor.organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::demo::conversations(tx, org, CHUNK).await?) })
        })
        .await
}

/// The router lets go of their work before it is deleted.
async fn withdraw(ctx: &Ctx, actor: &Actor, ids: &[Uuid]) -> Result<(), Error> {
    let work = ctx
        .store()
        .read("demo.work", (actor.organization, ids.to_vec()), |tx, (org, ids)| {
            Box::pin(async move { Ok::<_, Error>(store::work::live_of(tx, org, ids).await?) })
        })
        .await?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    for work in work {
        let commands = [
            Command::Cancel { item: work.item.id, reason: CancelReason::Abandoned },
            Command::Complete { item: work.item.id },
            Command::FinishWrapUp { item: work.item.id },
        ];
        for command in commands {
            match owner.apply(command, actor.as_json()).await {
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

async fn delete_conversations(ctx: &Ctx, actor: &Actor, ids: Vec<Uuid>) -> Result<(), Error> {
    ctx.store()
        .write("demo.delete_conversations", (actor.organization, ids), |tx, (org, ids)| {
            Box::pin(async move { Ok::<_, Error>(store::demo::delete_conversations(tx, org, ids).await?) })
        })
        .await
}

async fn delete_customers(ctx: &Ctx, actor: &Actor) -> Result<usize, Error> {
    ctx.store()
        .write("demo.delete_customers", actor.organization, |tx, org| {
            Box::pin(async move {
                let ids = store::demo::customers(tx, org, CHUNK).await?;
                let count = ids.len();
                if count > 0 {
                    store::demo::delete_customers(tx, org, ids).await?;
                }
                Ok::<_, Error>(count)
            })
        })
        .await
}

async fn delete_people(ctx: &Ctx, actor: &Actor) -> Result<usize, Error> {
    let people = people_of(ctx, actor).await?;
    let count = people.len();
    let runtime = ctx.runtime(actor.organization)?;
    for (user, _, agent) in people {
        if let Some(agent) = agent {
            match runtime.owner.apply(Command::RemoveAgent { agent }, actor.as_json()).await {
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        ctx.store()
            .write("demo.delete_person", (actor.organization, user, agent), |tx, (org, user, agent)| {
                Box::pin(async move { Ok::<_, Error>(store::demo::delete_person(tx, org, user, agent).await?) })
            })
            .await?;
    }
    Ok(count)
}

async fn note(ctx: &Ctx, actor: &Actor, action: &'static str, figures: serde_json::Value) -> Result<(), Error> {
    let input = (Stamp::new(ctx, actor), action, figures);
    ctx.store()
        .write("demo.note", input, |tx, (stamp, action, figures): (Stamp, &str, serde_json::Value)| {
            Box::pin(async move {
                let resource = ("organization", stamp.actor.organization.0);
                stamp.audit(tx, action, resource, None, Some(figures)).await
            })
        })
        .await
}
