//! Which code each refusal of a use case has on the wire.

use app::Error;
use domain::permissions::Denied;
use domain::routing::Refused;
use serde_json::json;

use crate::dto::words::{OfferState, WorkItemState};
use crate::problem::{Code, FieldError, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Code::NotFound.into(),
            Error::Denied(denied) => of_denied(denied),
            Error::Invalid(errors) => errors.into_iter().fold(Code::Invalid.into(), |problem: Self, e| {
                problem.with_error(FieldError { detail: Some(e.detail), ..FieldError::new(e.pointer, e.code) })
            }),
            Error::InvalidCredentials => Code::InvalidCredentials.into(),
            Error::SignInDelayed { retry_after_ms } => {
                Self::from(Code::SignInDelayed).retry_after_ms(positive(retry_after_ms))
            }
            Error::RateLimited { retry_after_ms } => {
                Self::from(Code::RateLimited).retry_after_ms(positive(retry_after_ms))
            }
            Error::Unauthenticated => Code::Unauthenticated.into(),
            Error::SessionExpired => Code::SessionExpired.into(),
            Error::TokenRevoked => Code::TokenRevoked.into(),
            Error::IpNotAllowed => Code::IpNotAllowed.into(),
            Error::LastAdmin => Code::LastAdmin.into(),
            Error::IdempotencyInProgress => Self::from(Code::IdempotencyInProgress).retry_after_ms(1_000),
            Error::LinkUsed => Code::LinkUsed.into(),
            Error::LinkExpired => Code::LinkExpired.into(),
            Error::SetupDone => Code::SetupDone.into(),
            Error::PasswordWeak { min_length } => Self::from(Code::PasswordWeak).with("min_length", min_length),
            Error::IdempotencyMismatch => Code::IdempotencyMismatch.into(),
            Error::NewerEntries { first_seq } => Self::from(Code::NewerEntries).with("first_seq", first_seq),
            Error::NoReplyRoute => Code::NoReplyRoute.into(),
            Error::NoMailChannel => Code::NoMailChannel.into(),
            Error::ChannelDisabled => Code::ChannelDisabled.into(),
            Error::TextTooLong { max } => Self::from(Code::TextTooLong).with("max", max).with("unit", "code_points"),
            Error::VisitorBlocked => Code::VisitorBlocked.into(),
            Error::OriginForbidden => Code::OriginForbidden.into(),
            Error::AgentHasWork { count } => Self::from(Code::AgentHasWork).with("count", count),
            Error::Refused(refused) => of_refused(refused),
            Error::BadFilter(bad) => Self::from(Code::BadFilter).with("position", bad.position).detail(bad.reason),
            Error::CannotMerge(why) => Self::from(Code::CannotMerge).detail(why),
            Error::ConversationMerged { into } => {
                Self::from(Code::ConversationMerged).with("merged_into_id", json!(into))
            }
            Error::Erased => Code::Erased.into(),
            Error::FieldsRequired { fields } => {
                fields.iter().fold(Code::FieldsRequired.into(), |problem: Self, key| {
                    problem.with_error(FieldError::new(format!("/fields/{key}"), "required"))
                })
            }
            Error::MergeConflict { fields } => Self::from(Code::MergeConflict).with("fields", json!(fields)),
            Error::Tried(_) => {
                tracing::error!("what was only tried came out of its use case");
                Code::Internal.into()
            }
            Error::UndoExpired => Code::UndoExpired.into(),
            Error::UndoStale => Code::UndoStale.into(),
            Error::NotPending => Code::NotPending.into(),
            Error::SetupStepFailed { code, side, es, en, detail } => Self::from(Code::SetupStepFailed)
                .with("error", json!({ "code": code, "side": side, "text": { "es": es, "en": en } }))
                .detail(detail),
            Error::Keys(source) => {
                tracing::error!(error = &source as &dyn std::error::Error, "the secret keys cannot be used");
                Code::Internal.into()
            }
            Error::VersionConflict { current } => Self::from(Code::VersionConflict).with("current_version", current),
            Error::UnknownField { pointer } => {
                Self::from(Code::UnknownField).with_error(FieldError::new(pointer, "unknown_field"))
            }
            Error::InUse { by } => Self::from(Code::InUse).with("by", json!(by)),
            Error::OverflowCycle(path) => Self::from(Code::OverflowCycle).detail(path),
            Error::ConfigInvalid(errors) => errors.into_iter().fold(Code::ConfigInvalid.into(), |problem: Self, e| {
                problem.with_error(FieldError { detail: Some(e.detail), ..FieldError::new(e.pointer, e.code) })
            }),
            Error::ReasonRequired => Code::ReasonRequired.into(),
            Error::WrapUpCodeRequired => Code::WrapUpCodeRequired.into(),
            Error::Unsupported { feature } => Self::from(Code::CapabilityUnsupported).with("feature", feature),
            Error::AlreadyExists { existing_id } => {
                Self::from(Code::AlreadyExists).with("existing_id", json!(existing_id))
            }
            Error::AttachmentTooLarge { max_bytes } => {
                Self::from(Code::AttachmentTooLarge).with("max_bytes", max_bytes)
            }
            Error::CapabilityUnsupported { feature } => {
                Self::from(Code::CapabilityUnsupported).with("feature", feature)
            }
            Error::MediaTypeRefused { media_type } => {
                Self::from(Code::UnsupportedMediaType).with("media_type", media_type)
            }
            Error::IdentityToken(reason) => Self::from(Code::IdentityTokenInvalid).with("reason", reason.as_str()),
            Error::StorageFull => Code::StorageFull.into(),
            Error::Unavailable(_) => Self::from(Code::Unavailable).retry_after_ms(1_000),
            Error::Files(source) => {
                tracing::error!(error = &source as &dyn std::error::Error, "a file could not be read or written");
                Code::Internal.into()
            }
            Error::Store(source) => {
                tracing::error!(error = &source as &dyn std::error::Error, "the store failed");
                Code::Internal.into()
            }
        }
    }
}

fn positive(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or_default()
}

fn of_denied(denied: Denied) -> Problem {
    match denied {
        Denied::Forbidden(permission) => Problem::from(Code::Forbidden).with("permission", permission.as_str()),
        Denied::OutOfScope { permission, scope } => {
            Problem::from(Code::OutOfScope).with("permission", permission.as_str()).with("scope", scope.as_str())
        }
    }
}

fn of_refused(refused: Refused) -> Problem {
    let detail = refused.to_string();
    let problem = match refused {
        Refused::UnknownItem
        | Refused::UnknownOffer
        | Refused::UnknownAgent
        | Refused::UnknownQueue
        | Refused::UnknownStatus => Code::NotFound.into(),
        Refused::OfferExpired => Code::OfferExpired.into(),
        Refused::OfferClosed { state } => {
            Problem::from(Code::OfferClosed).with("state", json!(OfferState::from(state)))
        }
        Refused::StaleEpoch => Code::StaleEpoch.into(),
        Refused::OfferNotYours => Code::OfferNotYours.into(),
        Refused::DeclineNotAllowed => Problem::from(Code::Forbidden).with("permission", "offers.decline"),
        Refused::DeclineReasonRequired => Code::DeclineReasonRequired.into(),
        Refused::ItemState { state } => {
            Problem::from(Code::WorkItemState).with("state", json!(WorkItemState::from(state)))
        }
        Refused::AlreadyAssigned { agent } => Problem::from(Code::AlreadyAssigned).with("agent_id", json!(agent)),
        Refused::NoExtensionLeft => Problem::from(Code::WorkItemState).with("state", "wrap_up"),
        Refused::AgentHasWork { count } => Problem::from(Code::AgentHasWork).with("count", count),
        Refused::OutOfRange(_) => Code::Invalid.into(),
        Refused::AlreadyExists => Code::AlreadyExists.into(),
    };
    problem.detail(detail)
}
