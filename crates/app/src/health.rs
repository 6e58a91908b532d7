//! How the installation is: whether its parts answer, and the figures an operator watches.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::OrganizationId;

use crate::context::Runtime;
use crate::{Ctx, Error, live, setup};

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Less free space than this is too little, in bytes.
pub const DISK_MIN_BYTES: u64 = 64 * 1024 * 1024;

/// A part and what is wrong with it; `None` when all is well.
pub type Check = (&'static str, Option<String>);

/// Asks every part whether it is ready.
pub async fn checks(ctx: &Ctx) -> Vec<Check> {
    let organizations = within(setup::organizations(ctx)).await;
    let store = organizations.as_ref().err().cloned();
    let router = match &organizations {
        Ok(organizations) => router(ctx, organizations).await,
        Err(_) => Some("the store does not answer".to_owned()),
    };
    // Serving begins when the migrations have run; the bus of one process is in its memory.
    vec![("store", store), ("migrations", None), ("router", router), ("bus", None), ("disk", disk(ctx))]
}

async fn within<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

async fn router(ctx: &Ctx, organizations: &[OrganizationId]) -> Option<String> {
    for organization in organizations {
        let answer = async { ctx.runtime(*organization)?.owner.look(|router| router.live_count()).await };
        if let Err(error) = within(answer).await {
            return Some(error);
        }
    }
    None
}

fn disk(ctx: &Ctx) -> Option<String> {
    match free_bytes(&ctx.settings().data_dir) {
        Ok(free) => (free < DISK_MIN_BYTES).then(|| format!("{free} bytes are free")),
        Err(error) => Some(error.to_string()),
    }
}

/// Space on the disk of `folder` that this process may use, in bytes.
///
/// # Errors
/// When the folder cannot be asked about.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// The figures of one organization.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Which.
    pub organization: Option<OrganizationId>,
    /// Events committed that listeners have not heard.
    pub event_lag: u64,
    /// Events that only the look once a second found.
    pub net_found: u64,
    /// Work items the router holds.
    pub router_items: u64,
    /// Listeners of staff.
    pub staff_listeners: u64,
    /// Listeners of visitors.
    pub visitor_listeners: u64,
    /// Deliveries on their way, by state.
    pub deliveries: Vec<(String, u64)>,
}

/// The figures of every organization that runs here.
///
/// # Errors
/// What the store refuses.
pub async fn figures(ctx: &Ctx) -> Result<Vec<Figures>, Error> {
    let mut all = Vec::new();
    for organization in setup::organizations(ctx).await? {
        if let Ok(runtime) = ctx.runtime(organization) {
            all.push(of(ctx, &runtime).await?);
        }
    }
    Ok(all)
}

async fn of(ctx: &Ctx, runtime: &Arc<Runtime>) -> Result<Figures, Error> {
    let org = runtime.organization;
    let at = runtime.hub.position();
    let head = live::head(ctx, org).await?;
    let (staff, visitors) = runtime.hub.listeners();
    let deliveries = ctx
        .store()
        .read("health.deliveries", org, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::figures::deliveries(tx, org).await?) })
        })
        .await?;
    Ok(Figures {
        organization: Some(org),
        event_lag: u64::try_from(head.position - at.position).unwrap_or_default(),
        net_found: runtime.hub.net_found(),
        router_items: count(runtime.owner.look(|router| router.live_count()).await?),
        staff_listeners: count(staff),
        visitor_listeners: count(visitors),
        deliveries: deliveries.into_iter().map(|(state, n)| (state, u64::try_from(n).unwrap_or_default())).collect(),
    })
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
