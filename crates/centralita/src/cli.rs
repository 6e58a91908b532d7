//! The command line. Every option can come from the environment as `CENTRALITA_*`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An omnichannel contact centre in one binary.
#[derive(Debug, Parser)]
#[command(name = "centralita", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves until it is told to stop (SIGTERM, SIGINT).
    Run(RunOptions),
    /// Looks at everything a start needs, changes nothing; one line each with what to do. Ends with 1 when something
    /// is wrong.
    Doctor(RunOptions),
    /// Prints the OpenAPI document.
    Openapi,
    /// Brings the store to the newest schema; prints what was applied.
    Migrate(StoreOptions),
    /// Copies store and files to a new folder, while it is in use. The secret key is never in it.
    Backup {
        /// Where it stands.
        #[command(flatten)]
        store: StoreOptions,
        /// The copy; must not exist.
        folder: PathBuf,
    },
    /// Brings a backup into an empty data folder.
    Restore {
        /// Where it shall stand.
        #[command(flatten)]
        store: StoreOptions,
        /// What `backup` wrote.
        folder: PathBuf,
    },
    /// Runs a workload of the benchmark against its floor.
    #[cfg(feature = "bench")]
    Bench(bench::Options),
    /// Prints the version, and the hash of the console inside.
    Version,
}

/// Where everything is kept.
#[derive(Clone, Debug, Args)]
pub struct StoreOptions {
    /// Folder of the embedded store and of files; made if missing.
    #[arg(long, env = "CENTRALITA_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// A PostgreSQL database instead of the embedded store: postgres://…
    #[arg(long, env = "CENTRALITA_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct RunOptions {
    /// Where it stands.
    #[command(flatten)]
    pub store: StoreOptions,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "CENTRALITA_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where people reach it; by default the address it listens on.
    #[arg(long, env = "CENTRALITA_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Allows plain http on another address than this machine's own: passwords and messages can be read on the way.
    #[arg(long, env = "CENTRALITA_INSECURE_HTTP")]
    pub insecure_http: bool,
    /// File with the keys that seal passwords; by default `secret.key` in the data folder, made at the first start.
    /// Never part of a backup: keep it elsewhere.
    #[arg(long, env = "CENTRALITA_SECRET_KEY_FILE")]
    pub secret_key_file: Option<PathBuf>,
    /// To try it out: set-up asks no password, and a sign-in link is printed at every start.
    #[arg(long, env = "CENTRALITA_DEMO")]
    pub demo: bool,
    /// Limits that differ from the defaults, `name=value` with commas between; GET /api/v1/limits names them all.
    #[arg(long, env = "CENTRALITA_LIMITS", default_value = "", hide_default_value = true)]
    pub limits: app::limits::Limits,
    /// Networks of proxies whose X-Forwarded-For is believed, with commas between.
    #[arg(long, env = "CENTRALITA_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<app::Network>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn it_serves_on_this_machine_alone_unless_told_otherwise() {
        let cli = Cli::parse_from(["centralita", "run"]);
        let Command::Run(options) = cli.command else { panic!("run was asked for") };
        assert!(options.listen.ip().is_loopback());
    }
}
