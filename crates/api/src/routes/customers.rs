//! Customers and their one timeline.

use app::model::CustomerFilter;
use axum::extract::State;
use domain::ids::CustomerId;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::limit;
use crate::auth::Caller;
use crate::dto::customers::Customer;
use crate::dto::entries::Entry;
use crate::dto::words::EntryKind;
use crate::dto::{List, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::Versioned;
use crate::{Answer, Problem, cursor, render};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// Repeated: any of them.
    kinds: Vec<EntryKind>,
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Which customers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CustomersQuery {
    /// Part of a name, mail address or number; case and accents do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// A whole mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// A whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The id a site gave them.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_vip: Option<bool>,
    /// 1 to 200.
    #[serde(skip_serializing_if = "cursor::is_no_filter")]
    limit: Option<i64>,
    /// Cursor of the page.
    #[serde(skip_serializing_if = "cursor::is_no_filter")]
    after: Option<String>,
}

impl CustomersQuery {
    fn filter(&self) -> Answer<CustomerFilter> {
        let named = [("email", &self.email), ("phone", &self.phone), ("external_user", &self.external_user)];
        let mut addresses = named.into_iter().filter_map(|(kind, value)| Some((kind, value.clone()?)));
        let address = addresses.next().map(|(kind, value)| (kind.to_owned(), value));
        if let Some((second, _)) = addresses.next() {
            return Err(Problem::invalid(format!("?{second}"), "duplicate"));
        }
        let q = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned);
        if q.as_ref().is_some_and(|q| q.chars().count() > 200) {
            return Err(Problem::invalid("?q", "length"));
        }
        let (company_id, tag, is_vip) = (self.company_id, self.tag.clone(), self.is_vip);
        Ok(CustomerFilter { q, address, company_id, tag, is_vip })
    }
}

/// Customers, newest first.
#[utoipa::path(get, path = "/customers", tag = "customers", params(CustomersQuery),
    responses((status = 200, body = List<Customer>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<CustomersQuery>,
) -> Answer<Json<List<Customer>>> {
    let (limit, noun) = (limit(query.limit)?, cursor::filtered("customers", &query));
    let before = cursor::id(&noun, query.after.as_deref())?.map(CustomerId);
    let mut rows = app::customers::list(api.ctx(), caller.actor(), query.filter()?, before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_id(&noun, row.id.0));
    Ok(Json(List { items: rows.iter().map(|row| render::customer(row, None)).collect(), page }))
}

/// One customer with their addresses.
#[utoipa::path(get, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = Customer), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<Customer>> {
    let view = app::customers::find(api.ctx(), caller.actor(), CustomerId(id)).await?;
    let customer = render::customer(&view.customer, Some(&view.identities));
    Ok(Versioned::ok(customer, view.customer.version))
}

/// What was said over all conversations and channels, newest first.
#[utoipa::path(get, path = "/customers/{id}/timeline", tag = "customers", params(("id" = Uuid, Path), TimelineQuery),
    responses((status = 200, body = List<Entry>), (status = "default", body = ProblemBody)))]
pub async fn timeline(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Query(query): Query<TimelineQuery>,
) -> Answer<Json<List<Entry>>> {
    let limit = limit(query.limit)?;
    let noun = cursor::filtered("timeline", &(id, &query.kinds));
    let before = cursor::time(&noun, query.after.as_deref())?;
    let kinds = query.kinds.iter().map(|word| (*word).into()).collect();
    let (ctx, actor) = (api.ctx(), caller.actor());
    let mut rows = app::customers::timeline(ctx, actor, CustomerId(id), kinds, before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_time(&noun, row.created_at, row.id.0));
    Ok(Json(List { items: render::entries(&api, &rows).await?, page }))
}

/// Cuts a list that was read one row further than asked for, and says where it goes on.
pub fn cut<T>(rows: &mut Vec<T>, limit: i64, place: impl Fn(&T) -> String) -> Page {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Page { next: rows.last().filter(|_| has_more).map(place), prev: None, has_more }
}
