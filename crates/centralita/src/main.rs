//! The binary: reads the command line, the clock and the random source; everything else is asked of `app`.

mod cli;
mod copies;
mod doctor;
mod lock;
mod pages;
mod run;
mod settings;
mod world;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command};

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the async runtime")?;
    runtime.block_on(carry_out(cli.command))
}

/// Logs to standard error; standard output carries only what a command answers.
fn log() {
    let filter = EnvFilter::try_from_env("CENTRALITA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // The mail library would write passwords into the log at its finest level.
    let quiet = "async_imap=off".parse().expect("invariant: a directive");
    let filter = filter.add_directive(quiet);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

async fn carry_out(command: Command) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "bench")]
    if let Command::Bench(options) = command {
        return bench::run(options).await;
    }
    if let Command::Doctor(options) = command {
        return Ok(doctor::run(&options).await);
    }
    serve_or_keep(command).await.map(|()| ExitCode::SUCCESS)
}

async fn serve_or_keep(command: Command) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "bench")]
        Command::Bench(_) => Ok(()),
        // Both have an exit status of their own.
        Command::Doctor(_) => Ok(()),
        Command::Run(options) => run::run(options).await,
        Command::Openapi => {
            println!("{}", api::openapi().to_pretty_json().context("the document")?);
            Ok(())
        }
        Command::Migrate(options) => migrate(&options).await,
        Command::Backup { store, folder } => {
            println!("{}", copies::backup(&store, &folder).await?);
            Ok(())
        }
        Command::Restore { store, folder } => {
            println!("{}", copies::restore(&store, &folder)?);
            Ok(())
        }
        Command::Version => {
            println!(
                "centralita {} (console {})",
                env!("CARGO_PKG_VERSION"),
                site::console_hash().unwrap_or("not built")
            );
            Ok(())
        }
    }
}

async fn migrate(options: &cli::StoreOptions) -> anyhow::Result<()> {
    settings::make_private(&options.data_dir)?;
    let _lock = lock::take(&options.data_dir)?;
    let store = settings::open_store(options).await?;
    let applied = store.migrate(store::MIGRATIONS).await.context("the migrations")?;
    store.close().await;
    for name in applied {
        println!("{name}");
    }
    Ok(())
}
