//! Conversation statuses: what the states of a conversation are called.

use super::small_nouns::routes_of;
use super::small_nouns::uses::*;
use crate::dto::desk::{ConversationStatus, ConversationStatusPatch, NewConversationStatus};

impl Wire for nouns::ConversationStatus {
    const NAME: &'static str = "conversation-statuses";
    type Shown = ConversationStatus;
    type New = NewConversationStatus;
    type Patch = ConversationStatusPatch;

    fn made(new: NewConversationStatus) -> (Option<String>, Self) {
        let settings =
            Self { name: new.name, category: new.category.into(), is_default: new.is_default, position: new.position };
        (Some(new.key), settings)
    }

    fn change(&mut self, patch: ConversationStatusPatch) {
        put(&mut self.name, patch.name);
        put(&mut self.category, patch.category.map(Into::into));
        put(&mut self.is_default, patch.is_default);
        put(&mut self.position, patch.position);
    }
}

routes_of!(
    nouns::ConversationStatus,
    "/conversation-statuses",
    "/conversation-statuses/{id}",
    "settings",
    ConversationStatus,
    NewConversationStatus,
    ConversationStatusPatch
);
