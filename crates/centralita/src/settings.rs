//! From the command line to settings and an open store.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use db::{PostgresOptions, SqliteOptions, Store};

use crate::cli::{RunOptions, StoreOptions};
use crate::copies::{DATABASE, UNFINISHED};

/// Opens the embedded store, or the PostgreSQL database that was named.
///
/// # Errors
/// When folder, file or database cannot be opened.
pub async fn open_store(options: &StoreOptions) -> anyhow::Result<Store> {
    make_private(&options.data_dir)?;
    ensure!(
        !options.data_dir.join(UNFINISHED).exists(),
        "a restore into {} did not come to its end: empty the folder and restore again",
        options.data_dir.display()
    );
    match &options.database_url {
        Some(url) => Store::open_postgres(url, PostgresOptions::default()).await.context("the PostgreSQL database"),
        None => {
            let path = options.data_dir.join(DATABASE);
            Store::open_sqlite(&path, SqliteOptions::default())
                .await
                .with_context(|| format!("the store {}", path.display()))
        }
    }
}

/// Makes the folder, readable by its owner alone.
///
/// # Errors
/// When it cannot be made.
pub fn make_private(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("the data folder {}", folder.display()))
}

/// Where people reach what listens on `bound`.
///
/// # Errors
/// For plain http on another address than this machine's own, unless it was allowed.
pub fn public_url(options: &RunOptions, bound: SocketAddr) -> anyhow::Result<String> {
    let url = options.public_url.clone().unwrap_or_else(|| local_url(bound));
    let url = url.trim_end_matches('/').to_owned();
    if url.starts_with("https://") || options.insecure_http || is_loopback(&url) {
        return Ok(url);
    }
    bail!(
        "{url} is plain http on another address than this machine's own: browsers would send passwords in the clear; \
         put a TLS proxy in front and pass --public-url https://…, or allow it with --insecure-http"
    )
}

fn local_url(bound: SocketAddr) -> String {
    if bound.ip().is_unspecified() { format!("http://127.0.0.1:{}", bound.port()) } else { format!("http://{bound}") }
}

fn is_loopback(url: &str) -> bool {
    let host = url.strip_prefix("http://").unwrap_or_default().split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn url(arguments: &[&str], bound: &str) -> Option<String> {
        let cli = Cli::parse_from(["centralita", "run"].iter().chain(arguments));
        let Command::Run(options) = cli.command else { return None };
        public_url(&options, bound.parse().expect("an address")).ok()
    }

    #[test]
    fn the_address_it_listens_on_is_the_public_one_by_default() {
        assert_eq!(url(&[], "127.0.0.1:4711").as_deref(), Some("http://127.0.0.1:4711"));
        assert_eq!(url(&[], "0.0.0.0:4711").as_deref(), Some("http://127.0.0.1:4711"));
        assert_eq!(
            url(&["--public-url", "https://desk.example/"], "0.0.0.0:80").as_deref(),
            Some("https://desk.example")
        );
    }

    #[test]
    fn plain_http_to_the_outside_must_be_asked_for() {
        assert_eq!(url(&["--public-url", "http://desk.example"], "0.0.0.0:80"), None);
        assert!(url(&["--public-url", "http://desk.example", "--insecure-http"], "0.0.0.0:80").is_some());
        assert!(url(&["--public-url", "http://[::1]:8080"], "[::1]:8080").is_some());
    }
}
