//! The channel types, one file or folder each, in one explicit list.
#![deny(missing_docs)]

pub mod email;
pub mod web_chat;

use connector::ChannelType;

/// Every type, in alphabetical order.
pub static ALL: &[&dyn ChannelType] = &[&email::TYPE, &web_chat::TYPE];

/// The type of this kind.
#[must_use]
pub fn find(kind: &str) -> Option<&'static dyn ChannelType> {
    ALL.iter().copied().find(|t| t.meta().kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_type_is_found_by_its_kind() {
        assert!(ALL.is_sorted_by_key(|t| t.meta().kind));
        for t in ALL {
            assert_eq!(find(t.meta().kind).map(|found| found.meta().kind), Some(t.meta().kind));
            assert_eq!(t.config_schema()["type"], "object", "{}", t.meta().kind);
            assert!(t.meta().text_max > 0 && !t.meta().name.es.is_empty() && !t.meta().name.en.is_empty());
        }
        assert!(find("carrier_pigeon").is_none());
    }

    #[test]
    fn what_a_set_up_step_fills_is_in_the_schema() {
        for t in ALL {
            let schema = t.config_schema();
            for step in t.meta().setup {
                assert!(!step.name.es.is_empty() && !step.name.en.is_empty());
                let fields = step.fields.iter().map(|f| f.replace('/', "/properties/"));
                for pointer in fields.chain(step.secrets.iter().map(|s| format!("/properties/{s}"))) {
                    assert!(schema.pointer(&pointer).is_some(), "{} lacks {pointer}", t.meta().kind);
                }
                for name in step.secrets {
                    assert_eq!(schema["properties"][*name]["x-secret"], true, "{name}");
                }
            }
        }
    }
}
