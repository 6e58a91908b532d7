//! One process per data folder: the operating system holds the lock and frees it however the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The file that is locked; it says which process holds the folder.
pub const FILE: &str = "centralita.lock";

/// The folder is ours as long as this lives.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Takes the folder for this process.
///
/// # Errors
/// When another process has it, or the lock cannot be written.
pub fn take(folder: &Path) -> anyhow::Result<FolderLock> {
    let path = folder.join(FILE);
    let mut file = open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "the data folder {} is in use by another Centralita (process {}): stop that one first, or name another \
             folder with --data-dir",
            folder.display(),
            holder(&mut file)
        ),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("the lock {}", path.display()));
        }
    }
    sign(&mut file).with_context(|| format!("the lock {}", path.display()))?;
    Ok(FolderLock { _file: file })
}

fn open(path: &PathBuf) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).with_context(|| format!("the lock {}", path.display()))
}

/// The number of the process that holds it, as that one wrote it.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        Ok(_) | Err(_) => "unknown".to_owned(),
    }
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_in_words_and_a_later_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = take(folder.path()).expect("free");
        let refused = take(folder.path()).expect_err("held").to_string();
        assert!(refused.contains("in use by another Centralita"), "{refused}");
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        assert!(take(folder.path()).is_ok());
    }
}
