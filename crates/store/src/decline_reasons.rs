//! Reasons for declining an offer.

use serde::{Deserialize, Serialize};

use crate::agents::Names;
use crate::keyed::{Table, noun, table};

/// A reason for declining an offer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeclineReason {
    /// How it is called, per language.
    pub name: Names,
}

const TABLE: Table = table!("decline_reasons");

noun!(DeclineReason, TABLE);
