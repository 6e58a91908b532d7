//! Who may do what: permissions, scopes, the built-in roles, and the one rule that joins them.
//!
//! # Invariants
//! - Deny by default: without a grant nothing is allowed.
//! - [`Reach`] is the same rule for many rows: the store renders it to SQL, [`Reach::covers`] is its twin in memory.

use std::collections::BTreeSet;

use crate::ids::{AgentId, QueueId, UserId};
use crate::text_enum::text_enum;

text_enum! {
    /// One thing that can be allowed (api.md §7).
    #[allow(missing_docs, reason = "the words say it")]
    Permission {
        ConversationsRead = "conversations.read",
        ConversationsReply = "conversations.reply",
        ConversationsNote = "conversations.note",
        ConversationsEdit = "conversations.edit",
        ConversationsAssign = "conversations.assign",
        ConversationsMerge = "conversations.merge",
        ConversationsExport = "conversations.export",
        ConversationsDelete = "conversations.delete",
        EntriesRedact = "entries.redact",
        CustomersRead = "customers.read",
        CustomersEdit = "customers.edit",
        CustomersMerge = "customers.merge",
        CustomersExport = "customers.export",
        CustomersErase = "customers.erase",
        ConsentsRead = "consents.read",
        ConsentsEdit = "consents.edit",
        OffersAnswer = "offers.answer",
        PresenceSetOwn = "presence.set_own",
        WorkRead = "work.read",
        WorkPull = "work.pull",
        WorkCreate = "work.create",
        WorkRoute = "work.route",
        WorkManage = "work.manage",
        AgentsRead = "agents.read",
        AgentsOperate = "agents.operate",
        QueuesRead = "queues.read",
        QueuesOperate = "queues.operate",
        LiveRead = "live.read",
        MonitorMonitor = "monitor.monitor",
        MonitorWhisper = "monitor.whisper",
        MonitorBarge = "monitor.barge",
        MonitorTakeover = "monitor.takeover",
        RoutingRead = "routing.read",
        RoutingEdit = "routing.edit",
        RoutingPublish = "routing.publish",
        SkillsEdit = "skills.edit",
        ChannelsRead = "channels.read",
        ChannelsEdit = "channels.edit",
        TemplatesEdit = "templates.edit",
        OutboundSend = "outbound.send",
        OutboundBatch = "outbound.batch",
        MacrosEdit = "macros.edit",
        ViewsShare = "views.share",
        RulesEdit = "rules.edit",
        SlaEdit = "sla.edit",
        HelpEdit = "help.edit",
        FlowsEdit = "flows.edit",
        OrganizationEdit = "organization.edit",
        ApiTokensManage = "api_tokens.manage",
        WebhooksManage = "webhooks.manage",
        DemoManage = "demo.manage",
        DataImport = "data.import",
        DataExport = "data.export",
        PrivacyManage = "privacy.manage",
        EventsRead = "events.read",
        ActivitiesWrite = "activities.write",
        MetricsRead = "metrics.read",
        ReportsRead = "reports.read",
        ReportsEdit = "reports.edit",
        UsersRead = "users.read",
        UsersEdit = "users.edit",
        RolesEdit = "roles.edit",
        AuditRead = "audit.read",
    }
}

text_enum! {
    /// How far a grant reaches; a later one contains the earlier.
    Scope {
        /// Assigned to me, owned by me, my own objects.
        Own = "own",
        /// Queues I am a member of.
        Queue = "queue",
        /// Agents of my teams and the queues they serve.
        Team = "team",
        /// Everything.
        Organization = "organization",
    }
}

/// A permission with its reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grant {
    /// What.
    pub permission: Permission,
    /// Where.
    pub scope: Scope,
}

text_enum! {
    /// The roles every organization has.
    BuiltinRole {
        /// Takes work.
        Agent = "agent",
        /// Sees and steers a team.
        Supervisor = "supervisor",
        /// Sets everything up.
        Admin = "admin",
    }
}

impl BuiltinRole {
    /// What the role grants.
    #[must_use]
    pub fn grants(self) -> Vec<Grant> {
        Permission::ALL
            .iter()
            .filter_map(|&permission| self.scope_of(permission).map(|scope| Grant { permission, scope }))
            .collect()
    }

    fn scope_of(self, permission: Permission) -> Option<Scope> {
        let [agent, supervisor, admin] = table(permission);
        match self {
            Self::Agent => agent,
            Self::Supervisor => supervisor,
            Self::Admin => admin,
        }
    }
}

/// The table of api.md §7, in the order agent, supervisor, admin.
const fn table(permission: Permission) -> [Option<Scope>; 3] {
    use Permission as P;
    const ORG: Option<Scope> = Some(Scope::Organization);
    const TEAM: Option<Scope> = Some(Scope::Team);
    const QUEUE: Option<Scope> = Some(Scope::Queue);
    const OWN: Option<Scope> = Some(Scope::Own);
    match permission {
        P::ConversationsRead | P::ConversationsReply | P::ConversationsNote | P::ConversationsEdit => {
            [QUEUE, TEAM, ORG]
        }
        P::ConversationsAssign | P::ConversationsMerge => [OWN, TEAM, ORG],
        P::ConversationsExport => [None, TEAM, ORG],
        P::ConversationsDelete => [None, None, ORG],
        P::EntriesRedact => [None, TEAM, ORG],
        P::CustomersRead | P::CustomersEdit => [ORG, ORG, ORG],
        P::CustomersMerge => [OWN, TEAM, ORG],
        P::CustomersExport | P::CustomersErase => [None, None, ORG],
        P::ConsentsRead | P::ConsentsEdit => [OWN, TEAM, ORG],
        P::OffersAnswer | P::PresenceSetOwn => [OWN, OWN, OWN],
        P::WorkRead | P::WorkPull => [QUEUE, TEAM, ORG],
        P::WorkCreate => [None, TEAM, ORG],
        P::WorkRoute => [None, None, ORG],
        P::WorkManage | P::LiveRead => [None, TEAM, ORG],
        P::AgentsRead => [TEAM, TEAM, ORG],
        P::AgentsOperate => [None, TEAM, ORG],
        P::QueuesRead => [QUEUE, TEAM, ORG],
        P::QueuesOperate => [None, TEAM, ORG],
        P::MonitorMonitor | P::MonitorWhisper | P::MonitorBarge | P::MonitorTakeover => [None, TEAM, None],
        P::RoutingRead => [None, TEAM, ORG],
        P::RoutingEdit | P::RoutingPublish => [None, None, ORG],
        P::SkillsEdit | P::TemplatesEdit => [None, TEAM, ORG],
        P::ChannelsRead => [QUEUE, ORG, ORG],
        P::OutboundSend => [QUEUE, TEAM, ORG],
        P::OutboundBatch => [None, TEAM, ORG],
        P::MacrosEdit | P::ViewsShare => [OWN, TEAM, ORG],
        P::ChannelsEdit
        | P::RulesEdit
        | P::SlaEdit
        | P::HelpEdit
        | P::FlowsEdit
        | P::OrganizationEdit
        | P::ApiTokensManage
        | P::WebhooksManage
        | P::DemoManage
        | P::DataImport
        | P::DataExport
        | P::PrivacyManage
        | P::EventsRead
        | P::ActivitiesWrite
        | P::MetricsRead
        | P::UsersEdit
        | P::RolesEdit => [None, None, ORG],
        P::ReportsRead => [OWN, TEAM, ORG],
        P::ReportsEdit => [None, TEAM, ORG],
        P::UsersRead => [TEAM, TEAM, ORG],
        P::AuditRead => [None, TEAM, ORG],
    }
}

/// Somebody who acts, with everything the rule needs to know of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The user behind it, if a person signed in.
    pub user: Option<UserId>,
    /// The agent they are, if they take work.
    pub agent: Option<AgentId>,
    /// What they hold.
    pub grants: Vec<Grant>,
    /// Queues they are a member of.
    pub queues: BTreeSet<QueueId>,
    /// Agents of their teams (themselves included).
    pub team_agents: BTreeSet<AgentId>,
    /// Queues those agents serve.
    pub team_queues: BTreeSet<QueueId>,
}

/// What a permission reaches for one actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Everything in the organization.
    pub is_everything: bool,
    /// What is in these queues.
    pub queues: BTreeSet<QueueId>,
    /// What these agents hold or own.
    pub agents: BTreeSet<AgentId>,
}

impl Reach {
    /// Whether something in `queue`, held or owned by any of `agents`, is reached.
    #[must_use]
    pub fn covers(&self, queue: Option<QueueId>, agents: &[AgentId]) -> bool {
        self.is_everything
            || queue.is_some_and(|q| self.queues.contains(&q))
            || agents.iter().any(|a| self.agents.contains(a))
    }
}

impl Standing {
    /// The widest scope held for `permission`.
    #[must_use]
    pub fn scope(&self, permission: Permission) -> Option<Scope> {
        self.grants.iter().filter(|g| g.permission == permission).map(|g| g.scope).max()
    }

    /// What `permission` reaches; `None` when it is not held at all.
    #[must_use]
    pub fn reach(&self, permission: Permission) -> Option<Reach> {
        let own: BTreeSet<AgentId> = self.agent.into_iter().collect();
        Some(match self.scope(permission)? {
            Scope::Organization => Reach { is_everything: true, ..Reach::default() },
            Scope::Team => Reach {
                is_everything: false,
                queues: self.team_queues.union(&self.queues).copied().collect(),
                agents: self.team_agents.union(&own).copied().collect(),
            },
            Scope::Queue => Reach { is_everything: false, queues: self.queues.clone(), agents: own },
            Scope::Own => Reach { is_everything: false, queues: BTreeSet::new(), agents: own },
        })
    }
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The permission is not held.
    #[error("permission {0} is needed")]
    Forbidden(Permission),
    /// It is held, but not this far.
    #[error("permission {permission} reaches only {scope}")]
    OutOfScope {
        /// Which.
        permission: Permission,
        /// How far it is held.
        scope: Scope,
    },
}

/// What a permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The organization as a whole: only the widest scope will do.
    Organization,
    /// Anything at all: holding the permission is enough (lists narrow themselves by [`Reach`]).
    Any,
    /// Something in a queue, held or owned by agents.
    Work {
        /// Its queue.
        queue: Option<QueueId>,
        /// Who holds or owns it.
        agents: &'a [AgentId],
    },
    /// An agent.
    Agent(AgentId),
}

/// The one rule: may somebody of this standing use `permission` on `resource`?
///
/// # Errors
/// [`Denied`] says whether the permission is missing or too narrow.
pub fn authorize(standing: &Standing, permission: Permission, resource: Resource<'_>) -> Result<(), Denied> {
    let scope = standing.scope(permission).ok_or(Denied::Forbidden(permission))?;
    let reach = standing.reach(permission).ok_or(Denied::Forbidden(permission))?;
    let is_covered = match resource {
        Resource::Any => true,
        Resource::Organization => reach.is_everything,
        Resource::Work { queue, agents } => reach.covers(queue, agents),
        Resource::Agent(agent) => reach.covers(None, &[agent]),
    };
    if is_covered { Ok(()) } else { Err(Denied::OutOfScope { permission, scope }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn agent(n: u128) -> AgentId {
        AgentId(Uuid::from_u128(n))
    }
    fn queue(n: u128) -> QueueId {
        QueueId(Uuid::from_u128(n))
    }
    fn standing(role: BuiltinRole) -> Standing {
        Standing {
            agent: Some(agent(1)),
            grants: role.grants(),
            queues: [queue(1)].into(),
            team_agents: [agent(1), agent(2)].into(),
            team_queues: [queue(1), queue(2)].into(),
            ..Standing::default()
        }
    }

    #[test]
    fn nothing_is_allowed_without_a_grant() {
        for &permission in Permission::ALL {
            let denied = authorize(&Standing::default(), permission, Resource::Any);
            assert_eq!(denied, Err(Denied::Forbidden(permission)));
        }
    }

    #[test]
    fn an_agent_reads_own_queues_and_own_work_only() {
        let me = standing(BuiltinRole::Agent);
        let read = |queue, agents: &[AgentId]| {
            authorize(&me, Permission::ConversationsRead, Resource::Work { queue, agents }).is_ok()
        };
        assert!(read(Some(queue(1)), &[]));
        assert!(read(Some(queue(9)), &[agent(1)]));
        assert!(!read(Some(queue(2)), &[agent(2)]));
        assert!(!read(None, &[]));
    }

    #[test]
    fn a_supervisor_reaches_the_team_and_no_further() {
        let me = standing(BuiltinRole::Supervisor);
        let read = |q| authorize(&me, Permission::ConversationsRead, Resource::Work { queue: Some(q), agents: &[] });
        assert!(read(queue(2)).is_ok());
        assert_eq!(
            read(queue(3)),
            Err(Denied::OutOfScope { permission: Permission::ConversationsRead, scope: Scope::Team })
        );
        assert!(authorize(&me, Permission::ChannelsEdit, Resource::Organization).is_err());
    }

    #[test]
    fn an_admin_reaches_everything_but_answers_only_own_offers_and_listens_in_only_when_granted() {
        let me = standing(BuiltinRole::Admin);
        for &permission in Permission::ALL {
            let widest = authorize(&me, permission, Resource::Organization).is_ok();
            let is_personal = matches!(permission, Permission::OffersAnswer | Permission::PresenceSetOwn);
            let is_listening = permission.as_str().starts_with("monitor.");
            assert_eq!(widest, !is_personal && !is_listening, "{permission}");
        }
    }
}
