//! Feeds damaged input to everything that reads bytes from strangers.
//!
//! It works on stable Rust: inputs are damaged copies of a corpus, without coverage to guide them. What a run did follows
//! from its seed, which is printed; an input that breaks a target is kept in `fuzz/failures/`.

mod damage;
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use damage::Damage;
use targets::{TARGETS, Target};

/// An input may take this long; more is a fault like a panic.
const SLOW: Duration = Duration::from_secs(2);

/// Feeds one target, or all of them in turn.
#[derive(Debug, Parser)]
struct Options {
    /// Which; all of them when none is named.
    target: Option<String>,
    /// How long, in seconds, for all together.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What makes the run the same again.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|target| options.target.as_ref().is_none_or(|name| name == target.name)).collect();
    if chosen.is_empty() {
        bail!("the targets are: {}", TARGETS.map(|target| target.name).join(" "));
    }
    let seed = options.seed.unwrap_or_else(|| std::process::id().into());
    let share = Duration::from_secs(options.seconds) / u32::try_from(chosen.len()).unwrap_or(1);
    let mut has_passed = true;
    for target in chosen {
        has_passed &= feed(target, seed, share)?;
    }
    Ok(if has_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Feeds a target for `time`; whether it held.
fn feed(target: &Target, seed: u64, time: Duration) -> anyhow::Result<bool> {
    let corpus = corpus(target.name)?;
    let mut damage = Damage::new(seed);
    let (started, mut count) = (Instant::now(), 0_u64);
    while started.elapsed() < time {
        let input = damage.next(&corpus);
        count += 1;
        if let Err(why) = attempt(target, &input) {
            let path = keep(target.name, seed, count, &input)?;
            println!("✗ {} (seed {seed}, input {count}): {why}; kept in {}", target.name, path.display());
            return Ok(false);
        }
    }
    println!("✓ {} (seed {seed}): {count} inputs from {} samples", target.name, corpus.len());
    Ok(true)
}

fn attempt(target: &Target, input: &[u8]) -> Result<(), String> {
    let started = Instant::now();
    let outcome = catch_unwind(|| (target.run)(input)).map_err(|_| "it panicked".to_owned())?;
    outcome?;
    let took = started.elapsed();
    if took > SLOW { Err(format!("it took {} ms", took.as_millis())) } else { Ok(()) }
}

fn corpus(name: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = Path::new("fuzz/corpus").join(name);
    let mut samples = Vec::new();
    let files = fs::read_dir(&folder).with_context(|| format!("the corpus {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = files.filter_map(|file| file.ok().map(|file| file.path())).collect();
    paths.sort();
    for path in paths {
        samples.push(fs::read(&path).with_context(|| format!("the sample {}", path.display()))?);
    }
    Ok(samples)
}

fn keep(name: &str, seed: u64, count: u64, input: &[u8]) -> anyhow::Result<PathBuf> {
    let folder = Path::new("fuzz/failures");
    fs::create_dir_all(folder).context("the folder of failures")?;
    let path = folder.join(format!("{name}-{seed}-{count}"));
    fs::write(&path, input).context("a failure")?;
    Ok(path)
}
