//! Tokens and passwords: made, hashed, compared.

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::Entropy;

/// The shortest password accepted.
pub const MIN_PASSWORD_LENGTH: usize = 10;

/// A fresh token of 256 bits, in text that stands in a URL.
pub fn token(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A fresh public key of a channel: 22 characters.
pub fn public_key(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Hashes a password with Argon2id, away from the async threads.
pub async fn hash_password(entropy: &dyn Entropy, password: String) -> String {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let work = move || {
        let salt = SaltString::encode_b64(&salt).expect("invariant: 16 bytes make a salt");
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.expect("invariant: the default parameters hash any password").to_string()
    };
    tokio::task::spawn_blocking(work).await.expect("invariant: hashing does not panic")
}

/// Whether `password` is the one behind `hash`; without a hash it takes as long and says no.
pub async fn verify_password(hash: Option<String>, password: String) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Qpu9zQXyXFMbUgmoLnTmdqu1Vjvl5BPlgqOVjTgBLYo";
    let work = move || {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let is_right = PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        is_known && is_right
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(false)
}

/// The values of a channel's secret that are good now.
///
/// # Errors
/// [`crate::Error::Unavailable`] for one that no key of this installation opens; what the store refuses.
pub async fn of_channel(
    ctx: &crate::Ctx,
    channel: &store::channels::Channel,
    name: &str,
) -> Result<Vec<Vec<u8>>, crate::Error> {
    let sealed = ctx
        .store()
        .read("channels.secrets_of", (channel.organization_id, channel.id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, crate::Error>(store::channels::secrets_of(tx, org, id).await?) })
        })
        .await?
        .unwrap_or_default();
    let locked = |_| crate::Error::Unavailable("a secret was sealed with another key");
    let account = crate::channels::account_of(ctx, channel, &sealed).map_err(locked)?;
    let previous = crate::channels::previous_secret(ctx, channel, &sealed, name, ctx.now()).map_err(locked)?;
    let both = account.secrets.get(name).into_iter().chain(&previous);
    Ok(both.map(|secret| secret.reveal().as_bytes().to_vec()).collect())
}
