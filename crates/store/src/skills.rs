//! Skills: what agents have at a level and work may ask for.

use serde::{Deserialize, Serialize};

use crate::agents::Names;
use crate::keyed::{Table, noun, table};

/// A skill.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skill {
    /// How it is called, per language.
    pub name: Names,
    /// `skill`, `language` or `licence`.
    pub kind: String,
}

const TABLE: Table = table!("skills");

noun!(Skill, TABLE);
