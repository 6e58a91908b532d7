//! A second organization in the same store: what it may never see of the first.

use app::defaults;
use app::sessions::{self, SignedIn};
use domain::ids::OrganizationId;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::access::Link;
use store::organizations::Organization;
use store::users::User;

use crate::world::World;

const TOKEN: &str = "a link that only tests know";

#[derive(Clone)]
struct Rows {
    organization: Organization,
    beginnings: defaults::Beginnings,
    user: User,
    link: Link,
    now: Timestamp,
}

impl World {
    /// Founds another organization, running, with an administrator who takes no work; signs them in.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn found_another(&self) -> SignedIn {
        let rows = self.rows();
        let id = rows.organization.id;
        self.ephemeral
            .store
            .write("testkit.found", rows, |tx, rows| Box::pin(found(tx, rows)))
            .await
            .expect("another organization is founded");
        self.ctx.start_organization(id).await.expect("it runs");
        sessions::use_link(&self.ctx, TOKEN, None, None).await.expect("the link is good")
    }

    fn rows(&self) -> Rows {
        let now = self.ctx.now();
        let id = OrganizationId(self.ctx.new_id());
        let organization = Organization {
            id,
            name: "Otra".to_owned(),
            key: "other".to_owned(),
            default_language: "es".to_owned(),
            time_zone: "Europe/Madrid".to_owned(),
            settings: json!({}),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let user = User {
            id: self.ctx.new_id().into(),
            organization_id: id,
            email: "admin@otra.example".to_owned(),
            name: "Olga".to_owned(),
            language: "es".to_owned(),
            time_zone: "Europe/Madrid".to_owned(),
            roles: vec!["admin".to_owned()],
            state: "active".to_owned(),
            password_hash: None,
            preferences: json!({}),
            last_sign_in_at: None,
            is_demo: false,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let link = Link {
            id: self.ctx.new_id(),
            organization_id: Some(id),
            kind: "sign_in".to_owned(),
            user_id: Some(user.id),
            data: json!({}),
            expires_at: None,
            used_at: None,
        };
        let beginnings = defaults::beginnings(id, || self.ctx.new_id(), "another-public-key-000".to_owned(), now);
        Rows { organization, beginnings, user, link, now }
    }
}

async fn found(tx: &mut db::Tx<'_>, rows: Rows) -> Result<(), db::Error> {
    let Rows { organization, beginnings, user, link, now } = rows;
    store::organizations::insert(tx, &organization).await?;
    for status in &beginnings.statuses {
        store::agents::insert_status(tx, status, now).await?;
    }
    store::agents::insert_config(tx, &beginnings.presence_config, now).await?;
    store::queues::insert_config(tx, &beginnings.routing_config, now).await?;
    store::queues::insert(tx, &beginnings.queue, now).await?;
    store::channels::insert(tx, &beginnings.channel).await?;
    store::users::insert(tx, &user).await?;
    let hash = Sha256::digest(TOKEN.as_bytes()).to_vec();
    store::access::insert_link(tx, &link, &hash, now).await
}
