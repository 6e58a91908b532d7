//! Custom fields.

use super::small_nouns::routes_of;
use super::small_nouns::uses::*;
use crate::dto::desk::{CustomField, CustomFieldPatch, NewCustomField};

impl Wire for nouns::CustomField {
    const NAME: &'static str = "fields";
    type Shown = CustomField;
    type New = NewCustomField;
    type Patch = CustomFieldPatch;

    fn made(new: NewCustomField) -> (Option<String>, Self) {
        let same = || ["es", "en"].map(|language| (language.to_owned(), new.key.clone())).into();
        let settings = Self {
            name: new.name.clone().unwrap_or_else(same),
            noun: new.noun,
            kind: new.r#type.into(),
            options: new.options,
            is_required_to_resolve: new.is_required_to_resolve,
            position: new.position,
        };
        (Some(new.key), settings)
    }

    fn change(&mut self, patch: CustomFieldPatch) {
        put(&mut self.name, patch.name);
        put(&mut self.options, patch.options);
        put(&mut self.is_required_to_resolve, patch.is_required_to_resolve);
        put(&mut self.position, patch.position);
    }
}

routes_of!(nouns::CustomField, "/fields", "/fields/{id}", "settings", CustomField, NewCustomField, CustomFieldPatch);
