//! The audit trail.

use app::audit;
use app::model::AuditEntry;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::api_tokens::page;
use crate::auth::Caller;
use crate::dto::access::{AuditRecord, AuditResource, AuditVerdict};
use crate::dto::{List, Ts};
use crate::extract::{Json, Query};
use crate::problem::{Problem, ProblemBody};
use crate::state::Api;
use crate::{Answer, cursor, render};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |text, byte| format!("{text}{byte:02x}"))
}

impl From<&AuditEntry> for AuditRecord {
    fn from(row: &AuditEntry) -> Self {
        let record = &row.record;
        Self {
            id: record.id,
            at: record.at.into(),
            actor: render::actor(&record.actor),
            action: record.action.clone(),
            resource: AuditResource { r#type: record.resource_type.clone(), id: record.resource_id },
            before: record.before.clone(),
            after: record.after.clone(),
            ip: row.ip.clone(),
            session_id: row.session_id,
            reason: record.reason.clone(),
            prev_hash: row.prev_hash.as_deref().map(hex),
            hash: row.hash.as_deref().map(hex),
            created_at: record.at.into(),
        }
    }
}

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// 1 to 200.
    pub limit: Option<i64>,
    /// Cursor of the page before.
    pub after: Option<String>,
    /// Id of a user, agent or token.
    pub actor: Option<Uuid>,
    /// `role.updated` for one.
    pub action: Option<String>,
    /// A noun, `role`; or one of them, `role:<id>`.
    pub resource: Option<String>,
    /// From this instant on.
    #[param(value_type = Option<String>)]
    pub from_at: Option<Ts>,
    /// Before this instant.
    #[param(value_type = Option<String>)]
    pub to_at: Option<Ts>,
}

impl AuditQuery {
    fn filter(&self) -> Answer<audit::Query> {
        let wrong = || Problem::invalid("?resource", "format");
        let (noun, id) = match self.resource.as_deref().map(|text| text.split_once(':').ok_or(text)) {
            Some(Ok((noun, id))) => (Some(noun), Some(id.parse().map_err(|_| wrong())?)),
            Some(Err(noun)) => (Some(noun), None),
            None => (None, None),
        };
        Ok(audit::Query {
            action: self.action.clone(),
            resource_type: noun.map(str::to_owned),
            resource_id: id,
            actor_id: self.actor,
            from_at: self.from_at.map(|at| at.0),
            to_at: self.to_at.map(|at| at.0),
            operations_only: false,
        })
    }
}

/// Who changed what, newest first.
#[utoipa::path(get, path = "/audit-records", tag = "operation", params(AuditQuery),
    responses((status = 200, body = List<AuditRecord>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<List<AuditRecord>>> {
    let limit = super::limit(query.limit)?;
    let before = cursor::id("audit_records", query.after.as_deref())?;
    let rows = audit::list(api.ctx(), caller.actor(), query.filter()?, before, limit + 1).await?;
    Ok(Json(page("audit_records", rows, limit, |row| row.record.id)))
}

/// Computes the chain of records anew and compares.
#[utoipa::path(get, path = "/audit-records/verify", tag = "operation",
    responses((status = 200, body = AuditVerdict), (status = "default", body = ProblemBody)))]
pub async fn verify(State(api): State<Api>, caller: Caller) -> Answer<Json<AuditVerdict>> {
    let verdict = audit::verify(api.ctx(), caller.actor()).await?;
    Ok(Json(AuditVerdict {
        is_intact: verdict.is_intact,
        sealed_count: verdict.sealed_count,
        unsealed_count: verdict.unsealed_count,
        first_broken_id: verdict.first_broken_id,
        last_hash: verdict.last_hash.as_deref().map(hex),
    }))
}
