//! Files: whole or absent, apart by organization, gone when nobody refers to them.

use app::Error;
use app::files::{self, Stored};
use app::model::Attachment;
use app::sessions::Current;
use domain::attachment::AttachmentState;
use domain::ids::{AttachmentId, ConversationId, EntryId, OrganizationId};
use testkit::stores::{BOTH, Engine};
use testkit::world::World;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

async fn world(engine: Engine) -> (World, Current) {
    let world = World::new(engine).await;
    let current = world.set_up().await;
    (world, current)
}

fn row(world: &World, current: &Current, stored: &Stored) -> Attachment {
    Attachment {
        id: AttachmentId(world.ctx.new_id()),
        organization_id: current.actor.organization,
        entry_id: None,
        conversation_id: None,
        uploader_id: current.actor.standing.user.map(|u| u.0),
        name: "foto.png".to_owned(),
        media_type: "image/png".to_owned(),
        size_bytes: i64::try_from(stored.size_bytes).expect("small"),
        sha256: stored.sha256.clone(),
        content_id: None,
        state: AttachmentState::Ready,
        file_key: Some(stored.key.clone()),
        preview_key: None,
        width: None,
        height: None,
        created_at: world.ctx.now(),
    }
}

async fn insert(world: &World, attachment: Attachment) {
    let insert = world.ctx.store().write("test", attachment, |tx, a| {
        Box::pin(async move { Ok::<_, Error>(store::attachments::insert(tx, &a).await?) })
    });
    insert.await.expect("inserted");
}

#[tokio::test]
async fn what_was_put_is_read_back_and_only_in_its_own_organization() {
    let (world, current) = world(Engine::Sqlite).await;
    let (files, org) = (world.ctx.files(), current.actor.organization);
    let stored = files.put(org, b"hola").await.expect("stored");
    assert_eq!((stored.size_bytes, stored.sha256.len()), (4, 32));
    assert_eq!(files.read(org, &stored.key).await.expect("readable"), b"hola");
    let other = OrganizationId(world.ctx.new_id());
    assert!(matches!(files.read(other, &stored.key).await, Err(Error::NotFound)));
    for key in ["../../centralita.db", "", "0190f6c1-0000-7000-8000-000000000001"] {
        assert!(matches!(files.read(org, key).await, Err(Error::NotFound)), "{key}");
    }
    files.remove(org, &stored.key).await.expect("removed");
    files.remove(org, &stored.key).await.expect("twice is fine");
    assert!(matches!(files.open(org, &stored.key).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn an_upload_beyond_its_limit_or_dropped_halfway_leaves_nothing() {
    let (world, current) = world(Engine::Sqlite).await;
    let (files, org) = (world.ctx.files(), current.actor.organization);
    let mut upload = files.create(org).await.expect("begun").with_limit(10);
    upload.write(b"0123456789").await.expect("fits");
    let refused = upload.write(b"x").await;
    assert!(matches!(refused, Err(Error::AttachmentTooLarge { max_bytes: 10 })));
    drop(upload);
    let mut upload = files.create(org).await.expect("begun");
    upload.write(b"abc").await.expect("written");
    drop(upload);
    let root = world.ephemeral.folder.path().join("files").join(org.to_string());
    let left = std::fs::read_dir(root).expect("the folder").flat_map(|shelf| {
        std::fs::read_dir(shelf.expect("a shelf").path()).expect("a shelf").map(|file| file.expect("a file").path())
    });
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn after_a_day_only_what_somebody_refers_to_is_left() {
    for engine in BOTH {
        let (world, current) = world(engine).await;
        let (files, org) = (world.ctx.files(), current.actor.organization);
        let mut stored = Vec::new();
        for bytes in [b"loose", b"taken", b"bytes"] {
            stored.push(files.put(org, bytes).await.expect("stored"));
        }
        let loose = row(&world, &current, &stored[0]);
        insert(&world, loose.clone()).await;
        let taken = Attachment {
            entry_id: Some(EntryId(world.ctx.new_id())),
            conversation_id: Some(ConversationId(world.ctx.new_id())),
            ..row(&world, &current, &stored[1])
        };
        insert(&world, taken).await;
        world.clock.advance_ms(DAY_MS - 60_000);
        assert_eq!(files::clean(&world.ctx, org).await.expect("cleaned"), 0, "{engine:?}: not yet");
        let fresh = files.put(org, b"fresh").await.expect("stored");
        world.clock.advance_ms(120_000);
        assert_eq!(files::clean(&world.ctx, org).await.expect("cleaned"), 2, "{engine:?}");
        assert!(matches!(files.read(org, &stored[0].key).await, Err(Error::NotFound)));
        assert_eq!(files.read(org, &stored[1].key).await.expect("kept"), b"taken");
        assert!(matches!(files.read(org, &stored[2].key).await, Err(Error::NotFound)));
        assert_eq!(files.read(org, &fresh.key).await.expect("kept"), b"fresh");
        let find = world.ctx.store().read("test", (org, loose.id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::attachments::find(tx, org, id).await?) })
        });
        let expired = find.await.expect("reads").expect("the row stays");
        assert_eq!((expired.state, expired.file_key), (AttachmentState::Expired, None));
    }
}
