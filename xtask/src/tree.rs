//! What the chores need to know about the working tree and about cargo.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's top folder.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Standard output of a command run in `root`.
///
/// # Errors
/// When the command cannot start, fails, or prints something that is not UTF-8.
pub fn output(root: &Path, program: &str, args: &[&str]) -> Result<String> {
    let out = Command::new(program)
        .args(args)
        .current_dir(root)
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    ensure!(
        out.status.success(),
        "{program} {} failed: {}",
        args.join(" "),
        String::from_utf8_lossy(&out.stderr).trim()
    );
    String::from_utf8(out.stdout).with_context(|| format!("{program} printed no UTF-8"))
}

/// `cargo metadata` of the workspace, with or without its dependencies.
///
/// # Errors
/// As [`output`], or when cargo prints no JSON.
pub fn metadata(root: &Path, with_dependencies: bool) -> Result<serde_json::Value> {
    let mut args = vec!["metadata", "--format-version", "1", "--locked"];
    if !with_dependencies {
        args.push("--no-deps");
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let text = output(root, &cargo, &args)?;
    serde_json::from_str(&text).context("cargo metadata printed no JSON")
}

/// Files git tracks or would track, relative to `root`, in order.
///
/// # Errors
/// When `root` is not a git working tree.
pub fn files(root: &Path) -> Result<Vec<String>> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let text = output(root, "git", &args)?;
    let mut files: Vec<String> = text.split('\0').filter(|f| !f.is_empty()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    files.retain(|f| root.join(f).is_file());
    Ok(files)
}
