//! Files: bytes on disk under a key, streamed in and out; what they are to somebody stands in the store.
//!
//! # Invariants
//! - A key leads to a whole file that is on disk, or to nothing: bytes arrive beside it and are moved in at the end.
//! - Keys are UUIDs made here: no name from outside ever becomes a path, and the age of a file is that of its key.
//! - A file nobody refers to for [`LOOSE_HOURS`] is removed; one that is referred to never is.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::attachment::LOOSE_HOURS;
use domain::ids::OrganizationId;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Ctx, Error};

/// Largest file taken when nothing smaller is asked for, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Files looked at in one step of cleaning.
const BATCH: usize = 500;
/// Ends the name of a file whose bytes are still arriving.
const PART: &str = "part";

/// Where new keys come from.
type Keys = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The files of this installation.
pub struct Files {
    root: PathBuf,
    keys: Keys,
    stopping: watch::Sender<bool>,
}

/// A file that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Leads back to it.
    pub key: String,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
}

/// A file whose bytes are arriving. Dropped before [`Upload::finish`], nothing of it stays.
pub struct Upload {
    file: File,
    part: Part,
    target: PathBuf,
    key: String,
    hash: Sha256,
    size_bytes: u64,
    max_bytes: u64,
}

/// The place of arriving bytes; gone with this value.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It is gone already once it was moved in; the cleaner finds what a failing disk keeps.
        drop(std::fs::remove_file(&self.0));
    }
}

fn refusal(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::StorageFull,
        ErrorKind::NotFound => Error::NotFound,
        _ => Error::Files(error),
    }
}

impl Files {
    pub(crate) fn new(data_dir: &Path, keys: Keys) -> Self {
        Self { root: data_dir.join("files"), keys, stopping: watch::Sender::new(false) }
    }

    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn folder(&self, org: OrganizationId) -> PathBuf {
        self.root.join(org.to_string())
    }

    /// Where the file of a key stands: spread over 256 folders.
    fn path(&self, org: OrganizationId, key: &str) -> Result<PathBuf, Error> {
        let id: Uuid = key.parse().map_err(|_| Error::NotFound)?;
        let shelf = format!("{:02x}", id.as_bytes()[15]);
        Ok(self.folder(org).join(shelf).join(id.to_string()))
    }

    /// Begins a file of at most [`MAX_FILE_BYTES`]; its bytes follow by [`Upload::write`].
    ///
    /// # Errors
    /// [`Error::StorageFull`]; [`Error::Files`] when the disk fails.
    pub async fn create(&self, org: OrganizationId) -> Result<Upload, Error> {
        let key = (self.keys)().to_string();
        let target = self.path(org, &key)?;
        let part = Part(target.with_extension(PART));
        if let Some(shelf) = target.parent() {
            make_private(shelf).await.map_err(refusal)?;
        }
        let file = options().open(&part.0).await.map_err(refusal)?;
        Ok(Upload { file, part, target, key, hash: Sha256::new(), size_bytes: 0, max_bytes: MAX_FILE_BYTES })
    }

    /// Stores `bytes`; returns once they are on disk.
    ///
    /// # Errors
    /// As [`Files::create`]; [`Error::AttachmentTooLarge`].
    pub async fn put(&self, org: OrganizationId, bytes: &[u8]) -> Result<Stored, Error> {
        let mut upload = self.create(org).await?;
        upload.write(bytes).await?;
        upload.finish().await
    }

    /// Opens the file of a key for reading from its beginning.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none in this organization.
    pub async fn open(&self, org: OrganizationId, key: &str) -> Result<File, Error> {
        File::open(self.path(org, key)?).await.map_err(refusal)
    }

    /// All bytes of the file of a key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none in this organization.
    pub async fn read(&self, org: OrganizationId, key: &str) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut file = self.open(org, key).await?.take(MAX_FILE_BYTES);
        file.read_to_end(&mut bytes).await.map_err(refusal)?;
        Ok(bytes)
    }

    /// Removes the file of a key; one that is gone already is fine.
    ///
    /// # Errors
    /// [`Error::Files`] when the disk fails.
    pub async fn remove(&self, org: OrganizationId, key: &str) -> Result<(), Error> {
        absent_is_fine(fs::remove_file(self.path(org, key)?).await)
    }

    /// The keys made before `until`, at most [`BATCH`] of one shelf, with whether they only arrived in part.
    async fn old(&self, shelf: &Path, until: Timestamp) -> Result<Vec<(String, PathBuf)>, Error> {
        let mut found = Vec::new();
        let mut entries = match fs::read_dir(shelf).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(refusal(error)),
        };
        while let Some(entry) = entries.next_entry().await.map_err(refusal)? {
            let path = entry.path();
            let Some(key) = path.file_stem().and_then(|stem| stem.to_str()?.parse::<Uuid>().ok()) else { continue };
            if made_at(key).is_some_and(|at| at <= until) {
                found.push((key.to_string(), path));
            }
        }
        Ok(found)
    }
}

/// When a key was made.
fn made_at(key: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = key.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
}

fn absent_is_fine(outcome: io::Result<()>) -> Result<(), Error> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(refusal(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

async fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).await
}

impl Upload {
    /// The same with a smaller limit, in bytes.
    #[must_use]
    pub fn with_limit(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes.min(MAX_FILE_BYTES);
        self
    }

    /// How many bytes it may hold.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// The same with a limit of its own, for what is kept as it came and never held in memory.
    #[must_use]
    pub fn with_raw_limit(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// [`Error::AttachmentTooLarge`] beyond the limit; [`Error::StorageFull`]; [`Error::Files`]. Drop it then.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let size_bytes = self.size_bytes.saturating_add(chunk.len() as u64);
        if size_bytes > self.max_bytes {
            return Err(Error::AttachmentTooLarge { max_bytes: self.max_bytes });
        }
        self.file.write_all(chunk).await.map_err(refusal)?;
        self.hash.update(chunk);
        self.size_bytes = size_bytes;
        Ok(())
    }

    /// Moves the file in once its bytes are on disk.
    ///
    /// # Errors
    /// [`Error::StorageFull`]; [`Error::Files`]. Nothing of it stays then.
    pub async fn finish(mut self) -> Result<Stored, Error> {
        self.file.flush().await.map_err(refusal)?;
        self.file.sync_all().await.map_err(refusal)?;
        fs::rename(&self.part.0, &self.target).await.map_err(refusal)?;
        if let Some(shelf) = self.target.parent() {
            let folder = File::open(shelf).await.map_err(refusal)?;
            folder.sync_all().await.map_err(refusal)?;
        }
        Ok(Stored { key: self.key, size_bytes: self.size_bytes, sha256: self.hash.finalize().to_vec() })
    }
}

/// Removes what nobody refers to since [`LOOSE_HOURS`]: files never attached, and bytes without a row. How many went.
///
/// # Errors
/// What store and disk refuse.
pub async fn clean(ctx: &Ctx, org: OrganizationId) -> Result<usize, Error> {
    let until = ctx.now().checked_sub(SignedDuration::from_hours(LOOSE_HOURS)).unwrap_or(Timestamp::MIN);
    Ok(expire(ctx, org, until).await? + sweep(ctx, org, until).await?)
}

/// Uploads that nobody attached.
async fn expire(ctx: &Ctx, org: OrganizationId, until: Timestamp) -> Result<usize, Error> {
    let mut count = 0;
    loop {
        let keys = ctx
            .store()
            .write("files.expire", (org, until), |tx, (org, until)| {
                Box::pin(async move {
                    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
                    let loose = store::attachments::loose(tx, org, until, limit).await?;
                    store::attachments::expire(tx, org, loose.iter().map(|a| a.id.0).collect()).await?;
                    Ok::<_, Error>(loose.into_iter().filter_map(|a| a.file_key).collect::<Vec<_>>())
                })
            })
            .await?;
        for key in &keys {
            ctx.files().remove(org, key).await?;
        }
        count += keys.len();
        if keys.len() < BATCH {
            return Ok(count);
        }
    }
}

/// Bytes without a row: of transactions that failed, of uploads that were cut off.
async fn sweep(ctx: &Ctx, org: OrganizationId, until: Timestamp) -> Result<usize, Error> {
    let mut count = 0;
    for shelf in 0..=u8::MAX {
        let shelf = ctx.files().folder(org).join(format!("{shelf:02x}"));
        for page in ctx.files().old(&shelf, until).await?.chunks(BATCH) {
            let keys: Vec<String> = page.iter().map(|(key, _)| key.clone()).collect();
            let needed: BTreeSet<String> = referenced(ctx, org, keys).await?.into_iter().collect();
            let is_orphan = |key: &str, path: &Path| path.extension().is_some() || !needed.contains(key);
            for (_, path) in page.iter().filter(|(key, path)| is_orphan(key, path)) {
                absent_is_fine(fs::remove_file(path).await)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// Removes files at once that a commit left without anybody who refers to them. What the disk keeps now, the cleaner
/// removes later: they are nobody's already.
pub(crate) async fn discard(ctx: &Ctx, org: OrganizationId, keys: Vec<String>) {
    for page in keys.chunks(BATCH) {
        let needed: BTreeSet<String> = match referenced(ctx, org, page.to_vec()).await {
            Ok(needed) => needed.into_iter().collect(),
            Err(error) => return tracing::warn!(%error, "files of what was erased stay until the next cleaning"),
        };
        for key in page.iter().filter(|key| !needed.contains(*key)) {
            if let Err(error) = ctx.files().remove(org, key).await {
                tracing::warn!(%error, "a file of what was erased stays until the next cleaning");
            }
        }
    }
}

async fn referenced(ctx: &Ctx, org: OrganizationId, keys: Vec<String>) -> Result<Vec<String>, Error> {
    ctx.store()
        .read("files.referenced", (org, keys), |tx, (org, keys)| {
            Box::pin(async move { Ok::<_, Error>(store::attachments::referenced(tx, org, keys).await?) })
        })
        .await
}

/// Starts the cleaner of an organization. It sleeps until the oldest loose file is due, at most [`LOOSE_HOURS`]: what
/// is added meanwhile is due later than that.
pub(crate) fn start(ctx: &Ctx, org: OrganizationId) -> JoinHandle<()> {
    let stopping = ctx.files().stopping.subscribe();
    tokio::spawn(clean_on_time(ctx.clone(), org, stopping))
}

async fn clean_on_time(ctx: Ctx, org: OrganizationId, mut stopping: watch::Receiver<bool>) {
    loop {
        match clean(&ctx, org).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(%org, count, "files nobody refers to were removed"),
            Err(error) => tracing::warn!(%error, "files could not be cleaned; trying again at the next deadline"),
        }
        let pause = until_due(&ctx, org).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|is_stopping| *is_stopping) => return,
        }
    }
}

async fn until_due(ctx: &Ctx, org: OrganizationId) -> Duration {
    let whole = SignedDuration::from_hours(LOOSE_HOURS);
    let oldest = ctx
        .store()
        .read("files.oldest", org, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::attachments::oldest_loose(tx, org).await?) })
        })
        .await;
    let waited = oldest.ok().flatten().map_or(SignedDuration::ZERO, |at| ctx.now().duration_since(at));
    let pause = (whole - waited).max(SignedDuration::from_mins(1));
    pause.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(folder: &Path, file: std::fs::File) -> Upload {
        let part = Part(folder.join("x.part"));
        std::fs::write(&part.0, b"").expect("a file");
        Upload {
            file: File::from_std(file),
            part,
            target: folder.join("x"),
            key: "x".to_owned(),
            hash: Sha256::new(),
            size_bytes: 0,
            max_bytes: MAX_FILE_BYTES,
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_said_so_and_leaves_no_half_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is full");
        let mut upload = upload(folder.path(), full);
        let written = upload.write(&[7; 100]).await;
        let outcome = match written {
            Ok(()) => upload.finish().await.map(drop),
            Err(error) => {
                drop(upload);
                Err(error)
            }
        };
        assert!(matches!(outcome, Err(Error::StorageFull)), "{outcome:?}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn the_age_of_a_file_is_that_of_its_key() {
        let id = uuid::Builder::from_unix_timestamp_millis(1_793_534_400_123, &[0; 10]).into_uuid();
        assert_eq!(made_at(id).map(Timestamp::as_millisecond), Some(1_793_534_400_123));
    }
}
