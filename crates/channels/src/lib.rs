//! The channel types, one file or folder each, in one explicit list.
#![deny(missing_docs)]

pub mod web_chat;

use connector::ChannelType;

/// Every type, in alphabetical order.
pub static ALL: &[&dyn ChannelType] = &[&web_chat::TYPE];

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
            assert!(t.meta().text_max > 0 && !t.meta().name.es.is_empty() && !t.meta().name.en.is_empty());
        }
        assert!(find("carrier_pigeon").is_none());
    }
}
