//! A mail channel to test with: mails handed to its inbox, and an SMTP server that does what it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use app::channels::{self, ChannelView, NewChannel};
use app::conversations::{self, Around, ConversationView, ListQuery, Span};
use app::live::{Filter, Heard, StaffFilter, Subscription};
use app::model::{Conversation, Entry, Queue};
use app::sessions::Current;
use connector::{Arrival, Place};
use domain::conversation::EntryKind;
use domain::ids::ConversationId;
use serde_json::json;
use testkit::stores::Engine;
use testkit::world::World;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub const OURS: &str = "soporte@x.es";
pub const PASSWORD: &str = "contraseña-Trueno-7719";

/// What the server does with one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    Take,
    /// Answers RCPT with this.
    Refuse(&'static str),
    /// Takes the whole mail and hangs up without a word.
    HangUpAfterData,
    /// Takes the whole mail and says nothing.
    Hang,
}

/// An SMTP server on a port of its own.
pub struct Smtp {
    pub port: u16,
    script: Arc<Mutex<VecDeque<Reaction>>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = Self { port, script: Arc::default(), taken: Arc::default() };
        let (script, taken) = (Arc::clone(&server.script), Arc::clone(&server.taken));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&taken)));
            }
        });
        server
    }

    /// What it does with the next mails; afterwards it takes them.
    pub fn react(&self, reactions: &[Reaction]) {
        self.script.lock().expect("no panic").extend(reactions);
    }

    /// The mails it took, whole.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("no panic").clone()
    }
}

async fn serve(
    stream: TcpStream,
    script: Arc<Mutex<VecDeque<Reaction>>>,
    taken: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let mut reaction = Reaction::Take;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.split([' ', ':']).next().unwrap_or_default().trim().to_ascii_uppercase();
        let answer = match command.as_str() {
            "EHLO" => "250-test\r\n250 AUTH PLAIN\r\n",
            "AUTH" => "235 ok\r\n",
            "RCPT" => {
                reaction = script.lock().expect("no panic").pop_front().unwrap_or(Reaction::Take);
                match reaction {
                    Reaction::Refuse(answer) => answer,
                    Reaction::Take | Reaction::HangUpAfterData | Reaction::Hang => "250 ok\r\n",
                }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mail = until_dot(&mut stream).await?;
                taken.lock().expect("no panic").push(mail);
                match reaction {
                    Reaction::HangUpAfterData => return Ok(()),
                    Reaction::Hang => std::future::pending().await,
                    Reaction::Take | Reaction::Refuse(_) => {}
                }
                "250 2.0.0 queued as 4bX\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn until_dot(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut mail = Vec::new();
    while !mail.ends_with(b"\r\n.\r\n") {
        let byte = stream.read_u8().await?;
        mail.push(byte);
    }
    Ok(String::from_utf8_lossy(&mail).into_owned())
}

pub struct Postbox {
    pub world: World,
    pub current: Current,
    pub channel: ChannelView,
    pub smtp: Smtp,
    pub feed: Subscription,
    uid: i64,
}

impl Postbox {
    pub async fn new(engine: Engine) -> Self {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        let smtp = Smtp::start().await;
        let org = current.actor.organization;
        let queue = queues(&world, &current).await.remove(0).id;
        let dead = dead_port().await;
        let input = NewChannel {
            kind: "email".to_owned(),
            name: "Soporte".to_owned(),
            key: Some("soporte".to_owned()),
            queue: Some(queue),
            hours: None,
            config: Some(json!({
                "address": OURS, "authserv_ids": ["mx.x.es"], "undo_send_ms": 0,
                // Nobody answers there: these tests hand mails in themselves.
                "imap": { "host": "127.0.0.1", "port": dead, "security": "none" },
                "smtp": { "host": "127.0.0.1", "port": smtp.port, "security": "none" },
            })),
        };
        let made = channels::create(&world.ctx, &current.actor, input).await.expect("a channel");
        let secrets = vec![("imap_password".to_owned(), Some(PASSWORD.to_owned()))];
        let (ctx, actor, id) = (&world.ctx, &current.actor, made.channel.id);
        channels::set_secrets(ctx, actor, id, None, secrets, std::time::Duration::ZERO).await.expect("secrets");
        let channel = channels::enable(ctx, actor, id).await.expect("enabled");
        let feed = feed(&world, &current);
        debug_assert_eq!(channel.channel.organization_id, org);
        Self { world, current, channel, smtp, feed, uid: 0 }
    }

    /// Hands a mail in as the poller does.
    pub async fn deliver(&mut self, raw: &[u8]) {
        self.uid += 1;
        let place = Place { validity: 7, last: self.uid };
        self.deliver_at(raw, place).await;
    }

    pub async fn deliver_at(&self, raw: &[u8], place: Place) {
        let org = self.current.actor.organization;
        let inbox = channels::inbox(&self.world.ctx, org, self.channel.channel.id).await.expect("an inbox");
        let arrival = Arrival { bytes: raw.to_vec(), is_whole: true, raw: None, place };
        inbox.take(arrival).await.expect("taken in");
        assert_eq!(inbox.place().await.expect("a place"), Some(place), "the place moves with the mail");
    }

    pub async fn conversations(&self) -> Vec<Conversation> {
        let mut rows: Vec<_> = self.page().await.into_iter().map(|view| view.conversation).collect();
        rows.sort_by_key(|c| c.number);
        rows
    }

    async fn page(&self) -> Vec<ConversationView> {
        let (ctx, actor) = (&self.world.ctx, &self.current.actor);
        conversations::list(ctx, actor, ListQuery::default(), Span::First, 200).await.expect("a list").views
    }

    /// Unfinished work of all conversations.
    pub async fn work_count(&self) -> usize {
        self.page().await.iter().map(|view| view.work.len()).sum()
    }

    /// Messages of a conversation, oldest first.
    pub async fn entries(&self, id: ConversationId) -> Vec<Entry> {
        let (ctx, actor, kinds) = (&self.world.ctx, &self.current.actor, vec![EntryKind::Message]);
        let page = conversations::entries(ctx, actor, id, Around::Newest, kinds, 200).await.expect("entries");
        let mut entries = page.entries;
        entries.reverse();
        entries
    }

    /// Why each open dead letter is one, in alphabetical order.
    pub async fn dead_letters(&self) -> Vec<String> {
        let found = channels::dead_letters(&self.world.ctx, &self.current.actor, None, None, 200).await;
        let mut reasons: Vec<_> = found.expect("dead letters").into_iter().map(|view| view.letter.reason).collect();
        reasons.sort();
        reasons
    }

    /// Waits until the delivery of an entry is in this state.
    pub async fn delivered(&mut self, entry: &Entry, state: &str) -> Entry {
        let wait = async {
            loop {
                let found = self.entries(entry.conversation_id).await.into_iter().find(|e| e.id == entry.id);
                let found = found.expect("the entry");
                if found.delivery.as_ref().is_some_and(|d| d["state"] == state) {
                    return found;
                }
                while let Some(heard) = self.feed.next().await {
                    if matches!(&heard, Heard::Event(live) if live.event.kind == "entry.delivery_changed") {
                        break;
                    }
                }
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("the delivery never was {state}"))
    }
}

pub fn feed(world: &World, current: &Current) -> Subscription {
    let hub = world.ctx.runtime(current.actor.organization).expect("it runs").hub.clone();
    let filter = StaffFilter { standing: current.actor.standing.clone(), topics: ["org".to_owned()].into() };
    hub.subscribe(Filter::Staff(filter), None)
}

async fn queues(world: &World, current: &Current) -> Vec<Queue> {
    app::organization::outline(&world.ctx, &current.actor).await.expect("an outline").queues
}

/// A port where nobody listens.
pub async fn dead_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A mail from somebody, with more header lines.
pub fn mail(from: &str, id: &str, more: &str, text: &str) -> Vec<u8> {
    let more = if more.is_empty() { String::new() } else { format!("{more}\r\n") };
    format!("From: {from}\r\nTo: {OURS}\r\nMessage-ID: <{id}>\r\n{more}\r\n{text}\r\n").into_bytes()
}
