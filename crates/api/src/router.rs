//! Every path of the API, and the document that describes them.

use std::sync::Arc;

use app::Ctx;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, middleware};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::events::StreamEvent;
use crate::dto::stream::{ClientFrame, ServerFrame};
use crate::dto::words::InboxList;
use crate::envelope::{self, RequestIds};
use crate::problem::{Code, Problem, ProblemBody};
use crate::routes::*;
use crate::state::Api;
use crate::{cors, guard, socket};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Centralita", description = "Omnichannel contact centre: REST and socket, v1", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/api/v1")),
    components(schemas(ProblemBody, ServerFrame, ClientFrame, InboxList, StreamEvent))
)]
struct Document;

/// Everything below `/api/v1` that staff calls.
fn staff() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(setup::show, setup::complete))
        .routes(routes!(sessions::sign_in, sessions::show, sessions::sign_out))
        .routes(routes!(sessions::use_link))
        .routes(routes!(sessions::switch))
        .routes(routes!(sessions::list, sessions::revoke_others))
        .routes(routes!(sessions::revoke))
        .routes(routes!(bootstrap::show))
        .routes(routes!(bootstrap::counts))
        .routes(routes!(bootstrap::show_limits))
        .routes(routes!(health::version))
        .routes(routes!(presence::show, presence::set))
        .routes(routes!(offers::mine))
        .routes(routes!(offers::show))
        .routes(routes!(offers::accept))
        .routes(routes!(offers::decline))
        .routes(routes!(work_items::list, work_create::create))
        .routes(routes!(work_items::show, work_manage::edit))
        .routes(routes!(work_items::pull))
        .routes(routes!(work_items::complete))
        .routes(routes!(work_items::finish_wrap_up))
        .routes(routes!(work_items::extend_wrap_up))
        .routes(routes!(work_items::transfer))
        .merge(desk())
        .merge(access())
        .merge(email())
        .merge(demo())
        .merge(files())
        .merge(inbox())
        .merge(nouns())
        .merge(routing())
}

fn access() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(api_tokens::list, api_tokens::create))
        .routes(routes!(api_tokens::show, api_tokens::update, api_tokens::delete))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(passwords::request))
        .routes(routes!(passwords::complete))
        .routes(routes!(roles::list, roles::create))
        .routes(routes!(roles::show, roles::update, roles::delete))
        .routes(routes!(teams::list, teams::create))
        .routes(routes!(teams::show, teams::update, teams::delete))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show, users::update, users::delete))
        .routes(routes!(users::disable))
        .routes(routes!(users::enable))
}

fn email() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(channel_types::list))
        .routes(routes!(channel_types::show))
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(channels::show, channels::update, channels::archive))
        .routes(routes!(channels::set_secrets))
        .routes(routes!(channels::check))
        .routes(routes!(channels::enable))
        .routes(routes!(channels::disable))
        .routes(routes!(channels::setup))
        .routes(routes!(channels::setup_step))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::raw))
        .routes(routes!(dead_letters::retry))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(deliveries::raw))
        .routes(routes!(deliveries::retry))
        .routes(routes!(deliveries::cancel))
}

fn files() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(attachments::add))
        .routes(routes!(attachments::show))
        .routes(routes!(attachments::content))
        .routes(routes!(attachments::preview))
        .routes(routes!(search::find))
}

/// What a trial installation is tried out with.
fn demo() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(demo::seed, demo::clear))
        .routes(routes!(simulator::scripts))
        .routes(routes!(simulator::runs, simulator::start))
        .routes(routes!(simulator::stop))
}

fn inbox() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(conversations::list, conversation_commands::open))
        .routes(routes!(conversations::show, conversation_commands::update, conversation_commands::delete))
        .routes(routes!(conversations::read))
        .routes(routes!(conversations::interactions))
        .routes(routes!(conversations::composer))
        .routes(routes!(entries::list))
        .routes(routes!(entries::send))
        .routes(routes!(entries::note))
        .routes(routes!(drafts::list))
        .routes(routes!(drafts::show, drafts::save, drafts::delete))
}

/// The desk: commands, small nouns, customers.
fn desk() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(companies::list, companies::create))
        .routes(routes!(companies::show, companies::update, companies::delete))
        .routes(routes!(conversation_commands::bulk))
        .routes(routes!(conversation_commands::follow, conversation_commands::unfollow))
        .routes(routes!(conversation_commands::link, conversation_commands::unlink))
        .routes(routes!(conversation_commands::merge))
        .routes(routes!(conversation_commands::reopen))
        .routes(routes!(conversation_commands::resolve))
        .routes(routes!(conversation_commands::snooze))
        .routes(routes!(conversation_commands::split))
        .routes(routes!(conversation_commands::undo))
        .routes(routes!(conversation_commands::unmerge))
        .routes(routes!(conversation_commands::unsnooze))
        .routes(routes!(conversation_statuses::list, conversation_statuses::create))
        .routes(routes!(conversation_statuses::show, conversation_statuses::update, conversation_statuses::delete))
        .routes(routes!(conversations::events))
        .routes(routes!(conversations::unread))
        .routes(routes!(conversations::work_items))
        .routes(routes!(customer_changes::accept))
        .routes(routes!(customer_changes::add_identity))
        .routes(routes!(customer_changes::change_identity, customer_changes::remove_identity))
        .routes(routes!(customer_changes::dismiss))
        .routes(routes!(customer_changes::erase))
        .routes(routes!(customer_changes::merge))
        .routes(routes!(customer_changes::merges))
        .routes(routes!(customer_changes::move_identity))
        .routes(routes!(customer_changes::proposals))
        .routes(routes!(customer_changes::record))
        .routes(routes!(customer_changes::unmerge))
        .routes(routes!(customer_changes::verify_identity))
        .routes(routes!(entry_marks::react, entry_marks::unreact))
        .routes(routes!(entry_marks::redact))
        .routes(routes!(entry_marks::show, entry_marks::edit, entry_marks::delete))
        .routes(routes!(fields::list, fields::create))
        .routes(routes!(fields::show, fields::update, fields::delete))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read))
        .routes(routes!(tags::list, tags::create))
        .routes(routes!(tags::show, tags::update, tags::delete))
        .routes(routes!(transcripts::send))
        .routes(routes!(views::count))
        .routes(routes!(views::list, views::create))
        .routes(routes!(views::parse))
        .routes(routes!(views::show, views::update, views::delete))
}

fn nouns() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(customers::list, customer_changes::create))
        .routes(routes!(customers::show, customer_changes::update))
        .routes(routes!(customers::timeline))
        .routes(routes!(settings::organization, settings::update_organization))
        .routes(routes!(people::invite))
        .routes(routes!(people::accept))
}

/// How work is routed: configuration, agents, work from outside.
fn routing() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(agents::show, agents::change, agents::remove))
        .routes(routes!(agents::set_skills))
        .routes(routes!(agents::set_queues))
        .routes(routes!(agents::set_presence))
        .routes(routes!(agents::force_logout))
        .routes(routes!(business_hours::list, business_hours::create))
        .routes(routes!(business_hours::show, business_hours::change, business_hours::remove))
        .routes(routes!(config_document::show))
        .routes(routes!(config_document::apply))
        .routes(routes!(decline_reasons::list, decline_reasons::create))
        .routes(routes!(decline_reasons::show, decline_reasons::change, decline_reasons::remove))
        .routes(routes!(presence_configs::list, presence_configs::create))
        .routes(routes!(presence_configs::show, presence_configs::change, presence_configs::remove))
        .routes(routes!(presence_statuses::list, presence_statuses::create))
        .routes(routes!(presence_statuses::show, presence_statuses::change, presence_statuses::remove))
        .routes(routes!(queues::list, queues::create))
        .routes(routes!(queues::show, queues::change, queues::remove))
        .routes(routes!(queues::open))
        .routes(routes!(queues::close))
        .routes(routes!(routing_configs::list, routing_configs::create))
        .routes(routes!(routing_configs::show, routing_configs::change, routing_configs::remove))
        .routes(routes!(skills::list, skills::create))
        .routes(routes!(skills::show, skills::change, skills::remove))
        .routes(routes!(work_manage::pause))
        .routes(routes!(work_manage::resume))
        .routes(routes!(work_manage::reassign))
        .routes(routes!(work_manage::cancel))
        .routes(routes!(dispositions::show, dispositions::set))
        .routes(routes!(explain::history))
        .routes(routes!(explain::explain))
        .routes(routes!(wrap_up_codes::list, wrap_up_codes::create))
        .routes(routes!(wrap_up_codes::show, wrap_up_codes::change, wrap_up_codes::remove))
}

/// What visitors call, below `/api/v1/widget/{key}`.
fn visitors() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(widget::config))
        .routes(routes!(widget::open))
        .routes(routes!(widget::identify))
        .routes(routes!(widget::sign_out))
        .routes(routes!(widget::conversations))
        .routes(routes!(widget::messages))
        .routes(routes!(widget::post))
        .routes(routes!(widget::read))
        .routes(routes!(widget::end))
        .routes(routes!(widget::events))
        .routes(routes!(widget_after::notify))
        .routes(routes!(widget_after::rate))
        .routes(routes!(widget_after::transcript))
        .routes(routes!(widget_files::add))
        .routes(routes!(widget_files::content))
}

fn described() -> OpenApiRouter<Api> {
    staff().nest("/widget/{key}", visitors())
}

/// The document that describes the REST API.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = described().into_openapi();
    crate::dto::events::describe(&mut document);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// A name for each operation, unique because path and method are: `post_offers_id_accept`.
fn operation_id(method: &str, path: &str) -> String {
    let parts =
        path.split('/').filter(|part| !part.is_empty()).map(|part| part.trim_matches(['{', '}']).replace('-', "_"));
    std::iter::once(method.to_owned()).chain(parts).collect::<Vec<_>>().join("_")
}

/// Every path of the API over `ctx`. Has no fallback outside `/api`: merge it with the pages.
pub fn router(ctx: Ctx) -> Router {
    let api = Api::new(ctx.clone());
    let ids: RequestIds = Arc::new(move || ctx.new_id());
    let around = envelope::Around { ids, api: api.clone() };
    let (guarded, _) = visitors().split_for_parts();
    let guarded = guarded
        .route("/stream", get(socket::visitor))
        .route("/{*rest}", any(nothing_here))
        .method_not_allowed_fallback(not_allowed)
        .route_layer(middleware::from_fn_with_state(api.clone(), guard::visitors))
        .route_layer(middleware::from_fn_with_state(api.clone(), cors::guard));
    let (open, _) = staff().split_for_parts();
    let open = open
        .route("/stream", get(socket::staff))
        .route_layer(middleware::from_fn_with_state(api.clone(), guard::staff));
    let v1 = open.route("/openapi.json", get(document)).nest("/widget/{key}", guarded);
    Router::new()
        .nest("/api/v1", v1)
        .route("/api", any(nothing_here))
        .route("/api/{*rest}", any(nothing_here))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .method_not_allowed_fallback(not_allowed)
        .with_state(api)
        .layer(CatchPanicLayer::custom(envelope::panicked))
        .layer(middleware::from_fn_with_state(around, envelope::wrap))
}

async fn document() -> Response {
    let mut response = axum::Json(openapi()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn nothing_here() -> Problem {
    Code::NotFound.into()
}

async fn not_allowed(State(_state): State<Api>, method: Method) -> Problem {
    Problem::from(Code::MethodNotAllowed).detail(format!("{method} is not known here"))
}
