//! The configuration of an organization, read whole: what a change is checked against.

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use domain::hours::BusinessHours;
use domain::ids::OrganizationId;
use domain::routing::{Member, Spill};
use store::Keyed;
use store::agents::{Agent, PresenceConfig, PresenceStatus};
use store::decline_reasons::DeclineReason;
use store::queues::{Queue, QueueTeam, RoutingConfig};
use store::skills::Skill;
use store::teams::{Membership, Team};
use store::wrap_up_codes::WrapUpCode;
use uuid::Uuid;

use crate::Error;

/// The kinds of configuration objects, in the order in which a document is taken in: an agent's queues after the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Noun {
    Skill,
    Hours,
    DeclineReason,
    PresenceStatus,
    PresenceConfig,
    RoutingConfig,
    Team,
    Queue,
    Agent,
    WrapUpCode,
}

impl Noun {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Skill,
        Self::Hours,
        Self::DeclineReason,
        Self::PresenceStatus,
        Self::PresenceConfig,
        Self::RoutingConfig,
        Self::Team,
        Self::Queue,
        Self::Agent,
        Self::WrapUpCode,
    ];

    /// One of them, in audit records and references.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skill => "skill",
            Self::Hours => "business_hours",
            Self::DeclineReason => "decline_reason",
            Self::PresenceStatus => "presence_status",
            Self::PresenceConfig => "presence_config",
            Self::RoutingConfig => "routing_config",
            Self::Team => "team",
            Self::Agent => "agent",
            Self::Queue => "queue",
            Self::WrapUpCode => "wrap_up_code",
        }
    }

    /// The list in a document.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::Skill => "skills",
            Self::Hours => "hours",
            Self::DeclineReason => "decline_reasons",
            Self::PresenceStatus => "presence_statuses",
            Self::PresenceConfig => "presence_configs",
            Self::RoutingConfig => "routing_configs",
            Self::Team => "teams",
            Self::Agent => "agents",
            Self::Queue => "queues",
            Self::WrapUpCode => "wrap_up_codes",
        }
    }
}

/// A queue with the members that are named.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct QueueRow {
    pub queue: Queue,
    pub agents: Vec<Member>,
    pub teams: Vec<QueueTeam>,
}

/// A team with its users.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct TeamRow {
    pub team: Team,
    pub users: Vec<Membership>,
}

/// A configuration object of any kind.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Row {
    Agent(Agent),
    DeclineReason(Keyed<DeclineReason>),
    Hours(Keyed<BusinessHours>),
    PresenceConfig(PresenceConfig),
    PresenceStatus(PresenceStatus),
    Queue(QueueRow),
    RoutingConfig(RoutingConfig),
    Skill(Keyed<Skill>),
    Team(TeamRow),
    WrapUpCode(Keyed<WrapUpCode>),
}

impl Row {
    /// Its kind.
    #[must_use]
    pub const fn noun(&self) -> Noun {
        match self {
            Self::Agent(_) => Noun::Agent,
            Self::DeclineReason(_) => Noun::DeclineReason,
            Self::Hours(_) => Noun::Hours,
            Self::PresenceConfig(_) => Noun::PresenceConfig,
            Self::PresenceStatus(_) => Noun::PresenceStatus,
            Self::Queue(_) => Noun::Queue,
            Self::RoutingConfig(_) => Noun::RoutingConfig,
            Self::Skill(_) => Noun::Skill,
            Self::Team(_) => Noun::Team,
            Self::WrapUpCode(_) => Noun::WrapUpCode,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Agent(row) => row.id.0,
            Self::DeclineReason(row) => row.id,
            Self::Hours(row) => row.id,
            Self::PresenceConfig(row) => row.id.0,
            Self::PresenceStatus(row) => row.id.0,
            Self::Queue(row) => row.queue.id.0,
            Self::RoutingConfig(row) => row.id.0,
            Self::Skill(row) => row.id,
            Self::Team(row) => row.team.id.0,
            Self::WrapUpCode(row) => row.id,
        }
    }

    /// Its key; the id of an agent who has none.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Agent(row) => row.key.clone().unwrap_or_else(|| row.id.to_string()),
            Self::DeclineReason(row) => row.key.clone(),
            Self::Hours(row) => row.key.clone(),
            Self::PresenceConfig(row) => row.key.clone(),
            Self::PresenceStatus(row) => row.key.clone(),
            Self::Queue(row) => row.queue.key.clone(),
            Self::RoutingConfig(row) => row.key.clone(),
            Self::Skill(row) => row.key.clone(),
            Self::Team(row) => row.team.key.clone(),
            Self::WrapUpCode(row) => row.key.clone(),
        }
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> i64 {
        match self {
            Self::Agent(row) => row.version,
            Self::DeclineReason(row) => row.version,
            Self::Hours(row) => row.version,
            Self::PresenceConfig(row) => row.version,
            Self::PresenceStatus(row) => row.version,
            Self::Queue(row) => row.queue.version,
            Self::RoutingConfig(row) => row.version,
            Self::Skill(row) => row.version,
            Self::Team(row) => row.team.version,
            Self::WrapUpCode(row) => row.version,
        }
    }

    /// The same with the version it has once it is written.
    pub(super) fn raised(mut self) -> Self {
        match &mut self {
            Self::Agent(row) => row.version += 1,
            Self::DeclineReason(row) => row.version += 1,
            Self::Hours(row) => row.version += 1,
            Self::PresenceConfig(row) => row.version += 1,
            Self::PresenceStatus(row) => row.version += 1,
            Self::Queue(row) => row.queue.version += 1,
            Self::RoutingConfig(row) => row.version += 1,
            Self::Skill(row) => row.version += 1,
            Self::Team(row) => row.team.version += 1,
            Self::WrapUpCode(row) => row.version += 1,
        }
        self
    }

    /// As it is named where somebody refers to it: `queue:general`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.noun().word(), self.key())
    }

    /// The system needs it: it can be neither removed nor changed.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::PresenceStatus(row) if row.is_system)
    }

    /// The system needs it: it can be changed, not removed.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        match self {
            Self::PresenceStatus(row) => row.is_system || row.key == "offline" || row.key == "available",
            Self::PresenceConfig(row) => row.key == "default",
            Self::Agent(_)
            | Self::DeclineReason(_)
            | Self::Hours(_)
            | Self::Queue(_)
            | Self::RoutingConfig(_)
            | Self::Skill(_)
            | Self::Team(_)
            | Self::WrapUpCode(_) => false,
        }
    }

    /// Everything it refers to.
    #[must_use]
    pub fn references(&self) -> Vec<(Noun, Uuid)> {
        match self {
            Self::Agent(row) => {
                let skills = row.skills.keys().map(|id| (Noun::Skill, id.0));
                std::iter::once((Noun::PresenceConfig, row.presence_config_id.0)).chain(skills).collect()
            }
            Self::PresenceConfig(row) => {
                let statuses = [row.settings.status_on_decline, row.settings.status_on_timeout];
                let statuses = statuses.into_iter().flatten().map(|id| (Noun::PresenceStatus, id.0));
                let reasons = row.settings.decline_reason_ids.iter().map(|id| (Noun::DeclineReason, id.0));
                statuses.chain(reasons).collect()
            }
            Self::Queue(row) => row.references(),
            Self::WrapUpCode(row) => {
                let parent = row.settings.parent_id.map(|id| (Noun::WrapUpCode, id.0));
                let queues = row.settings.queue_ids.iter().map(|id| (Noun::Queue, id.0));
                parent.into_iter().chain(queues).collect()
            }
            Self::DeclineReason(_)
            | Self::Hours(_)
            | Self::PresenceStatus(_)
            | Self::RoutingConfig(_)
            | Self::Skill(_)
            | Self::Team(_) => Vec::new(),
        }
    }
}

impl QueueRow {
    fn references(&self) -> Vec<(Noun, Uuid)> {
        let mut all = vec![(Noun::RoutingConfig, self.queue.routing_config_id.0)];
        all.extend(self.queue.settings.hours_id.map(|id| (Noun::Hours, id.0)));
        all.extend(self.spills().into_iter().map(|id| (Noun::Queue, id)));
        all.extend(self.agents.iter().map(|member| (Noun::Agent, member.agent.0)));
        all.extend(self.teams.iter().map(|team| (Noun::Team, team.team.0)));
        all
    }

    /// The queues it hands work on to.
    #[must_use]
    pub fn spills(&self) -> Vec<Uuid> {
        let spills = [self.queue.settings.on_full, self.queue.settings.on_closed];
        let queue = |spill| match spill {
            Spill::Overflow { queue } => Some(queue.0),
            Spill::Wait | Spill::Reject => None,
        };
        spills.into_iter().filter_map(queue).collect()
    }
}

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Whose.
    pub organization: OrganizationId,
    /// Every object by kind and id.
    pub rows: BTreeMap<(Noun, Uuid), Row>,
    /// Users with their addresses in lower case.
    pub people: Vec<(Uuid, String)>,
}

impl Catalog {
    /// Reads it.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn load(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Self, Error> {
        let mut rows = Vec::new();
        for noun in Noun::ALL {
            rows.extend(read(tx, org, noun).await?);
        }
        let people = store::agents::people(tx, org).await?.into_iter().map(|(id, email)| (id.0, email)).collect();
        let rows = rows.into_iter().map(|row| ((row.noun(), row.id()), row)).collect();
        Ok(Self { organization: org, rows, people })
    }

    /// Every object of a kind.
    pub fn of(&self, noun: Noun) -> impl Iterator<Item = &Row> {
        self.rows.range((noun, Uuid::nil())..=(noun, Uuid::max())).map(|(_, row)| row)
    }

    /// One object.
    #[must_use]
    pub fn get(&self, noun: Noun, id: Uuid) -> Option<&Row> {
        self.rows.get(&(noun, id))
    }

    /// Puts an object in its place.
    pub fn put(&mut self, row: Row) {
        self.rows.insert((row.noun(), row.id()), row);
    }

    /// Who serves a queue, teams included.
    #[must_use]
    pub fn is_staffed(&self, queue: &QueueRow) -> bool {
        let active = |id: Uuid| matches!(self.get(Noun::Agent, id), Some(Row::Agent(agent)) if agent.state == "active");
        let users: BTreeSet<Uuid> = queue
            .teams
            .iter()
            .filter_map(|team| match self.get(Noun::Team, team.team.0) {
                Some(Row::Team(team)) => Some(team.users.iter().map(|member| member.user.0)),
                Some(_) | None => None,
            })
            .flatten()
            .collect();
        let is_of_team = |row: &Row| match row {
            Row::Agent(agent) => agent.state == "active" && agent.user_id.is_some_and(|id| users.contains(&id.0)),
            _ => false,
        };
        queue.agents.iter().any(|member| active(member.agent.0)) || self.of(Noun::Agent).any(is_of_team)
    }
}

/// Every object of a kind.
///
/// # Errors
/// What the store refuses.
pub async fn read(tx: &mut Tx<'_>, org: OrganizationId, noun: Noun) -> Result<Vec<Row>, Error> {
    Ok(match noun {
        Noun::Skill => store::skills::list(tx, org).await?.into_iter().map(Row::Skill).collect(),
        Noun::Hours => store::business_hours::list(tx, org).await?.into_iter().map(Row::Hours).collect(),
        Noun::DeclineReason => {
            store::decline_reasons::list(tx, org).await?.into_iter().map(Row::DeclineReason).collect()
        }
        Noun::PresenceStatus => store::agents::statuses(tx, org).await?.into_iter().map(Row::PresenceStatus).collect(),
        Noun::PresenceConfig => store::agents::configs(tx, org).await?.into_iter().map(Row::PresenceConfig).collect(),
        Noun::RoutingConfig => store::queues::configs(tx, org).await?.into_iter().map(Row::RoutingConfig).collect(),
        Noun::Team => teams(tx, org).await?,
        Noun::Agent => store::agents::list(tx, org).await?.into_iter().map(Row::Agent).collect(),
        Noun::Queue => queues(tx, org).await?,
        Noun::WrapUpCode => store::wrap_up_codes::list(tx, org).await?.into_iter().map(Row::WrapUpCode).collect(),
    })
}

async fn teams(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Row>, Error> {
    const MOST: i64 = 10_000;
    let teams = store::teams::list(tx, org, Uuid::max().into(), MOST).await?;
    let mut users: BTreeMap<Uuid, Vec<Membership>> = BTreeMap::new();
    for member in store::teams::members(tx, org, teams.iter().map(|team| team.id.0).collect()).await? {
        users.entry(member.team.0).or_default().push(member);
    }
    let row = |team: Team| Row::Team(TeamRow { users: users.remove(&team.id.0).unwrap_or_default(), team });
    Ok(teams.into_iter().map(row).collect())
}

async fn queues(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Row>, Error> {
    let mut agents: BTreeMap<Uuid, Vec<Member>> = BTreeMap::new();
    for member in store::queues::direct_members(tx, org).await? {
        agents.entry(member.queue.0).or_default().push(member.member);
    }
    let mut teams: BTreeMap<Uuid, Vec<QueueTeam>> = BTreeMap::new();
    for team in store::queues::teams(tx, org).await? {
        teams.entry(team.queue.0).or_default().push(team);
    }
    let row = |queue: Queue| {
        let id = queue.id.0;
        let (agents, teams) = (agents.remove(&id).unwrap_or_default(), teams.remove(&id).unwrap_or_default());
        Row::Queue(QueueRow { queue, agents, teams })
    };
    Ok(store::queues::list(tx, org).await?.into_iter().map(row).collect())
}
