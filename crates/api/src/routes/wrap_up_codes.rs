//! Wrap-up codes: what work was about.

use app::config::docs::WrapUpCodeDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::codes::WrapUpCode;

fn shown(row: &Row) -> Option<WrapUpCode> {
    match row {
        Row::WrapUpCode(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(Noun::WrapUpCode, "/wrap-up-codes", "/wrap-up-codes/{id}", WrapUpCode, WrapUpCodeDoc, shown);
