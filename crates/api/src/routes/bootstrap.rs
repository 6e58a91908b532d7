//! The console's first request, and the figures beside the inbox.

use std::collections::BTreeMap;

use app::Actor;
use app::conversations::{ListKind, ListQuery};
use axum::extract::State;
use domain::conversation::StatusCategory;
use domain::ids::QueueId;

use super::sessions;
use crate::Answer;
use crate::auth::Caller;
use crate::dto::bootstrap::Bootstrap;
use crate::dto::conversations::{Count, InboxCounts};
use crate::extract::Json;
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{cursor, render};

/// Figures are exact up to this.
const EXACT_UP_TO: i64 = 1_000;

/// Everything the console needs to draw its first picture.
#[utoipa::path(get, path = "/bootstrap", tag = "session",
    responses((status = 200, body = Bootstrap), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, Caller(current): Caller) -> Answer<Json<Bootstrap>> {
    let (ctx, actor) = (api.ctx(), &current.actor);
    let outline = app::organization::outline(ctx, actor).await?;
    let labels = api.learn(&outline);
    let agent = sessions::own_agent(&api, &current, &outline).await?;
    let (mut offers, mut work) = (Vec::new(), Vec::new());
    if agent.is_some() {
        offers = app::offers::mine(ctx, actor).await?;
        work = app::conversations::work(ctx, actor).await?;
    }
    Ok(Json(Bootstrap {
        session: sessions::describe(&current, &outline, agent.clone()),
        presence: agent.as_ref().and_then(|agent| agent.presence.clone()),
        agent,
        offers: offers.iter().map(|view| render::offer(view, &labels)).collect(),
        work: work.iter().map(Into::into).collect(),
        statuses: outline.statuses.iter().map(Into::into).collect(),
        queues: outline.queues.iter().map(Into::into).collect(),
        views: Vec::new(),
        channels: outline.channels.iter().map(Into::into).collect(),
        counts: count(&api, actor).await?,
        limits: ctx.limits().all(),
        features: BTreeMap::new(),
        cursor: cursor::of_stream(outline.cursor),
    }))
}

/// The figures beside the lists of the inbox.
#[utoipa::path(get, path = "/inbox/counts", tag = "conversations",
    responses((status = 200, body = InboxCounts), (status = "default", body = ProblemBody)))]
pub async fn counts(State(api): State<Api>, caller: Caller) -> Answer<Json<InboxCounts>> {
    count(&api, caller.actor()).await.map(Json)
}

/// Every limit by its name, whose unit ends it.
#[utoipa::path(get, path = "/limits", tag = "operation", responses((status = 200, body = BTreeMap<String, i64>)))]
pub async fn show_limits(State(api): State<Api>) -> Json<BTreeMap<String, i64>> {
    Json(api.ctx().limits().all())
}

async fn count(api: &Api, actor: &Actor) -> Answer<InboxCounts> {
    let mut counts = InboxCounts::default();
    let mine = list(api, actor, ListKind::Mine, None).await?;
    counts.lists.insert("mine".to_owned(), mine);
    let drafts = app::conversations::drafts(api.ctx(), actor).await?.len();
    counts.lists.insert("drafts".to_owned(), of(i64::try_from(drafts).unwrap_or(i64::MAX), 0));
    if actor.standing.agent.is_some() {
        let offers = app::offers::mine(api.ctx(), actor).await?.len();
        counts.lists.insert("offers".to_owned(), of(i64::try_from(offers).unwrap_or(i64::MAX), 0));
    }
    for queue in &actor.standing.queues {
        counts.queues.insert(queue.0, list(api, actor, ListKind::All, Some(*queue)).await?);
    }
    Ok(counts)
}

async fn list(api: &Api, actor: &Actor, list: ListKind, queue: Option<QueueId>) -> Answer<Count> {
    let category = Some(StatusCategory::Open);
    let before = app::model::Before::FIRST;
    let query = ListQuery { list, queue, category, before, limit: EXACT_UP_TO };
    let rows = app::conversations::list(api.ctx(), actor, query).await?;
    let unread = rows.iter().filter(|view| view.unread_count > 0).count();
    Ok(of(i64::try_from(rows.len()).unwrap_or(i64::MAX), i64::try_from(unread).unwrap_or(i64::MAX)))
}

fn of(count: i64, unread_count: i64) -> Count {
    Count { count: count.min(EXACT_UP_TO), unread_count, is_capped: count >= EXACT_UP_TO }
}
