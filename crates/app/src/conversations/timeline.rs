//! The timeline of a conversation: its own entries, and those of conversations shown in it.

use domain::conversation::EntryKind;
use domain::ids::ConversationId;
use jiff::Timestamp;
use store::conversation_merges::{self, EntrySpan};
use store::entries::Entry;
use uuid::Uuid;

use super::lists::readable;
use crate::{Actor, Ctx, Error};

/// A place in a timeline: a `seq` of the conversation, or any entry shown in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// By its `seq`.
    Seq(i64),
    /// By its id.
    Entry(Uuid),
}

/// Which entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Around {
    /// The newest.
    #[default]
    Newest,
    /// Older than this.
    Before(Anchor),
    /// Newer than this.
    After(Anchor),
    /// Half before and half after it, with it in the middle.
    Middle(Anchor),
}

/// One page, newest first.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct EntriesPage {
    pub entries: Vec<Entry>,
    pub has_older: bool,
    pub has_newer: bool,
    /// Entries of other conversations are among them: places are ids then.
    pub is_merged: bool,
}

struct Reading {
    org: domain::ids::OrganizationId,
    id: ConversationId,
    all: Vec<Uuid>,
    kinds: Vec<String>,
    limit: i64,
}

/// A page of the timeline.
///
/// # Errors
/// [`Error::NotFound`], also for an anchor that is not in the timeline.
pub async fn entries(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    around: Around,
    kinds: Vec<EntryKind>,
    limit: i64,
) -> Result<EntriesPage, Error> {
    let input = (actor.clone(), id, around, kinds, limit);
    ctx.store()
        .read("conversations.entries", input, |tx, (actor, id, around, kinds, limit)| {
            Box::pin(async move {
                readable(tx, &actor, id).await?;
                let org = actor.organization;
                let all = conversation_merges::shown_in(tx, org, id).await?;
                let kinds = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
                page(tx, Reading { org, id, all, kinds, limit }, around).await
            })
        })
        .await
}

async fn page(tx: &mut db::Tx<'_>, r: Reading, around: Around) -> Result<EntriesPage, Error> {
    let is_merged = r.all.len() > 1;
    let page = match around {
        Around::Newest => older(tx, &r, r.newest(), r.limit).await?,
        Around::Before(anchor) => {
            let place = place(tx, &r, anchor, Side::Before).await?;
            EntriesPage { has_newer: true, ..older(tx, &r, place, r.limit).await? }
        }
        Around::After(anchor) => {
            let place = place(tx, &r, anchor, Side::After).await?;
            EntriesPage { has_older: true, ..newer(tx, &r, place, r.limit).await? }
        }
        Around::Middle(anchor) => {
            let after = place(tx, &r, anchor, Side::After).await?;
            let above = newer(tx, &r, after, r.limit / 2).await?;
            // What is not newer than the anchor: the anchor itself and what stands before it.
            let at = place(tx, &r, anchor, Side::Through).await?;
            let left = r.limit - i64::try_from(above.entries.len()).unwrap_or_default();
            let below = older(tx, &r, at, left).await?;
            EntriesPage {
                has_newer: above.has_newer,
                has_older: below.has_older,
                entries: above.entries.into_iter().chain(below.entries).collect(),
                is_merged,
            }
        }
    };
    Ok(EntriesPage { is_merged, ..page })
}

impl Reading {
    fn newest(&self) -> EntrySpan {
        if self.all.len() > 1 { EntrySpan::Before(Timestamp::MAX, Uuid::max()) } else { EntrySpan::BeforeSeq(i64::MAX) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
    /// Before, the anchor included.
    Through,
}

/// Where an anchor stands.
async fn place(tx: &mut db::Tx<'_>, r: &Reading, anchor: Anchor, side: Side) -> Result<EntrySpan, Error> {
    let is_merged = r.all.len() > 1;
    if let (Anchor::Seq(seq), false) = (anchor, is_merged) {
        return Ok(match side {
            Side::Before => EntrySpan::BeforeSeq(seq),
            Side::After => EntrySpan::AfterSeq(seq),
            Side::Through => EntrySpan::BeforeSeq(seq.saturating_add(1)),
        });
    }
    let entry = match anchor {
        Anchor::Seq(seq) => conversation_merges::entry_at(tx, r.org, r.id, seq).await?,
        Anchor::Entry(id) => {
            let found = store::entries::find_many(tx, r.org, vec![id]).await?.pop();
            Some(found.filter(|e| r.all.contains(&e.conversation_id.0)).ok_or(Error::NotFound)?)
        }
    };
    let Some(entry) = entry else {
        return Ok(match side {
            Side::After => EntrySpan::After(Timestamp::MIN, Uuid::nil()),
            Side::Before | Side::Through => EntrySpan::Before(Timestamp::MIN, Uuid::nil()),
        });
    };
    Ok(match (side, is_merged) {
        (Side::Before, false) => EntrySpan::BeforeSeq(entry.seq),
        (Side::After, false) => EntrySpan::AfterSeq(entry.seq),
        (Side::Through, false) => EntrySpan::BeforeSeq(entry.seq + 1),
        (Side::Before, true) => EntrySpan::Before(entry.created_at, entry.id.0),
        (Side::After, true) => EntrySpan::After(entry.created_at, entry.id.0),
        (Side::Through, true) => {
            EntrySpan::Before(entry.created_at, Uuid::from_u128(entry.id.0.as_u128().saturating_add(1)))
        }
    })
}

async fn older(tx: &mut db::Tx<'_>, r: &Reading, span: EntrySpan, limit: i64) -> Result<EntriesPage, Error> {
    let (entries, has_older) = read(tx, r, span, limit).await?;
    Ok(EntriesPage { entries, has_older, ..EntriesPage::default() })
}

async fn newer(tx: &mut db::Tx<'_>, r: &Reading, span: EntrySpan, limit: i64) -> Result<EntriesPage, Error> {
    let (mut entries, has_newer) = read(tx, r, span, limit).await?;
    entries.reverse();
    Ok(EntriesPage { entries, has_newer, ..EntriesPage::default() })
}

/// At most `limit` entries, and whether more follow.
async fn read(tx: &mut db::Tx<'_>, r: &Reading, span: EntrySpan, limit: i64) -> Result<(Vec<Entry>, bool), Error> {
    let mut entries = match (span, r.kinds.is_empty()) {
        // The plain ways have statements that stay prepared.
        (EntrySpan::BeforeSeq(seq), true) => store::entries::before(tx, r.org, r.id, seq, limit + 1).await?,
        (EntrySpan::AfterSeq(seq), true) => store::entries::after(tx, r.org, r.id, seq, limit + 1).await?,
        (span, _) => conversation_merges::entries(tx, r.org, r.all.clone(), &r.kinds, span, limit + 1).await?,
    };
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = entries.len() > size;
    entries.truncate(size);
    Ok((entries, has_more))
}
