//! Refusals as `application/problem+json` (RFC 9457): one code, one status, one title each.
//!
//! # Invariants
//! - A code never changes its status; both stand in one table.
//! - Failures of ours (5xx) carry fixed text: what went wrong stands in the log beside the request id.
//! - [`Problem`] becomes bytes only in [`crate::envelope`], which knows the request id.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! codes {
    ($($status:literal { $($code:ident $text:literal $title:literal)* })*) => {
        /// What went wrong: stable, documented, translated by the console.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the titles say it")]
        pub enum Code { $($($code,)*)* }

        impl Code {
            /// Every code, in the order of the contract.
            pub const ALL: &'static [Self] = &[$($(Self::$code,)*)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$code => $text,)*)* }
            }

            /// Its fixed English title.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $($(Self::$code => $title,)*)* }
            }

            /// Its HTTP status.
            #[must_use]
            pub const fn status_number(self) -> u16 {
                match self { $($(Self::$code => $status,)*)* }
            }
        }
    };
}

codes! {
    400 {
        MalformedBody "malformed_body" "The body is not valid JSON"
        BadCursor "bad_cursor" "The cursor belongs to another list"
        BadHeader "bad_header" "A header has no valid value"
        AmbiguousCredentials "ambiguous_credentials" "More than one credential was sent"
        IdempotencyKeyRequired "idempotency_key_required" "This call needs an Idempotency-Key"
    }
    401 {
        Unauthenticated "unauthenticated" "Sign in first"
        InvalidCredentials "invalid_credentials" "Address or password is wrong"
        SessionExpired "session_expired" "The session has ended"
        TokenRevoked "token_revoked" "The token was revoked"
        SecondFactorRequired "second_factor_required" "A second factor is needed"
        LinkUsed "link_used" "The link was used already"
        LinkExpired "link_expired" "The link has expired"
        IdentityTokenInvalid "identity_token_invalid" "The identity token is not valid"
        SignatureInvalid "signature_invalid" "The signature does not fit"
        SignatureStale "signature_stale" "The signature is too old or too new"
    }
    403 {
        Forbidden "forbidden" "A permission is missing"
        CsrfFailed "csrf_failed" "The CSRF token is missing or wrong"
        OriginForbidden "origin_forbidden" "This origin may not call"
        OfferNotYours "offer_not_yours" "The offer is a colleague's"
        OutOfScope "out_of_scope" "The permission does not reach this far"
        VisitorBlocked "visitor_blocked" "This visitor is blocked"
        IpNotAllowed "ip_not_allowed" "This address may not use the token"
    }
    404 { NotFound "not_found" "There is no such thing" }
    405 { MethodNotAllowed "method_not_allowed" "The resource does not know this method" }
    406 { NotAcceptable "not_acceptable" "No representation fits the Accept header" }
    409 {
        IdempotencyInProgress "idempotency_in_progress" "The first call with this key is still running"
        AlreadyExists "already_exists" "It exists already"
        OfferExpired "offer_expired" "The offer ran out before the answer arrived"
        OfferClosed "offer_closed" "The offer is no longer open"
        StaleEpoch "stale_epoch" "The answer comes from an earlier session"
        WorkItemState "work_item_state" "The work item's state does not allow this"
        NotQueued "not_queued" "The work item is not queued"
        OverCapacity "over_capacity" "The agent has no capacity left"
        AlreadyAssigned "already_assigned" "Another agent holds it"
        NewerEntries "newer_entries" "Newer entries arrived meanwhile"
        ConversationResolved "conversation_resolved" "The conversation is resolved"
        ConversationMerged "conversation_merged" "The conversation was merged into another"
        InUse "in_use" "It is in use"
        ChannelDisabled "channel_disabled" "The channel is disabled"
        MergeConflict "merge_conflict" "Some fields differ and need a choice"
        UndoStale "undo_stale" "Something later depends on it"
        SetupDone "setup_done" "Set-up is done already"
        LastAdmin "last_admin" "The last administrator must stay"
        AgentHasWork "agent_has_work" "The agent still holds work"
        MonitorActive "monitor_active" "A monitor is active already"
        NotPending "not_pending" "It is no longer pending"
        NoMailChannel "no_mail_channel" "No mail channel is switched on to send it"
    }
    410 {
        Gone "gone" "It is gone"
        UndoExpired "undo_expired" "The time to undo has passed"
        Erased "erased" "It was erased"
        CursorExpired "cursor_expired" "The cursor is too old"
    }
    412 { VersionConflict "version_conflict" "It was changed meanwhile" }
    413 {
        BodyTooLarge "body_too_large" "The body is too large"
        AttachmentTooLarge "attachment_too_large" "The attachment is too large"
    }
    414 { UriTooLong "uri_too_long" "The address is too long" }
    415 { UnsupportedMediaType "unsupported_media_type" "This media type is not taken here" }
    422 {
        Invalid "invalid" "Some values are not valid"
        UnknownField "unknown_field" "A field or parameter is unknown"
        IdempotencyMismatch "idempotency_mismatch" "The key was used with another body"
        BadFilter "bad_filter" "The filter cannot be read"
        PasswordWeak "password_weak" "The password is too weak"
        WrapUpCodeRequired "wrap_up_code_required" "A wrap-up code is needed"
        DeclineReasonRequired "decline_reason_required" "A reason is needed to decline"
        ReasonRequired "reason_required" "A reason is needed"
        FieldsRequired "fields_required" "Some fields must be filled first"
        WindowClosed "window_closed" "The channel's window is closed"
        ConsentMissing "consent_missing" "Consent is missing"
        OptedOut "opted_out" "The customer opted out"
        QuietHours "quiet_hours" "It is the customer's quiet time"
        TemplateRequired "template_required" "The channel needs a template"
        TemplateParamsMissing "template_params_missing" "The template needs parameters"
        CapabilityUnsupported "capability_unsupported" "The channel cannot do this"
        TextTooLong "text_too_long" "The text is too long for the channel"
        NoReplyRoute "no_reply_route" "There is no way to answer"
        AudienceRequired "audience_required" "Say whether the answer is public"
        PlanUnmatchable "plan_unmatchable" "The plan contradicts itself"
        OverflowCycle "overflow_cycle" "Queues overflow in a circle"
        ConfigInvalid "config_invalid" "The configuration is not valid"
        SetupStepFailed "setup_step_failed" "The set-up step failed"
        CannotMerge "cannot_merge" "These cannot be merged"
    }
    428 { PreconditionRequired "precondition_required" "This call needs If-Match" }
    429 {
        RateLimited "rate_limited" "Too many calls"
        RoutingLimit "routing_limit" "Too many demand classes"
        SignInDelayed "sign_in_delayed" "Too many failed sign-ins"
    }
    431 { HeadersTooLarge "headers_too_large" "The headers are too large" }
    500 { Internal "internal" "Something went wrong here" }
    502 { ProviderError "provider_error" "The provider answered with an error" }
    503 {
        Unavailable "unavailable" "Not available at the moment"
        Starting "starting" "Still starting"
        Draining "draining" "Shutting down"
    }
    507 { StorageFull "storage_full" "There is no space left; reading goes on" }
}

impl Code {
    /// Its HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.status_number()).expect("invariant: the table holds valid statuses")
    }

    /// The code for a bare status that some layer answered with.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.status_number() == status.as_u16())
            .unwrap_or(if status.is_server_error() { Self::Internal } else { Self::MalformedBody })
    }
}

/// One thing wrong with one value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer into the body, or `?name` of a query parameter.
    pub pointer: String,
    /// `required`, `type`, `range`, `length`, `format`, `pattern`, `enum`, `duplicate` or `unknown_reference`.
    pub code: String,
    /// For developers, in English.
    pub detail: Option<String>,
    /// Values that belong to the code, `max` for one.
    pub params: Map<String, Value>,
}

impl FieldError {
    /// An error at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &str) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: None, params: Map::new() }
    }
}

/// The body of every refusal, for the OpenAPI document. Members named with the code stand beside these.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `/problems/<code>`
    pub r#type: String,
    /// Fixed English per code.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// For developers, in English; never secrets or message text.
    pub detail: Option<String>,
    /// `urn:uuid:<request id>`
    pub instance: String,
    /// Stable.
    pub code: String,
    /// The same as `X-Request-Id`.
    pub request_id: Uuid,
    /// What is wrong with which value.
    pub errors: Option<Vec<FieldError>>,
    /// When to try again, in ms from now.
    pub retry_after_ms: Option<u64>,
}

/// A refusal on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Which.
    pub code: Code,
    detail: Option<String>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    retry_after_ms: Option<u64>,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), members: Map::new(), retry_after_ms: None }
    }
}

impl Problem {
    /// 422 `invalid` for one value.
    #[must_use]
    pub fn invalid(pointer: impl Into<String>, code: &str) -> Self {
        Self::from(Code::Invalid).with_error(FieldError::new(pointer, code))
    }

    /// Adds what a developer needs to know. Dropped for 5xx.
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.detail = Some(text.into());
        self
    }

    /// Adds a member named with the code.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds what is wrong with one value.
    #[must_use]
    pub fn with_error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after_ms(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    /// Value of `Retry-After` in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after_ms.map(|ms| ms.div_ceil(1_000))
    }

    /// The document for the request `id`.
    #[must_use]
    pub fn body(&self, id: Uuid) -> Value {
        let is_ours = self.code.status().is_server_error();
        let mut body = json!({
            "type": format!("/problems/{}", self.code.as_str()),
            "title": self.code.title(),
            "status": self.code.status_number(),
            "detail": self.detail.as_ref().filter(|_| !is_ours),
            "instance": format!("urn:uuid:{id}"),
            "code": self.code.as_str(),
            "request_id": id,
        });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        if let Some(ms) = self.retry_after_ms {
            body["retry_after_ms"] = json!(ms);
        }
        for (name, value) in &self.members {
            body[name] = value.clone();
        }
        body
    }
}

impl IntoResponse for Problem {
    /// An empty response that carries the problem as an extension; the envelope writes it out.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What every handler answers.
pub type Answer<T> = Result<T, Problem>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_codes_share_a_word() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
    }

    #[test]
    fn a_failure_of_ours_says_nothing_about_itself() {
        let body = Problem::from(Code::Internal).detail("disk on fire").body(Uuid::nil());
        assert_eq!(body["detail"], Value::Null);
    }

    #[test]
    fn members_stand_beside_the_fixed_ones() {
        let body = Problem::from(Code::OfferClosed).with("state", "declined").body(Uuid::nil());
        assert_eq!(
            (&body["code"], &body["state"], &body["status"]),
            (&json!("offer_closed"), &json!("declined"), &json!(409))
        );
        assert_eq!(body["type"], "/problems/offer_closed");
    }
}
