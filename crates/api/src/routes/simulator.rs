//! Simulated customers.

use std::collections::BTreeMap;

use app::simulator::{self, Input, Run, script::Script};
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::{List, Page, Ts};
use crate::extract::{Ids, Json};
use crate::problem::ProblemBody;
use crate::state::Api;

/// A script that simulated customers follow.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SimulatorScript)]
pub struct ScriptView {
    /// How it is asked for.
    pub key: String,
    /// What its customers speak.
    pub language: String,
    /// Its name, by language.
    pub name: BTreeMap<String, String>,
    /// What happens in it, by language.
    pub about: BTreeMap<String, String>,
}

impl From<Script> for ScriptView {
    fn from(script: Script) -> Self {
        Self { key: script.key, language: script.language, name: script.name, about: script.about }
    }
}

/// A run to start.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SimulatorRunInput)]
pub struct RunInput {
    /// The script's key.
    pub script: String,
    /// The same seed gives the same customers.
    #[serde(default)]
    pub seed: u32,
    /// 1 to 500.
    pub rate_per_min: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SimulatorRun)]
#[allow(missing_docs, reason = "named for what they are")]
pub struct RunView {
    pub id: Uuid,
    pub script: String,
    pub seed: u64,
    pub rate_per_min: u32,
    pub started_at: Ts,
    /// Customers who came.
    pub started_count: u64,
    /// Customers who were turned away.
    pub failed_count: u64,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            script: run.script,
            seed: run.seed,
            rate_per_min: run.rate_per_min,
            started_at: run.started_at.into(),
            started_count: run.started_count,
            failed_count: run.failed_count,
        }
    }
}

fn listed<T, V: From<T> + ToSchema>(all: Vec<T>) -> Json<List<V>> {
    Json(List { items: all.into_iter().map(V::from).collect(), page: Page::default() })
}

/// The scripts that simulated customers can follow.
#[utoipa::path(get, path = "/simulator/scripts", tag = "demo",
    responses((status = 200, body = List<ScriptView>), (status = "default", body = ProblemBody)))]
pub async fn scripts(caller: Caller) -> Answer<Json<List<ScriptView>>> {
    Ok(listed(simulator::scripts(caller.actor())?))
}

/// The runs under way.
#[utoipa::path(get, path = "/simulator/runs", tag = "demo",
    responses((status = 200, body = List<RunView>), (status = "default", body = ProblemBody)))]
pub async fn runs(State(api): State<Api>, caller: Caller) -> Answer<Json<List<RunView>>> {
    Ok(listed(simulator::runs(api.ctx(), caller.actor())?))
}

/// Lets simulated customers come.
#[utoipa::path(post, path = "/simulator/runs", tag = "demo", request_body = RunInput,
    responses((status = 201, body = RunView), (status = "default", body = ProblemBody)))]
pub async fn start(
    State(api): State<Api>,
    caller: Caller,
    Json(input): Json<RunInput>,
) -> Answer<(StatusCode, Json<RunView>)> {
    let input = Input { script: input.script, seed: input.seed.into(), rate_per_min: input.rate_per_min };
    let run = simulator::start(api.ctx(), caller.actor(), input).await?;
    Ok((StatusCode::CREATED, Json(run.into())))
}

/// Ends a run; its customers leave at once.
#[utoipa::path(delete, path = "/simulator/runs/{id}", tag = "demo", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn stop(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<StatusCode> {
    simulator::stop(api.ctx(), caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
