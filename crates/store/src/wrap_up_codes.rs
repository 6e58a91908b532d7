//! Wrap-up codes: what work was about, said when it ends.

use domain::ids::{QueueId, WrapUpCodeId};
use serde::{Deserialize, Serialize};

use crate::agents::Names;
use crate::keyed::{Table, noun, table};

/// A wrap-up code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WrapUpCode {
    /// How it is called, per language.
    pub name: Names,
    /// The code above it.
    pub parent_id: Option<WrapUpCodeId>,
    /// Queues it is for; empty: all.
    pub queue_ids: Vec<QueueId>,
}

const TABLE: Table = table!("wrap_up_codes");

noun!(WrapUpCode, TABLE);
