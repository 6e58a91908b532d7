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

    fn notice<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<site::NoticeLink>> {
        async move { shown(app::widget::look_at_link(&self.0, token).await) }.boxed()
    }

    fn follow_notice<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<site::NoticeLink>> {
        async move { shown(app::widget::follow_link(&self.0, token).await) }.boxed()
    }
}

fn shown(link: Result<app::widget::LinkView, app::Error>) -> Option<site::NoticeLink> {
    match link {
        Ok(link) => Some(site::NoticeLink {
            act: match link.purpose {
                app::widget::Purpose::Confirm => site::NoticeAct::Confirm,
                app::widget::Purpose::Stop => site::NoticeAct::Stop,
            },
            language: link.language,
        }),
        Err(app::Error::LinkUsed | app::Error::LinkExpired) => None,
        Err(error) => {
            tracing::warn!(%error, "a link could not be followed");
            None
        }
    }
}
