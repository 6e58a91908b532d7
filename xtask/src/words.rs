//! What must not stand in the repository: somebody's machine, foreign registries, forgotten marks,
//! tests that are switched off.

use crate::tree;
use anyhow::Result;
use std::path::Path;

/// This file names what it refuses.
const ITSELF: &str = "xtask/src/words.rs";

const NPM: &str = "https://registry.npmjs.org/";
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";

struct Rule {
    word: &'static str,
    /// File name endings it applies to; empty: every text file.
    endings: &'static [&'static str],
    why: &'static str,
}

const fn rule(word: &'static str, endings: &'static [&'static str], why: &'static str) -> Rule {
    Rule { word, endings, why }
}

const CODE: &[&str] = &[".rs", ".ts", ".svelte", ".js", ".mjs", ".sh", ".css", "Makefile"];
const TESTS: &[&str] = &[".ts", ".js", ".mjs"];
const MACHINE: &str = "a path of one machine";
const SKIPPED: &str = "a test that cannot run fails; it is not switched off";

const RULES: &[Rule] = &[
    rule("/home/", &[], MACHINE),
    rule("/Users/", &[], MACHINE),
    rule("/root/", &[], MACHINE),
    rule("/work/", &[], MACHINE),
    rule("FIXME", CODE, "mend it, or open an issue"),
    rule("#[ignore", &[".rs"], SKIPPED),
    rule("it.skip(", TESTS, SKIPPED),
    rule("test.skip(", TESTS, SKIPPED),
    rule("describe.skip(", TESTS, SKIPPED),
    rule("it.only(", TESTS, SKIPPED),
    rule("test.only(", TESTS, SKIPPED),
    rule("describe.only(", TESTS, SKIPPED),
];

/// Checks every file that git tracks or would track.
///
/// # Errors
/// When the tree cannot be read.
pub fn run(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in tree::files(root)?.iter().filter(|f| *f != ITSELF) {
        let bytes = std::fs::read(root.join(file))?;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            findings.extend(check(file, text));
        }
    }
    Ok(findings)
}

fn check(file: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let found = RULES.iter().find(|rule| applies(rule, file) && has_word(rule, line));
        let why = found.map(|rule| format!("`{}`: {}", rule.word, rule.why));
        let why = why.or_else(|| unnumbered_todo(file, line)).or_else(|| foreign(file, line));
        findings.extend(why.map(|why| format!("{file}:{}: {why}", index + 1)));
    }
    findings
}

fn applies(rule: &Rule, file: &str) -> bool {
    rule.endings.is_empty() || rule.endings.iter().any(|ending| file.ends_with(ending))
}

/// A path rule matches where a path begins, not inside an address or a longer path.
fn has_word(rule: &Rule, line: &str) -> bool {
    let is_path = rule.word.starts_with('/');
    line.match_indices(rule.word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !is_path || !before.is_some_and(|c| c.is_alphanumeric() || "./-_}>*)".contains(c))
    })
}

fn unnumbered_todo(file: &str, line: &str) -> Option<String> {
    let is_code = CODE.iter().any(|ending| file.ends_with(ending));
    let at = line.find("TODO").filter(|_| is_code)?;
    let has_issue = line[at..].contains('#');
    (!has_issue).then(|| "`TODO` without an issue number".into())
}

/// A lock file names the public registry, not somebody's mirror.
fn foreign(file: &str, line: &str) -> Option<String> {
    let line = line.trim();
    let address = if file.ends_with("package-lock.json") {
        let address = line.strip_prefix("\"resolved\": \"")?;
        (!address.starts_with(NPM) && address.contains("://")).then_some(address)
    } else if file.ends_with("Cargo.lock") {
        let source = line.strip_prefix("source = \"")?;
        (!source.starts_with(CRATES)).then_some(source)
    } else {
        None
    };
    address.map(|a| format!("a registry that not everybody has: {}", a.trim_end_matches(['"', ','])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_refused_in_any_file() {
        assert_eq!(check("docs/a.md", "see\n/home/ana/centralita\n"), ["docs/a.md:2: `/home/`: a path of one machine"]);
    }

    #[test]
    fn a_path_inside_an_address_or_a_longer_path_is_not_of_a_machine() {
        assert!(check("a.rs", "https://example.com/home/ana src/work/x ${dir}/root/y").is_empty());
    }

    #[test]
    fn a_test_that_is_switched_off_is_refused_in_code_only() {
        assert_eq!(check("a.rs", "    #[ignore = \"slow\"]").len(), 1);
        assert_eq!(check("a.test.ts", "it.skip('x', () => {})").len(), 1);
        assert!(check("docs/a.md", "never `#[ignore]`").is_empty());
    }

    #[test]
    fn a_mark_needs_an_issue_number() {
        assert_eq!(check("a.ts", "// TODO later").len(), 1);
        assert!(check("a.ts", "// TODO(#12) later").is_empty());
    }

    #[test]
    fn lock_files_name_the_public_registries() {
        let npm = |host: &str| format!("      \"resolved\": \"https://{host}/a/-/a-1.0.0.tgz\",");
        assert!(check("web/package-lock.json", &npm("registry.npmjs.org")).is_empty());
        assert_eq!(
            check("web/package-lock.json", &npm("mirror.example")),
            ["web/package-lock.json:1: a registry that not everybody has: https://mirror.example/a/-/a-1.0.0.tgz"]
        );
        assert!(check("Cargo.lock", &format!("source = \"{CRATES}\"")).is_empty());
        assert_eq!(check("Cargo.lock", "source = \"git+https://example.com/x\"").len(), 1);
    }
}
