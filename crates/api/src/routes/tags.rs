//! Labels.

use super::small_nouns::routes_of;
use super::small_nouns::uses::*;
use crate::dto::desk::{NewTag, Tag, TagPatch};

impl Wire for nouns::Tag {
    const NAME: &'static str = "tags";
    type Shown = Tag;
    type New = NewTag;
    type Patch = TagPatch;

    fn made(new: NewTag) -> (Option<String>, Self) {
        let name = new.name.unwrap_or_else(|| new.key.clone());
        (Some(new.key), Self { name, colour: new.colour.unwrap_or_else(|| "grey".to_owned()) })
    }

    fn change(&mut self, patch: TagPatch) {
        put(&mut self.name, patch.name);
        put(&mut self.colour, patch.colour);
    }
}

routes_of!(nouns::Tag, "/tags", "/tags/{id}", "settings", Tag, NewTag, TagPatch);
