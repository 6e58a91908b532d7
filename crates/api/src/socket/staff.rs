//! The staff socket, `centralita.v1`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use app::Runtime;
use app::conversations::Handle;
use app::limits::Limit;
use app::live::{Filter, Heard, Hidden, Live, REPLAY_MAX, Signal, StaffFilter, Subscription};
use app::model::Cursor;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use domain::ids::{AgentId, ConversationId};
use domain::permissions::{Permission, Resource};
use http::HeaderMap;
use http::header::{ORIGIN, UPGRADE};
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use super::connection::Connection;
use super::{Close, REPLAY_PAGE, events};
use crate::auth::{Caller, by_secret, check_origin, client_ip, has_credential};
use crate::dto::Object;
use crate::dto::stream::{ClientFrame, RefusedTopic, ServerFrame, StreamSession};
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::{Answer, cursor};

/// Pings of an agent's socket, and while an offer rings.
const AGENT_HEARTBEAT: Duration = Duration::from_secs(10);
const RINGING_HEARTBEAT: Duration = Duration::from_secs(2);
/// Pings of everybody else's.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Signals of one type are taken this often.
const SIGNAL_EVERY: Duration = Duration::from_secs(2);
const MAX_CONVERSATIONS: usize = 20;

/// `GET /api/v1/stream`: with a cookie from our own pages, a bearer header, or a token in the first frame.
pub async fn open(State(api): State<Api>, request: Request) -> Answer<Response> {
    let (mut parts, _) = request.into_parts();
    let has_credential = has_credential(&api, &parts.headers);
    let caller = if has_credential || !parts.headers.contains_key(UPGRADE) {
        Some(Caller::from_request_parts(&mut parts, &api).await?)
    } else {
        None
    };
    if caller.as_ref().is_some_and(|caller| caller.0.session.is_some()) {
        own_pages_only(&api, &parts.headers)?;
    }
    let ip = client_ip(&api, &parts.headers, &parts.extensions);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &api).await;
    let upgrade = upgrade.map_err(|refusal| Problem::from(Code::BadHeader).detail(refusal.to_string()))?;
    let frame_bytes = api.ctx().limits().size(Limit::SocketFrameInBytes);
    let pending_bytes = api.ctx().limits().size(Limit::SocketPendingBytes);
    let upgrade = upgrade
        .protocols(["centralita.v1"])
        .read_buffer_size(512)
        .write_buffer_size(0)
        .max_write_buffer_size(pending_bytes)
        .max_message_size(frame_bytes)
        .max_frame_size(frame_bytes);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let mut connection = Connection::new(socket, api.ctx().limits());
        let why = match Box::pin(known(&api, caller, ip, &mut connection)).await {
            Ok(caller) => serve(&api, caller, &mut connection).await,
            Err(why) => why,
        };
        connection.close(why).await;
    }))
}

/// A browser names the origin of every socket; one with our cookie must come from our own pages.
fn own_pages_only(api: &Api, headers: &HeaderMap) -> Answer<()> {
    if !headers.contains_key(ORIGIN) {
        return Err(Code::OriginForbidden.into());
    }
    check_origin(headers, api)
}

/// Who the credential of the call names, else the token of the first frame.
async fn known(
    api: &Api,
    caller: Option<Caller>,
    ip: Option<IpAddr>,
    connection: &mut Connection,
) -> Result<Caller, Close> {
    if let Some(caller) = caller {
        return Ok(caller);
    }
    match connection.first().await? {
        ClientFrame::Auth { token } => {
            by_secret(api, &token, ip).await.map(Caller).map_err(|problem| match problem.code {
                Code::IpNotAllowed => Close::Forbidden,
                _ => Close::Unauthenticated,
            })
        }
        ClientFrame::Start { .. } => Err(Close::Unauthenticated),
        ClientFrame::Subscribe { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::Signal { .. }
        | ClientFrame::Pong {} => Err(Close::BadFrame),
    }
}

async fn serve(api: &Api, caller: Caller, connection: &mut Connection) -> Close {
    let (after, topics, is_routable) = match connection.first().await {
        Ok(ClientFrame::Start { after, topics, routable, .. }) => (after, topics, routable),
        Ok(_) => return Close::BadFrame,
        Err(why) => return why,
    };
    let Ok(runtime) = api.ctx().runtime(caller.actor().organization) else { return Close::Restart };
    let owner = caller.actor().standing.user.map(|user| user.0).or(caller.actor().session.map(|token| token.0));
    let seat = api.sockets().sit(owner.unwrap_or_default(), api.ctx().limits().size(Limit::UserSockets));
    let mut session = match Box::pin(Session::begin(api, caller, &runtime, topics, is_routable)).await {
        Ok(session) => session,
        Err(why) => return why,
    };
    let revoked = Arc::clone(&session.feed.revoked);
    let why = tokio::select! {
        ended = session.run(connection, after) => ended.err().unwrap_or(Close::Restart),
        () = revoked.notified() => Close::Revoked,
        () = seat.lost() => Close::TooMany,
    };
    Box::pin(session.end()).await;
    why
}

/// One connection of somebody who is signed in.
struct Session<'a> {
    api: &'a Api,
    caller: Caller,
    runtime: &'a Runtime,
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
        caller: Caller,
        runtime: &'a Arc<Runtime>,
        topics: Vec<String>,
        is_routable: bool,
    ) -> Result<Self, Close> {
        // Rendering needs the names; a socket keeps none of its own.
        api.names(caller.actor().organization).await.map_err(|_| Close::Restart)?;
        let standing = Arc::clone(&caller.actor().standing);
        let filter = StaffFilter { standing, topics: BTreeSet::new() };
        let feed = runtime.hub.subscribe(Filter::Staff(filter), caller.actor().session.map(|id| id.0));
        let mut session = Self {
            api,
            caller,
            runtime,
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
            Some(Some(from)) => Box::pin(self.replay(connection, from)).await?,
            Some(None) => self.resync(connection, "cursor_expired").await?,
            None => {}
        }
        self.follow(connection).await
    }

    async fn greet(&mut self, connection: &mut Connection, is_resumed: bool) -> Result<(), Close> {
        let actor = self.caller.actor();
        let limits = self.api.ctx().limits();
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
                ("topics".to_owned(), json!(limits.get(Limit::SocketTopics))),
                ("frame_bytes".to_owned(), json!(limits.get(Limit::SocketFrameInBytes))),
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
            for live in page.iter().filter(|live| live.cursor <= end) {
                let lost = if filter.wants(live) { None } else { Some(filter.loses(live)) };
                if lost == Some(None) {
                    continue;
                }
                count += 1;
                if count > REPLAY_MAX {
                    return self.resync(connection, "cursor_expired").await;
                }
                match lost.flatten() {
                    Some(lost) => self.tell_hidden(connection, live, lost).await?,
                    None => self.tell(connection, live).await?,
                }
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
                // Boxed while it lasts: an idle socket does not keep room for the largest of them.
                frame = connection.receive() => Box::pin(self.take(connection, frame?)).await?,
                heard = self.feed.next() => match heard {
                    Some(heard) => Box::pin(self.hear(connection, heard)).await?,
                    None => return Ok(()),
                },
                _ = beat.tick() => {
                    self.refuse_when_over()?;
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
            Heard::Hidden(live, lost) => self.tell_hidden(connection, &live, lost).await,
            Heard::Mark(at) => {
                self.at = at;
                Ok(())
            }
            Heard::Signal(signal) => self.pass_on(connection, &signal).await,
            Heard::Lagged(at) => {
                self.at = at;
                self.learn_rights().await?;
                self.resync(connection, "slow").await
            }
            Heard::Revoked => Err(Close::Revoked),
            Heard::Rights => {
                if self.learn_rights().await? {
                    self.resync(connection, "permissions_changed").await
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Asks again what the caller may do; whether it changed.
    async fn learn_rights(&mut self) -> Result<bool, Close> {
        let current = app::sessions::again(self.api.ctx(), &self.caller.0).await.map_err(|error| match error {
            app::Error::Unauthenticated | app::Error::TokenRevoked | app::Error::IpNotAllowed => Close::Revoked,
            _ => Close::Restart,
        })?;
        let is_new = current.actor.standing != self.caller.actor().standing;
        self.caller = Caller(current);
        if is_new {
            self.keep_granted().await;
        }
        Ok(is_new)
    }

    /// Drops the topics that are no longer granted.
    async fn keep_granted(&mut self) {
        let topics = std::mem::take(&mut self.topics);
        self.subscribe(topics.into_iter().collect()).await;
    }

    /// The credential ended while the socket was open.
    fn refuse_when_over(&self) -> Result<(), Close> {
        let now = self.api.ctx().now();
        if self.caller.0.expires_at.is_some_and(|at| at <= now) { Err(Close::Revoked) } else { Ok(()) }
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
        let labels = self.api.labels(organization);
        let event = events::rendered(self.api, organization, live, &labels).await;
        connection.send_event(&cursor::of_stream(live.cursor), event).await?;
        self.at = live.cursor;
        Ok(())
    }

    async fn tell_hidden(&mut self, connection: &mut Connection, live: &Live, lost: Hidden) -> Result<(), Close> {
        for event in events::hidden(live, lost) {
            connection.send_event(&cursor::of_stream(live.cursor), &event).await?;
        }
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
        if self.topics.len() >= self.api.ctx().limits().size(Limit::SocketTopics) {
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
