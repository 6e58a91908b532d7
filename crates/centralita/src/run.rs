//! Serving: store, running parts, HTTP, and an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use app::Ctx;
use app::limits::{Limit, Limits};
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::cli::RunOptions;
use crate::pages::Channels;
use crate::world::{SystemClock, SystemEntropy};
use crate::{lock, settings};

/// How long requests in hand may take once it is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When store or address cannot be opened.
pub async fn run(options: RunOptions) -> anyhow::Result<()> {
    settings::make_private(&options.store.data_dir)?;
    let _lock = lock::take(&options.store.data_dir)?;
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("the address {}", options.listen))?;
    let bound = listener.local_addr().context("the address")?;
    let public_url = settings::public_url(&options, bound)?;
    let ctx = context(&options, public_url.clone()).await?;
    let (stop, stopping) = oneshot::channel();
    let service = router(&ctx).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async {
        drop(stopping.await);
    });
    let serving = tokio::spawn(serving.into_future());
    tracing::info!(%bound, public_url, "serving");
    if let Some(link) = link(&ctx, &public_url).await? {
        println!("{link}");
    }
    told_to_stop().await?;
    tracing::info!("stopping");
    if stop.send(()).is_err() {
        tracing::warn!("the server had ended before it was told to");
    }
    if timeout(DRAIN, serving).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
    timeout(DRAIN, ctx.stop()).await.context("the running parts did not end in time")
}

async fn context(options: &RunOptions, public_url: String) -> anyhow::Result<Ctx> {
    let store = settings::open_store(&options.store).await?;
    let settings = app::Settings {
        public_url,
        data_dir: options.store.data_dir.clone(),
        secret_key_file: options.secret_key_file.clone(),
        is_demo: options.demo,
        node: format!("process-{}", std::process::id()),
        limits: limits(options),
        trusted_proxies: options.trusted_proxies.clone(),
        console_hash: site::console_hash().map(str::to_owned),
    };
    let ctx = Ctx::new(store, Arc::new(SystemClock), Arc::new(SystemEntropy), settings);
    ctx.start().await.context("the running parts")?;
    Ok(ctx)
}

/// Simulated customers of a trial all come from this machine, more of them than one address is otherwise allowed.
fn limits(options: &RunOptions) -> Limits {
    let crowd = i64::from(app::simulator::RATE_MAX);
    let raised = |limits: Limits, limit: Limit| {
        let is_default = limits.get(limit) == limit.default_value();
        if options.demo && is_default { limits.with(limit, crowd) } else { limits }
    };
    let limits = raised(options.limits.clone(), Limit::VisitorSessionsPerMin);
    raised(limits, Limit::VisitorSessionsPerNetworkPerMin)
}

fn router(ctx: &Ctx) -> Router {
    let site = site::Site::new(Arc::new(Channels(ctx.clone())));
    api::router(ctx.clone()).merge(site::router(site))
}

/// The one-use link for whoever started it: set-up as long as it is due, afterwards sign-in where it is only tried out.
async fn link(ctx: &Ctx, public_url: &str) -> anyhow::Result<Option<String>> {
    if app::setup::is_required(ctx).await.context("the state of set-up")? {
        let token = app::setup::new_link(ctx).await.context("the set-up link")?;
        return Ok(Some(format!("{public_url}/setup?t={token}")));
    }
    if !ctx.settings().is_demo {
        return Ok(None);
    }
    let token = app::setup::new_sign_in_link(ctx).await.context("the sign-in link")?;
    Ok(Some(format!("{public_url}/login?link={token}")))
}

async fn told_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
