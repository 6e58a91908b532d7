//! From documents to objects: every value checked, every reference resolved. Pure.
//!
//! # Invariants
//! - All that is wrong with a document is said at once, each with its place.
//! - Nothing is built from a document that has a fault.

use std::collections::{BTreeMap, BTreeSet};

use domain::hours::{BusinessHours, Hours, HoursError};
use domain::ids::OrganizationId;
use domain::routing::{Member, RoutingKind, Spill};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Keyed;
use store::agents::{Agent, PresenceConfig, PresenceSettings, PresenceStatus};
use store::decline_reasons::DeclineReason;
use store::queues::{Queue, QueueSettings, QueueTeam, RoutingConfig, RoutingSettings};
use store::skills::Skill;
use store::teams::{Membership, Team};
use store::wrap_up_codes::WrapUpCode;
use uuid::Uuid;

use super::docs::{
    AgentDoc, DeclineReasonDoc, HoursDoc, MemberDoc, Names, PresenceConfigDoc, PresenceStatusDoc, QueueDoc,
    RoutingConfigDoc, SkillDoc, SpillDoc, TeamDoc, WrapUpCodeDoc,
};
use super::rows::{Catalog, Noun, QueueRow, Row, TeamRow};
use crate::FieldError;
use crate::opening::time_zone;

/// A day, the most that a time-out may be.
const DAY_MS: i64 = 86_400_000;
/// Most members of a queue or team, skills of an agent, queues of a code.
const LIST_MAX: usize = 10_000;

/// What is wrong with a document.
#[derive(Debug, Default)]
pub(super) struct Faults(pub Vec<FieldError>);

impl Faults {
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
    }

    fn range(&mut self, pointer: &str, value: i64, least: i64, most: i64) -> i64 {
        if !(least..=most).contains(&value) {
            self.add(pointer, "range", format!("{least} to {most}"));
        }
        value
    }

    fn length(&mut self, pointer: &str, text: &str, most: usize) {
        let length = text.trim().chars().count();
        if length == 0 || length > most {
            self.add(pointer, "length", format!("1 to {most} characters"));
        }
    }

    fn word(&mut self, pointer: &str, word: &str, known: &[&str]) {
        if !known.contains(&word) {
            self.add(pointer, "enum", known.join(", "));
        }
    }

    fn key(&mut self, key: &str) {
        let is_of_alphabet = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if key.is_empty() || key.len() > 64 || !key.chars().all(is_of_alphabet) {
            self.add("/key", "pattern", "[a-z0-9_-]{1,64}");
        }
    }

    /// Names as given; the key in both languages when none is.
    fn names(&mut self, names: Names, key: &str) -> Names {
        for (language, name) in &names {
            self.length(&format!("/name/{language}"), name, 200);
            if language.is_empty() || language.len() > 35 {
                self.add(format!("/name/{language}"), "format", "a language tag");
            }
        }
        if names.is_empty() { crate::defaults::names(key, key) } else { names }
    }
}

/// What documents may refer to: everything stored, and what the same change creates.
#[derive(Debug, Default)]
pub(super) struct Index {
    ids: BTreeSet<(Noun, Uuid)>,
    keys: BTreeMap<(Noun, String), Uuid>,
    people: BTreeMap<String, Uuid>,
}

impl Index {
    pub fn new(catalog: &Catalog) -> Self {
        let mut index = Self::default();
        for row in catalog.rows.values() {
            index.add(row.noun(), row.key(), row.id());
        }
        for (id, email) in &catalog.people {
            index.people.insert(email.clone(), *id);
            index.people.insert(id.to_string(), *id);
        }
        index
    }

    pub fn add(&mut self, noun: Noun, key: String, id: Uuid) {
        self.ids.insert((noun, id));
        self.keys.insert((noun, key), id);
    }

    /// The object that an id or a key names.
    pub fn find(&self, noun: Noun, named: &str) -> Option<Uuid> {
        let by_id = named.parse().ok().filter(|id| self.ids.contains(&(noun, *id)));
        by_id.or_else(|| self.keys.get(&(noun, named.to_owned())).copied())
    }

    /// The user that an id or an address names.
    pub fn person(&self, named: &str) -> Option<Uuid> {
        self.people.get(&named.trim().to_lowercase()).copied()
    }
}

/// Everything a document is built against.
pub(super) struct Site<'a> {
    pub organization: OrganizationId,
    pub index: &'a Index,
    pub now: Timestamp,
    /// The id it has or gets.
    pub id: Uuid,
    /// What is stored now.
    pub old: Option<&'a Row>,
    /// Where a new status stands in the list.
    pub place: i64,
    pub faults: Faults,
}

impl Site<'_> {
    fn reference<T: From<Uuid>>(&mut self, pointer: &str, noun: Noun, named: &str) -> T {
        let found = self.index.find(noun, named);
        if found.is_none() {
            self.faults.add(pointer, "unknown_reference", format!("no such {}", noun.word()));
        }
        found.unwrap_or_default().into()
    }

    fn optional<T: From<Uuid>>(&mut self, pointer: &str, noun: Noun, named: Option<&String>) -> Option<T> {
        named.map(|named| self.reference(pointer, noun, named))
    }

    fn references<T: From<Uuid>>(&mut self, pointer: &str, noun: Noun, named: &[String]) -> Vec<T> {
        self.bounded(pointer, named.len());
        self.distinct(pointer, named);
        let each = named.iter().enumerate();
        each.map(|(at, named)| self.reference(&format!("{pointer}/{at}"), noun, named)).collect()
    }

    fn bounded(&mut self, pointer: &str, length: usize) {
        if length > LIST_MAX {
            self.faults.add(pointer, "length", format!("at most {LIST_MAX}"));
        }
    }

    fn distinct(&mut self, pointer: &str, named: &[String]) {
        let mut seen = BTreeSet::new();
        for (at, named) in named.iter().enumerate() {
            if !seen.insert(named) {
                self.faults.add(format!("{pointer}/{at}"), "duplicate", "named twice");
            }
        }
    }

    fn version(&self) -> i64 {
        self.old.map_or(1, Row::version)
    }

    fn keyed<T>(&self, key: String, settings: T) -> Keyed<T> {
        Keyed {
            id: self.id,
            organization_id: self.organization,
            key,
            settings,
            created_at: self.now,
            updated_at: self.now,
            version: self.version(),
        }
    }
}

/// Reads a document of a kind and builds its object; the queues an agent was given, too.
pub(super) fn build(noun: Noun, document: Value, site: &mut Site<'_>) -> Result<Built, FieldError> {
    let row = match noun {
        Noun::Skill => skill(parse(document)?, site),
        Noun::Hours => hours(parse(document)?, site),
        Noun::DeclineReason => decline_reason(parse(document)?, site),
        Noun::PresenceStatus => presence_status(parse(document)?, site),
        Noun::PresenceConfig => presence_config(parse(document)?, site),
        Noun::RoutingConfig => routing_config(parse(document)?, site),
        Noun::Team => team(parse(document)?, site),
        Noun::Queue => queue(parse(document)?, site),
        Noun::WrapUpCode => wrap_up_code(parse(document)?, site),
        Noun::Agent => return Ok(agent(parse(document)?, site)),
    };
    Ok(Built { row, queues: None })
}

/// What a document became.
pub(super) struct Built {
    pub row: Row,
    /// The queues an agent is to be a member of.
    pub queues: Option<Vec<Uuid>>,
}

/// Reads a document; the first thing that has not the right shape.
fn parse<T: DeserializeOwned>(document: Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let pointer = error.path().iter().fold(String::new(), |text, segment| match segment {
            serde_path_to_error::Segment::Seq { index } => format!("{text}/{index}"),
            serde_path_to_error::Segment::Map { key } => {
                format!("{text}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            serde_path_to_error::Segment::Enum { variant } => format!("{text}/{variant}"),
            serde_path_to_error::Segment::Unknown => text,
        });
        misshapen(&pointer, &error.inner().to_string())
    })
}

/// Serde names the field between back quotes.
fn misshapen(pointer: &str, message: &str) -> FieldError {
    let named = message.split('`').nth(1).unwrap_or_default();
    let inside = || {
        if pointer.ends_with(&format!("/{named}")) { pointer.to_owned() } else { format!("{pointer}/{named}") }
    };
    let (pointer, code) = if message.starts_with("unknown field") {
        (inside(), "unknown_field")
    } else if message.starts_with("missing field") {
        (inside(), "required")
    } else if message.starts_with("unknown variant") {
        (pointer.to_owned(), "enum")
    } else if message.starts_with("invalid type") {
        (pointer.to_owned(), "type")
    } else if message.starts_with("invalid length") {
        (pointer.to_owned(), "length")
    } else {
        (pointer.to_owned(), "format")
    };
    FieldError { pointer, code, detail: message.to_owned() }
}

fn skill(doc: SkillDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    site.faults.word("/kind", &doc.kind, &["skill", "language", "licence"]);
    let name = site.faults.names(doc.name, &doc.key);
    Row::Skill(site.keyed(doc.key, Skill { name, kind: doc.kind }))
}

fn hours(doc: HoursDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    let calendar = BusinessHours {
        time_zone: doc.time_zone,
        weekly: doc.weekly,
        exceptions: doc.exceptions,
        is_emergency_closed: doc.is_emergency_closed,
    };
    if calendar.exceptions.len() > 1_000 || calendar.weekly.iter().any(|day| day.len() > 48) {
        site.faults.add("", "length", "at most 1000 exceptions and 48 intervals a day");
    }
    match time_zone(&calendar.time_zone) {
        None => site.faults.add("/time_zone", "unknown_reference", "no such IANA time zone"),
        Some(zone) => match Hours::new(calendar.clone(), zone) {
            Ok(_) => {}
            Err(error @ HoursError::EmptyInterval { .. }) => site.faults.add("/weekly", "range", error.to_string()),
            Err(error @ HoursError::RepeatedDate(_)) => site.faults.add("/exceptions", "duplicate", error.to_string()),
        },
    }
    Row::Hours(site.keyed(doc.key, calendar))
}

fn decline_reason(doc: DeclineReasonDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    let name = site.faults.names(doc.name, &doc.key);
    Row::DeclineReason(site.keyed(doc.key, DeclineReason { name }))
}

fn wrap_up_code(doc: WrapUpCodeDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    let name = site.faults.names(doc.name, &doc.key);
    let parent_id = site.optional("/parent_id", Noun::WrapUpCode, doc.parent_id.as_ref());
    let queue_ids = site.references("/queue_ids", Noun::Queue, &doc.queue_ids);
    Row::WrapUpCode(site.keyed(doc.key, WrapUpCode { name, parent_id, queue_ids }))
}

fn presence_status(doc: PresenceStatusDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    let name = site.faults.names(doc.name, &doc.key);
    if let Some(activity) = &doc.activity {
        site.faults.length("/activity", activity, 100);
    }
    let old = match site.old {
        Some(Row::PresenceStatus(old)) => Some(old),
        Some(_) | None => None,
    };
    let is_needed_kind = match doc.key.as_str() {
        "offline" => Some(domain::routing::StatusKind::Offline),
        "available" => Some(domain::routing::StatusKind::Online),
        _ => None,
    };
    if is_needed_kind.is_some_and(|kind| kind != doc.kind) {
        site.faults.add("/kind", "enum", "the system counts on the kind of this status");
    }
    Row::PresenceStatus(PresenceStatus {
        id: site.id.into(),
        organization_id: site.organization,
        key: doc.key,
        name,
        kind: doc.kind,
        channels: doc.channels,
        activity: doc.activity,
        is_paid: doc.is_paid,
        is_productive: doc.is_productive,
        is_system: false,
        place: old.map_or(site.place, |old| old.place),
        version: site.version(),
    })
}

fn presence_config(doc: PresenceConfigDoc, site: &mut Site<'_>) -> Row {
    const MOST_MILLI: i64 = 1_000_000;
    site.faults.key(&doc.key);
    let is_decline_allowed = doc.decline_allowed.unwrap_or(!doc.auto_accept);
    if doc.auto_accept && is_decline_allowed {
        site.faults.add("/auto_accept", "enum", "not together with decline_allowed");
    }
    let cap_primary_milli = site.faults.range("/cap_primary_milli", doc.cap_primary_milli, 0, MOST_MILLI);
    let cap_interruptible_milli = doc.cap_interruptible_milli.unwrap_or(cap_primary_milli);
    site.faults.range("/cap_interruptible_milli", cap_interruptible_milli, 0, MOST_MILLI);
    site.faults.range("/grace_ms", doc.grace_ms, 0, 120_000);
    for (kind, most) in &doc.channel_max {
        let held_max = if kind.is_exclusive() { 1 } else { 100 };
        site.faults.range(&format!("/channel_max/{}", kind_word(*kind)), i64::from(*most), 0, held_max);
    }
    let was_required = match site.old {
        Some(Row::PresenceConfig(old)) => old.settings.is_decline_reason_required,
        Some(_) | None => false,
    };
    let status_on_decline = site.optional("/status_on_decline", Noun::PresenceStatus, doc.status_on_decline.as_ref());
    let status_on_timeout = site.optional("/status_on_timeout", Noun::PresenceStatus, doc.status_on_timeout.as_ref());
    let settings = PresenceSettings {
        cap_primary_milli,
        cap_interruptible_milli,
        channel_max: doc.channel_max,
        is_decline_allowed,
        is_decline_reason_required: was_required,
        grace_ms: doc.grace_ms,
        is_auto_accept: doc.auto_accept,
        decline_reason_ids: site.references("/decline_reason_ids", Noun::DeclineReason, &doc.decline_reason_ids),
        status_on_decline,
        status_on_timeout,
    };
    Row::PresenceConfig(PresenceConfig {
        id: site.id.into(),
        organization_id: site.organization,
        key: doc.key,
        settings,
        version: site.version(),
    })
}

fn kind_word(kind: RoutingKind) -> String {
    serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn routing_config(doc: RoutingConfigDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    // A lower class needs a guard against starving, which the engine does not have yet.
    site.faults.range("/tier", i64::from(doc.tier), 0, 0);
    site.faults.word("/order_mode", &doc.order_mode, &["aged"]);
    site.faults.word("/offer_mode", &doc.offer_mode, &["single"]);
    site.faults.range("/units_milli", doc.units_milli, 0, 100_000);
    site.faults.range("/offer_timeout_ms", doc.offer_timeout_ms, 1_000, DAY_MS);
    site.faults.range("/misses_before_away", i64::from(doc.misses_before_away), 1, 100);
    site.faults.range("/exclusion_ttl_ms", doc.exclusion_ttl_ms, 0, DAY_MS);
    site.faults.range("/retry_gap_ms", doc.retry_gap_ms, 1_000, DAY_MS);
    site.faults.range("/wrap_up/extension_ms", doc.wrap_up.extension_ms, 0, 3_600_000);
    site.faults.range("/wrap_up/extensions_max", i64::from(doc.wrap_up.extensions_max), 0, 10);
    let wrap_up_ms = wrap_up_ms(&doc, site);
    let settings = RoutingSettings {
        tier: doc.tier,
        agent_model: doc.agent_model,
        units_milli: doc.units_milli,
        capacity_pool: doc.capacity_pool,
        offer_timeout_ms: doc.offer_timeout_ms,
        is_auto_accept: doc.auto_accept,
        misses_before_away: doc.misses_before_away,
        exclusion_ttl_ms: doc.exclusion_ttl_ms,
        retry_gap_ms: doc.retry_gap_ms,
        wrap_up_ms,
        wrap_up_extension_ms: doc.wrap_up.extension_ms,
        wrap_up_extensions_max: doc.wrap_up.extensions_max,
    };
    Row::RoutingConfig(RoutingConfig {
        id: site.id.into(),
        organization_id: site.organization,
        key: doc.key,
        settings,
        version: site.version(),
    })
}

fn wrap_up_ms(doc: &RoutingConfigDoc, site: &mut Site<'_>) -> i64 {
    if let Some(short) = doc.wrap_up_ms {
        return site.faults.range("/wrap_up_ms", short, 0, 3_600_000);
    }
    let before = match site.old {
        Some(Row::RoutingConfig(old)) => old.settings.wrap_up_ms,
        Some(_) | None => 0,
    };
    match doc.wrap_up.mode.as_str() {
        "timeboxed" => site.faults.range("/wrap_up/max_ms", doc.wrap_up.max_ms, 1_000, 3_600_000),
        "none" if doc.wrap_up.max_ms == 0 || doc.wrap_up.max_ms == before => 0,
        "none" => {
            site.faults.add("/wrap_up/mode", "enum", "a time needs the mode timeboxed");
            0
        }
        _ => {
            site.faults.add("/wrap_up/mode", "enum", "none, timeboxed");
            0
        }
    }
}

fn team(doc: TeamDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    let name = doc.name.unwrap_or_else(|| doc.key.clone());
    site.faults.length("/name", &name, 200);
    let mut users = BTreeMap::new();
    for (pointer, named, is_lead) in [("/user_ids", &doc.user_ids, false), ("/lead_ids", &doc.lead_ids, true)] {
        site.bounded(pointer, named.len());
        for (at, named) in named.iter().enumerate() {
            match site.index.person(named) {
                Some(user) => drop(users.insert(user, is_lead)),
                None => site.faults.add(format!("{pointer}/{at}"), "unknown_reference", "no such user"),
            }
        }
    }
    let id = site.id.into();
    let member = |(user, is_lead): (Uuid, bool)| Membership { team: id, user: user.into(), is_lead };
    let team = Team {
        id,
        organization_id: site.organization,
        key: doc.key,
        name,
        created_at: site.now,
        updated_at: site.now,
        version: site.version(),
    };
    Row::Team(TeamRow { team, users: users.into_iter().map(member).collect() })
}

fn queue(doc: QueueDoc, site: &mut Site<'_>) -> Row {
    site.faults.key(&doc.key);
    site.faults.word("/state", &doc.state, &["open", "closed", "emergency"]);
    site.faults.range("/service_target_ms", doc.service_target_ms, 0, 30 * DAY_MS);
    if let Some(most) = doc.max_waiting {
        site.faults.range("/max_waiting", i64::from(most), 1, 1_000_000);
    }
    let (agents, teams) = members(&doc.members, site);
    let settings = QueueSettings {
        max_waiting: doc.max_waiting.unwrap_or_default(),
        service_target_ms: doc.service_target_ms,
        is_wrap_up_code_required: doc.wrap_up_code_required,
        hours_id: site.optional("/hours_id", Noun::Hours, doc.hours_id.as_ref()),
        on_closed: spill("/on_closed", &doc.on_closed, site),
        on_full: spill("/on_full", &doc.on_full, site),
    };
    let queue = Queue {
        id: site.id.into(),
        organization_id: site.organization,
        name: site.faults.names(doc.name, &doc.key),
        key: doc.key,
        routing_config_id: site.reference("/routing_config_id", Noun::RoutingConfig, &doc.routing_config_id),
        settings,
        state: doc.state,
        version: site.version(),
    };
    Row::Queue(QueueRow { queue, agents, teams })
}

fn spill(pointer: &str, doc: &SpillDoc, site: &mut Site<'_>) -> Spill {
    let action = format!("{pointer}/action");
    site.faults.word(&action, &doc.action, &["wait", "overflow", "reject"]);
    let target = format!("{pointer}/queue_id");
    match (doc.action.as_str(), &doc.queue_id) {
        ("overflow", Some(named)) => Spill::Overflow { queue: site.reference(&target, Noun::Queue, named) },
        ("overflow", None) => {
            site.faults.add(target, "required", "where to");
            Spill::Wait
        }
        (_, Some(_)) => {
            site.faults.add(target, "enum", "only with the action overflow");
            Spill::Wait
        }
        ("reject", None) => Spill::Reject,
        (_, None) => Spill::Wait,
    }
}

/// By id, so that the same members in another order are the same.
fn members(docs: &[MemberDoc], site: &mut Site<'_>) -> (Vec<Member>, Vec<QueueTeam>) {
    site.bounded("/members", docs.len());
    let (mut agents, mut teams) = (BTreeMap::new(), BTreeMap::new());
    for (at, doc) in docs.iter().enumerate() {
        let pointer = format!("/members/{at}");
        let delay_ms = site.faults.range(&format!("{pointer}/delay_ms"), doc.delay_ms, 0, DAY_MS);
        let is_named_twice = match (&doc.agent_id, &doc.team_id) {
            (Some(named), None) => {
                let agent = site.reference(&format!("{pointer}/agent_id"), Noun::Agent, named);
                agents.insert(agent, Member { agent, tier: doc.tier, delay_ms }).is_some()
            }
            (None, Some(named)) => {
                let team = site.reference(&format!("{pointer}/team_id"), Noun::Team, named);
                let member = QueueTeam { queue: site.id.into(), team, tier: doc.tier, delay_ms };
                teams.insert(team, member).is_some()
            }
            (Some(_), Some(_)) | (None, None) => {
                site.faults.add(&*pointer, "required", "either agent_id or team_id");
                false
            }
        };
        if is_named_twice {
            site.faults.add(pointer, "duplicate", "named twice");
        }
    }
    (agents.into_values().collect(), teams.into_values().collect())
}

fn agent(doc: AgentDoc, site: &mut Site<'_>) -> Built {
    let old = match site.old {
        Some(Row::Agent(old)) => Some(old.clone()),
        Some(_) | None => None,
    };
    let own_id = site.id.to_string();
    let key = doc.key.filter(|key| *key != own_id);
    key.iter().for_each(|key| site.faults.key(key));
    site.faults.length("/display_name", &doc.display_name, 200);
    site.faults.word("/state", &doc.state, &["active", "inactive"]);
    let user_id = doc.user_id.as_deref().map(|named| {
        let found = site.index.person(named);
        if found.is_none() {
            site.faults.add("/user_id", "unknown_reference", "no such user");
        }
        found.unwrap_or_default().into()
    });
    let kind = doc.kind.unwrap_or_else(|| if user_id.is_some() { "human" } else { "bot" }.to_owned());
    site.faults.word("/kind", &kind, &["human", "bot"]);
    if (kind == "human") != user_id.is_some() {
        site.faults.add("/user_id", "required", "a human is a user, a bot is none");
    }
    let config = doc.presence_config_id.as_deref().unwrap_or("default");
    let skills = skills(&doc.skills, site);
    let row = Agent {
        id: site.id.into(),
        organization_id: site.organization,
        user_id,
        key: key.or_else(|| old.and_then(|old| old.key)),
        kind,
        display_name: doc.display_name,
        presence_config_id: site.reference("/presence_config_id", Noun::PresenceConfig, config),
        skills,
        state: doc.state,
        version: site.version(),
    };
    let queues = doc.queue_ids.map(|named| site.references("/queue_ids", Noun::Queue, &named));
    Built { row: Row::Agent(row), queues }
}

fn skills(docs: &[super::docs::AgentSkillDoc], site: &mut Site<'_>) -> BTreeMap<domain::ids::SkillId, u8> {
    site.bounded("/skills", docs.len());
    let mut skills = BTreeMap::new();
    for (at, doc) in docs.iter().enumerate() {
        let pointer = format!("/skills/{at}");
        site.faults.range(&format!("{pointer}/level"), i64::from(doc.level), 1, 10);
        let skill = site.reference(&format!("{pointer}/skill_id"), Noun::Skill, &doc.skill_id);
        if skills.insert(skill, doc.level).is_some() {
            site.faults.add(format!("{pointer}/skill_id"), "duplicate", "named twice");
        }
    }
    skills
}
