//! The console's first request, and the figures beside the inbox.

use std::collections::BTreeMap;

use app::Actor;
use app::conversations::Counted;
use axum::extract::State;
use domain::permissions::{Permission, Resource};

use super::sessions;
use crate::Answer;
use crate::auth::Caller;
use crate::dto::Object;
use crate::dto::bootstrap::Bootstrap;
use crate::dto::conversations::{Count, InboxCounts};
use crate::dto::desk::View;
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
    let views = app::views::list(ctx, actor).await?;
    // What its parts need apart is no condition of the whole: it is for everybody who is signed in.
    let counts = match actor.authorize(Permission::ConversationsRead, Resource::Any) {
        Ok(()) => count(&api, actor).await?,
        Err(_) => InboxCounts::default(),
    };
    let knows_channels = actor.authorize(Permission::ChannelsRead, Resource::Any).is_ok();
    Ok(Json(Bootstrap {
        session: sessions::describe(&current, &outline, agent.clone()),
        presence: agent.as_ref().and_then(|agent| agent.presence.clone()),
        agent,
        offers: offers.iter().map(|view| render::offer(view, &labels)).collect(),
        work: work.iter().map(Into::into).collect(),
        statuses: outline.statuses.iter().map(Into::into).collect(),
        queues: outline.queues.iter().map(Into::into).collect(),
        views: views.iter().filter_map(|view| object(&View::from(view))).collect(),
        channels: outline.channels.iter().filter(|_| knows_channels).map(Into::into).collect(),
        counts,
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
    let found = app::conversations::counts(api.ctx(), actor).await?;
    let named =
        [("mine", found.mine), ("mentions", found.mentions), ("snoozed", found.snoozed), ("drafts", found.drafts)];
    let mut lists: BTreeMap<String, Count> =
        named.into_iter().map(|(name, counted)| (name.to_owned(), counted.into())).collect();
    if actor.standing.agent.is_some() {
        let offers = app::offers::mine(api.ctx(), actor).await?.len();
        let count = i64::try_from(offers).unwrap_or(i64::MAX);
        lists.insert("offers".to_owned(), Counted { count, unread_count: 0 }.into());
    }
    Ok(InboxCounts {
        lists,
        queues: found.queues.into_iter().map(|(queue, counted)| (queue.0, counted.into())).collect(),
        views: found.views.into_iter().map(|(view, counted)| (view, counted.into())).collect(),
    })
}

impl From<Counted> for Count {
    fn from(counted: Counted) -> Self {
        Self {
            count: counted.count.min(EXACT_UP_TO),
            unread_count: counted.unread_count.min(EXACT_UP_TO),
            is_capped: counted.count > EXACT_UP_TO,
        }
    }
}

/// A value as an object of the wire.
fn object(value: &impl serde::Serialize) -> Option<Object> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}
