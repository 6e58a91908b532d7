//! What a letter says.

use domain::conversation::{ActorType, Audience, EntryKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail::{escape_html, render_markdown};
use store::conversations::Conversation;
use store::entries::Entry;
use store::letters::{Letter, LetterKind};

use super::words::Tongue;
use crate::widget::notify_links::{self, Purpose};
use crate::{Ctx, Error};

/// Messages of a letter.
const MESSAGES_MAX: usize = 1_000;
/// Bytes of text of a letter.
const BYTES_MAX: usize = 512 * 1024;
/// Entries read at once.
const CHUNK: i64 = 200;

/// A letter, written.
pub(super) struct Page {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) unsubscribe_url: Option<String>,
}

/// One message of a letter.
#[derive(Clone, Debug)]
struct Line {
    who: String,
    at: Timestamp,
    text: String,
    /// Written by staff, in the Markdown subset.
    is_rich: bool,
    files: Vec<String>,
}

/// Text and HTML side by side.
#[derive(Default)]
struct Sheet {
    text: String,
    html: String,
}

impl Sheet {
    fn heading(&mut self, words: &str) {
        self.text += &format!("{words}\n\n");
        self.html += &format!("<h1 style=\"font-size:18px\">{}</h1>", escape_html(words));
    }

    fn paragraph(&mut self, words: &str) {
        self.text += &format!("{words}\n\n");
        self.html += &format!("<p>{}</p>", escape_html(words));
    }

    fn link(&mut self, words: &str, url: &str) {
        self.text += &format!("{words}:\n{url}\n\n");
        self.html += &format!("<p><a href=\"{}\">{}</a></p>", escape_html(url), escape_html(words));
    }

    fn message(&mut self, line: &Line, tongue: Tongue, zone: &TimeZone) {
        let at = line.at.to_zoned(zone.clone()).strftime(tongue.instant()).to_string();
        self.text += &format!("{} · {at}\n{}\n", line.who, line.text.trim_end());
        let body = if line.is_rich {
            render_markdown(&line.text)
        } else {
            format!("<p>{}</p>", escape_html(line.text.trim_end()).replace('\n', "<br>"))
        };
        let who = escape_html(&line.who);
        self.html += &format!("<p style=\"margin:20px 0 0\"><b>{who}</b> · {at}</p><div>{body}</div>");
        for name in &line.files {
            let words = format!("[{}: {name}]", tongue.attachment());
            self.text += &format!("{words}\n");
            self.html += &format!("<p>{}</p>", escape_html(&words));
        }
        self.text.push('\n');
    }
}

/// Writes a letter.
pub(super) async fn page(
    tx: &mut db::Tx<'_>,
    ctx: &Ctx,
    conversation: &Conversation,
    letter: &Letter,
) -> Result<Page, Error> {
    let org = letter.organization_id;
    let organization = store::organizations::find(tx, org).await?.ok_or(Error::NotFound)?;
    let brand = brand(tx, letter).await?.unwrap_or_else(|| organization.name.clone());
    let tongue = Tongue::of(&letter.language);
    let zone_name = organization.time_zone;
    let zone = crate::opening::time_zone(&zone_name).unwrap_or(TimeZone::UTC);
    let mut sheet = Sheet::default();
    let mut unsubscribe_url = None;
    let subject = match letter.kind {
        LetterKind::Transcript => tongue.transcript(&brand),
        LetterKind::Copy => tongue.copy(&brand),
        LetterKind::Answers => tongue.answers(&brand),
        LetterKind::Confirm => tongue.confirm(&brand),
    };
    sheet.heading(&subject);
    let link = |notice: &store::notices::Notice, purpose| notify_links::url(ctx, notice, purpose);
    match letter.kind {
        LetterKind::Transcript | LetterKind::Copy => {
            sheet.paragraph(&tongue.times_in(&zone_name));
            messages(tx, letter, &mut sheet, tongue, &zone).await?;
        }
        LetterKind::Answers => {
            messages(tx, letter, &mut sheet, tongue, &zone).await?;
            sheet.paragraph(tongue.answers_how());
            if let Some(notice) = store::notices::hold(tx, org, conversation.id).await? {
                let url = link(&notice, Purpose::Stop);
                sheet.link(tongue.stop(), &url);
                unsubscribe_url = Some(url);
            }
        }
        LetterKind::Confirm => {
            sheet.paragraph(tongue.confirm_how());
            let notice = store::notices::hold(tx, org, conversation.id).await?.ok_or(Error::NotFound)?;
            sheet.link(tongue.confirm_link(), &link(&notice, Purpose::Confirm));
            sheet.paragraph(tongue.confirm_until());
        }
    }
    Ok(Page { subject, text: sheet.text, html: sheet.html, unsubscribe_url })
}

/// How the channel that a letter is about calls itself.
async fn brand(tx: &mut db::Tx<'_>, letter: &Letter) -> Result<Option<String>, Error> {
    let Some(id) = letter.about_channel_id else { return Ok(None) };
    let all = store::channels::list(tx, letter.organization_id).await?;
    let channel = all.into_iter().find(|channel| channel.id == id);
    Ok(channel.map(|channel| crate::widget::config(&channel).brand_name.unwrap_or(channel.name)))
}

async fn messages(
    tx: &mut db::Tx<'_>,
    letter: &Letter,
    sheet: &mut Sheet,
    tongue: Tongue,
    zone: &TimeZone,
) -> Result<(), Error> {
    let (entries, is_cut) = entries(tx, letter).await?;
    if is_cut {
        sheet.paragraph(tongue.left_out());
    }
    let ids = entries.iter().map(|entry| entry.id.0).collect();
    let files = store::attachments::of_entries(tx, letter.organization_id, ids).await?;
    for entry in &entries {
        let names = files.iter().filter(|file| file.entry_id == Some(entry.id)).map(|file| file.name.clone());
        let line = Line {
            who: who(entry, letter.kind, tongue),
            at: entry.created_at,
            text: entry.text().to_owned(),
            is_rich: entry.author_type != ActorType::Customer,
            files: names.collect(),
        };
        sheet.message(&line, tongue, zone);
    }
    Ok(())
}

fn who(entry: &Entry, kind: LetterKind, tongue: Tongue) -> String {
    let is_customer = entry.author_type == ActorType::Customer;
    match (is_customer, kind) {
        (true, LetterKind::Copy) => entry.author_name.clone().unwrap_or_else(|| tongue.customer().to_owned()),
        (true, LetterKind::Transcript | LetterKind::Confirm | LetterKind::Answers) => tongue.you().to_owned(),
        (false, _) => entry.author_name.clone().unwrap_or_else(|| tongue.team().to_owned()),
    }
}

/// What a letter holds, oldest first, and whether older messages did not fit.
async fn entries(tx: &mut db::Tx<'_>, letter: &Letter) -> Result<(Vec<Entry>, bool), Error> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    let mut before = letter.until_seq + 1;
    loop {
        let chunk = store::entries::before(tx, letter.organization_id, letter.conversation_id, before, CHUNK).await?;
        let Some(oldest) = chunk.last().map(|entry| entry.seq) else { break };
        for entry in chunk.into_iter().filter(|entry| entry.seq > letter.after_seq && is_held(entry, letter)) {
            bytes += entry.text().len();
            if found.len() == MESSAGES_MAX || (bytes > BYTES_MAX && !found.is_empty()) {
                found.reverse();
                return Ok((found, true));
            }
            found.push(entry);
        }
        if oldest <= letter.after_seq + 1 {
            break;
        }
        before = oldest;
    }
    found.reverse();
    Ok((found, false))
}

/// Whether a letter may hold an entry: what the other side has seen or said, on the channel it is about.
fn is_held(entry: &Entry, letter: &Letter) -> bool {
    let is_about = letter.about_channel_id.is_none_or(|channel| entry.channel_id == Some(channel));
    let is_wanted = match letter.kind {
        LetterKind::Answers => entry.author_type != ActorType::Customer,
        LetterKind::Transcript | LetterKind::Copy | LetterKind::Confirm => true,
    };
    entry.kind == EntryKind::Message && entry.audience != Audience::Internal && entry.is_out() && is_about && is_wanted
}
