//! Sessions: signing in slowly after failures, revoking, rotating, and forgotten passwords.

use http::Method;
use http::header::COOKIE;
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::cookie_of;
use crate::desk::Desk;

const ADDRESS: &str = "dani@pedales.example";

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

#[tokio::test]
async fn failures_make_the_next_attempt_wait_longer_known_account_or_not() {
    let desk = Desk::new().await;
    for email in [ADDRESS, "nadie@pedales.example"] {
        let attempt =
            |password: &'static str| desk.call(Method::POST, "/session", &[], Some(credentials(email, password)));
        for _ in 0..5 {
            assert_eq!(attempt("una clave falsa").await.code(), (401, "invalid_credentials"), "{email}");
        }
        let delayed = attempt("una clave larga").await;
        assert_eq!(delayed.code(), (429, "sign_in_delayed"), "even the right one waits");
        assert_eq!(delayed.headers["retry-after"], "1");
        desk.world.clock.advance_ms(1_000);
        assert_eq!(attempt("una clave falsa").await.code(), (401, "invalid_credentials"));
        let longer = attempt("una clave falsa").await;
        assert!(longer.body["retry_after_ms"].as_i64().expect("ms") > 1_000, "{:?}", longer.body);
    }
    desk.world.clock.advance_ms(3_000);
    let right = desk.call(Method::POST, "/session", &[], Some(credentials(ADDRESS, "una clave larga"))).await;
    assert_eq!(right.status, 200, "{:?}", right.body);
    let again = desk.call(Method::POST, "/session", &[], Some(credentials(ADDRESS, "una clave falsa"))).await;
    assert_eq!(again.code(), (401, "invalid_credentials"), "the right password forgets the failures");
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_waits() {
    let desk = Desk::new().await;
    let mut last = (0, String::new());
    for n in 0..51 {
        let body = credentials(&format!("user{n}@pedales.example"), "una clave falsa");
        let reply = desk.from("192.0.2.7", Method::POST, "/session", &[], body).await;
        last = (reply.status.as_u16(), reply.code().1.to_owned());
    }
    assert_eq!(last, (429, "sign_in_delayed".to_owned()));
    let body = credentials(ADDRESS, "una clave larga");
    assert_eq!(desk.from("198.51.100.7", Method::POST, "/session", &[], body).await.status, 200);
}

#[tokio::test]
async fn an_office_that_signs_in_behind_one_address_does_not_wait() {
    let desk = Desk::new().await;
    for _ in 0..60 {
        let reply =
            desk.from("192.0.2.7", Method::POST, "/session", &[], credentials(ADDRESS, "una clave larga")).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_but_this() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            let reply = desk.call(Method::POST, "/session", &[], Some(credentials(ADDRESS, "una clave larga"))).await;
            others.push(cookie_of(&reply).expect("a cookie"));
        }
        let is_good = async |cookie: &String| {
            desk.call(Method::GET, "/session", &[(COOKIE.as_str(), cookie)], None).await.status == 200
        };
        let list = desk.staff(Method::GET, "/sessions", None).await;
        let rows = list.body["items"].as_array().expect("rows");
        let current: Vec<_> = rows.iter().filter(|row| row["is_current"] == true).collect();
        assert_eq!((rows.len() >= 4, current.len()), (true, 1));
        let newest = rows.iter().find(|row| row["is_current"] == false).expect("another");
        let path = format!("/sessions/{}", newest["id"].as_str().expect("an id"));
        assert_eq!(desk.staff(Method::DELETE, &path, None).await.status, 204);
        assert_eq!(desk.staff(Method::DELETE, &path, None).await.code(), (404, "not_found"));
        let mut good = 0;
        for cookie in &others {
            good += usize::from(is_good(cookie).await);
        }
        assert_eq!(good, 2, "one of the others ended");
        assert_eq!(desk.staff(Method::DELETE, "/sessions", None).await.status, 204);
        for cookie in &others {
            assert!(!is_good(cookie).await);
        }
        assert_eq!(desk.staff(Method::GET, "/session", None).await.status, 200);
    }
}

#[tokio::test]
async fn somebody_elses_sessions_need_a_permission() {
    let desk = Desk::new().await;
    let (eva, ivo) = (desk.colleague("eva", &["agent"]).await, desk.colleague("ivo", &["agent"]).await);
    let path = format!("/sessions?user_id={}", ivo.id);
    assert_eq!(eva.call(&desk, Method::GET, &path, None).await.code(), (403, "forbidden"));
    let rows = desk.staff(Method::GET, &path, None).await;
    let id = rows.body["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(eva.call(&desk, Method::DELETE, &format!("/sessions/{id}"), None).await.code(), (404, "not_found"));
    assert_eq!(desk.staff(Method::DELETE, &format!("/sessions/{id}"), None).await.status, 204);
    assert_eq!(ivo.call(&desk, Method::GET, "/session", None).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn a_session_gets_a_fresh_token_when_its_rights_change() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let eva = desk.colleague("eva", &["agent"]).await;
        let promoted = json!({ "role_ids": ["agent", "supervisor"] });
        assert_eq!(desk.staff(Method::PATCH, &format!("/users/{}", eva.id), Some(promoted)).await.status, 200);
        let first = eva.call(&desk, Method::GET, "/session", None).await;
        let fresh = cookie_of(&first).expect("a fresh cookie");
        assert_ne!(fresh, eva.cookie);
        let second = eva.call(&desk, Method::GET, "/session", None).await;
        assert_eq!((second.status.as_u16(), cookie_of(&second)), (200, None), "calls on their way still pass");
        desk.world.clock.advance_ms(61_000);
        assert_eq!(eva.call(&desk, Method::GET, "/session", None).await.code(), (401, "unauthenticated"));
        let headers = [(COOKIE.as_str(), &*fresh)];
        assert_eq!(desk.call(Method::GET, "/session", &headers, None).await.status, 200);
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_of_the_same_browser() {
    let desk = Desk::new().await;
    let headers = [(COOKIE.as_str(), &*desk.cookie)];
    let reply = desk.call(Method::POST, "/session", &headers, Some(credentials(ADDRESS, "una clave larga"))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(desk.call(Method::GET, "/session", &headers, None).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_works_once() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        for email in [ADDRESS, "nadie@pedales.example"] {
            let asked = desk.call(Method::POST, "/password-resets", &[], Some(json!({ "email": email }))).await;
            assert_eq!(asked.status, 202, "the answer does not tell who has an account");
        }
        let ctx = &desk.world.ctx;
        let me = app::setup::organizations(ctx).await.expect("reads")[0];
        let due = app::passwords::due_mails(ctx, me, 10).await.expect("reads");
        assert_eq!(due.len(), 1);
        let (user, link) = app::passwords::take_mail(ctx, me, &due[0]).await.expect("taken").expect("it was there");
        assert_eq!(user.email, ADDRESS);
        assert!(app::passwords::take_mail(ctx, me, &due[0]).await.expect("asks").is_none(), "it is sent once");
        let token = link.split_once("token=").expect("a token").1.to_owned();
        let complete = |password: &str| {
            let body = json!({ "token": token, "password": password });
            desk.call(Method::POST, "/password-resets/complete", &[], Some(body))
        };
        assert_eq!(complete("corta").await.code(), (422, "password_weak"));
        assert_eq!(complete("una clave nueva").await.status, 204);
        assert_eq!(complete("una clave nueva").await.code(), (401, "link_used"));
        assert_eq!(desk.staff(Method::GET, "/session", None).await.code(), (401, "unauthenticated"));
        let old = desk.call(Method::POST, "/session", &[], Some(credentials(ADDRESS, "una clave larga"))).await;
        assert_eq!(old.code(), (401, "invalid_credentials"));
        let new = desk.call(Method::POST, "/session", &[], Some(credentials(ADDRESS, "una clave nueva"))).await;
        assert_eq!(new.status, 200);
    }
}
