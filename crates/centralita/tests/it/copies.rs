//! Backup and restore: what was there is there again, the key is not, and nothing is written over.

use std::fs;
use std::path::Path;

use app::conversations::{Handle, find};
use app::widget::{self, Arrival, VisitorMessage};
use testkit::stores::{Address, Engine};
use testkit::world::World;

use crate::folder::{done, words};

/// An installation with one conversation; the text of its only message.
async fn installation() -> World {
    let world = World::new(Engine::Sqlite).await;
    world.set_up().await;
    let key = app::organization::demo_widget_key(&world.ctx).await.expect("reads").expect("a web chat");
    let channel = widget::channel(&world.ctx, &key).await.expect("the channel");
    let arrival = Arrival { language: "es".to_owned(), name: Some("Lucía".to_owned()), ..Arrival::default() };
    let session = widget::open(&world.ctx, &channel, arrival).await.expect("a session");
    let message = VisitorMessage {
        client_message_id: world.ctx.new_id(),
        conversation: None,
        text: "Se me ha roto el cambio".to_owned(),
        attachment_ids: Vec::new(),
        sent_at: None,
    };
    widget::post_message(&world.ctx, &channel, &session.visitor, message).await.expect("taken in");
    world
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

#[tokio::test]
async fn a_backup_taken_at_work_is_restored_whole_without_the_key() {
    let mut world = installation().await;
    let folder = world.ephemeral.folder.path().to_owned();
    fs::create_dir_all(folder.join("files/ab")).expect("a folder");
    fs::write(folder.join("files/ab/cdef"), b"bytes of an attachment").expect("a file");
    assert!(folder.join("secret.key").exists(), "made at the first start");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let copy = path(elsewhere.path(), "copy");

    let backup = done(&folder, &["backup", &copy]);
    assert!(backup.status.success(), "{}", words(&backup));
    assert!(words(&backup).contains("secret key is not in the backup"), "{}", words(&backup));
    let target = elsewhere.path().join("data");
    let restored = done(&target, &["restore", &copy]);
    assert!(restored.status.success(), "{}", words(&restored));
    assert!(words(&restored).contains("secret.key"), "{}", words(&restored));
    assert!(!target.join("secret.key").exists());
    assert_eq!(fs::read(target.join("files/ab/cdef")).expect("the file"), b"bytes of an attachment");

    world.ephemeral.address = Address::Sqlite(target.join("centralita.db"));
    world.crash_and_restart().await;
    let (address, password) = ("dani@pedales.example", "una clave larga");
    let signed_in = app::sessions::sign_in(&world.ctx, address, password, None, None).await;
    let token = signed_in.expect("the password is there").token;
    let current = app::sessions::by_token(&world.ctx, &token).await.expect("a session");
    let view = find(&world.ctx, &current.actor, Handle::Number(1)).await.expect("the conversation");
    assert_eq!(view.conversation.last_entry_seq, 1);
}

#[tokio::test]
async fn restoring_refuses_what_is_not_empty_not_whole_or_changed() {
    let world = installation().await;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let copy = path(elsewhere.path(), "copy");
    assert!(done(world.ephemeral.folder.path(), &["backup", &copy]).status.success());

    let full = elsewhere.path().join("full");
    fs::create_dir(&full).expect("a folder");
    fs::write(full.join("letter.txt"), b"mine").expect("a file");
    let refused = done(&full, &["restore", &copy]);
    assert!(!refused.status.success() && words(&refused).contains("is not empty"), "{}", words(&refused));
    assert_eq!(fs::read(full.join("letter.txt")).expect("the file"), b"mine");

    let database = elsewhere.path().join("copy/centralita.db");
    let mut bytes = fs::read(&database).expect("the copy");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(&database, bytes).expect("written");
    let changed = done(&elsewhere.path().join("a"), &["restore", &copy]);
    assert!(!changed.status.success() && words(&changed).contains("checksum differs"), "{}", words(&changed));

    fs::remove_file(elsewhere.path().join("copy/manifest.json")).expect("removed");
    let torn = done(&elsewhere.path().join("b"), &["restore", &copy]);
    assert!(!torn.status.success() && words(&torn).contains("no whole backup"), "{}", words(&torn));
}

#[tokio::test]
async fn a_folder_of_an_unfinished_restore_is_not_served() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("centralita.db.restoring"), b"half").expect("a file");
    let refused = done(folder.path(), &["migrate"]);
    assert!(!refused.status.success() && words(&refused).contains("did not come to its end"), "{}", words(&refused));
}
