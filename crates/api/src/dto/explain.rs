//! Why work is where it is.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::WorkItemState;
use super::work::EstimatedWait;
use super::{Actor, Object, Ts};
use crate::render;

/// One transition of an item.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct Transition {
    /// Row of the table of transitions, 1 to 24.
    pub row: i64,
    pub from: Option<String>,
    pub to: String,
    pub at: Ts,
    pub reason: Option<String>,
    pub actor: Actor,
}

impl From<&app::explain::Transition> for Transition {
    fn from(step: &app::explain::Transition) -> Self {
        Self {
            row: step.row,
            from: step.from.clone(),
            to: step.to.clone(),
            at: step.at.into(),
            reason: step.reason.clone(),
            actor: render::actor(&step.actor),
        }
    }
}

/// What work is served by: parts compare in order, smaller is sooner.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct OrderKey {
    pub mode: String,
    /// Class, start of waiting in ms with boosts taken off, order of arrival.
    pub parts: Vec<i64>,
}

/// A head start.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct Boost {
    /// `priority` or `secondary`.
    pub kind: String,
    pub ms: i64,
}

/// The first rule that keeps an agent from an item.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct Failing {
    /// `offline`, `busy`, `over_capacity`, `skill_missing` …
    pub code: String,
    #[schema(value_type = Object)]
    pub params: Object,
}

/// An agent and what keeps them from an item.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct Candidate {
    pub agent_id: Uuid,
    pub is_eligible: bool,
    pub first_failing: Option<Failing>,
    pub rank: Option<i64>,
}

/// Where an item stands in its plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct PlanState {
    pub step: u32,
    pub next_at: Option<Ts>,
    #[schema(value_type = Vec<Object>)]
    pub steps: Vec<Object>,
}

/// Why an item is where it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct Explanation {
    pub work_item_id: Uuid,
    pub as_of: Ts,
    pub state: WorkItemState,
    /// `null` when it does not wait.
    pub key: Option<OrderKey>,
    pub boosts: Vec<Boost>,
    pub position: Option<u32>,
    pub estimated_wait: Option<EstimatedWait>,
    pub plan: PlanState,
    pub agents: Vec<Candidate>,
    pub is_truncated: bool,
}

impl From<&app::explain::Candidate> for Candidate {
    fn from(candidate: &app::explain::Candidate) -> Self {
        let code = |failing| serde_json::to_value(failing).ok().and_then(|word| word.as_str().map(str::to_owned));
        let failing = candidate.first_failing.and_then(code);
        Self {
            agent_id: candidate.agent.0,
            is_eligible: failing.is_none(),
            first_failing: failing.map(|code| Failing { code, params: Object::new() }),
            rank: None,
        }
    }
}

impl From<&app::explain::Explanation> for Explanation {
    fn from(said: &app::explain::Explanation) -> Self {
        let seq = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
        let key = said.order.map(|order| OrderKey {
            mode: "aged".to_owned(),
            parts: vec![i64::from(order.tier), order.at_ms, seq(order.seq)],
        });
        let boosts = said.order.map(|order| [("priority", order.priority_ms), ("secondary", order.secondary_ms)]);
        let boosts = boosts.into_iter().flatten().filter(|(_, ms)| *ms > 0);
        Self {
            work_item_id: said.work_item.0,
            as_of: said.as_of.into(),
            state: said.state.into(),
            key,
            boosts: boosts.map(|(kind, ms)| Boost { kind: kind.to_owned(), ms }).collect(),
            position: said.position,
            estimated_wait: None,
            plan: PlanState { step: 0, next_at: said.next_at.map(Into::into), steps: Vec::new() },
            agents: said.agents.iter().map(Into::into).collect(),
            is_truncated: said.is_truncated,
        }
    }
}
