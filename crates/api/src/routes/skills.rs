//! Skills: what agents have at a level and work may ask for.

use app::config::docs::SkillDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::codes::Skill;

fn shown(row: &Row) -> Option<Skill> {
    match row {
        Row::Skill(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(Noun::Skill, "/skills", "/skills/{id}", Skill, SkillDoc, shown);
