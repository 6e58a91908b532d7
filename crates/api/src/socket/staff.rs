//! The staff socket, `centralita.v1`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use app::Runtime;
use app::conversations::Handle;
use app::live::{Filter, Heard, Live, REPLAY_MAX, Signal, StaffFilter, Subscription};
use app::model::Cursor;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use domain::ids::{AgentId, ConversationId};
use domain::permissions::{Permission, Resource};
use http::HeaderMap;
use http::header::ORIGIN;
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use super::connection::Connection;
use super::{Close, MAX_FRAME_BYTES, REPLAY_PAGE, events};
use crate::auth::{Caller, check_origin};
use crate::dto::Object;
use crate::dto::stream::{ClientFrame, RefusedTopic, ServerFrame, StreamSession};
use crate::problem::Code;
use crate::state::{Api, Labels};
use crate::{Answer, cursor};

/// Pings of an agent's socket, and while an offer rings.
const AGENT_HEARTBEAT: Duration = Duration::from_secs(10);
const RINGING_HEARTBEAT: Duration = Duration::from_secs(2);
/// Pings of everybody else's.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Signals of one type are taken this often.
const SIGNAL_EVERY: Duration = Duration::from_secs(2);
const MAX_TOPICS: usize = 100;
const MAX_CONVERSATIONS: usize = 20;

/// `GET /api/v1/stream`
pub async fn open(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    if !headers.contains_key(ORIGIN) {
        return Err(Code::OriginForbidden.into());
    }
    check_origin(&headers, &api)?;
    let runtime = api.ctx().runtime(caller.actor().organization)?;
    let upgrade = upgrade
        .protocols(["centralita.v1"])
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let mut connection = Connection::new(socket);
        let why = serve(&api, &caller, &runtime, &mut connection).await;
        connection.close(why).await;
    }))
}

async fn serve(api: &Api, caller: &Caller, runtime: &Arc<Runtime>, connection: &mut Connection) -> Close {
    let start = match connection.first().await {
        Ok(ClientFrame::Start { after, topics, routable, .. }) => (after, topics, routable),
        Ok(ClientFrame::Auth { .. }) => return Close::Unauthenticated,
        Ok(_) => return Close::BadFrame,
        Err(why) => return why,
    };
    let (after, topics, is_routable) = start;
    let mut session = match Session::begin(api, caller, runtime, topics, is_routable).await {
        Ok(session) => session,
        Err(why) => return why,
    };
    let why = match session.run(connection, after).await {
        Ok(()) => Close::Restart,
        Err(why) => why,
    };
    session.end().await;
    why
}

/// One connection of somebody who is signed in.
struct Session<'a> {
    api: &'a Api,
    caller: &'a Caller,
    runtime: &'a Runtime,
    labels: Arc<Labels>,
    topics: BTreeSet<String>,
    feed: Subscription,
    /// Set while this socket makes its agent routable.
    routable: Option<AgentId>,
    epoch: Option<u64>,
    at: Cursor,
    ringing: BTreeSet<Uuid>,
    signalled: BTreeMap<String, Instant>,
}

impl<'a> Session<'a> {
    async fn begin(
        api: &'a Api,
        caller: &'a Caller,
        runtime: &'a Arc<Runtime>,
        topics: Vec<String>,
        is_routable: bool,
    ) -> Result<Self, Close> {
        let outline = app::organization::outline(api.ctx(), caller.actor()).await.map_err(|_| Close::Forbidden)?;
        let standing = Arc::clone(&caller.actor().standing);
        let filter = StaffFilter { standing, topics: BTreeSet::new() };
        let feed = runtime.hub.subscribe(Filter::Staff(filter), caller.actor().session.map(|id| id.0));
        let mut session = Self {
            api,
            caller,
            runtime,
            labels: api.learn(&outline),
            topics: BTreeSet::new(),
            at: feed.from,
            feed,
            routable: None,
            epoch: None,
            ringing: BTreeSet::new(),
            signalled: BTreeMap::new(),
        };
        session.subscribe(topics).await;
        if is_routable {
            session.become_routable().await?;
        }
        Ok(session)
    }

    async fn become_routable(&mut self) -> Result<(), Close> {
        let Some(agent) = self.caller.actor().standing.agent else { return Ok(()) };
        self.runtime.hub.set_routable(self.feed.id, agent, true);
        self.routable = Some(agent);
        let opened = app::presence::session_opened(self.api.ctx(), self.caller.actor()).await;
        match opened {
            Ok(presence) => self.epoch = Some(presence.epoch),
            Err(error) => {
                tracing::warn!(%error, "an agent could not become routable");
                self.end().await;
                return Err(Close::Restart);
            }
        }
        Ok(())
    }

    /// The agent is no longer routable when this was their last routable socket.
    async fn end(&mut self) {
        let Some(agent) = self.routable.take() else { return };
        let left = self.runtime.hub.set_routable(self.feed.id, agent, false);
        if left > 0 {
            return;
        }
        if let Err(error) = app::presence::session_lost(self.api.ctx(), self.caller.actor()).await {
            tracing::warn!(%error, "the loss of a session could not be told");
        }
    }

    async fn run(&mut self, connection: &mut Connection, after: Option<String>) -> Result<(), Close> {
        let from = after.as_deref().map(cursor::stream);
        self.greet(connection, matches!(from, Some(Some(_)))).await?;
        match from {
            Some(Some(from)) => self.replay(connection, from).await?,
            Some(None) => self.resync(connection, "cursor_expired").await?,
            None => {}
        }
        self.follow(connection).await
    }

    async fn greet(&mut self, connection: &mut Connection, is_resumed: bool) -> Result<(), Close> {
        let actor = self.caller.actor();
        let hello = ServerFrame::Hello {
            connection_id: self.api.ctx().new_id(),
            server_now: self.api.ctx().now().into(),
            cursor: cursor::of_stream(self.at),
            resumed: is_resumed,
            session: Some(StreamSession {
                user_id: self.caller.0.user.id.0,
                agent_id: actor.standing.agent.map(|id| id.0),
                epoch: self.epoch,
            }),
            heartbeat_ms: u64::try_from(self.heartbeat().as_millis()).unwrap_or(u64::MAX),
            limits: Object::from_iter([
                ("topics".to_owned(), json!(MAX_TOPICS)),
                ("frame_bytes".to_owned(), json!(MAX_FRAME_BYTES)),
            ]),
        };
        connection.send(&hello).await
    }

    /// Everything visible between `from` and where the feed began.
    async fn replay(&mut self, connection: &mut Connection, from: Cursor) -> Result<(), Close> {
        let organization = self.caller.actor().organization;
        let (mut at, mut count) = (from, 0);
        loop {
            let page =
                app::live::read(self.api.ctx(), organization, at, REPLAY_PAGE).await.map_err(|_| Close::Restart)?;
            let Some(last) = page.last() else { return Ok(()) };
            at = last.cursor;
            let (filter, end) = (self.filter(), self.feed.from);
            for live in page.iter().filter(|live| live.cursor <= end && filter.wants(live)) {
                count += 1;
                if count > REPLAY_MAX {
                    return self.resync(connection, "cursor_expired").await;
                }
                self.tell(connection, live).await?;
            }
            if at >= end {
                return Ok(());
            }
        }
    }

    async fn resync(&mut self, connection: &mut Connection, reason: &str) -> Result<(), Close> {
        let topics = std::iter::once("me".to_owned()).chain(self.topics.iter().cloned()).collect();
        let cursor = cursor::of_stream(self.at);
        connection.send(&ServerFrame::Resync { reason: reason.to_owned(), topics, cursor }).await
    }

    async fn follow(&mut self, connection: &mut Connection) -> Result<(), Close> {
        let mut every = self.heartbeat();
        let mut beat = ticking(every);
        loop {
            tokio::select! {
                frame = connection.receive() => self.take(connection, frame?).await?,
                heard = self.feed.next() => match heard {
                    Some(heard) => self.hear(connection, heard).await?,
                    None => return Ok(()),
                },
                _ = beat.tick() => {
                    connection.ping(self.api.ctx().now()).await?;
                    connection.send(&ServerFrame::Mark { cursor: cursor::of_stream(self.at) }).await?;
                }
            }
            if every != self.heartbeat() {
                every = self.heartbeat();
                beat = ticking(every);
            }
        }
    }

    fn heartbeat(&self) -> Duration {
        match (self.routable, self.ringing.is_empty()) {
            (Some(_), false) => RINGING_HEARTBEAT,
            (Some(_), true) => AGENT_HEARTBEAT,
            (None, _) if self.caller.actor().standing.agent.is_some() => AGENT_HEARTBEAT,
            (None, _) => HEARTBEAT,
        }
    }

    async fn hear(&mut self, connection: &mut Connection, heard: Heard) -> Result<(), Close> {
        match heard {
            Heard::Event(live) => {
                self.refuse_when_replaced(&live)?;
                self.tell(connection, &live).await
            }
            Heard::Mark(at) => {
                self.at = at;
                Ok(())
            }
            Heard::Signal(signal) => self.pass_on(connection, &signal).await,
            Heard::Lagged(at) => {
                self.at = at;
                self.resync(connection, "slow").await
            }
            Heard::Revoked => Err(Close::Revoked),
        }
    }

    /// Another sign-in session took the agent over.
    fn refuse_when_replaced(&self, live: &Live) -> Result<(), Close> {
        let presence = live.content.presence.as_ref().filter(|p| self.routable == Some(p.agent));
        let holder = presence.and_then(|p| p.session);
        let is_replaced = holder.is_some() && holder != self.caller.actor().session;
        if is_replaced { Err(Close::Replaced) } else { Ok(()) }
    }

    async fn tell(&mut self, connection: &mut Connection, live: &Live) -> Result<(), Close> {
        if let Some(offer) = &live.content.offer {
            if live.event.kind == "offer.created" {
                self.ringing.insert(offer.id.0);
            } else {
                self.ringing.remove(&offer.id.0);
            }
        }
        let organization = self.caller.actor().organization;
        let event = events::rendered(self.api, organization, live, &self.labels).await;
        connection.send_event(&cursor::of_stream(live.cursor), event).await?;
        self.at = live.cursor;
        Ok(())
    }

    async fn pass_on(&self, connection: &mut Connection, signal: &Signal) -> Result<(), Close> {
        let frame = ServerFrame::Signal {
            topic: format!("conversation:{}", signal.conversation),
            r#type: signal.kind.clone(),
            at: self.api.ctx().now().into(),
            data: signal.data.clone(),
        };
        connection.send(&frame).await
    }

    async fn take(&mut self, connection: &mut Connection, frame: ClientFrame) -> Result<(), Close> {
        match frame {
            ClientFrame::Pong {} => {
                connection.answered();
                Ok(())
            }
            ClientFrame::Subscribe { topics, r#ref } => {
                let refused = self.subscribe(topics).await;
                self.acknowledge(connection, r#ref, refused).await
            }
            ClientFrame::Unsubscribe { topics, r#ref } => {
                for topic in &topics {
                    self.topics.remove(topic);
                }
                self.feed.refilter(Filter::Staff(self.filter()));
                self.acknowledge(connection, r#ref, Vec::new()).await
            }
            ClientFrame::Signal { r#type, conversation_id, data } => {
                self.signal(r#type, conversation_id, data).await;
                Ok(())
            }
            ClientFrame::Auth { .. } | ClientFrame::Start { .. } => Err(Close::BadFrame),
        }
    }

    async fn acknowledge(
        &self,
        connection: &mut Connection,
        r#ref: u64,
        refused: Vec<RefusedTopic>,
    ) -> Result<(), Close> {
        connection.send(&ServerFrame::Ack { r#ref, cursor: cursor::of_stream(self.at), refused }).await
    }

    fn filter(&self) -> StaffFilter {
        StaffFilter { standing: Arc::clone(&self.caller.actor().standing), topics: self.topics.clone() }
    }

    /// Adds topics; those that were not granted.
    async fn subscribe(&mut self, topics: Vec<String>) -> Vec<RefusedTopic> {
        let mut refused = Vec::new();
        for topic in topics {
            match self.grant(&topic).await {
                Ok(()) => drop(self.topics.insert(topic)),
                Err(code) => refused.push(RefusedTopic { topic, code: code.to_owned() }),
            }
        }
        self.feed.refilter(Filter::Staff(self.filter()));
        refused
    }

    async fn grant(&self, topic: &str) -> Result<(), &'static str> {
        if self.topics.len() >= MAX_TOPICS {
            return Err("too_many_topics");
        }
        let actor = self.caller.actor();
        match topic.split_once(':') {
            Some(("conversation", id)) => {
                let open = self.topics.iter().filter(|topic| topic.starts_with("conversation:")).count();
                if open >= MAX_CONVERSATIONS {
                    return Err("too_many_topics");
                }
                let id = id.parse::<ConversationId>().map_err(|_| "not_found")?;
                let found = app::conversations::find(self.api.ctx(), actor, Handle::Id(id)).await;
                found.map(drop).map_err(|_| "not_found")
            }
            Some(("customer" | "queue" | "view" | "job" | "wallboard", _)) => Ok(()),
            None if topic == "org" => {
                actor.authorize(Permission::EventsRead, Resource::Organization).map_err(|_| "forbidden")
            }
            None if ["me", "inbox", "live", "agents", "channels", "config"].contains(&topic) => Ok(()),
            Some(_) | None => Err("not_found"),
        }
    }

    /// Passes a signal on, at most one of a type in two seconds.
    async fn signal(&mut self, kind: String, conversation: Option<Uuid>, data: Object) {
        let is_known = ["typing", "viewing"].contains(&kind.as_str());
        let is_early = self.signalled.get(&kind).is_some_and(|at| at.elapsed() < SIGNAL_EVERY);
        let (Some(id), true, false) = (conversation.map(ConversationId), is_known, is_early) else { return };
        self.signalled.insert(kind.clone(), Instant::now());
        let actor = self.caller.actor();
        let Ok(view) = app::conversations::find(self.api.ctx(), actor, Handle::Id(id)).await else { return };
        let is_typing = kind == "typing";
        let mut said = json!({ "conversation_id": id, "user_ids": [self.caller.0.user.id] });
        if is_typing {
            let who = json!({ "type": "agent", "id": actor.standing.agent, "name": actor.name });
            let is_on = data.get("is_on").and_then(serde_json::Value::as_bool).unwrap_or(true);
            said = json!({ "conversation_id": id, "actor": who, "is_on": is_on });
        }
        self.runtime.hub.signal(Signal {
            kind,
            conversation: id,
            customer: view.conversation.customer_id,
            data: said,
            from: self.feed.id,
            is_for_visitor: is_typing,
        });
    }
}

/// An interval whose first tick is one period away.
pub(super) fn ticking(every: Duration) -> Interval {
    let mut beat = interval(every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    beat
}
