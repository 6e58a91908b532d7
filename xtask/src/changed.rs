//! What an edit touches: the crates and web packages changed since the last commit, and the crates that
//! use them directly.

use crate::tree;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A change here touches every crate.
const SHARED: &[&str] = &["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];
const WEB: &[&str] = &["console", "sdk", "widget"];

/// One line each, `crate <name>` or `web <name>`, in order.
///
/// # Errors
/// When git or cargo cannot be read.
pub fn run(root: &Path) -> Result<Vec<String>> {
    let files = changed_files(root)?;
    let metadata = tree::metadata(root, false)?;
    let crates = crates(&files, &uses(&metadata)?);
    let lines = crates.iter().map(|name| format!("crate {name}"));
    Ok(lines.chain(web(&files).iter().map(|name| format!("web {name}"))).collect())
}

/// Files that differ from the last commit; all of them before the first one.
fn changed_files(root: &Path) -> Result<Vec<String>> {
    let Ok(changed) = tree::output(root, "git", &["diff", "--name-only", "-z", "HEAD"]) else {
        return tree::files(root);
    };
    let new = tree::output(root, "git", &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let files = changed.split('\0').chain(new.split('\0')).filter(|f| !f.is_empty());
    Ok(files.map(str::to_owned).collect())
}

/// Each workspace crate with the names it depends on.
fn uses(metadata: &Value) -> Result<Vec<(String, BTreeSet<String>)>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let uses = |p: &Value| p["dependencies"].as_array().into_iter().flatten().map(name).collect();
    Ok(packages.iter().map(|p| (name(p), uses(p))).collect())
}

fn crates(files: &[String], uses: &[(String, BTreeSet<String>)]) -> BTreeSet<String> {
    let all = || uses.iter().map(|(name, _)| name.clone()).collect();
    if files.iter().any(|f| SHARED.contains(&f.as_str())) {
        return all();
    }
    let known: BTreeSet<String> = all();
    let touched: BTreeSet<String> =
        files.iter().filter_map(|f| crate_of(f)).filter(|c| known.contains(*c)).map(str::to_owned).collect();
    let dependants = uses.iter().filter(|(_, used)| !used.is_disjoint(&touched));
    let dependants: BTreeSet<String> = dependants.map(|(name, _)| name.clone()).collect();
    touched.union(&dependants).cloned().collect()
}

fn crate_of(file: &str) -> Option<&str> {
    match file.split('/').collect::<Vec<_>>().as_slice() {
        ["crates", name, _, ..] => Some(name),
        ["xtask", _, ..] => Some("xtask"),
        [..] => None,
    }
}

/// Web packages touched; every one uses the SDK, and the lock file touches all.
fn web(files: &[String]) -> BTreeSet<&'static str> {
    let is_touched = |name: &str| files.iter().any(|f| f.starts_with(&format!("web/{name}/")));
    let is_shared = is_touched("sdk") || files.iter().any(|f| f == "web/package-lock.json");
    WEB.iter().filter(|name| is_shared || is_touched(name)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> Vec<(String, BTreeSet<String>)> {
        [("domain", vec![]), ("store", vec!["domain"]), ("app", vec!["store"]), ("xtask", vec![])]
            .map(|(name, uses)| {
                let uses: Vec<&str> = uses;
                (name.to_owned(), uses.into_iter().map(str::to_owned).collect())
            })
            .into()
    }

    fn touched(files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|f| (*f).to_owned()).collect();
        crates(&files, &world()).into_iter().collect()
    }

    #[test]
    fn a_crate_and_its_direct_dependants_are_touched() {
        assert_eq!(touched(&["crates/domain/src/lib.rs"]), ["domain", "store"]);
        assert_eq!(touched(&["xtask/src/main.rs", "README.md"]), ["xtask"]);
    }

    #[test]
    fn the_lock_file_touches_every_crate() {
        assert_eq!(touched(&["Cargo.lock"]).len(), 4);
    }

    #[test]
    fn a_crate_that_is_gone_is_not_tested() {
        assert!(touched(&["crates/old/src/lib.rs"]).is_empty());
    }

    #[test]
    fn the_sdk_touches_every_web_package() {
        assert_eq!(web(&["web/sdk/src/index.ts".into()]).len(), 3);
        assert_eq!(web(&["web/widget/src/api.ts".into()]), BTreeSet::from(["widget"]));
    }
}
