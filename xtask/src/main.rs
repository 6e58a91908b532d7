//! Repository chores. Each one is a module with a pure check and a thin part that reads the tree.
//!
//! Every check collects all its findings before it fails, so one run names everything there is to mend.

mod changed;
mod graph;
mod i18n;
mod openapi;
mod tree;
mod words;

use std::process::ExitCode;

const USAGE: &str = "cargo xtask <chore>

  changed            crates and web packages touched since the last commit, with direct dependants
  graph              the crates depend on each other only as ARCHITECTURE.md allows
  openapi [--check]  write openapi.json and web/sdk/src/schema.d.ts, or compare them
  i18n               every language has the same message keys and arguments
  words              no machine paths, foreign registries, forgotten marks or skipped tests
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = tree::root();
    let findings = match args.as_slice() {
        ["changed"] => return list(changed::run(&root)),
        ["graph"] => graph::run(&root),
        ["openapi"] => openapi::run(&root, openapi::Mode::Write),
        ["openapi", "--check"] => openapi::run(&root, openapi::Mode::Check),
        ["i18n"] => i18n::run(&root),
        ["words"] => words::run(&root),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    report(args[0], findings)
}

/// Prints findings one a line; success only when there are none.
fn report(chore: &str, findings: anyhow::Result<Vec<String>>) -> ExitCode {
    match findings {
        Ok(found) if found.is_empty() => {
            println!("{chore}: ok");
            ExitCode::SUCCESS
        }
        Ok(found) => {
            for line in &found {
                eprintln!("{chore}: {line}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{chore}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what a chore found out.
fn list(lines: anyhow::Result<Vec<String>>) -> ExitCode {
    match lines {
        Ok(lines) => {
            for line in lines {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
