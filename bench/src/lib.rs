//! Workloads of the benchmark. Each runs the product and a floor in turns, in one run on one machine, and judges by
//! the ratios: a machine that is busy with other things makes both slower.
//!
//! The floor does the least that the job needs with the libraries that the product uses, and none of its code. A run
//! whose floor costs an unlikely amount of CPU measured something else and is void.
//!
//! Everything is printed; the last line is one JSON object. Results stand in `results/bench-<workload>.json`.

mod http;
mod process;
mod report;
mod socket;
mod w1;
mod w6;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Which workload, and how.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// What to measure.
    #[command(subcommand)]
    pub workload: Workload,
}

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub enum Workload {
    /// A customer's message, from its arrival to the agent's socket.
    W1(W1Options),
    /// Start, memory, size.
    W6,
    /// The floor of w1, as a server of its own.
    #[command(hide = true)]
    Floor {
        /// Where to listen.
        #[arg(long)]
        listen: std::net::SocketAddr,
        /// Its SQLite file.
        #[arg(long)]
        file: std::path::PathBuf,
    },
}

/// How w1 is run.
#[derive(Clone, Debug, Args)]
pub struct W1Options {
    /// Rounds; in each, product and floor run every mix once.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of a closed loop.
    #[arg(long, default_value_t = 2)]
    pub seconds: u64,
    /// Seconds of the open loop.
    #[arg(long, default_value_t = 3)]
    pub open_seconds: u64,
    /// Connections of the driver, each with one request in flight.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Runs at ordinary priority, also where real-time priority could be had.
    #[arg(long)]
    pub no_chrt: bool,
    /// Runs only these parts: existing, new, receipts, open.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Runs only the product, to be profiled; nothing is judged.
    #[arg(long)]
    pub product_only: bool,
}

/// Runs a workload; the exit status says whether every target was met.
///
/// # Errors
/// When it could not be measured.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let has_passed = match options.workload {
        Workload::W1(options) => w1::run(options).await?,
        Workload::W6 => w6::run().await?,
        Workload::Floor { listen, file } => {
            w1::floor::serve(listen, &file).await?;
            true
        }
    };
    Ok(if has_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
