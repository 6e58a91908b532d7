//! Files of messages and notes: the states they pass through, and how much one message may carry.

use crate::text_enum::text_enum;

/// Largest file somebody may attach, in bytes.
pub const MAX_ATTACHMENT_BYTES: u64 = 25 * 1024 * 1024;
/// Most files of one message or note.
pub const MAX_PER_MESSAGE: usize = 20;
/// Hours a file may wait for its message before it expires.
pub const LOOSE_HOURS: i64 = 24;

text_enum! {
    /// The life of a file.
    AttachmentState {
        /// Its bytes are arriving.
        Uploading = "uploading",
        /// Somebody looks at it before anybody else may.
        Scanning = "scanning",
        /// It can be attached and fetched.
        Ready = "ready",
        /// It was refused; nobody may fetch it.
        Rejected = "rejected",
        /// Nobody attached it in time; its bytes are gone.
        Expired = "expired",
    }
}
