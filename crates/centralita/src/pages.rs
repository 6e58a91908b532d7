//! What the public pages ask of the running system.

use app::Ctx;
use futures::FutureExt;
use futures::future::BoxFuture;

/// The web chats of this installation.
pub struct Channels(pub Ctx);

impl site::Widgets for Channels {
    fn demo_key(&self) -> BoxFuture<'_, Option<String>> {
        async {
            app::organization::demo_widget_key(&self.0).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the demo page could not find its channel");
                None
            })
        }
        .boxed()
    }

    fn allowed_origins<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<Vec<String>>> {
        async move {
            let channel = app::widget::channel(&self.0, key).await.ok()?;
            Some(api::allowed_origins(&channel))
        }
        .boxed()
    }
}
