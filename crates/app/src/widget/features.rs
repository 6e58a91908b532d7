//! What a channel offers its visitors now: what was set up, and can be done.

use store::channels::Channel;

use super::{rating, transcript};
use crate::{Ctx, Error, letters};

/// What visitors may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Features {
    /// What was said, by mail.
    pub transcript: bool,
    /// Answers by mail after they have gone.
    pub notify: bool,
    /// Stars at the end.
    pub rating: bool,
}

/// What `channel` offers now.
///
/// # Errors
/// What the store refuses.
pub async fn features(ctx: &Ctx, channel: &Channel) -> Result<Features, Error> {
    let has_mail = ctx
        .store()
        .read("widget.features", channel.organization_id, |tx, org| {
            Box::pin(async move {
                match letters::mail_channel(tx, org).await {
                    Ok(_) => Ok(true),
                    Err(Error::NoMailChannel) => Ok(false),
                    Err(error) => Err(error),
                }
            })
        })
        .await?;
    Ok(Features {
        transcript: has_mail && transcript::is_offered(channel),
        notify: has_mail,
        rating: rating::is_offered(channel),
    })
}
