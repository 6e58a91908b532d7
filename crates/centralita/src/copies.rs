//! Backups: a folder with a copy of the store, the files beside it, and a manifest; and the way back.
//!
//! # Invariants
//! - The secret key is never in a backup: who finds one reads no channel's password.
//! - The manifest is written last: a folder without it is no whole backup and is not restored.
//! - Restoring never writes over anything: the target must be empty, and the store gets its name last.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::StoreOptions;
use crate::{lock, settings};

/// The store's file.
pub const DATABASE: &str = "centralita.db";
/// The store while it is being restored; as long as this is there, the folder is not whole.
pub const UNFINISHED: &str = "centralita.db.restoring";
/// The key that seals secrets.
pub const SECRET_KEY: &str = "secret.key";
const MANIFEST: &str = "manifest.json";
const FILES: &str = "files";
/// The layout of backups.
const FORMAT: u32 = 1;

const KEY_NOTICE: &str = "The secret key is not in the backup. Keep a copy of secret.key at a safe place of its own: \
                          without it the stored passwords and tokens of channels cannot be read.";

/// What a backup says of itself.
#[derive(Debug, Deserialize, Serialize)]
struct Manifest {
    format: u32,
    version: String,
    newest_migration: String,
    database_sha256: String,
    file_count: u64,
}

/// Copies store and files to the new folder `to`, while work goes on; what to tell the operator.
///
/// # Errors
/// When `to` exists or cannot be written, and always for PostgreSQL, which brings its own tools.
pub async fn backup(options: &StoreOptions, to: &Path) -> anyhow::Result<String> {
    ensure!(
        options.database_url.is_none(),
        "use pg_dump to back up a PostgreSQL database, and copy the folder {} without secret.key",
        options.data_dir.display()
    );
    ensure!(options.data_dir.join(DATABASE).is_file(), "there is no store in {}", options.data_dir.display());
    ensure!(!to.exists(), "{} already exists", to.display());
    settings::make_private(to)?;
    copy_database(options, &to.join(DATABASE)).await?;
    let file_count = copy_files(&options.data_dir, &to.join(FILES))?;
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        newest_migration: newest_migration().to_owned(),
        database_sha256: digest(&to.join(DATABASE))?,
        file_count,
    };
    write_manifest(to, &manifest)?;
    Ok(format!("Backup written to {} ({file_count} files beside the store). {KEY_NOTICE}", to.display()))
}

async fn copy_database(options: &StoreOptions, to: &Path) -> anyhow::Result<()> {
    let store = settings::open_store(options).await?;
    let outcome = store.backup(to).await.with_context(|| format!("the backup to {}", to.display()));
    store.close().await;
    outcome
}

fn newest_migration() -> &'static str {
    store::MIGRATIONS.last().map_or("none", |migration| migration.name)
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let path = folder.join(MANIFEST);
    let write = || -> io::Result<()> {
        fs::write(&path, serde_json::to_vec_pretty(manifest)?)?;
        File::open(&path)?.sync_all()?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("the manifest {}", path.display()))
}

/// Brings a backup into the empty data folder of `options`; what to tell the operator.
///
/// # Errors
/// When the folder is no whole backup, was changed, comes from a newer program, or the target holds something.
pub fn restore(options: &StoreOptions, from: &Path) -> anyhow::Result<String> {
    ensure!(
        options.database_url.is_none(),
        "use pg_restore or psql to restore a PostgreSQL database, and copy the files into {}",
        options.data_dir.display()
    );
    let manifest = read_manifest(from)?;
    let target = &options.data_dir;
    settings::make_private(target)?;
    let _lock = lock::take(target)?;
    refuse_content(target)?;
    bring_in(from, target)?;
    let key = target.join(SECRET_KEY);
    Ok(format!(
        "Restored {} ({} files beside the store). The secret key is not in the backup: copy your secret.key to {} before \
         the next start. Without it the stored passwords and tokens of channels cannot be read and must be entered again.",
        target.display(),
        manifest.file_count,
        key.display()
    ))
}

fn read_manifest(from: &Path) -> anyhow::Result<Manifest> {
    let path = from.join(MANIFEST);
    let bytes =
        fs::read(&path).with_context(|| format!("{} is no whole backup: {MANIFEST} cannot be read", from.display()))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).with_context(|| format!("{} is no manifest of a backup", path.display()))?;
    ensure!(manifest.format == FORMAT, "the backup has layout {}, this program knows {FORMAT}", manifest.format);
    ensure!(
        store::MIGRATIONS.iter().any(|known| known.name == manifest.newest_migration),
        "the backup was made by a newer Centralita ({}): install that version first",
        manifest.version
    );
    ensure!(
        digest(&from.join(DATABASE))? == manifest.database_sha256,
        "the store in {} is not the one that was backed up: its checksum differs",
        from.display()
    );
    Ok(manifest)
}

/// A folder may hold nothing but its lock.
fn refuse_content(target: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(target).with_context(|| format!("the folder {}", target.display()))? {
        let name = entry.with_context(|| format!("the folder {}", target.display()))?.file_name();
        if name != lock::FILE {
            bail!(
                "{} is not empty (it holds {}): restore into an empty folder, nothing is ever written over",
                target.display(),
                name.to_string_lossy()
            );
        }
    }
    Ok(())
}

fn bring_in(from: &Path, target: &Path) -> anyhow::Result<()> {
    let unfinished = target.join(UNFINISHED);
    copy_file(&from.join(DATABASE), &unfinished)?;
    if from.join(FILES).is_dir() {
        copy_tree(&from.join(FILES), target, &[])?;
    }
    let name = || -> io::Result<()> {
        fs::rename(&unfinished, target.join(DATABASE))?;
        File::open(target)?.sync_all()
    };
    name().with_context(|| format!("the store in {}", target.display()))
}

/// Copies what stands beside the store, without the key; how many files.
fn copy_files(data_dir: &Path, to: &Path) -> anyhow::Result<u64> {
    let wal = format!("{DATABASE}-wal");
    let index = format!("{DATABASE}-shm");
    copy_tree(data_dir, to, &[DATABASE, &wal, &index, SECRET_KEY, lock::FILE])
}

fn copy_tree(from: &Path, to: &Path, but: &[&str]) -> anyhow::Result<u64> {
    settings::make_private(to)?;
    let mut count = 0;
    for entry in fs::read_dir(from).with_context(|| format!("the folder {}", from.display()))? {
        let entry = entry.with_context(|| format!("the folder {}", from.display()))?;
        let name = entry.file_name();
        if but.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let kind = entry.file_type().with_context(|| format!("{}", entry.path().display()))?;
        if kind.is_dir() {
            count += copy_tree(&entry.path(), &to.join(&name), &[])?;
        } else if kind.is_file() && copy_file(&entry.path(), &to.join(&name))? {
            count += 1;
        }
    }
    Ok(count)
}

/// Copies and syncs one file; whether it was still there.
fn copy_file(from: &Path, to: &PathBuf) -> anyhow::Result<bool> {
    let copy = || -> io::Result<bool> {
        match fs::copy(from, to) {
            Ok(_) => File::open(to)?.sync_all().map(|()| true),
            // A file that ends while work goes on was finished with before the store's copy was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(false),
            Err(error) => Err(error),
        }
    };
    copy().with_context(|| format!("copying {} to {}", from.display(), to.display()))
}

fn digest(path: &Path) -> anyhow::Result<String> {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                length => hash.update(&buffer[..length]),
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    read().with_context(|| format!("the store {}", path.display()))
}
