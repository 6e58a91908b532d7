//! `centralita doctor`: looks at everything a start needs and says what to do, one line each.
//!
//! # Invariants
//! - Nothing is made or changed: also a folder that another process serves from can be looked at.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use app::health::{DISK_MIN_BYTES, free_bytes};
use app::keyring::Keyring;
use jiff::Timestamp;

use crate::cli::RunOptions;
use crate::copies::{DATABASE, SECRET_KEY, UNFINISHED};
use crate::settings;

/// Free space below which an operator should act, in bytes.
const DISK_LOW_BYTES: u64 = 1024 * 1024 * 1024;
/// How far a file may seem to come from the future.
const CLOCK_SLACK: Duration = Duration::from_mins(5);
/// No clock that is right shows a time before this program was written.
const WRITTEN_AT: &str = "2026-11-01T00:00:00Z";

/// How a thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// As it should be; what was seen.
    Good(String),
    /// It works, but something should be done.
    Notice(String),
    /// It will not work before something is done.
    Bad(String),
}

use Finding::{Bad, Good, Notice};

/// Looks at everything and prints a line for each; 1 when something is wrong.
pub async fn run(options: &RunOptions) -> ExitCode {
    let folder = &options.store.data_dir;
    let mut findings = vec![
        ("data folder", data_folder(folder)),
        ("permissions", permissions(folder)),
        ("disk space", disk_space(folder)),
    ];
    let (store, migrations) = store(options).await;
    findings.extend([("store", store), ("migrations", migrations)]);
    findings.push(("key file", key_file(options)));
    findings.push(("public URL", public_url(options)));
    findings.push(("clock", clock(folder, SystemTime::now())));
    for (name, finding) in &findings {
        println!("{}", line(name, finding));
    }
    let is_ill = findings.iter().any(|(_, finding)| matches!(finding, Bad(_)));
    if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn line(name: &str, finding: &Finding) -> String {
    let (mark, text) = match finding {
        Good(text) => ("ok", text),
        Notice(text) => ("note", text),
        Bad(text) => ("FAIL", text),
    };
    format!("{mark:<5} {name:<12} {}", text.replace('\n', " "))
}

fn data_folder(folder: &Path) -> Finding {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Bad(format!("{shown} is no folder: name another with --data-dir")),
        Ok(_) if folder.join(UNFINISHED).exists() => {
            Bad(format!("a restore into {shown} did not come to its end: empty the folder and restore again"))
        }
        Ok(_) => writable(folder),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Notice(format!("{shown} is not there yet: the first start makes it"))
        }
        Err(error) => Bad(format!("{shown} cannot be looked at ({error}): run this as the user who serves")),
    }
}

/// Whether this user may write there, asked of the system: nothing is written.
fn writable(folder: &Path) -> Finding {
    match rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        Ok(()) => Good(folder.display().to_string()),
        Err(_) => Bad(format!(
            "{} cannot be written by this user: chown it to the user who serves, or run this as that user",
            folder.display()
        )),
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<u32> {
    None
}

fn permissions(folder: &Path) -> Finding {
    let secret = [folder.to_owned(), folder.join(DATABASE)];
    match secret.iter().find_map(|path| Some((path, open_to_others(path)?))) {
        // The folder shields what is in it.
        Some((path, mode)) if path == folder => Bad(format!(
            "others may enter {} (mode {mode:o}), where messages and keys are: chmod 700 {}",
            path.display(),
            path.display()
        )),
        Some(_) | None => Good("only the owner may enter".to_owned()),
    }
}

fn disk_space(folder: &Path) -> Finding {
    // A folder that is not there yet will stand on the disk of the nearest one above it.
    let standing = folder.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("."));
    let free = match free_bytes(standing) {
        Ok(free) => free,
        Err(error) => return Bad(format!("{} cannot be asked about ({error})", standing.display())),
    };
    let shown = format!("{} MiB free", free / (1024 * 1024));
    if free < DISK_MIN_BYTES {
        Bad(format!("{shown}: writes are refused at {} MiB; make room", DISK_MIN_BYTES / (1024 * 1024)))
    } else if free < DISK_LOW_BYTES {
        Notice(format!("{shown}: make room soon"))
    } else {
        Good(shown)
    }
}

/// The store and its schema.
async fn store(options: &RunOptions) -> (Finding, Finding) {
    let is_embedded = options.store.database_url.is_none();
    if is_embedded && !options.store.data_dir.join(DATABASE).is_file() {
        let note = || Notice("there is no store yet: the first start makes it".to_owned());
        return (note(), note());
    }
    let store = match settings::open_store(&options.store).await {
        Ok(store) => store,
        Err(error) => {
            let advice = if is_embedded { "restore a backup" } else { "check --database-url and the server" };
            return (Bad(format!("{error:#}: {advice}")), Bad("unknown while the store does not open".to_owned()));
        }
    };
    let integrity = match store.faults().await {
        Ok(faults) if faults.is_empty() => Good(if is_embedded { "whole" } else { "PostgreSQL answers" }.to_owned()),
        Ok(faults) => Bad(format!("{}: stop the program and restore a backup", faults.join("; "))),
        Err(error) => Bad(format!("it cannot be read ({error}): stop the program and restore a backup")),
    };
    let migrations = match store.pending(store::MIGRATIONS).await {
        Ok(missing) if missing.is_empty() => Good(format!("all {} applied", store::MIGRATIONS.len())),
        Ok(missing) => {
            Notice(format!("{} missing: the next start applies them, or `centralita migrate`", missing.len()))
        }
        Err(error) => Bad(format!("{error}: run the newest program that has served this store")),
    };
    store.close().await;
    (integrity, migrations)
}

fn key_file(options: &RunOptions) -> Finding {
    let path = options.secret_key_file.clone().unwrap_or_else(|| options.store.data_dir.join(SECRET_KEY));
    if !path.exists() {
        return no_key_file(options, &path);
    }
    if let Err(error) = Keyring::read(&path) {
        return Bad(format!("{error}: put back the copy you keep of it"));
    }
    match open_to_others(&path) {
        Some(mode) => Bad(format!("others may read {} (mode {mode:o}): chmod 600 it", path.display())),
        None => Good(format!("{}; keep a copy elsewhere, no backup holds it", path.display())),
    }
}

fn no_key_file(options: &RunOptions, path: &Path) -> Finding {
    let shown = path.display();
    let has_store = options.store.database_url.is_some() || options.store.data_dir.join(DATABASE).is_file();
    if options.secret_key_file.is_some() {
        Bad(format!("{shown} is not there: put it there, or name another with --secret-key-file"))
    } else if has_store {
        Bad(format!(
            "{shown} is not there, but there is a store: copy your secret.key to it, else the stored passwords \
                     of channels are lost"
        ))
    } else {
        Notice(format!("{shown} is not there yet: the first start makes it"))
    }
}

fn public_url(options: &RunOptions) -> Finding {
    match settings::public_url(options, options.listen) {
        Err(error) => Bad(error.to_string()),
        Ok(url) if !is_address(&url) => {
            Bad(format!("{url} is no address: pass --public-url https://your.name, without a path"))
        }
        Ok(url) if url.starts_with("https://") => Good(url),
        Ok(url) if options.insecure_http => {
            Notice(format!("{url} sends passwords in the clear: put TLS in front of it"))
        }
        Ok(url) => Notice(format!("{url} is reached from this machine alone: pass --public-url https://… for others")),
    }
}

/// Scheme and host, no path.
fn is_address(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
}

fn clock(folder: &Path, now: SystemTime) -> Finding {
    let advice = "set the clock and keep it right, for one with `timedatectl set-ntp true`";
    let written: SystemTime = WRITTEN_AT.parse::<Timestamp>().map_or(SystemTime::UNIX_EPOCH, Into::into);
    let shown = Timestamp::try_from(now).map_or_else(|_| "no time at all".to_owned(), |at| at.to_string());
    if now < written {
        return Bad(format!("it shows {shown}, which is past: {advice}"));
    }
    let files = [DATABASE.to_owned(), format!("{DATABASE}-wal")];
    let newest = files.iter().filter_map(|name| fs::metadata(folder.join(name)).ok()?.modified().ok()).max();
    match newest {
        Some(at) if at > now + CLOCK_SLACK => {
            Bad(format!("it shows {shown}, before the store was last written: {advice}"))
        }
        Some(_) | None => Good(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn options(arguments: &[&str]) -> RunOptions {
        let cli = Cli::parse_from(["centralita", "doctor"].iter().chain(arguments));
        let Command::Doctor(options) = cli.command else { panic!("doctor was asked for") };
        options
    }

    #[test]
    fn an_address_has_no_path() {
        assert!(is_address("https://desk.example") && is_address("http://127.0.0.1:8080"));
        assert!(!is_address("https://desk.example/x") && !is_address("https://") && !is_address("ftp://x"));
        assert!(matches!(public_url(&options(&["--public-url", "http://desk.example"])), Bad(_)));
        assert!(matches!(public_url(&options(&["--public-url", "https://desk.example"])), Good(_)));
        assert!(matches!(public_url(&options(&[])), Notice(_)));
    }

    #[test]
    fn a_clock_that_went_back_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(DATABASE), b"").expect("a file");
        let now = SystemTime::now();
        assert!(matches!(clock(folder.path(), now), Good(_)));
        assert!(matches!(clock(folder.path(), now - Duration::from_hours(1)), Bad(_)));
        assert!(matches!(clock(folder.path(), SystemTime::UNIX_EPOCH), Bad(_)));
    }

    #[test]
    fn a_finding_is_one_line() {
        assert_eq!(line("clock", &Good("a\nb".to_owned())), "ok    clock        a b");
    }
}
