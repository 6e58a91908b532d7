//! Files: whose they are, who may fetch them, and that a browser never runs them.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::desk::{Desk, Reply};

/// The smallest PNG: one pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0x00, 0x05, 0x00, 0x01, 0xff, 0x89, 0x99, 0x3d,
    0x1d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

fn id(reply: &Reply) -> String {
    reply.body["id"].as_str().unwrap_or_else(|| panic!("{:?}", reply.body)).to_owned()
}

/// A conversation of a visitor: its id and the visitor's token.
async fn conversation(desk: &Desk) -> (String, String) {
    let token = desk.visitor_token().await;
    let posted = desk.write(&token, "hola").await;
    (posted.body["conversation"]["id"].as_str().expect("an id").to_owned(), token)
}

async fn answer(desk: &Desk, conversation: &str, files: &[&str]) -> Reply {
    let message = json!({ "text": "", "seen_seq": 99, "attachment_ids": files });
    desk.staff(Method::POST, &format!("/conversations/{conversation}/messages"), Some(message)).await
}

#[tokio::test]
async fn a_file_goes_with_a_message_and_is_fetched_by_a_signed_address() {
    let desk = Desk::new().await;
    let (conversation, token) = conversation(&desk).await;
    let added = desk.upload("foto%20a%C3%B1o.png", PNG).await;
    assert_eq!(added.status, StatusCode::CREATED, "{:?}", added.body);
    let body = &added.body;
    assert_eq!((&body["name"], &body["media_type"]), (&json!("foto año.png"), &json!("image/png")));
    assert_eq!((&body["state"], &body["width"], &body["height"]), (&json!("ready"), &json!(1), &json!(1)));
    let sent = answer(&desk, &conversation, &[&id(&added)]).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{:?}", sent.body);
    let file = &sent.body["attachments"][0];
    let (status, headers, bytes) = desk.fetch(file["download_url"].as_str().expect("an address")).await;
    assert_eq!((status, bytes.as_slice()), (StatusCode::OK, PNG));
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"foto a_o.png\"; filename*=UTF-8''foto%20a%C3%B1o.png"
    );
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let (status, headers, preview) = desk.fetch(file["preview_url"].as_str().expect("an address")).await;
    assert_eq!((status, headers["content-type"].to_str().ok()), (StatusCode::OK, Some("image/png")));
    assert!(preview.starts_with(&PNG[..8]));
    let shown = desk.visitor(Method::GET, &format!("/conversations/{conversation}/messages"), Some(&token), None).await;
    let file = &shown.body["items"][0]["attachments"][0];
    assert_eq!(file["name"], "foto año.png");
    let path = format!("{}/attachments/{}", desk.widget, file["id"].as_str().expect("an id"));
    let (status, ..) = desk.fetch(&format!("/api/v1{path}")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_signature_holds_for_its_file_and_its_time() {
    let desk = Desk::new().await;
    let (first, second) = (desk.upload("a.txt", "uno").await, desk.upload("b.txt", "dos").await);
    let address = first.body["download_url"].as_str().expect("an address").to_owned();
    assert_eq!(desk.fetch(&address).await.0, StatusCode::OK);
    let other = address.replace(&id(&first), &id(&second));
    assert_eq!(desk.fetch(&other).await.0, StatusCode::NOT_FOUND);
    desk.world.clock.advance_ms(301_000);
    assert_eq!(desk.fetch(&address).await.0, StatusCode::NOT_FOUND);
    let (status, ..) = desk.fetch(&format!("/api/v1/attachments/{}/content", id(&first))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let with_session = desk.staff(Method::GET, &format!("/attachments/{}/content", id(&first)), None).await;
    assert_eq!(with_session.status, StatusCode::OK);
}

#[tokio::test]
async fn markup_is_a_download_of_bytes_whatever_it_is_called() {
    let desk = Desk::new().await;
    for (name, bytes, found) in [
        ("foto.png", "<html><script>alert(1)</script>", "text/html"),
        ("logo.svg", "<svg onload='alert(1)'/>", "image/svg+xml"),
    ] {
        let added = desk.upload(name, bytes).await;
        assert_eq!((&added.body["media_type"], &added.body["preview_url"]), (&json!(found), &Value::Null));
        let (_, headers, _) = desk.fetch(added.body["download_url"].as_str().expect("an address")).await;
        assert_eq!(headers["content-type"], "application/octet-stream", "{name}");
        assert!(headers["content-disposition"].to_str().expect("text").starts_with("attachment;"));
        let preview = desk.staff(Method::GET, &format!("/attachments/{}/preview", id(&added)), None).await;
        assert_eq!(preview.code(), (404, "not_found"));
    }
}

#[tokio::test]
async fn a_message_takes_only_own_files_each_once() {
    let desk = Desk::new().await;
    let (conversation, token) = conversation(&desk).await;
    let theirs = desk.visitor_upload(&token, "a.txt", "hola").await;
    assert_eq!(theirs.status, StatusCode::CREATED, "{:?}", theirs.body);
    let mine = id(&desk.upload("b.txt", "hola").await);
    let unknown = desk.world.ctx.new_id().to_string();
    for files in [vec![id(&theirs)], vec![unknown], vec![mine.clone(), mine.clone()], vec![mine.clone(); 21]] {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let refused = answer(&desk, &conversation, &files).await;
        assert_eq!((refused.code(), refused.first_error().0), ((422, "invalid"), "/attachment_ids"));
    }
    assert_eq!(answer(&desk, &conversation, &[&mine]).await.status, StatusCode::CREATED);
    let again = answer(&desk, &conversation, &[&mine]).await;
    assert_eq!(again.first_error(), ("/attachment_ids", "unknown_reference"));
    let entries = desk.staff(Method::GET, &format!("/conversations/{conversation}/entries"), None).await;
    assert_eq!(entries.body["items"].as_array().map(Vec::len), Some(2), "a refused message leaves nothing");
}

#[tokio::test]
async fn a_visitors_file_is_taken_by_their_message_and_shown_to_staff() {
    let desk = Desk::new().await;
    let (token, stranger) = (desk.visitor_token().await, desk.visitor_token().await);
    let added = desk.visitor_upload(&token, "foto.png", PNG).await;
    let file = id(&added);
    let path = format!("/attachments/{file}");
    assert_eq!(desk.visitor(Method::GET, &path, Some(&stranger), None).await.code(), (404, "not_found"));
    assert_eq!(desk.visitor(Method::GET, &path, Some(&token), None).await.status, StatusCode::OK);
    assert_eq!(desk.staff(Method::GET, &path, None).await.code(), (404, "not_found"), "nobody sent it yet");
    let message = json!({ "client_message_id": desk.world.ctx.new_id(), "attachment_ids": [file] });
    let stolen = desk.visitor(Method::POST, "/messages", Some(&stranger), Some(message.clone())).await;
    assert_eq!(stolen.first_error(), ("/attachment_ids", "unknown_reference"));
    let posted = desk.visitor(Method::POST, "/messages", Some(&token), Some(message.clone())).await;
    assert_eq!(posted.status, StatusCode::CREATED, "{:?}", posted.body);
    assert_eq!(posted.body["message"]["attachments"][0]["id"], json!(file));
    let repeated = desk.visitor(Method::POST, "/messages", Some(&token), Some(message)).await;
    assert_eq!(repeated.status, StatusCode::OK);
    assert_eq!(desk.staff(Method::GET, &path, None).await.status, StatusCode::OK);
    assert_eq!(desk.visitor(Method::GET, &path, Some(&stranger), None).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn a_file_of_a_note_is_never_a_visitors() {
    let desk = Desk::new().await;
    let (conversation, token) = conversation(&desk).await;
    let file = id(&desk.upload("interno.txt", "secreto").await);
    let note = json!({ "text": "mira", "attachment_ids": [file] });
    let noted = desk.staff(Method::POST, &format!("/conversations/{conversation}/notes"), Some(note)).await;
    assert_eq!(noted.body["attachments"][0]["id"], json!(file), "{:?}", noted.body);
    let fetched = desk.visitor(Method::GET, &format!("/attachments/{file}"), Some(&token), None).await;
    assert_eq!(fetched.code(), (404, "not_found"));
}

#[tokio::test]
async fn what_is_too_large_empty_or_of_another_type_is_refused() {
    let desk = Desk::new().await;
    let token = desk.visitor_token().await;
    let large = desk.upload("a.bin", vec![0; 25 * 1024 * 1024 + 1]).await;
    assert_eq!((large.code(), &large.body["max_bytes"]), ((413, "attachment_too_large"), &json!(25 * 1024 * 1024)));
    let chunks = (0..26).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 1024 * 1024]));
    let streamed = desk.upload("a.bin", Body::from_stream(futures::stream::iter(chunks))).await;
    assert_eq!(streamed.code(), (413, "attachment_too_large"), "without a length it is counted");
    assert_eq!(desk.upload("a.txt", "").await.code(), (422, "invalid"));
    assert_eq!(desk.upload("", "x").await.first_error(), ("?name", "required"));
    let script = desk.visitor_upload(&token, "a.png", "<html></html>").await;
    assert_eq!(script.code(), (415, "unsupported_media_type"));
    let broken = futures::stream::iter([Ok(vec![1_u8]), Err(std::io::Error::other("gone"))]);
    assert_eq!(desk.upload("a.txt", Body::from_stream(broken)).await.code(), (400, "malformed_body"));
    let root = desk.world.ephemeral.folder.path().join("files");
    let left = walk(&root);
    assert!(left.is_empty(), "nothing of a refused file stays: {left:?}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}
