//! Online backup: a copy of one moment, taken in steps while the writer goes on.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// Pages copied per step (4 MiB), between which others get the disk.
const PAGES_PER_STEP: i32 = 1024;

/// Copies the database at `from` to the new file `to`, which appears only when it is whole and on disk.
pub(super) fn run(from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::Backup(format!("{} already exists", to.display())));
    }
    let partial = with_suffix(to, ".partial");
    let copied = copy(from, &partial).and_then(|()| publish(&partial, to));
    if copied.is_err() {
        // Best effort: the error of the copy is the one to tell.
        drop(fs::remove_file(&partial));
    }
    copied
}

fn copy(from: &Path, partial: &Path) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| match Error::sqlite("backup", &error) {
        Error::Full => Error::Full,
        other => Error::Backup(other.to_string()),
    };
    if partial.exists() {
        fs::remove_file(partial).map_err(failed_io)?;
    }
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    // Holding one snapshot open keeps commits of the writer from starting the copy over.
    source.execute_batch("PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema;").map_err(failed)?;
    let mut target = Connection::open(partial).map_err(failed)?;
    steps(&source, &mut target).map_err(failed)?;
    target.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
    target.close().map_err(|(_, error)| failed(error))
}

fn steps(source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
    let backup = Backup::new(source, target)?;
    while backup.step(PAGES_PER_STEP)? != StepResult::Done {
        std::thread::yield_now();
    }
    Ok(())
}

/// Syncs the copy, gives it its name, and syncs the folder so that the name lasts.
fn publish(partial: &Path, to: &Path) -> Result<(), Error> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(partial).and_then(|()| fs::rename(partial, to)).map_err(failed_io)?;
    match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync(folder).map_err(failed_io),
        Some(_) | None => sync(Path::new(".")).map_err(failed_io),
    }
}

fn failed_io(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::Backup(error.to_string()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}
