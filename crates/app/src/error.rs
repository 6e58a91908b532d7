//! Why a use case changed nothing. Every variant has its stable code on the wire (api.md §1.8).

use domain::permissions::Denied;
use domain::routing::Refused;
use uuid::Uuid;

/// One wrong value of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON Pointer into the body.
    pub pointer: String,
    /// `required`, `length`, `range`, `format`, `enum`, `duplicate`, `unknown_reference` …
    pub code: &'static str,
    /// For developers.
    pub detail: String,
}

/// Why a use case changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the actor may not know of it.
    #[error("not found")]
    NotFound,
    /// The permission is missing or too narrow.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Values are wrong.
    #[error("the input is invalid")]
    Invalid(Vec<FieldError>),
    /// Address or password is wrong; which of them is not said.
    #[error("address or password is wrong")]
    InvalidCredentials,
    /// Too many failures; try again later.
    #[error("too many attempts; wait {retry_after_ms} ms")]
    SignInDelayed {
        /// How long.
        retry_after_ms: i64,
    },
    /// Too many calls.
    #[error("too many calls; wait {retry_after_ms} ms")]
    RateLimited {
        /// How long.
        retry_after_ms: i64,
    },
    /// No or an unknown credential.
    #[error("not signed in")]
    Unauthenticated,
    /// The session is over.
    #[error("the session is over")]
    SessionExpired,
    /// The API token was revoked, has expired, or whoever made it is gone.
    #[error("the token was revoked")]
    TokenRevoked,
    /// The API token may not be used from this address.
    #[error("the token may not be used from here")]
    IpNotAllowed,
    /// The last administrator must stay.
    #[error("the last administrator must stay")]
    LastAdmin,
    /// The first call with this key is still running.
    #[error("the first call with this key is still running")]
    IdempotencyInProgress,
    /// The one-use link was used before, or never existed.
    #[error("the link was used or is unknown")]
    LinkUsed,
    /// The link is too old.
    #[error("the link has expired")]
    LinkExpired,
    /// Set-up is done already.
    #[error("set-up is done")]
    SetupDone,
    /// The password is too easy to guess.
    #[error("the password needs at least {min_length} characters")]
    PasswordWeak {
        /// Characters.
        min_length: usize,
    },
    /// The same message id with another content.
    #[error("the same id was sent with another content")]
    IdempotencyMismatch,
    /// Somebody wrote meanwhile.
    #[error("there are newer entries")]
    NewerEntries {
        /// The first of them.
        first_seq: i64,
    },
    /// No channel leads back to the customer.
    #[error("no channel leads to the customer")]
    NoReplyRoute,
    /// No mail channel runs, by which this could leave.
    #[error("no mail channel can send it")]
    NoMailChannel,
    /// The channel does not take messages now.
    #[error("the channel is switched off")]
    ChannelDisabled,
    /// The text is longer than the channel takes.
    #[error("the text is longer than {max} characters")]
    TextTooLong {
        /// Code points.
        max: usize,
    },
    /// This visitor may not write.
    #[error("the visitor is blocked")]
    VisitorBlocked,
    /// The origin may not embed this widget.
    #[error("the origin may not use this channel")]
    OriginForbidden,
    /// Signing out or going offline would leave customers alone.
    #[error("the agent still holds {count} real-time items")]
    AgentHasWork {
        /// How many.
        count: u32,
    },
    /// The router refuses.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was changed since it was read.
    #[error("it was changed meanwhile; its version is {current}")]
    VersionConflict {
        /// The version it has.
        current: i64,
    },
    /// A field of the input is unknown.
    #[error("the field {pointer} is unknown")]
    UnknownField {
        /// JSON Pointer into the body.
        pointer: String,
    },
    /// Others refer to it.
    #[error("it is in use")]
    InUse {
        /// By what: `noun:key`.
        by: Vec<String>,
    },
    /// Queues would hand work on in a circle.
    #[error("queues overflow in a circle: {0}")]
    OverflowCycle(String),
    /// A configuration document makes no sense.
    #[error("the configuration is not valid")]
    ConfigInvalid(Vec<FieldError>),
    /// This needs a reason.
    #[error("a reason is needed")]
    ReasonRequired,
    /// The queue wants a wrap-up code first.
    #[error("a wrap-up code is needed")]
    WrapUpCodeRequired,
    /// The product cannot do this yet.
    #[error("not supported: {feature}")]
    Unsupported {
        /// What.
        feature: &'static str,
    },
    /// A filter cannot be read.
    #[error(transparent)]
    BadFilter(#[from] domain::conditions::BadFilter),
    /// These two cannot become one.
    #[error("cannot be merged: {0}")]
    CannotMerge(&'static str),
    /// The conversation is shown within another now.
    #[error("the conversation was merged")]
    ConversationMerged {
        /// Into which.
        into: domain::ids::ConversationId,
    },
    /// It was erased; only its place is left.
    #[error("it was erased")]
    Erased,
    /// Fields must be filled before this can be resolved.
    #[error("some fields must be filled first")]
    FieldsRequired {
        /// Their keys.
        fields: Vec<String>,
    },
    /// Both customers have a value of their own; somebody has to choose.
    #[error("some fields differ and need a choice")]
    MergeConflict {
        /// Their names.
        fields: Vec<String>,
    },
    /// Nothing was kept: it was only tried, to learn what would be left out.
    #[error("only tried")]
    Tried(Vec<crate::conversations::Excluded>),
    /// The time to take it back is over.
    #[error("the time to undo has passed")]
    UndoExpired,
    /// Something later depends on it.
    #[error("something later depends on it")]
    UndoStale,
    /// The address exists already.
    #[error("it exists already")]
    AlreadyExists {
        /// Which.
        existing_id: Option<Uuid>,
    },
    /// It left, is leaving, or was settled before.
    #[error("it is not pending any more")]
    NotPending,
    /// The provider said no to a step of set-up.
    #[error("the step failed: {code}")]
    SetupStepFailed {
        /// What went wrong.
        code: &'static str,
        /// On which side: `in` or `out`.
        side: &'static str,
        /// In Spanish.
        es: &'static str,
        /// In English.
        en: &'static str,
        /// The provider's words.
        detail: String,
    },
    /// The file with the keys of this installation cannot be used.
    #[error("the secret keys cannot be used")]
    Keys(#[source] crate::keyring::KeyringError),
    /// The file is larger than may be attached.
    #[error("the file is larger than {max_bytes} bytes")]
    AttachmentTooLarge {
        /// Bytes.
        max_bytes: u64,
    },
    /// The channel cannot do this.
    #[error("the channel cannot do this: {feature}")]
    CapabilityUnsupported {
        /// What.
        feature: &'static str,
    },
    /// The channel takes no such files.
    #[error("files of type {media_type} are not taken here")]
    MediaTypeRefused {
        /// What its bytes say it is.
        media_type: String,
    },
    /// What the site says of its visitor is not believed.
    #[error("the identity token is not believed: {}", .0.as_str())]
    IdentityToken(crate::identity_tokens::Reason),
    /// The disk is full: nothing was written, reading goes on.
    #[error("the disk is full")]
    StorageFull,
    /// A part of the installation is not ready; nothing was changed.
    #[error("not available now: {0}")]
    Unavailable(&'static str),
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    Files(#[source] std::io::Error),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] db::Error),
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Full => Self::StorageFull,
            db::Error::Closed => Self::Unavailable("the store is closing"),
            other => Self::Store(other),
        }
    }
}

impl db::TxError for Error {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable() || matches!(error, db::Error::Conflict { .. }))
    }
}

impl Error {
    /// Refuses a write that names another version than the current one; naming none is no claim.
    ///
    /// # Errors
    /// [`Error::VersionConflict`].
    pub fn unless_version(named: impl Into<Option<i64>>, current: i64) -> Result<(), Self> {
        match named.into() {
            Some(version) if version != current => Err(Self::VersionConflict { current }),
            Some(_) | None => Ok(()),
        }
    }

    /// One wrong field.
    #[must_use]
    pub fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.to_owned(), code, detail: detail.into() }])
    }
}
