//! Files that visitors send.

use store::attachments::Attachment;
use store::channels::Channel;
use store::visitors::Visitor;

use crate::files::Upload;
use crate::{Ctx, Error, attachments};

/// Begins a file of a visitor, as large as the channel takes.
///
/// # Errors
/// [`Error::CapabilityUnsupported`] where visitors send no files; [`Error::StorageFull`].
pub async fn begin_attachment(ctx: &Ctx, channel: &Channel) -> Result<Upload, Error> {
    let uploads = super::config(channel).uploads;
    if !uploads.is_enabled {
        return Err(Error::CapabilityUnsupported { feature: "upload" });
    }
    Ok(ctx.files().create(channel.organization_id).await?.with_limit(uploads.max_bytes))
}

/// Ends a file of a visitor.
///
/// # Errors
/// [`Error::MediaTypeRefused`] for what the channel does not take; [`Error::Invalid`]; [`Error::StorageFull`].
pub async fn add_attachment(
    ctx: &Ctx,
    channel: &Channel,
    visitor: &Visitor,
    name: &str,
    upload: Upload,
) -> Result<Attachment, Error> {
    let uploads = super::config(channel).uploads;
    let accepts = |media_type: &str| {
        if uploads.takes(media_type) {
            Ok(())
        } else {
            Err(Error::MediaTypeRefused { media_type: media_type.to_owned() })
        }
    };
    attachments::add(ctx, channel.organization_id, visitor.id.0, name, upload, accepts).await
}
