//! W6: how quickly it starts, what it holds when idle, how large it is.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::http::Connection;
use crate::process::{Server, wait_until};
use crate::report::{Report, Target};

const STARTS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is left alone before its memory is read.
const REST: Duration = Duration::from_secs(3);

/// Measures.
///
/// # Errors
/// When it does not start.
pub async fn run() -> anyhow::Result<bool> {
    let mut report = Report::new("w6");
    let folder = tempfile::tempdir().context("a folder")?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let first = start(&data).await?;
    report.figure("first_start_with_migrations_ms", first.0);
    drop(first);
    let mut starts = Vec::new();
    let mut resident = 0.0;
    for round in 1..=STARTS {
        let (ms, server) = start(&data).await?;
        starts.push(ms);
        if round == STARTS {
            tokio::time::sleep(REST).await;
            resident = server.resident_mib()?;
        }
    }
    let median = report.spread("start_to_healthz_ms", &starts);
    report.judge("start_to_healthz_ms", median, Target::AtMost(50.0));
    report.figure("idle_rss_mib", resident);
    report.judge("idle_rss_mib", resident, Target::AtMost(40.0));
    let size = binary_mib()?;
    report.figure("binary_mib", size);
    report.judge("binary_mib", size, Target::AtMost(40.0));
    report.finish()
}

/// Starts it and waits for the first 200; how long that took, in ms.
async fn start(data: &str) -> anyhow::Result<(f64, Server)> {
    let started = Instant::now();
    let mut server = Server::start(&["run", "--data-dir", data], false)?;
    let address = server.address;
    wait_until(PATIENCE, "starting", async || {
        let Ok(mut connection) = Connection::open(address).await else { return false };
        connection.call("GET", "/healthz", "", "").await.is_ok_and(|answer| answer.status == 200)
    })
    .await?;
    let took = started.elapsed();
    server.must_run()?;
    Ok((took.as_secs_f64() * 1_000.0, server))
}

/// The size of this program, which must have the console inside.
fn binary_mib() -> anyhow::Result<f64> {
    let program = std::env::current_exe().context("this program")?;
    let version = std::process::Command::new(&program).arg("version").output().context("this program")?;
    ensure!(
        !String::from_utf8_lossy(&version.stdout).contains("not built"),
        "the console is not inside this program: run scripts/build-web.sh and build again"
    );
    let bytes = std::fs::metadata(&program).context("this program")?.len();
    #[allow(clippy::cast_precision_loss, reason = "a size")]
    Ok(bytes as f64 / 1024.0 / 1024.0)
}
