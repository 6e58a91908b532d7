//! Types of channels.

use app::channels::TypeView;
use axum::extract::State;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::channel_setup::{ChannelType, SetupStepType};
use crate::dto::{List, Localized, Page};
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;

/// A text in both languages.
pub(super) fn localized([es, en]: [&str; 2]) -> Localized {
    [("es".to_owned(), es.to_owned()), ("en".to_owned(), en.to_owned())].into()
}

/// `/imap/host` is `imap.host` in forms.
pub(super) fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

impl From<&TypeView> for ChannelType {
    fn from(view: &TypeView) -> Self {
        let steps = view.steps.iter().map(|step| SetupStepType {
            key: step.key.to_owned(),
            kind: step.kind.as_str().to_owned(),
            name: localized([step.name.es, step.name.en]),
            fields: step.fields.iter().map(|pointer| dotted(pointer)).collect(),
            secrets: step.secrets.iter().map(|&name| name.to_owned()).collect(),
        });
        Self {
            kind: view.kind.to_owned(),
            family: view.family.to_owned(),
            name: localized(view.name),
            shape: view.shape.to_owned(),
            routing_kind: view.routing_kind.into(),
            capabilities: view.capabilities.clone(),
            config_schema: view.config_schema.clone(),
            setup_steps: steps.collect(),
        }
    }
}

/// Every type of channel there is.
#[utoipa::path(get, path = "/channel-types", tag = "channels",
    responses((status = 200, body = List<ChannelType>), (status = "default", body = ProblemBody)))]
pub async fn list(State(_api): State<Api>, caller: Caller) -> Answer<Json<List<ChannelType>>> {
    let types = app::channels::types(caller.actor())?;
    Ok(Json(List { items: types.iter().map(Into::into).collect(), page: Page::default() }))
}

/// One type of channel.
#[utoipa::path(get, path = "/channel-types/{kind}", tag = "channels", params(("kind" = String, Path)),
    responses((status = 200, body = ChannelType), (status = "default", body = ProblemBody)))]
pub async fn show(State(_api): State<Api>, caller: Caller, Ids(kind): Ids<String>) -> Answer<Json<ChannelType>> {
    let types = app::channels::types(caller.actor())?;
    let found = types.iter().find(|view| view.kind == kind).ok_or(Code::NotFound)?;
    Ok(Json(found.into()))
}
