//! The visitor's socket, `centralita.visitor.v1`.

use std::sync::Arc;
use std::time::Duration;

use app::Runtime;
use app::limits::Limit;
use app::live::{Filter, Heard, Live, REPLAY_MAX, Signal, Subscription, VisitorFilter};
use app::model::{Channel, Cursor, Visitor};
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use domain::ids::{ConversationId, QueueId};
use domain::routing::ItemState;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;
use super::staff::ticking;
use super::{Close, REPLAY_PAGE, visitor_events};
use crate::cors::Door;
use crate::dto::Object;
use crate::dto::stream::{ClientFrame, ServerFrame};
use crate::state::Api;
use crate::{Answer, cursor};

const HEARTBEAT: Duration = Duration::from_secs(30);
/// Typing is passed on this often.
const TYPING_EVERY: Duration = Duration::from_secs(3);
/// A place that moves is told this often.
const PLACE_EVERY: Duration = Duration::from_secs(5);

/// `GET /api/v1/widget/{key}/stream`
pub async fn open(State(api): State<Api>, Door(channel): Door, upgrade: WebSocketUpgrade) -> Answer<Response> {
    let runtime = api.ctx().runtime(channel.organization_id)?;
    let frame_bytes = api.ctx().limits().size(Limit::SocketFrameInBytes);
    let pending_bytes = api.ctx().limits().size(Limit::SocketPendingBytes);
    let upgrade = upgrade
        .protocols(["centralita.visitor.v1"])
        .read_buffer_size(256)
        .write_buffer_size(0)
        .max_write_buffer_size(pending_bytes)
        .max_message_size(frame_bytes)
        .max_frame_size(frame_bytes);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let mut connection = Connection::new(socket, api.ctx().limits());
        let why = match serve(&api, channel, &runtime, &mut connection).await {
            Ok(()) => Close::Restart,
            Err(why) => why,
        };
        connection.close(why).await;
    }))
}

async fn serve(
    api: &Api,
    channel: Arc<Channel>,
    runtime: &Arc<Runtime>,
    connection: &mut Connection,
) -> Result<(), Close> {
    let Admitted { visitor, filter, queue, after } = Box::pin(admit(api, channel, connection)).await?;
    let feed = runtime.hub.subscribe(Filter::Visitor(filter), Some(visitor.id.0));
    let seat = api.sockets().sit(visitor.id.0, api.ctx().limits().size(Limit::VisitorSockets));
    let mut session = Session { api, runtime, visitor, filter, at: feed.from, feed, typed_at: None, queue };
    tokio::select! {
        ended = session.run(connection, after) => ended,
        () = seat.lost() => Err(Close::TooMany),
    }
}

/// A visitor whose first frame was good.
struct Admitted {
    visitor: Visitor,
    filter: VisitorFilter,
    queue: Queue,
    after: Option<String>,
}

/// Reads the first frame. The channel with all its configuration goes no further: thousands of sockets would keep it.
async fn admit(api: &Api, channel: Arc<Channel>, connection: &mut Connection) -> Result<Admitted, Close> {
    let ClientFrame::Start { token: Some(token), after, .. } = connection.first().await? else {
        return Err(Close::BadFrame);
    };
    let visitor = app::widget::by_token(api.ctx(), &channel, &token).await.map_err(|error| match error {
        app::Error::VisitorBlocked => Close::Forbidden,
        _ => Close::Unauthenticated,
    })?;
    let waits = app::widget::waiting(api.ctx(), &visitor).await.map_err(|_| Close::Restart)?;
    let filter = VisitorFilter {
        customer: visitor.customer_id,
        channel: channel.id,
        queue: channel.queue_id,
        waits_in: waits.map(|(_, queue)| queue),
    };
    Ok(Admitted { visitor, filter, queue: Queue::new(waits), after })
}

/// One connection of a visitor.
struct Session<'a> {
    api: &'a Api,
    runtime: &'a Runtime,
    visitor: Visitor,
    filter: VisitorFilter,
    feed: Subscription,
    at: Cursor,
    typed_at: Option<Instant>,
    queue: Queue,
}

/// What the visitor was told of their place, and whether it may have moved since.
struct Queue {
    waits: Option<ConversationId>,
    told: Option<Value>,
    told_at: Option<Instant>,
    has_moved: bool,
}

impl Queue {
    fn new(waits: Option<(ConversationId, QueueId)>) -> Self {
        Self { waits: waits.map(|(id, _)| id), told: None, told_at: None, has_moved: false }
    }

    /// When the place may be told again.
    fn due(&self) -> Instant {
        self.told_at.map_or_else(Instant::now, |at| at + PLACE_EVERY)
    }
}

impl Session<'_> {
    async fn run(&mut self, connection: &mut Connection, after: Option<String>) -> Result<(), Close> {
        let from = after.as_deref().map(cursor::stream);
        let hello = ServerFrame::Hello {
            connection_id: self.api.ctx().new_id(),
            server_now: self.api.ctx().now().into(),
            cursor: cursor::of_stream(self.at),
            resumed: matches!(from, Some(Some(_))),
            session: None,
            heartbeat_ms: u64::try_from(HEARTBEAT.as_millis()).unwrap_or(u64::MAX),
            limits: Object::new(),
        };
        connection.send(&hello).await?;
        match from {
            Some(Some(from)) => Box::pin(self.replay(connection, from)).await?,
            Some(None) => self.resync(connection, "cursor_expired").await?,
            None => {}
        }
        self.follow(connection).await
    }

    async fn replay(&mut self, connection: &mut Connection, from: Cursor) -> Result<(), Close> {
        let (mut at, mut count) = (from, 0);
        loop {
            let org = self.visitor.organization_id;
            let page = app::live::read(self.api.ctx(), org, at, REPLAY_PAGE).await.map_err(|_| Close::Restart)?;
            let Some(last) = page.last() else { return Ok(()) };
            at = last.cursor;
            let (filter, end) = (self.filter, self.feed.from);
            for live in page.iter().filter(|live| live.cursor <= end && filter.wants(live)) {
                self.tell(connection, live).await?;
            }
            count += page.len();
            if count > REPLAY_MAX {
                return self.resync(connection, "cursor_expired").await;
            }
            if at >= end {
                return Ok(());
            }
        }
    }

    async fn resync(&mut self, connection: &mut Connection, reason: &str) -> Result<(), Close> {
        let cursor = cursor::of_stream(self.at);
        connection.send(&ServerFrame::Resync { reason: reason.to_owned(), topics: Vec::new(), cursor }).await
    }

    async fn follow(&mut self, connection: &mut Connection) -> Result<(), Close> {
        let mut beat = ticking(HEARTBEAT);
        loop {
            tokio::select! {
                // Boxed while it lasts: an idle socket does not keep room for the largest of them.
                frame = connection.receive() => Box::pin(self.take(connection, frame?)).await?,
                heard = self.feed.next() => match heard {
                    Some(heard) => Box::pin(self.hear(connection, heard)).await?,
                    None => return Ok(()),
                },
                () = sleep_until(self.queue.due()), if self.queue.has_moved => Box::pin(self.tell_place(connection)).await?,
                _ = beat.tick() => {
                    connection.ping(self.api.ctx().now()).await?;
                    connection.send(&ServerFrame::Mark { cursor: cursor::of_stream(self.at) }).await?;
                }
            }
        }
    }

    async fn hear(&mut self, connection: &mut Connection, heard: Heard) -> Result<(), Close> {
        match heard {
            Heard::Event(live) => self.tell(connection, &live).await,
            // What a visitor sees is decided by whose it is, which never changes.
            Heard::Hidden(..) => Ok(()),
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
            Heard::Rights => Ok(()),
        }
    }

    async fn tell(&mut self, connection: &mut Connection, live: &Live) -> Result<(), Close> {
        let is_theirs = live.content.conversation.as_ref().is_some_and(|c| c.customer_id == self.visitor.customer_id);
        if !is_theirs && live.moves_queue() {
            self.queue.has_moved = self.queue.waits.is_some();
            self.at = live.cursor;
            return Ok(());
        }
        if is_theirs && live.event.kind.starts_with("work_item.") {
            self.follow_place(live);
        }
        if let Some((kind, data)) = visitor_events::translated(self.api, &self.visitor, live).await {
            let event =
                json!({ "id": live.event.id, "type": kind, "timestamp": crate::dto::Ts(live.event.at), "data": data });
            connection.send_event(&cursor::of_stream(live.cursor), &event.to_string()).await?;
        }
        self.at = live.cursor;
        Ok(())
    }

    /// Notes whether the visitor waits, and where: then others who move are heard of.
    fn follow_place(&mut self, live: &Live) {
        let Some(work) = &live.content.work_item else { return };
        let is_waiting = matches!(work.item.state, ItemState::New | ItemState::Queued | ItemState::Offered);
        let waits_in = is_waiting.then_some(work.item.queue);
        self.queue.waits = work.conversation_id.filter(|_| is_waiting);
        self.queue.told_at = Some(Instant::now());
        if self.filter.waits_in != waits_in {
            self.filter.waits_in = waits_in;
            self.feed.refilter(Filter::Visitor(self.filter));
        }
    }

    /// Tells the place after somebody else moved, if it is another than before.
    async fn tell_place(&mut self, connection: &mut Connection) -> Result<(), Close> {
        self.queue.has_moved = false;
        self.queue.told_at = Some(Instant::now());
        let Some(id) = self.queue.waits else { return Ok(()) };
        let Some(data) = visitor_events::place(self.api, &self.visitor, id).await else { return Ok(()) };
        if self.queue.told.as_ref() == Some(&data) {
            return Ok(());
        }
        let ctx = self.api.ctx();
        let at = crate::dto::Ts(ctx.now());
        let event = json!({ "id": ctx.new_id(), "type": "queue.position", "timestamp": at, "data": data });
        self.queue.told = Some(data);
        connection.send_event(&cursor::of_stream(self.at), &event.to_string()).await
    }

    async fn pass_on(&self, connection: &mut Connection, signal: &Signal) -> Result<(), Close> {
        let frame = ServerFrame::Signal {
            topic: format!("conversation:{}", signal.conversation),
            r#type: signal.kind.clone(),
            at: self.api.ctx().now().into(),
            data: visitor_events::signal(signal),
        };
        connection.send(&frame).await
    }

    async fn take(&mut self, connection: &mut Connection, frame: ClientFrame) -> Result<(), Close> {
        match frame {
            ClientFrame::Pong {} => {
                connection.answered();
                Ok(())
            }
            ClientFrame::Signal { r#type, conversation_id: Some(id), data } if r#type == "typing" => {
                self.typing(ConversationId(id), &data).await;
                Ok(())
            }
            ClientFrame::Signal { .. } => Ok(()),
            ClientFrame::Auth { .. }
            | ClientFrame::Start { .. }
            | ClientFrame::Subscribe { .. }
            | ClientFrame::Unsubscribe { .. } => Err(Close::BadFrame),
        }
    }

    /// Shows staff that the visitor is writing, in a conversation that is theirs.
    async fn typing(&mut self, id: ConversationId, data: &Object) {
        if self.typed_at.is_some_and(|at| at.elapsed() < TYPING_EVERY) {
            return;
        }
        self.typed_at = Some(Instant::now());
        if app::widget::own(self.api.ctx(), &self.visitor, id).await.is_err() {
            return;
        }
        let is_on = data.get("is_on").and_then(Value::as_bool).unwrap_or(true);
        let who = json!({ "type": "customer", "id": self.visitor.customer_id, "name": null });
        self.runtime.hub.signal(Signal {
            kind: "typing".to_owned(),
            conversation: id,
            customer: self.visitor.customer_id,
            data: json!({ "conversation_id": id, "actor": who, "is_on": is_on }),
            from: self.feed.id,
            is_for_visitor: false,
        });
    }
}
