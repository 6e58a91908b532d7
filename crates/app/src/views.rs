//! Views: saved filters over conversations, one's own or shared. A view keeps text and tree of its condition.

use domain::conditions::{self, Condition};
use domain::permissions::{Permission, Resource};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::desk_nouns::{self, Noun, NounRow};
use uuid::Uuid;

use crate::nouns::MOST;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// With whom a view is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedWith {
    /// Nobody.
    #[default]
    Me,
    /// Whoever is in a team with its owner.
    Team,
    /// Everybody.
    Organization,
}

/// What a view consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct ViewSettings {
    pub name: String,
    pub q: String,
    pub r#where: Condition,
    pub sort: String,
    pub columns: Vec<String>,
    pub shared_with: SharedWith,
    /// The agent of its owner: what "in a team with" is asked of.
    pub owner_agent_id: Option<Uuid>,
}

/// A view.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct View {
    pub row: NounRow,
    pub settings: ViewSettings,
}

/// What a caller says of a view; what is `None` stays, or takes its default in a new one.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct ViewChange {
    pub name: Option<String>,
    /// Text or tree: the last one given decides both.
    pub q: Option<String>,
    pub r#where: Option<Condition>,
    pub sort: Option<String>,
    pub columns: Option<Vec<String>>,
    pub shared_with: Option<SharedWith>,
}

/// The sorts a view may name.
pub const SORTS: [&str; 4] = ["-last_activity_at", "sla", "waiting_since_at", "-priority"];

impl ViewChange {
    fn apply(self, settings: &mut ViewSettings) -> Result<(), Error> {
        if let Some(name) = self.name {
            settings.name = name;
        }
        if let Some(condition) = self.r#where {
            condition.check().map_err(|flaw| Error::field("/where", "format", flaw.to_string()))?;
            settings.r#where = condition.normalised();
            settings.q = conditions::print(&settings.r#where);
        }
        if let Some(q) = self.q {
            settings.r#where = conditions::parse(&q)?;
            settings.q = q;
        }
        settings.sort = self.sort.unwrap_or_else(|| settings.sort.clone());
        settings.columns = self.columns.unwrap_or_else(|| settings.columns.clone());
        settings.shared_with = self.shared_with.unwrap_or(settings.shared_with);
        check(settings)
    }
}

fn check(settings: &ViewSettings) -> Result<(), Error> {
    let length = settings.name.trim().chars().count();
    if length == 0 || length > 100 {
        return Err(Error::field("/name", "length", "1 to 100 characters"));
    }
    if !SORTS.contains(&settings.sort.as_str()) {
        return Err(Error::field("/sort", "enum", SORTS.join(", ")));
    }
    if settings.columns.len() > 30 || settings.columns.iter().any(|c| c.len() > 64) {
        return Err(Error::field("/columns", "length", "at most 30 short names"));
    }
    Ok(())
}

fn read(row: NounRow) -> Option<View> {
    let settings = serde_json::from_value(row.settings.clone()).ok()?;
    Some(View { row, settings })
}

/// Whether the actor may use a view.
fn is_usable(actor: &Actor, view: &View) -> bool {
    let owner = view.settings.owner_agent_id.map(domain::ids::AgentId);
    let is_own = view.row.user_id.is_some() && view.row.user_id == actor.standing.user;
    is_own
        || match view.settings.shared_with {
            SharedWith::Me => false,
            SharedWith::Team => owner.is_some_and(|agent| actor.standing.team_agents.contains(&agent)),
            SharedWith::Organization => true,
        }
}

/// Whether the actor may change a view: their own, or a shared one within their reach.
fn may_edit(actor: &Actor, view: &View) -> Result<(), Error> {
    if view.row.user_id.is_some() && view.row.user_id == actor.standing.user {
        return Ok(());
    }
    may_share(actor, view.settings.shared_with)
}

fn may_share(actor: &Actor, with: SharedWith) -> Result<(), Error> {
    match with {
        SharedWith::Me => Ok(()),
        SharedWith::Team => {
            let agents: Vec<_> = actor.standing.team_agents.iter().copied().collect();
            let own: Vec<_> = agents.into_iter().filter(|agent| Some(*agent) != actor.standing.agent).collect();
            actor.authorize(Permission::ViewsShare, Resource::Work { queue: None, agents: &own })
        }
        SharedWith::Organization => actor.authorize(Permission::ViewsShare, Resource::Organization),
    }
}

/// The rows of the views the actor may use; at most 100.
pub(crate) async fn usable(tx: &mut db::Tx<'_>, actor: &Actor) -> Result<Vec<NounRow>, Error> {
    let rows = desk_nouns::list(tx, actor.organization, Noun::View, desk_nouns::FIRST, MOST).await?;
    let usable = rows.into_iter().filter_map(read).filter(|view| is_usable(actor, view)).map(|view| view.row);
    Ok(usable.take(100).collect())
}

/// The condition of a view the actor may use.
pub(crate) async fn condition(tx: &mut db::Tx<'_>, actor: &Actor, id: Uuid) -> Result<Condition, Error> {
    let row = desk_nouns::find(tx, actor.organization, Noun::View, id).await?;
    let view = row.and_then(read).filter(|view| is_usable(actor, view));
    Ok(view.ok_or(Error::NotFound)?.settings.r#where)
}

/// The views the actor may use.
///
/// # Errors
/// What the store refuses.
pub async fn list(ctx: &Ctx, actor: &Actor) -> Result<Vec<View>, Error> {
    ctx.store()
        .read("views.list", actor.clone(), |tx, actor| {
            Box::pin(async move { Ok::<_, Error>(usable(tx, &actor).await?.into_iter().filter_map(read).collect()) })
        })
        .await
}

/// One view.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<View, Error> {
    ctx.store()
        .read("views.find", (actor.clone(), id), |tx, (actor, id)| {
            Box::pin(async move {
                let row = desk_nouns::find(tx, actor.organization, Noun::View, id).await?;
                row.and_then(read).filter(|view| is_usable(&actor, view)).ok_or(Error::NotFound)
            })
        })
        .await
}

/// Saves a new view.
///
/// # Errors
/// [`Error::BadFilter`], [`Error::Invalid`], [`Error::Denied`].
pub async fn create(ctx: &Ctx, actor: &Actor, change: ViewChange) -> Result<View, Error> {
    let mut settings = ViewSettings {
        name: String::new(),
        q: String::new(),
        r#where: Condition::EVERYTHING,
        sort: SORTS[0].to_owned(),
        columns: Vec::new(),
        shared_with: SharedWith::Me,
        owner_agent_id: actor.standing.agent.map(|a| a.0),
    };
    change.apply(&mut settings)?;
    may_share(actor, settings.shared_with)?;
    let user = actor.user()?;
    let input = (Pen::new(ctx, actor), user, settings);
    ctx.store()
        .write("views.create", input, |tx, (mut pen, user, settings)| {
            Box::pin(async move {
                let id = pen.id();
                let row = NounRow {
                    id,
                    organization_id: pen.actor.organization,
                    key: id.to_string(),
                    user_id: Some(user),
                    settings: json!(settings),
                    position: 0,
                    created_at: pen.now,
                    updated_at: pen.now,
                    version: 1,
                };
                desk_nouns::insert(tx, Noun::View, &row).await?;
                audit(tx, &mut pen, "view.created", id, &settings).await?;
                Ok::<_, Error>(View { row, settings })
            })
        })
        .await
}

/// A shared view is everybody's business; one's own is not.
async fn audit(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    action: &str,
    id: Uuid,
    settings: &ViewSettings,
) -> Result<(), Error> {
    if settings.shared_with == SharedWith::Me {
        return Ok(());
    }
    pen.audit(tx, action, ("view", id), None, Some(json!(settings))).await
}

/// Changes a view whose version is `version`.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::BadFilter`], [`Error::Invalid`], [`Error::NotFound`], [`Error::Denied`].
pub async fn update(ctx: &Ctx, actor: &Actor, id: Uuid, version: i64, change: ViewChange) -> Result<View, Error> {
    let input = (Pen::new(ctx, actor), id, version, change);
    ctx.store()
        .write("views.update", input, |tx, (mut pen, id, version, change)| {
            Box::pin(async move {
                let mut view = editable(tx, &pen, id, version).await?;
                change.apply(&mut view.settings)?;
                may_share(&pen.actor, view.settings.shared_with)?;
                view.row.settings = json!(view.settings);
                desk_nouns::update(tx, &mut view.row, pen.now).await?;
                audit(tx, &mut pen, "view.updated", id, &view.settings).await?;
                Ok::<_, Error>(view)
            })
        })
        .await
}

async fn editable(tx: &mut db::Tx<'_>, pen: &Pen, id: Uuid, version: i64) -> Result<View, Error> {
    let row = desk_nouns::find(tx, pen.actor.organization, Noun::View, id).await?;
    let view = row.and_then(read).filter(|view| is_usable(&pen.actor, view)).ok_or(Error::NotFound)?;
    may_edit(&pen.actor, &view)?;
    Error::unless_version(version, view.row.version)?;
    Ok(view)
}

/// Removes a view whose version is `version`.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::NotFound`], [`Error::Denied`].
pub async fn delete(ctx: &Ctx, actor: &Actor, id: Uuid, version: i64) -> Result<(), Error> {
    ctx.store()
        .write("views.delete", (Pen::new(ctx, actor), id, version), |tx, (mut pen, id, version)| {
            Box::pin(async move {
                let view = editable(tx, &pen, id, version).await?;
                desk_nouns::delete(tx, &view.row).await?;
                audit(tx, &mut pen, "view.deleted", id, &view.settings).await
            })
        })
        .await
}
