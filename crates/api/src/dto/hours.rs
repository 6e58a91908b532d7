//! Opening hours.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Ts;

/// Open from `from` until just before `to`, local wall time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct OpenInterval {
    pub from: String,
    pub to: String,
}

/// A date that differs from its weekday.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct HoursException {
    /// `YYYY-MM-DD`.
    pub on: String,
    pub intervals: Vec<OpenInterval>,
    pub name: String,
}

/// A calendar of opening hours.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct BusinessHours {
    pub id: Uuid,
    pub key: String,
    pub time_zone: String,
    /// Seven lists, Monday first.
    pub weekly: Vec<Vec<OpenInterval>>,
    pub exceptions: Vec<HoursException>,
    pub is_emergency_closed: bool,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

impl From<&domain::hours::Interval> for OpenInterval {
    fn from(interval: &domain::hours::Interval) -> Self {
        Self { from: interval.from.to_string(), to: interval.to.to_string() }
    }
}

impl From<&app::model::Keyed<domain::hours::BusinessHours>> for BusinessHours {
    fn from(row: &app::model::Keyed<domain::hours::BusinessHours>) -> Self {
        let exception = |exception: &domain::hours::Exception| HoursException {
            on: exception.on.to_string(),
            intervals: exception.intervals.iter().map(Into::into).collect(),
            name: exception.name.clone(),
        };
        Self {
            id: row.id,
            key: row.key.clone(),
            time_zone: row.settings.time_zone.clone(),
            weekly: row.settings.weekly.iter().map(|day| day.iter().map(Into::into).collect()).collect(),
            exceptions: row.settings.exceptions.iter().map(exception).collect(),
            is_emergency_closed: row.settings.is_emergency_closed,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}
