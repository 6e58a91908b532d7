//! Every limit by its name, with what it is unless the operator chose another value.

use std::collections::BTreeMap;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident $word:literal $default:literal)*) => {
        /// A limit. The unit ends its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Limit { $($(#[$doc])* $name),* }

        impl Limit {
            /// Every limit, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name on the wire and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// What it is unless chosen.
            #[must_use]
            pub const fn default_value(self) -> i64 {
                match self { $(Self::$name => $default),* }
            }
        }
    };
}

limits! {
    /// Calls of one sign-in session.
    SessionCallsPerMin "session_calls_per_min" 1_200
    /// Calls of one API token.
    TokenCallsPerMin "token_calls_per_min" 600
    /// Calls without a credential from one address.
    GuestCallsPerMin "guest_calls_per_min" 300
    /// Failed sign-ins of one account before each further one must wait.
    SignInFailuresPerAccount "sign_in_failures_per_account" 5
    /// Failed sign-ins from one address.
    SignInFailuresPerIpPer10Min "sign_in_failures_per_ip_per_10_min" 50
    /// Visitor sessions begun from one address.
    VisitorSessionsPerMin "visitor_sessions_per_min" 10
    /// Visitor sessions begun from one network: /24, or /48 of IPv6.
    VisitorSessionsPerNetworkPerMin "visitor_sessions_per_network_per_min" 300
    /// Messages of one visitor.
    VisitorMessagesPerMin "visitor_messages_per_min" 20
    /// Uploads of one visitor.
    VisitorUploadsPer10Min "visitor_uploads_per_10_min" 10
    /// Searches of one visitor.
    VisitorSearchesPerMin "visitor_searches_per_min" 30
    /// Identity tokens one visitor may present.
    VisitorIdentificationsPerMin "visitor_identifications_per_min" 10
    /// Batches of events of one visitor.
    VisitorEventsPerMin "visitor_events_per_min" 60
    /// Every other call of one visitor.
    VisitorCallsPerMin "visitor_calls_per_min" 240
    /// Open sockets of one visitor.
    VisitorSockets "visitor_sockets" 3
    /// Open sockets of one user or token.
    UserSockets "user_sockets" 10
    /// Frames a client may send in a second.
    SocketFramesPerS "socket_frames_per_s" 20
    /// Longest frame a client may send.
    SocketFrameInBytes "socket_frame_in_bytes" 16_384
    /// Longest frame a client gets.
    SocketFrameOutBytes "socket_frame_out_bytes" 32_768
    /// What may wait for a slow client.
    SocketPendingBytes "socket_pending_bytes" 65_536
    /// Topics of one socket.
    SocketTopics "socket_topics" 100
    /// Longest address of a call.
    UriBytes "uri_bytes" 8_192
    /// Most bytes of headers.
    HeaderBytes "header_bytes" 32_768
    /// Largest JSON body.
    JsonBodyBytes "json_body_bytes" 1_048_576
    /// Rows of a page.
    PageRows "page_rows" 200
    /// Code points of a message.
    MessageTextChars "message_text_chars" 10_000
    /// Code points of a note.
    NoteTextChars "note_text_chars" 50_000
    /// How long the answer to an Idempotency-Key is kept.
    IdempotencyHours "idempotency_hours" 24
}

/// Why a choice of limits cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is no such limit.
    #[error("there is no limit {0:?}; GET /api/v1/limits names them all")]
    Unknown(String),
    /// The value is no positive number.
    #[error("the limit {0} needs a whole number from 1")]
    Value(String),
}

/// What the operator chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(BTreeMap<Limit, i64>);

impl Limits {
    /// The value of a limit.
    #[must_use]
    pub fn get(&self, limit: Limit) -> i64 {
        self.0.get(&limit).copied().unwrap_or_else(|| limit.default_value())
    }

    /// The value of a limit of things held in memory.
    #[must_use]
    pub fn size(&self, limit: Limit) -> usize {
        usize::try_from(self.get(limit)).unwrap_or(usize::MAX)
    }

    /// Chooses a value.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: i64) -> Self {
        self.0.insert(limit, value.max(1));
        self
    }

    /// Every limit with its value.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, i64> {
        Limit::ALL.iter().map(|&limit| (limit.as_str().to_owned(), self.get(limit))).collect()
    }
}

impl std::str::FromStr for Limits {
    type Err = LimitError;

    /// Reads `name=value`, several with commas between.
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let mut limits = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| LimitError::Value(part.to_owned()))?;
            let limit = Limit::ALL.iter().copied().find(|limit| limit.as_str() == name.trim());
            let limit = limit.ok_or_else(|| LimitError::Unknown(name.trim().to_owned()))?;
            let value = value.trim().parse().ok().filter(|value| *value > 0);
            limits = limits.with(limit, value.ok_or_else(|| LimitError::Value(name.trim().to_owned()))?);
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_values_stand_beside_the_defaults() {
        let limits: Limits = "visitor_messages_per_min=500, user_sockets=2".parse().expect("they are limits");
        assert_eq!(limits.get(Limit::VisitorMessagesPerMin), 500);
        assert_eq!(limits.size(Limit::UserSockets), 2);
        assert_eq!(limits.get(Limit::TokenCallsPerMin), 600);
        assert_eq!(limits.all().len(), Limit::ALL.len());
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        assert_eq!("nonsense=1".parse::<Limits>(), Err(LimitError::Unknown("nonsense".to_owned())));
        for wrong in ["user_sockets=0", "user_sockets=x", "user_sockets"] {
            assert_eq!(wrong.parse::<Limits>(), Err(LimitError::Value("user_sockets".to_owned())));
        }
    }
}
