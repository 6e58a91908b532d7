//! IMAP: listens by IDLE and takes in what is new, in order.
//!
//! # Invariants
//! - The mailbox is opened read-only.
//! - A mail is asked for after the one before it is durable; the place moves with the mail.
//! - Every answer has a deadline; a connection that misses one is dropped and made anew.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_imap::types::UnsolicitedResponse;
use async_imap::{Client, Session};
use async_trait::async_trait;
use connector::{Account, Arrival, Failure, Health, Inbox, Place, Poller, Stop, Unstored};
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, timeout};

use super::config::{Config, Security};
use super::tls::{self, Io, timed_out};

/// The poller.
pub(super) static POLLER: Imap = Imap;

/// How long the server may think about a command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one IDLE lasts; servers may hang up after 29 minutes.
const IDLE_TIME: Duration = Duration::from_secs(5 * 60);
/// How long the server may take to end an IDLE.
const DONE_TIMEOUT: Duration = Duration::from_secs(15);
/// How often a server without IDLE is asked.
const WITHOUT_IDLE: Duration = Duration::from_secs(30);
/// Most bytes of a mail that is opened; larger ones are kept as they are.
const MAX_MAIL_BYTES: u32 = 50 * 1024 * 1024;
/// Bytes asked for at once of a mail that is too large.
const CHUNK_BYTES: u32 = 4 * 1024 * 1024;
/// Most bytes that are kept of one mail.
const MAX_KEPT_BYTES: u32 = 512 * 1024 * 1024;
/// Slowest line that is waited for, in bytes a second.
const MIN_BYTES_PER_SECOND: u64 = 32 * 1024;
/// First and longest wait before connecting again.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A connection that lasted this long was a good one: the next wait is short again.
const GOOD: Duration = Duration::from_secs(60);

type ImapSession = Session<Box<dyn Io>>;

/// Listens to a mailbox.
#[derive(Debug)]
pub(super) struct Imap;

/// Why a connection ended.
enum End {
    /// It was told to.
    Told,
    /// The server, or the way to it.
    Failed(Failure),
    /// What arrived could not be stored.
    Unstored(Unstored),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Unstored> for End {
    fn from(unstored: Unstored) -> Self {
        Self::Unstored(unstored)
    }
}

#[async_trait]
impl Poller for Imap {
    async fn run(&self, account: Account, inbox: Arc<dyn Inbox>, stop: Stop) {
        let mut wait = BACK_OFF.0;
        while !stop.is_told() {
            let began = Instant::now();
            let failure = match connection(&account, &*inbox, &stop).await {
                Ok(()) | Err(End::Told) => return,
                Err(End::Failed(failure)) => failure,
                Err(End::Unstored(unstored)) => Failure::new("storage", unstored.to_string()),
            };
            tracing::warn!(channel = %account.channel_id, code = failure.code, "incoming mail is interrupted");
            inbox.health(Health::Down(failure)).await;
            if began.elapsed() > GOOD {
                wait = BACK_OFF.0;
            }
            let jittered = wait.mul_f64(0.5 + inbox.chance() / 2.0);
            tokio::select! {
                () = stop.wait() => return,
                () = sleep(jittered) => {}
            }
            wait = (wait * 2).min(BACK_OFF.1);
        }
    }
}

/// Whether incoming mail works.
pub(super) async fn check(config: &Config) -> Result<(), Failure> {
    let mut session = open(config).await?;
    within(COMMAND_TIMEOUT, session.examine(&config.folder)).await.map_err(missing)?;
    drop(timeout(Duration::from_secs(2), session.logout()).await);
    Ok(())
}

fn missing(failure: Failure) -> Failure {
    if failure.code == "refused" { Failure { code: "mailbox_missing", ..failure } } else { failure }
}

async fn open(config: &Config) -> Result<ImapSession, Failure> {
    let server = &config.imap;
    let stream = tls::connect(server).await?;
    let client = match server.security {
        Security::Tls => greeted(Client::new(tls::secure(server, stream).await?)).await?,
        Security::None => greeted(Client::new(Box::new(stream) as Box<dyn Io>)).await?,
        Security::StartTls => {
            let mut plain = greeted(Client::new(stream)).await?;
            within(COMMAND_TIMEOUT, plain.run_command_and_check_ok("STARTTLS", None)).await?;
            Client::new(tls::secure(server, plain.into_inner()).await?)
        }
    };
    let (user, password) = server
        .user
        .as_ref()
        .zip(server.password.as_ref())
        .ok_or_else(|| Failure::new("auth_failed", "no password is set"))?;
    let signing_in = async { client.login(user, password.reveal()).await.map_err(|(error, _)| error) };
    within(COMMAND_TIMEOUT, signing_in).await.map_err(|failure| match failure.code {
        "refused" => Failure { code: "auth_failed", ..failure },
        _ => failure,
    })
}

async fn greeted<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + std::fmt::Debug + Send>(
    mut client: Client<T>,
) -> Result<Client<T>, Failure> {
    let greeting = timeout(COMMAND_TIMEOUT, client.read_response()).await.map_err(|_| timed_out())?;
    match greeting.map_err(|error| tls::failure(&error))? {
        Some(_) => Ok(client),
        None => Err(Failure::new("connection_lost", "the server hung up")),
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, Failure> {
    timeout(limit, work).await.map_err(|_| timed_out())?.map_err(|error| failure(&error))
}

fn failure(error: &async_imap::error::Error) -> Failure {
    use async_imap::error::Error;
    match error {
        Error::Io(io) => tls::failure(io),
        Error::No(text) => Failure::new("refused", text.clone()),
        Error::ConnectionLost => Failure::new("connection_lost", "the server hung up"),
        other => Failure::new("protocol", other.to_string()),
    }
}

/// One connection, from greeting to its end.
async fn connection(account: &Account, inbox: &dyn Inbox, stop: &Stop) -> Result<(), End> {
    let config = Config::of(account)?;
    let mut session = tokio::select! {
        () = stop.wait() => return Err(End::Told),
        session = open(&config) => session?,
    };
    let mailbox = within(COMMAND_TIMEOUT, session.examine(&config.folder)).await.map_err(missing)?;
    let capabilities = within(COMMAND_TIMEOUT, session.capabilities()).await?;
    let validity = mailbox.uid_validity.ok_or_else(|| Failure::new("protocol", "the mailbox has no UIDVALIDITY"))?;
    let mut place = begin(&mut session, account, inbox, i64::from(validity)).await?;
    loop {
        take_new(&mut session, inbox, stop, &mut place).await?;
        inbox.health(Health::Ok).await;
        if stop.is_told() {
            drop(timeout(Duration::from_secs(2), session.logout()).await);
            return Err(End::Told);
        }
        session = wait(session, capabilities.has_str("IDLE"), stop).await?;
    }
}

/// Where to go on. A new or renumbered mailbox is read from the channel's own beginning: what was there before is
/// history, and what was taken in already is known by its content.
async fn begin(session: &mut ImapSession, account: &Account, inbox: &dyn Inbox, validity: i64) -> Result<Place, End> {
    if let Some(place) = inbox.place().await?.filter(|place| place.validity == validity) {
        return Ok(place);
    }
    // A day's margin: servers count days in their own zone.
    let since = account.created_at - SignedDuration::from_hours(24);
    let query = format!("SINCE {}", since.strftime("%d-%b-%Y"));
    let recent: BTreeSet<u32> = within(COMMAND_TIMEOUT, session.uid_search(query)).await?.into_iter().collect();
    let first = first_since(session, &recent, account.created_at).await?;
    let last = match first {
        Some(uid) => i64::from(uid) - 1,
        None => newest(session).await?,
    };
    let place = Place { validity, last };
    inbox.move_to(place).await?;
    Ok(place)
}

/// The first of `uids` that arrived at `at` or later, with a minute's tolerance for clocks.
async fn first_since(session: &mut ImapSession, uids: &BTreeSet<u32>, at: Timestamp) -> Result<Option<u32>, Failure> {
    let (Some(first), Some(last)) = (uids.first(), uids.last()) else { return Ok(None) };
    let threshold = at.as_second() - 60;
    let listing = async {
        let fetches = session.uid_fetch(format!("{first}:{last}"), "(UID INTERNALDATE)").await?;
        fetches
            .try_fold(None::<u32>, |found, fetch| async move {
                let is_recent = fetch.internal_date().is_some_and(|date| date.timestamp() >= threshold);
                Ok(match (found, fetch.uid.filter(|_| is_recent)) {
                    (Some(found), Some(uid)) => Some(found.min(uid)),
                    (found, uid) => found.or(uid),
                })
            })
            .await
    };
    within(COMMAND_TIMEOUT * 4, listing).await
}

/// The highest UID in the mailbox, 0 when it is empty.
async fn newest(session: &mut ImapSession) -> Result<i64, Failure> {
    let listing = async {
        let fetches = session.uid_fetch("*", "(UID)").await?;
        fetches.try_fold(0, |newest, fetch| async move { Ok(fetch.uid.map_or(newest, |uid| newest.max(uid))) }).await
    };
    within(COMMAND_TIMEOUT, listing).await.map(i64::from)
}

/// Takes in everything after `place`, in order.
async fn take_new(session: &mut ImapSession, inbox: &dyn Inbox, stop: &Stop, place: &mut Place) -> Result<(), End> {
    while session.unsolicited_responses.try_recv().is_ok() {}
    for (uid, size) in listed(session, place.last).await? {
        if stop.is_told() {
            return Ok(());
        }
        let next = Place { last: i64::from(uid), ..*place };
        match fetched(session, inbox, uid, size, next).await? {
            Some(arrival) => inbox.take(arrival).await?,
            // Somebody deleted it meanwhile.
            None => inbox.move_to(next).await?,
        }
        *place = next;
    }
    Ok(())
}

/// UID and size of every mail after `last`, lowest first.
async fn listed(session: &mut ImapSession, last: i64) -> Result<Vec<(u32, u32)>, Failure> {
    let first = last + 1;
    let listing = async {
        let fetches = session.uid_fetch(format!("{first}:*"), "(UID RFC822.SIZE)").await?;
        fetches
            .try_fold(Vec::new(), |mut all, fetch| async move {
                // `n:*` names the last mail even when it is older than n.
                all.extend(fetch.uid.filter(|uid| i64::from(*uid) >= first).map(|uid| (uid, fetch.size.unwrap_or(0))));
                Ok(all)
            })
            .await
    };
    let mut all: Vec<(u32, u32)> = within(COMMAND_TIMEOUT * 4, listing).await?;
    all.sort_unstable();
    all.dedup_by_key(|(uid, _)| *uid);
    Ok(all)
}

/// One mail; `None` when it is gone.
async fn fetched(
    session: &mut ImapSession,
    inbox: &dyn Inbox,
    uid: u32,
    size: u32,
    place: Place,
) -> Result<Option<Arrival>, End> {
    if size > MAX_MAIL_BYTES {
        return kept(session, inbox, uid, place).await;
    }
    let limit = COMMAND_TIMEOUT + Duration::from_secs(u64::from(size) / MIN_BYTES_PER_SECOND);
    let bytes = section(session, uid, "(UID BODY.PEEK[])", limit).await?;
    Ok(bytes.map(|bytes| Arrival { bytes, is_whole: true, raw: None, place }))
}

/// A mail that is too large to be opened: to disk piece by piece, and its beginning to look at.
async fn kept(session: &mut ImapSession, inbox: &dyn Inbox, uid: u32, place: Place) -> Result<Option<Arrival>, End> {
    let limit = COMMAND_TIMEOUT + Duration::from_secs(u64::from(CHUNK_BYTES) / MIN_BYTES_PER_SECOND);
    let mut sink = inbox.keep().await?;
    let mut beginning: Option<Vec<u8>> = None;
    let mut at = 0_u32;
    loop {
        let query = format!("(UID BODY.PEEK[]<{at}.{CHUNK_BYTES}>)");
        let Some(chunk) = section(session, uid, &query, limit).await? else { break };
        if chunk.is_empty() {
            break;
        }
        sink.write(&chunk).await?;
        at = at.saturating_add(u32::try_from(chunk.len()).unwrap_or(u32::MAX));
        let is_last = chunk.len() < CHUNK_BYTES as usize || at >= MAX_KEPT_BYTES;
        beginning.get_or_insert(chunk);
        if is_last {
            break;
        }
    }
    let Some(bytes) = beginning else { return Ok(None) };
    let raw = sink.finish().await?;
    Ok(Some(Arrival { bytes, is_whole: false, raw: Some(raw), place }))
}

async fn section(
    session: &mut ImapSession,
    uid: u32,
    query: &str,
    limit: Duration,
) -> Result<Option<Vec<u8>>, Failure> {
    let fetching = async {
        let fetches = session.uid_fetch(uid.to_string(), query).await?;
        fetches
            .try_fold(None, |found: Option<Vec<u8>>, fetch| async move {
                Ok(found.or_else(|| fetch.body().map(<[u8]>::to_vec)))
            })
            .await
    };
    within(limit, fetching).await
}

/// Waits until the server has news, the time is up or it is told to stop.
async fn wait(mut session: ImapSession, has_idle: bool, stop: &Stop) -> Result<ImapSession, End> {
    if !has_idle {
        tokio::select! {
            () = stop.wait() => {}
            () = sleep(WITHOUT_IDLE) => {}
        }
        within(COMMAND_TIMEOUT, session.noop()).await?;
        return Ok(session);
    }
    let unsolicited = session.unsolicited_responses.clone();
    let mut idle = session.idle();
    within(COMMAND_TIMEOUT, idle.init()).await?;
    let has_news = std::iter::from_fn(|| unsolicited.try_recv().ok())
        .any(|response| matches!(response, UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_)));
    if !has_news {
        let (waiting, _interrupt) = idle.wait_with_timeout(IDLE_TIME);
        tokio::select! {
            () = stop.wait() => {}
            news = waiting => { news.map_err(|error| failure(&error))?; }
        }
    }
    Ok(within(DONE_TIMEOUT, idle.done()).await?)
}
