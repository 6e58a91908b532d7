//! Adding, changing, merging and erasing customers and their addresses.

use app::customers::{self, CustomerChange, IdentityChange, NewIdentity as Address, VerifyBy};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use domain::ids::{AgentId, CustomerId, IdentityId};
use domain::permissions::{Permission, Resource};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use super::conversation_commands::accepted;
use super::customers::cut;
use super::limit;
use crate::auth::Caller;
use crate::dto::customers::{
    AcceptProposal, Customer, CustomerMergeInput, CustomerPatch, EraseInput, Identity, IdentityPatch, Merge,
    MergeProposal, MoveInput, NewCustomer, NewIdentity, VerifyInput, VerifyMethod,
};
use crate::dto::desk::Job;
use crate::dto::{List, Money, Nothing};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, Problem, cursor, render, render_desk};

fn address(input: NewIdentity) -> Address {
    Address {
        kind: input.kind,
        address: input.address,
        display: input.display,
        is_primary: input.is_primary,
        is_shared: input.is_shared,
    }
}

/// An amount that can be kept: a code of three capitals, within what JSON numbers hold.
fn money(value: &Money) -> Answer<serde_json::Value> {
    let is_code = value.currency.len() == 3 && value.currency.bytes().all(|b| b.is_ascii_uppercase());
    if !is_code || value.amount.unsigned_abs() >= 1 << 53 {
        return Err(Problem::invalid("/value", "format"));
    }
    Ok(serde_json::json!({ "amount": value.amount, "currency": value.currency }))
}

fn shown(view: &customers::CustomerView) -> (Customer, i64) {
    (render::customer(&view.customer, Some(&view.identities)), view.customer.version)
}

/// Adds a customer.
#[utoipa::path(post, path = "/customers", tag = "customers", request_body = NewCustomer,
    responses((status = 201, body = Customer), (status = "default", body = ProblemBody)))]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    Json(input): Json<NewCustomer>,
) -> Answer<Versioned<Customer>> {
    let change = CustomerChange {
        name: Some(input.name),
        given_name: Some(input.given_name),
        family_name: Some(input.family_name),
        language: Some(input.language),
        time_zone: Some(input.time_zone),
        company_id: Some(input.company_id),
        owner_agent_id: Some(input.owner_agent_id.map(AgentId)),
        is_vip: Some(input.is_vip),
        is_blocked: None,
        value: Some(input.value.as_ref().map(money).transpose()?),
        renewal_on: Some(input.renewal_on),
        fields: Some(input.fields),
        tags: Some(input.tags),
    };
    let identities = input.identities.into_iter().map(address).collect();
    let new = customers::NewCustomer { change, identities, first_source: input.first_source };
    let (customer, version) = shown(&customers::create(api.ctx(), caller.actor(), new).await?);
    Ok(Versioned::created(customer, version))
}

/// Changes a customer.
#[utoipa::path(patch, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    request_body = CustomerPatch,
    responses((status = 200, body = Customer), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<CustomerPatch>,
) -> Answer<Versioned<Customer>> {
    let value = match &input.value {
        Some(Some(value)) => Some(Some(money(value)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = CustomerChange {
        name: input.name,
        given_name: input.given_name,
        family_name: input.family_name,
        language: input.language,
        time_zone: input.time_zone,
        company_id: input.company_id,
        owner_agent_id: input.owner_agent_id.map(|id| id.map(AgentId)),
        is_vip: input.is_vip,
        is_blocked: input.is_blocked,
        value,
        renewal_on: input.renewal_on,
        fields: input.fields,
        tags: input.tags,
    };
    let version = versions::wanted(&headers)?;
    let view = customers::update(api.ctx(), caller.actor(), CustomerId(id), version, change).await?;
    let (customer, version) = shown(&view);
    Ok(Versioned::ok(customer, version))
}

/// Everything kept of a customer, as canonical JSON (RFC 8785): the same record has the same bytes.
#[utoipa::path(get, path = "/customers/{id}/record", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = crate::dto::Object), (status = "default", body = ProblemBody)))]
pub async fn record(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    let record = customers::record(api.ctx(), caller.actor(), CustomerId(id)).await?;
    let text = domain::canonical::canonical(&record);
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(value) = HeaderValue::try_from(format!("sha-256=:{digest}:")) {
        response.headers_mut().insert(HeaderName::from_static("repr-digest"), value);
    }
    Ok(response)
}

/// Adds an address.
#[utoipa::path(post, path = "/customers/{id}/identities", tag = "customers", params(("id" = Uuid, Path)),
    request_body = NewIdentity,
    responses((status = 201, body = Identity), (status = "default", body = ProblemBody)))]
pub async fn add_identity(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<NewIdentity>,
) -> Answer<Versioned<Identity>> {
    let added = customers::add(api.ctx(), caller.actor(), CustomerId(id), address(input)).await?;
    Ok(Versioned::created((&added).into(), added.version))
}

/// Changes an address.
#[utoipa::path(patch, path = "/identities/{id}", tag = "customers", params(("id" = Uuid, Path)),
    request_body = IdentityPatch,
    responses((status = 200, body = Identity), (status = "default", body = ProblemBody)))]
pub async fn change_identity(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<IdentityPatch>,
) -> Answer<Versioned<Identity>> {
    let change = IdentityChange {
        address: input.address,
        display: input.display,
        is_primary: input.is_primary,
        is_shared: input.is_shared,
        reachability: input.reachability,
    };
    let version = versions::wanted(&headers)?;
    let changed = customers::change(api.ctx(), caller.actor(), IdentityId(id), version, change).await?;
    Ok(Versioned::ok((&changed).into(), changed.version))
}

/// Takes an address away.
#[utoipa::path(delete, path = "/identities/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove_identity(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let version = versions::wanted(&headers)?;
    customers::remove(api.ctx(), caller.actor(), IdentityId(id), version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Proves an address.
#[utoipa::path(post, path = "/identities/{id}/verify", tag = "customers", params(("id" = Uuid, Path)),
    request_body = VerifyInput,
    responses((status = 200, body = Identity), (status = "default", body = ProblemBody)))]
pub async fn verify_identity(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<VerifyInput>,
) -> Answer<Versioned<Identity>> {
    let by = match input.method {
        VerifyMethod::Code => VerifyBy::Code,
        VerifyMethod::Link => VerifyBy::Link,
        VerifyMethod::Admin => VerifyBy::Admin,
    };
    let verified = customers::verify(api.ctx(), caller.actor(), IdentityId(id), by).await?;
    Ok(Versioned::ok((&verified).into(), verified.version))
}

/// Gives an address to another customer.
#[utoipa::path(post, path = "/identities/{id}/move", tag = "customers", params(("id" = Uuid, Path)),
    request_body = MoveInput,
    responses((status = 200, body = Identity), (status = "default", body = ProblemBody)))]
pub async fn move_identity(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<MoveInput>,
) -> Answer<Versioned<Identity>> {
    let to = CustomerId(input.customer_id);
    let moved = customers::move_to(api.ctx(), caller.actor(), IdentityId(id), to).await?;
    Ok(Versioned::ok((&moved).into(), moved.version))
}

/// Merges another customer into this one. Nothing is moved: un-merging restores both.
#[utoipa::path(post, path = "/customers/{id}/merge", tag = "customers", params(("id" = Uuid, Path)),
    request_body = CustomerMergeInput,
    responses((status = 200, body = Merge), (status = "default", body = ProblemBody)))]
pub async fn merge(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<CustomerMergeInput>,
) -> Answer<Json<Merge>> {
    let (target, source) = (CustomerId(id), CustomerId(input.source_id));
    let (merge, undo) = customers::merge(api.ctx(), caller.actor(), target, source, input.field_choices).await?;
    Ok(Json(render_desk::merge(&merge, Some(undo))))
}

/// Ends a merge.
#[utoipa::path(post, path = "/merges/{id}/undo", tag = "customers", params(("id" = Uuid, Path)),
    request_body = Nothing,
    responses((status = 200, body = Merge), (status = "default", body = ProblemBody)))]
pub async fn unmerge(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<Merge>> {
    let merge = customers::unmerge(api.ctx(), caller.actor(), id).await?;
    Ok(Json(render_desk::merge(&merge, None)))
}

/// Whose merges.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MergesQuery {
    /// Of whom.
    customer_id: Uuid,
}

/// Every merge a customer took part in, newest first.
#[utoipa::path(get, path = "/merges", tag = "customers", params(MergesQuery),
    responses((status = 200, body = List<Merge>), (status = "default", body = ProblemBody)))]
pub async fn merges(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<MergesQuery>, Problem>,
) -> Answer<Json<List<Merge>>> {
    caller.actor().authorize(Permission::CustomersMerge, Resource::Any)?;
    let Query(query) = query?;
    let rows = customers::merges(api.ctx(), caller.actor(), CustomerId(query.customer_id)).await?;
    Ok(Json(List::whole(rows.iter().map(|row| render_desk::merge(row, None)))))
}

/// Which proposals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ProposalsQuery {
    /// `open` by default, `accepted` or `dismissed`.
    state: Option<String>,
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Proposals to merge, newest first.
#[utoipa::path(get, path = "/merge-proposals", tag = "customers", params(ProposalsQuery),
    responses((status = 200, body = List<MergeProposal>), (status = "default", body = ProblemBody)))]
pub async fn proposals(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ProposalsQuery>,
) -> Answer<Json<List<MergeProposal>>> {
    let state = query.state.as_deref().unwrap_or("open");
    if !["open", "accepted", "dismissed"].contains(&state) {
        return Err(Problem::invalid("?state", "enum"));
    }
    let (limit, noun) = (limit(query.limit)?, cursor::filtered("merge-proposals", &state));
    let before = cursor::id(&noun, query.after.as_deref())?;
    let mut rows = customers::proposals(api.ctx(), caller.actor(), state, before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_id(&noun, row.id));
    Ok(Json(List { items: rows.iter().map(|row| render_desk::proposal(row, None)).collect(), page }))
}

/// Accepts a proposal: both are merged.
#[utoipa::path(post, path = "/merge-proposals/{id}/accept", tag = "customers", params(("id" = Uuid, Path)),
    request_body = AcceptProposal,
    responses((status = 200, body = MergeProposal), (status = "default", body = ProblemBody)))]
pub async fn accept(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<AcceptProposal>,
) -> Answer<Json<MergeProposal>> {
    let accepted = Some((input.is_reversed, input.field_choices));
    let (proposal, merge) = customers::decide(api.ctx(), caller.actor(), id, accepted).await?;
    Ok(Json(render_desk::proposal(&proposal, merge.as_ref())))
}

/// Dismisses a proposal.
#[utoipa::path(post, path = "/merge-proposals/{id}/dismiss", tag = "customers", params(("id" = Uuid, Path)),
    request_body = Nothing,
    responses((status = 200, body = MergeProposal), (status = "default", body = ProblemBody)))]
pub async fn dismiss(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<MergeProposal>> {
    let (proposal, _) = customers::decide(api.ctx(), caller.actor(), id, None).await?;
    Ok(Json(render_desk::proposal(&proposal, None)))
}

/// Erases a customer with all their conversations.
#[utoipa::path(post, path = "/customers/{id}/erase", tag = "customers", params(("id" = Uuid, Path)),
    request_body = EraseInput,
    responses((status = 202, body = Job), (status = "default", body = ProblemBody)))]
pub async fn erase(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<EraseInput>,
) -> Answer<Response> {
    let job = customers::erase(api.ctx(), caller.actor(), CustomerId(id), &input.confirm).await?;
    Ok(accepted(&(&job).into()))
}
