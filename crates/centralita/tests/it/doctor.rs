//! The doctor: each illness has its line, its advice and its exit status; a healthy folder has none.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use testkit::stores::{BOTH, Engine, Ephemeral};
use testkit::world::World;

use crate::folder::{done, words};

async fn installation() -> World {
    let world = World::new(Engine::Sqlite).await;
    world.set_up().await;
    world
}

/// The line about `name`, and whether the whole ended well.
fn told(folder: &Path, name: &str, arguments: &[&str]) -> (String, bool) {
    let output = done(folder, &[&["doctor"], arguments].concat());
    let text = words(&output);
    let line = text.lines().find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(name)));
    (line.unwrap_or_else(|| panic!("a line about {name} in {text}")).to_owned(), output.status.success())
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

#[tokio::test]
async fn a_healthy_folder_has_nothing_wrong_and_stays_as_it_is() {
    let world = installation().await;
    let folder = world.ephemeral.folder.path().to_owned();
    mode(&folder, 0o700);
    let output = done(&folder, &["doctor", "--public-url", "https://desk.example"]);
    assert!(output.status.success(), "{}", words(&output));
    for name in ["data folder", "permissions", "disk space", "store", "migrations", "key file", "public URL", "clock"] {
        let (line, _) = told(&folder, name, &["--public-url", "https://desk.example"]);
        assert!(line.starts_with("ok") || line.starts_with("note  disk"), "{line}");
    }
}

#[tokio::test]
async fn each_illness_is_named_with_what_to_do() {
    let world = installation().await;
    let folder = world.ephemeral.folder.path().to_owned();
    mode(&folder, 0o755);
    let (line, is_well) = told(&folder, "permissions", &[]);
    assert!(line.starts_with("FAIL") && line.contains("chmod 700") && !is_well, "{line}");
    mode(&folder, 0o700);
    let key = folder.join("secret.key");
    mode(&key, 0o644);
    let (line, is_well) = told(&folder, "key file", &[]);
    assert!(line.starts_with("FAIL") && line.contains("chmod 600") && !is_well, "{line}");
    fs::write(&key, "no key\n").expect("written");
    let (line, is_well) = told(&folder, "key file", &[]);
    assert!(line.starts_with("FAIL") && !is_well, "{line}");
    fs::remove_file(&key).expect("removed");
    let (line, is_well) = told(&folder, "key file", &[]);
    assert!(line.contains("copy your secret.key") && !is_well, "{line}");
    assert!(!key.exists(), "nothing is made");
    let (line, is_well) = told(&folder, "public URL", &["--public-url", "http://desk.example"]);
    assert!(line.starts_with("FAIL") && line.contains("--insecure-http") && !is_well, "{line}");
}

#[test]
fn an_empty_place_is_no_illness_and_stays_empty() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("data");
    let output = done(&folder, &["doctor"]);
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("the first start makes it"), "{}", words(&output));
    assert!(!folder.exists(), "nothing is made");
}

#[test]
fn a_broken_store_is_told() {
    let place = tempfile::tempdir().expect("a folder");
    mode(place.path(), 0o700);
    fs::write(place.path().join("centralita.db"), [7; 8_192]).expect("written");
    let (line, is_well) = told(place.path(), "store", &[]);
    assert!(line.starts_with("FAIL") && line.contains("restore a backup") && !is_well, "{line}");
}

#[tokio::test]
async fn a_schema_that_is_behind_or_ahead_is_told_on_both_engines() {
    const FIRST: db::Migration = db::Migration { name: "0001_doctor", text: "CREATE TABLE doctor (id {uuid})" };
    const SECOND: db::Migration = db::Migration { name: "0002_doctor", text: "ALTER TABLE doctor ADD COLUMN b {uuid}" };
    for engine in BOTH {
        let ephemeral = Ephemeral::bare(engine).await;
        let store = &ephemeral.store;
        assert_eq!(store.pending(&[FIRST, SECOND]).await.expect("asked"), ["0001_doctor", "0002_doctor"], "{engine:?}");
        store.migrate(&[FIRST]).await.expect("applied");
        assert_eq!(store.pending(&[FIRST, SECOND]).await.expect("asked"), ["0002_doctor"], "{engine:?}");
        store.migrate(&[FIRST, SECOND]).await.expect("applied");
        assert!(store.pending(&[FIRST, SECOND]).await.expect("asked").is_empty(), "{engine:?}");
        assert!(store.pending(&[FIRST]).await.is_err(), "{engine:?}: a newer program was here");
        assert!(store.faults().await.expect("asked").is_empty(), "{engine:?}");
    }
}
