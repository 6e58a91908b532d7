//! Whether it lives, whether it is ready, what it is.

use std::collections::BTreeMap;

use app::health::Figures;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::permissions::{Permission, Resource};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::extract::Json;
use crate::metrics::Page;
use crate::problem::Code;
use crate::state::Api;
use crate::{Answer, auth};

/// `GET /healthz`: as soon as the process serves; asks nothing.
pub async fn healthz() -> Response {
    axum::Json(json!({ "status": "ok" })).into_response()
}

/// `GET /readyz`: whether every part answers; why not is told to administrators only.
pub async fn readyz(State(api): State<Api>, parts: Parts) -> Response {
    let checks = app::health::checks(api.ctx()).await;
    let is_ready = checks.iter().all(|(_, wrong)| wrong.is_none());
    let word = |wrong: &Option<String>| if wrong.is_none() { "ok" } else { "failed" };
    let words: BTreeMap<_, _> = checks.iter().map(|(name, wrong)| (*name, word(wrong))).collect();
    let mut body = json!({ "checks": words });
    let (headers, extensions) = (&parts.headers, &parts.extensions);
    if auth::has_credential(&api, headers)
        && let Ok(current) = auth::identify(&api, headers, extensions).await
        && current.actor.authorize(Permission::OrganizationEdit, Resource::Organization).is_ok()
    {
        body["details"] = json!(checks.into_iter().collect::<BTreeMap<_, _>>());
    }
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(body)).into_response()
}

/// `GET /metrics`: figures for Prometheus, to this machine itself or with `metrics.read`.
pub async fn metrics(State(api): State<Api>, parts: Parts) -> Answer<Response> {
    may_read_metrics(&api, &parts).await?;
    let figures = app::health::figures(api.ctx()).await?;
    let text = page(&api, &figures);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

async fn may_read_metrics(api: &Api, parts: &Parts) -> Answer<()> {
    let (headers, extensions) = (&parts.headers, &parts.extensions);
    if auth::has_credential(api, headers) {
        let current = auth::identify(api, headers, extensions).await?;
        return Ok(current.actor.authorize(Permission::MetricsRead, Resource::Organization)?);
    }
    let peer = auth::client_ip(api, headers, extensions);
    let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    if peer.is_some_and(|ip| ip.is_loopback()) && !is_forwarded { Ok(()) } else { Err(Code::Unauthenticated.into()) }
}

fn page(api: &Api, figures: &[Figures]) -> String {
    let mut page = Page::default();
    let requests: Vec<(String, String, u64)> =
        api.metrics().requests().into_iter().map(|((route, status), n)| (route, status.to_string(), n)).collect();
    let labels: Vec<_> =
        requests.iter().map(|(r, s, n)| ([("route", r.as_str()), ("status", s.as_str())], *n)).collect();
    let values = labels.iter().map(|(labels, n)| (&labels[..], *n));
    page.family("centralita_http_requests_total", "Answers by route and status.", "counter", values);
    of_store(&mut page, api);
    of_organizations(&mut page, figures);
    let sockets = api.sockets().open();
    page.one("centralita_sockets", "Open sockets.", "gauge", u64::try_from(sockets).unwrap_or(u64::MAX));
    page.into_text()
}

fn of_store(page: &mut Page, api: &Api) {
    let store = api.ctx().store().metrics();
    let counter = "counter";
    page.one("centralita_store_writes_total", "Write transactions run.", counter, store.jobs);
    page.one("centralita_store_commits_total", "Commits, each of one or more writes.", counter, store.batches);
    page.one("centralita_store_last_commit_writes", "Writes in the last commit.", "gauge", store.last_batch_jobs);
    page.one("centralita_store_write_queue", "Writes that wait.", "gauge", store.write_queue_depth);
    page.one("centralita_store_read_queue", "Reads that wait.", "gauge", store.read_queue_depth);
    page.one("centralita_store_slow_total", "Transactions that took too long.", counter, store.slow_jobs);
    page.one("centralita_store_retries_total", "Transactions run again.", counter, store.retries);
}

fn of_organizations(page: &mut Page, figures: &[Figures]) {
    let ids: Vec<String> =
        figures.iter().map(|f| f.organization.map(|id| id.to_string()).unwrap_or_default()).collect();
    let mut family = |name: &str, help: &str, kind: &str, value: fn(&Figures) -> u64| {
        let labels: Vec<_> =
            ids.iter().zip(figures).map(|(id, f)| ([("organization", id.as_str())], value(f))).collect();
        page.family(name, help, kind, labels.iter().map(|(labels, n)| (&labels[..], *n)));
    };
    family("centralita_event_lag", "Events that listeners have not heard.", "gauge", |f| f.event_lag);
    family("centralita_safety_net_finds_total", "Events no wake-up told of.", "counter", |f| f.net_found);
    family("centralita_router_items", "Work items the router holds.", "gauge", |f| f.router_items);
    family("centralita_staff_listeners", "Sockets of staff that listen.", "gauge", |f| f.staff_listeners);
    family("centralita_visitor_listeners", "Sockets of visitors that listen.", "gauge", |f| f.visitor_listeners);
    family("centralita_deliveries_queued", "Deliveries that wait.", "gauge", |f| delivering(f, "queued"));
    family("centralita_deliveries_sending", "Deliveries being sent.", "gauge", |f| delivering(f, "sending"));
}

fn delivering(figures: &Figures, state: &str) -> u64 {
    figures.deliveries.iter().filter(|(word, _)| word == state).map(|(_, n)| *n).sum()
}

/// What is running.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Version {
    /// Of the binary.
    pub version: &'static str,
    /// What the console's files hash to; `null` where it was not built.
    pub console_hash: Option<String>,
    /// Operations to be withdrawn.
    pub deprecations: Vec<String>,
}

/// What is running.
#[utoipa::path(get, path = "/version", tag = "operation", responses((status = 200, body = Version)))]
pub async fn version(State(api): State<Api>) -> Json<Version> {
    let console_hash = api.ctx().settings().console_hash.clone();
    Json(Version { version: env!("CARGO_PKG_VERSION"), console_hash, deprecations: Vec::new() })
}
