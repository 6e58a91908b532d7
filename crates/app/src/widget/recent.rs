//! Visitors who came a moment ago: their next call need not ask the store who they are before it acts.
//!
//! # Invariants
//! - What was remembered lets nobody do anything: whatever acts on it looks again in its transaction ([`again`]).
//! - Memory is bounded: two generations of [`GENERATION`] visitors, the older one forgotten when the younger is full.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use store::channels::Channel;
use store::visitors::Visitor;

use super::by_token;
use crate::{Ctx, Error, secrets};

/// Visitors of one generation.
const GENERATION: usize = 8_192;

/// Visitors by the hash of their token.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Vec<u8>, Visitor>,
    old: HashMap<Vec<u8>, Visitor>,
}

impl Recent {
    fn find(&self, hash: &[u8]) -> Option<Visitor> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = all.young.get(hash) {
            return Some(found.clone());
        }
        let found = all.old.remove(hash)?;
        all.keep(hash.to_vec(), found.clone());
        Some(found)
    }

    fn keep(&self, hash: Vec<u8>, visitor: Visitor) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(hash, visitor);
    }
}

impl Generations {
    fn keep(&mut self, hash: Vec<u8>, visitor: Visitor) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, visitor);
    }
}

/// The visitor of a token on this channel, as they are or were a moment ago.
///
/// # Errors
/// Those of [`by_token`].
pub async fn recent(ctx: &Ctx, channel: &Channel, token: &str) -> Result<Visitor, Error> {
    let hash = secrets::hash(token);
    let now = ctx.now();
    let known = ctx.recent_visitors().find(&hash);
    if let Some(visitor) = known.filter(|v| v.channel_id == channel.id && v.expires_at > now) {
        return Ok(visitor);
    }
    let visitor = by_token(ctx, channel, token).await?;
    ctx.recent_visitors().keep(hash, visitor.clone());
    Ok(visitor)
}

/// The visitor as they are in this transaction.
pub(super) async fn again(tx: &mut db::Tx<'_>, visitor: &Visitor, now: Timestamp) -> Result<Visitor, Error> {
    let found = store::visitors::current(tx, visitor.organization_id, visitor.id).await?;
    let (visitor, channel) = found.filter(|(v, _)| v.expires_at > now).ok_or(Error::Unauthenticated)?;
    if channel != "enabled" {
        return Err(Error::ChannelDisabled);
    }
    if visitor.is_blocked { Err(Error::VisitorBlocked) } else { Ok(visitor) }
}

#[cfg(test)]
mod tests {
    use domain::ids::{ChannelId, CustomerId, IdentityId, OrganizationId, VisitorId};
    use uuid::Uuid;

    use super::*;

    fn visitor(n: u128) -> Visitor {
        Visitor {
            id: VisitorId(Uuid::from_u128(n)),
            organization_id: OrganizationId(Uuid::nil()),
            channel_id: ChannelId(Uuid::nil()),
            customer_id: CustomerId(Uuid::nil()),
            identity_id: IdentityId(Uuid::nil()),
            subject: None,
            language: "es".to_owned(),
            is_blocked: false,
            expires_at: Timestamp::MAX,
        }
    }

    #[test]
    fn whoever_comes_again_is_kept_and_the_others_are_forgotten() {
        let recent = Recent::default();
        let hash = |n: usize| n.to_le_bytes().to_vec();
        for n in 0..=GENERATION * 3 {
            recent.keep(hash(n), visitor(n as u128));
            assert!(recent.find(&hash(0)).is_some(), "asked for after {n} others");
        }
        assert!(recent.find(&hash(1)).is_none(), "long gone");
        let all = recent.0.lock().expect("no panic");
        assert!(all.young.len() + all.old.len() <= GENERATION * 2);
    }
}
