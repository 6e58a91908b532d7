//! What rings for the caller, and the answers.

use app::offers::OfferView;
use axum::extract::State;
use domain::ids::{DeclineReasonId, OfferId};
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::work::{AcceptInput, AcceptResult, Assignment, DeclineInput, Offer};
use crate::extract::{Ids, Json};
use crate::problem::ProblemBody;
use crate::render;
use crate::routes::conversations::rendered;
use crate::state::Api;

/// What rings for the caller, oldest first.
#[utoipa::path(get, path = "/me/offers", tag = "offers",
    responses((status = 200, body = List<Offer>), (status = "default", body = ProblemBody)))]
pub async fn mine(State(api): State<Api>, caller: Caller) -> Answer<Json<List<Offer>>> {
    let views = app::offers::mine(api.ctx(), caller.actor()).await?;
    let labels = api.labels(caller.actor().organization);
    Ok(Json(List::whole(views.iter().map(|view| render::offer(view, &labels)))))
}

/// One of the caller's offers.
#[utoipa::path(get, path = "/offers/{id}", tag = "offers", params(("id" = Uuid, Path)),
    responses((status = 200, body = Offer), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Offer>> {
    let view = app::offers::one(api.ctx(), caller.actor(), OfferId(id)).await?;
    Ok(Json(render::offer(&view, &api.labels(caller.actor().organization))))
}

/// Accepts. Repeating the accept that won answers the same.
#[utoipa::path(post, path = "/offers/{id}/accept", tag = "offers", params(("id" = Uuid, Path)),
    request_body = AcceptInput, responses((status = 200, body = AcceptResult), (status = "default", body = ProblemBody)))]
pub async fn accept(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<AcceptInput>,
) -> Answer<Json<AcceptResult>> {
    let view = app::offers::accept(api.ctx(), caller.actor(), OfferId(id), input.epoch).await?;
    let conversation = match view.work.conversation_id {
        Some(id) => Some(rendered(&api, &caller, id, true).await?),
        None => None,
    };
    Ok(Json(AcceptResult {
        offer: render::offer(&view, &api.labels(caller.actor().organization)),
        work_item: (&view.work).into(),
        assignment: assignment(&api, &caller, &view).await?,
        conversation,
    }))
}

async fn assignment(api: &Api, caller: &Caller, view: &OfferView) -> Answer<Option<Assignment>> {
    let id = view.work.item.id;
    let owner = &api.ctx().runtime(caller.actor().organization)?.owner;
    let held = owner.look(move |router| router.assignment_of(id).cloned()).await?;
    Ok(held.map(|row| render::assignment(&row, &view.work.item)))
}

/// Declines: the work is offered to somebody else and keeps its place.
#[utoipa::path(post, path = "/offers/{id}/decline", tag = "offers", params(("id" = Uuid, Path)),
    request_body = DeclineInput, responses((status = 200, body = Offer), (status = "default", body = ProblemBody)))]
pub async fn decline(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<DeclineInput>,
) -> Answer<Json<Offer>> {
    let reason = input.reason_id.map(DeclineReasonId);
    let view = app::offers::decline(api.ctx(), caller.actor(), OfferId(id), input.epoch, reason).await?;
    Ok(Json(render::offer(&view, &api.labels(caller.actor().organization))))
}
