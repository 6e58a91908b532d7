//! Servers as processes of their own, and what the kernel says of them.

use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// The priority of servers; the driver has one more.
const PRIORITY: u32 = 10;
/// Clock ticks of `/proc/*/stat` in a second, on Linux everywhere.
const TICKS: f64 = 100.0;

/// A server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this program with `arguments` and `--listen` on a free port, at real-time priority if asked.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start<S: AsRef<OsStr>>(arguments: &[S], is_real_time: bool) -> anyhow::Result<Self> {
        let address = free_address()?;
        let program = std::env::current_exe().context("this program")?;
        let mut command = if is_real_time {
            let mut command = Command::new("chrt");
            command.args(["-r", &PRIORITY.to_string()]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).args(["--listen", &address.to_string()]);
        command.env("CENTRALITA_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().context("a server")?;
        Ok(Self { child, address })
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// CPU time of all its threads so far, in seconds.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).context("the server has ended")?;
        let (_, fields) = stat.rsplit_once(')').context("the kernel's words")?;
        let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|f| f.parse::<f64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("the kernel's words")?;
        Ok((user + system) / TICKS)
    }

    /// Memory that it holds, in MiB.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).context("the server has ended")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel's words")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("the kernel's words")?;
        Ok(kib / 1024.0)
    }

    /// Fails with its exit status when it has ended.
    ///
    /// # Errors
    /// When it has ended.
    pub fn must_run(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait().context("the server")? {
            Some(status) => bail!("the server ended: {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address of this machine that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a free port")?;
    listener.local_addr().context("a free port")
}

/// Gives this process the priority above the servers; whether that was allowed.
#[must_use]
pub fn raise_priority() -> bool {
    let (priority, id) = ((PRIORITY + 1).to_string(), std::process::id().to_string());
    let mut chrt = Command::new("chrt");
    chrt.args(["-a", "-r", "-p", &priority, &id]).stderr(Stdio::null()).stdout(Stdio::null());
    chrt.status().is_ok_and(|status| status.success())
}

/// Asks again and again until `is_there`, for at most `limit`; how long it took.
///
/// # Errors
/// When it took longer.
pub async fn wait_until(
    limit: Duration,
    what: &str,
    mut is_there: impl AsyncFnMut() -> bool,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if is_there().await {
            return Ok(started.elapsed());
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    bail!("{what} took longer than {} s", limit.as_secs())
}
