//! What every handler is given.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use app::Ctx;
use app::organization::Outline;
use domain::ids::{AgentId, OrganizationId, QueueId, StatusId};

use crate::dto::Localized;
use crate::metrics::Metrics;
use crate::signing::Signer;
use crate::socket::Sockets;

/// The state of the API. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    ctx: Ctx,
    origin: String,
    cookie: &'static str,
    labels: RwLock<BTreeMap<OrganizationId, Arc<Labels>>>,
    metrics: Metrics,
    signer: Signer,
    sockets: Sockets,
}

/// Names that events do not carry, as last read.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// They were read from an outline, at least once.
    pub is_whole: bool,
    /// The language cards are written in.
    pub language: String,
    /// Names of queues.
    pub queues: BTreeMap<QueueId, Localized>,
    /// How agents are called towards customers.
    pub agents: BTreeMap<AgentId, String>,
    /// What each status lets through.
    pub statuses: BTreeMap<StatusId, app::model::PresenceStatus>,
}

impl Api {
    /// The API over `ctx`, as its public address wants it.
    #[must_use]
    pub fn new(ctx: Ctx) -> Self {
        let origin = origin_of(&ctx.settings().public_url);
        let cookie = if origin.starts_with("https:") { "__Host-centralita" } else { "centralita" };
        Self(Arc::new(Inner {
            signer: Signer::new(&ctx),
            ctx,
            origin,
            cookie,
            labels: RwLock::default(),
            metrics: Metrics::default(),
            sockets: Sockets::default(),
        }))
    }

    /// The context of use cases.
    #[must_use]
    pub fn ctx(&self) -> &Ctx {
        &self.0.ctx
    }

    /// The public origin: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The name of the session cookie.
    #[must_use]
    pub fn cookie(&self) -> &'static str {
        self.0.cookie
    }

    /// Signs addresses of files.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// Whether people reach this installation only from its own machine, without a proxy between.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.0.origin.split("://").nth(1).unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// What was answered so far.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The open sockets of this process.
    #[must_use]
    pub fn sockets(&self) -> &Sockets {
        &self.0.sockets
    }

    /// The names last read of an organization.
    #[must_use]
    pub fn labels(&self, organization: OrganizationId) -> Arc<Labels> {
        let labels = self.0.labels.read().unwrap_or_else(PoisonError::into_inner);
        labels.get(&organization).cloned().unwrap_or_default()
    }

    /// The names of an organization, read if nobody has yet: visitors come before staff does.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn names(&self, organization: OrganizationId) -> Result<Arc<Labels>, app::Error> {
        let known = self.labels(organization);
        if known.is_whole { Ok(known) } else { self.reread(organization).await }
    }

    /// How an agent is called towards customers; read anew for one that nobody has heard of.
    pub async fn agent_name(&self, organization: OrganizationId, agent: AgentId) -> Option<String> {
        let known = self.names(organization).await.ok()?;
        if let Some(name) = known.agents.get(&agent) {
            return Some(name.clone());
        }
        self.reread(organization).await.ok()?.agents.get(&agent).cloned()
    }

    async fn reread(&self, organization: OrganizationId) -> Result<Arc<Labels>, app::Error> {
        Ok(self.learn(&app::organization::whole(self.ctx(), organization).await?))
    }

    /// Remembers the names of an outline beside those known before.
    pub fn learn(&self, outline: &Outline) -> Arc<Labels> {
        let organization = outline.organization.id;
        let mut labels = Labels::clone(&self.labels(organization));
        labels.is_whole = true;
        labels.language.clone_from(&outline.organization.default_language);
        labels.queues.extend(outline.queues.iter().map(|queue| (queue.id, queue.name.clone())));
        labels.agents.extend(outline.agents.iter().map(|agent| (agent.id, agent.display_name.clone())));
        labels.statuses.extend(outline.statuses.iter().map(|status| (status.id, status.clone())));
        let labels = Arc::new(labels);
        let mut all = self.0.labels.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(organization, Arc::clone(&labels));
        labels
    }
}

impl Labels {
    /// The name of a queue in the organization's language, else in any.
    #[must_use]
    pub fn queue_name(&self, id: QueueId) -> String {
        let Some(names) = self.queues.get(&id) else { return String::new() };
        names.get(&self.language).or_else(|| names.values().next()).cloned().unwrap_or_default()
    }
}

fn origin_of(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(origin_of("https://Desk.example:8443/centralita/"), "https://desk.example:8443");
        assert_eq!(origin_of("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    }
}
