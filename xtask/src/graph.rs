//! Which crate may use which: the table of ARCHITECTURE.md, held against `cargo metadata`.
//!
//! # Invariants
//! - An edge that is not in [`ALLOWED`] is refused, whatever its kind.
//! - A crate of [`TOOLS`] is used by other crates in tests only.
//! - A crate below `testkit` uses it in `tests/` only: a unit test would see two copies of that crate.
//! - A pure crate never uses a runtime, a database, a network or a random source.

use crate::tree;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Crate, and the crates of ours it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("db", &[]),
    ("net", &[]),
    ("connector", &["domain"]),
    ("workforce", &["domain"]),
    ("mail", &["domain"]),
    ("bus", &["domain"]),
    ("store", &["db", "domain"]),
    ("channels", &["connector", "mail", "net", "domain"]),
    ("voice", &["connector", "net", "domain"]),
    ("assist", &["net", "domain"]),
    ("app", BELOW_APP),
    ("api", &["app", "domain"]),
    ("site", &["app", "domain"]),
];

const BELOW_APP: &[&str] =
    &["domain", "db", "net", "connector", "workforce", "mail", "bus", "store", "channels", "voice", "assist"];

/// May use everything of ours but the tools.
const TOP: &str = "centralita";

/// `centralita bench` calls the workloads, behind a cargo feature.
const BENCH: (&str, &str) = (TOP, "bench");

/// May use everything; nothing uses them outside its tests.
const TOOLS: &[&str] = &["testkit", "bench", "e2e", "fuzz", "xtask"];

/// Crates without input or output, and what they therefore never use.
const PURE: &[&str] = &["domain", "workforce", "mail"];
const IMPURE_LIBRARIES: &[&str] =
    &["tokio", "axum", "hyper", "reqwest", "rusqlite", "tokio-postgres", "rand", "getrandom", "tracing-subscriber"];

/// Refused everywhere, with the reason.
const REFUSED_LIBRARIES: &[(&str, &str)] = &[
    ("openssl", "TLS is rustls"),
    ("native-tls", "TLS is rustls"),
    ("sqlx", "SQL goes through the db crate"),
    ("diesel", "SQL goes through the db crate"),
    ("sea-orm", "SQL goes through the db crate"),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Normal,
    Build,
    Dev,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Edge {
    from: String,
    to: String,
    kind: Kind,
}

/// Checks the tree under `root`.
///
/// # Errors
/// When cargo or the tree cannot be read.
pub fn run(root: &Path) -> Result<Vec<String>> {
    let metadata = tree::metadata(root, false)?;
    let members = members(&metadata)?;
    let edges = edges(&metadata)?;
    let mut findings = check(&members, &edges);
    for name in unit_test_doubles(&members, &edges) {
        findings.extend(testkit_in_sources(root, &name)?);
    }
    Ok(findings)
}

fn packages(metadata: &Value) -> Result<&Vec<Value>> {
    metadata["packages"].as_array().context("cargo metadata has no packages")
}

fn members(metadata: &Value) -> Result<BTreeSet<String>> {
    let names = packages(metadata)?.iter().filter_map(|p| p["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

fn edges(metadata: &Value) -> Result<Vec<Edge>> {
    let mut edges = Vec::new();
    for package in packages(metadata)? {
        let from = package["name"].as_str().context("a package without a name")?;
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().context("a dependency without a name")?;
            let kind = kind(&dependency["kind"]);
            edges.push(Edge { from: from.into(), to: to.into(), kind });
        }
    }
    edges.sort();
    Ok(edges)
}

fn kind(value: &Value) -> Kind {
    match value.as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        Some(_) | None => Kind::Normal,
    }
}

fn check(members: &BTreeSet<String>, edges: &[Edge]) -> Vec<String> {
    let unknown = members
        .iter()
        .filter(|m| !is_known(m))
        .map(|m| format!("crate `{m}` is not in the table: add it to ARCHITECTURE.md and xtask/src/graph.rs"));
    let refused = edges.iter().filter_map(|edge| refusal(members, edge));
    unknown.chain(refused).collect()
}

fn is_known(member: &str) -> bool {
    member == TOP || TOOLS.contains(&member) || allowed(member).is_some()
}

fn allowed(member: &str) -> Option<&'static [&'static str]> {
    ALLOWED.iter().find(|(name, _)| *name == member).map(|(_, uses)| *uses)
}

/// Why the edge is refused; `None` when it is allowed.
fn refusal(members: &BTreeSet<String>, edge: &Edge) -> Option<String> {
    let Edge { from, to, kind } = edge;
    if members.contains(to) { ours(from, to, *kind) } else { theirs(from, to, *kind) }
}

fn ours(from: &str, to: &str, kind: Kind) -> Option<String> {
    if TOOLS.contains(&from) {
        return None;
    }
    if (from, to) == BENCH {
        return None;
    }
    if TOOLS.contains(&to) {
        return (kind != Kind::Dev).then(|| format!("`{from}` may use `{to}` in its tests only (dev-dependency)"));
    }
    let is_allowed = from == TOP || allowed(from).is_some_and(|uses| uses.contains(&to));
    (!is_allowed).then(|| format!("`{from}` must not use `{to}`"))
}

fn theirs(from: &str, to: &str, kind: Kind) -> Option<String> {
    if let Some((_, why)) = REFUSED_LIBRARIES.iter().find(|(name, _)| *name == to) {
        return Some(format!("`{from}` must not use `{to}`: {why}"));
    }
    let is_impure = kind == Kind::Normal && PURE.contains(&from) && IMPURE_LIBRARIES.contains(&to);
    is_impure.then(|| format!("`{from}` is pure and must not use `{to}`"))
}

/// Crates that use `testkit` in their tests while `testkit` is built on them.
fn unit_test_doubles(members: &BTreeSet<String>, edges: &[Edge]) -> Vec<String> {
    let below = reachable("testkit", edges);
    let mut names: Vec<String> = edges
        .iter()
        .filter(|e| e.kind == Kind::Dev && e.to == "testkit" && members.contains(&e.from))
        .filter(|e| below.contains(&e.from))
        .map(|e| e.from.clone())
        .collect();
    names.dedup();
    names
}

fn reachable(start: &str, edges: &[Edge]) -> BTreeSet<String> {
    let mut by_crate: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for edge in edges.iter().filter(|e| e.kind != Kind::Dev) {
        by_crate.entry(&edge.from).or_default().push(&edge.to);
    }
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        for next in by_crate.get(name).into_iter().flatten() {
            if seen.insert((*next).to_owned()) {
                open.push(next);
            }
        }
    }
    seen
}

fn testkit_in_sources(root: &Path, member: &str) -> Result<Vec<String>> {
    let folder = format!("crates/{member}/src/");
    let mut findings = Vec::new();
    for file in tree::files(root)?.iter().filter(|f| f.starts_with(&folder) && f.ends_with(".rs")) {
        let text = std::fs::read_to_string(root.join(file)).with_context(|| file.clone())?;
        if text.contains("testkit::") {
            findings.push(format!("{file}: use `testkit` in crates/{member}/tests/ instead"));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(edges: &[(&str, &str, Kind)]) -> (BTreeSet<String>, Vec<Edge>) {
        let all = ALLOWED.iter().map(|(n, _)| *n).chain([TOP]).chain(TOOLS.iter().copied());
        let edges = edges.iter().map(|(from, to, kind)| Edge { from: (*from).into(), to: (*to).into(), kind: *kind });
        (all.map(str::to_owned).collect(), edges.collect())
    }

    fn findings(edges: &[(&str, &str, Kind)]) -> Vec<String> {
        let (members, edges) = world(edges);
        check(&members, &edges)
    }

    #[test]
    fn edges_of_the_table_are_allowed() {
        let edges: Vec<_> =
            ALLOWED.iter().flat_map(|(from, uses)| uses.iter().map(|to| (*from, *to, Kind::Normal))).collect();
        assert_eq!(findings(&edges), Vec::<String>::new());
    }

    #[test]
    fn the_api_never_reaches_the_store() {
        assert_eq!(findings(&[("api", "store", Kind::Normal)]), ["`api` must not use `store`"]);
    }

    #[test]
    fn a_test_may_not_open_an_edge_that_the_code_may_not() {
        assert_eq!(findings(&[("api", "store", Kind::Dev)]), ["`api` must not use `store`"]);
    }

    #[test]
    fn testkit_is_for_tests_only() {
        assert_eq!(findings(&[("app", "testkit", Kind::Dev)]), Vec::<String>::new());
        assert_eq!(
            findings(&[("app", "testkit", Kind::Normal)]),
            ["`app` may use `testkit` in its tests only (dev-dependency)"]
        );
    }

    #[test]
    fn the_binary_joins_everything_but_the_tools() {
        assert_eq!(findings(&[("centralita", "store", Kind::Normal)]), Vec::<String>::new());
        assert_eq!(findings(&[("centralita", "testkit", Kind::Build)]).len(), 1);
    }

    #[test]
    fn a_pure_crate_uses_no_runtime() {
        assert_eq!(findings(&[("domain", "tokio", Kind::Normal)]), ["`domain` is pure and must not use `tokio`"]);
        assert_eq!(findings(&[("domain", "rand", Kind::Dev)]), Vec::<String>::new());
    }

    #[test]
    fn openssl_is_refused_everywhere() {
        assert_eq!(
            findings(&[("centralita", "openssl", Kind::Normal)]),
            ["`centralita` must not use `openssl`: TLS is rustls"]
        );
    }

    #[test]
    fn a_crate_outside_the_table_is_named() {
        let members = BTreeSet::from(["helpers".to_owned()]);
        assert!(check(&members, &[])[0].starts_with("crate `helpers` is not in the table"));
    }

    #[test]
    fn only_crates_below_testkit_keep_it_out_of_their_unit_tests() {
        let (members, edges) = world(&[
            ("testkit", "app", Kind::Normal),
            ("app", "domain", Kind::Normal),
            ("domain", "testkit", Kind::Dev),
            ("api", "testkit", Kind::Dev),
        ]);
        assert_eq!(unit_test_doubles(&members, &edges), ["domain"]);
    }

    #[test]
    fn metadata_becomes_edges_with_their_kind() {
        let metadata = serde_json::json!({"packages": [{"name": "store", "dependencies": [
            {"name": "db", "kind": null}, {"name": "testkit", "kind": "dev"}
        ]}]});
        let edge = |to: &str, kind| Edge { from: "store".into(), to: to.into(), kind };
        let found = edges(&metadata).expect("well-formed");
        assert_eq!(found, [edge("db", Kind::Normal), edge("testkit", Kind::Dev)]);
    }
}
