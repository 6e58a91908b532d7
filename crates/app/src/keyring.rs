//! Secrets at rest: sealed under the key of this installation, each bound to the place it stands in.
//!
//! # Invariants
//! - A sealed value opens only for the organization, table, column, row and name it was sealed for.
//! - Every value names its key; the first key of the file seals, all of them open.
//! - The key file is readable by its owner alone, and never part of a backup.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector::{Secret, SigningKey};
use domain::ids::OrganizationId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Entropy;

/// How a sealed value begins.
const VERSION: &str = "v1";
const KEY_BYTES: usize = 32;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read or made.
    #[error("the key file {path} cannot be used")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line of the file is no key.
    #[error("line {line} of the key file is not a key of 32 bytes in base64")]
    NoKey {
        /// From 1.
        line: usize,
    },
}

/// Why a value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open with the keys of this installation")]
pub struct Locked;

/// Where a secret stands.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Place<'a> {
    pub organization: OrganizationId,
    pub table: &'static str,
    pub column: &'static str,
    pub row: Uuid,
    pub name: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let Self { organization, table, column, row, name } = self;
        format!("{}\0{table}\0{column}\0{row}\0{name}", organization.0).into_bytes()
    }
}

struct Key {
    id: String,
    bytes: [u8; KEY_BYTES],
}

/// The keys of this installation.
pub struct Keyring(Vec<Key>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl Key {
    fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let digest = Sha256::digest([b"centralita key id".as_slice(), &bytes].concat());
        Self { id: digest[..4].iter().map(|byte| format!("{byte:02x}")).collect(), bytes }
    }

    fn aead(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM_SIV, &self.bytes);
        LessSafeKey::new(key.expect("invariant: 32 bytes make a key"))
    }
}

impl Keyring {
    /// Reads the named file, which must exist, or the one of the data folder, which is made when it is missing.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn open(named: Option<&Path>, data_dir: &Path, entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        let path = named.map_or_else(|| data_dir.join("secret.key"), Path::to_owned);
        let failed = |source| KeyringError::File { path: path.clone(), source };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                warn_when_open(&path);
                Self::parse(&text)
            }
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                let mut bytes = [0; KEY_BYTES];
                entropy.fill(&mut bytes);
                make(&path, &bytes).map_err(failed)?;
                Ok(Self(vec![Key::new(bytes)]))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Reads a key file that must exist; nothing is made.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn read(path: &Path) -> Result<Self, KeyringError> {
        let text = std::fs::read_to_string(path);
        Self::parse(&text.map_err(|source| KeyringError::File { path: path.to_owned(), source })?)
    }

    fn parse(text: &str) -> Result<Self, KeyringError> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(line, text)| {
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
            bytes.map(Key::new).ok_or(KeyringError::NoKey { line })
        });
        let keys: Vec<Key> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyringError::NoKey { line: 1 }) } else { Ok(Self(keys)) }
    }

    /// Seals a secret for its place.
    #[must_use]
    pub fn seal(&self, entropy: &dyn Entropy, place: &Place<'_>, secret: &str) -> String {
        let key = self.0.first().expect("invariant: a keyring holds a key");
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut bytes = secret.as_bytes().to_vec();
        let sealed = key.aead().seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.bytes()),
            &mut bytes,
        );
        sealed.expect("invariant: a secret is short enough to seal");
        format!("{VERSION}.{}.{}", key.id, STANDARD.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`Locked`] for another place, another key, or something that was never sealed.
    pub fn open_sealed(&self, place: &Place<'_>, sealed: &str) -> Result<Secret, Locked> {
        let mut parts = sealed.splitn(3, '.');
        let (version, id, text) = (parts.next(), parts.next(), parts.next());
        if version != Some(VERSION) {
            return Err(Locked);
        }
        let key = self.0.iter().find(|key| Some(key.id.as_str()) == id).ok_or(Locked)?;
        let bytes = STANDARD.decode(text.unwrap_or_default()).map_err(|_| Locked)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(Locked)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Locked)?;
        let mut sealed = sealed.to_vec();
        let opened = key.aead().open_in_place(nonce, Aad::from(place.bytes()), &mut sealed).map_err(|_| Locked)?;
        String::from_utf8(opened.to_vec()).map(Secret::new).map_err(|_| Locked)
    }

    /// The key that signs what leaves an organization and must come back unforged. It outlives newer sealing keys.
    #[must_use]
    pub fn signing_key(&self, organization: OrganizationId) -> SigningKey {
        let oldest = self.0.last().expect("invariant: a keyring holds a key");
        let context = [b"centralita signing key v1".as_slice(), &oldest.bytes, organization.0.as_bytes()].concat();
        SigningKey(Sha256::digest(context).into())
    }
}

/// Writes a fresh key; on disk, and for its owner alone, when this returns.
fn make(path: &Path, bytes: &[u8; KEY_BYTES]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", STANDARD.encode(bytes))?;
    file.sync_all()
}

#[cfg(unix)]
fn warn_when_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map(|m| m.permissions().mode() & 0o077).unwrap_or_default();
    if mode != 0 {
        tracing::warn!(path = %path.display(), "the key file can be read by others than its owner");
    }
}

#[cfg(not(unix))]
fn warn_when_open(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
    }

    const ORG: OrganizationId = OrganizationId(Uuid::from_u128(1));

    fn place(row: u128, name: &str) -> Place<'_> {
        Place { organization: ORG, table: "channels", column: "secrets", row: Uuid::from_u128(row), name }
    }

    fn keyring(folder: &tempfile::TempDir) -> Keyring {
        Keyring::open(None, folder.path(), &Counting(0.into())).expect("a keyring")
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = keyring(&folder).seal(&Counting(9.into()), &place(1, "a"), "hunter2");
        let again = keyring(&folder);
        assert_eq!(again.open_sealed(&place(1, "a"), &sealed).expect("opens").reveal(), "hunter2");
        assert!(!sealed.contains("hunter2"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join("secret.key")).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_value_opens_nowhere_but_in_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = keyring(&folder);
        let sealed = keys.seal(&Counting(9.into()), &place(1, "a"), "hunter2");
        let other_org = Place { organization: OrganizationId(Uuid::from_u128(2)), ..place(1, "a") };
        let other_column = Place { column: "config", ..place(1, "a") };
        for wrong in [place(2, "a"), place(1, "b"), other_org, other_column] {
            assert_eq!(keys.open_sealed(&wrong, &sealed), Err(Locked), "{wrong:?}");
        }
        for forged in ["", "v1", "v1.x.y", "v2.0.0", &sealed[..sealed.len() - 4]] {
            assert_eq!(keys.open_sealed(&place(1, "a"), forged), Err(Locked), "{forged}");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let (old, new) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let before = Keyring::parse(&old).expect("one key");
        let sealed = before.seal(&Counting(0.into()), &place(1, "a"), "hunter2");
        let after = Keyring::parse(&format!("# rotated\n{new}\n{old}\n")).expect("two keys");
        assert!(after.open_sealed(&place(1, "a"), &sealed).is_ok());
        let resealed = after.seal(&Counting(0.into()), &place(1, "a"), "hunter2");
        assert_eq!(before.open_sealed(&place(1, "a"), &resealed), Err(Locked));
        assert_eq!(before.signing_key(ORG), after.signing_key(ORG), "answers to sent mail still find their way");
    }

    #[test]
    fn a_named_file_must_exist_and_hold_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other.key");
        assert!(matches!(
            Keyring::open(Some(&path), folder.path(), &Counting(0.into())),
            Err(KeyringError::File { .. })
        ));
        std::fs::write(&path, "not a key\n").expect("written");
        assert!(matches!(
            Keyring::open(Some(&path), folder.path(), &Counting(0.into())),
            Err(KeyringError::NoKey { line: 1 })
        ));
    }
}
