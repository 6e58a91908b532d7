//! An installation with one agent who is signed in, reached through its router.

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use testkit::stores::Engine;
use testkit::world::World;
use tower::ServiceExt;

/// Where the installation says that it is.
pub const OWN_ORIGIN: &str = "http://127.0.0.1:8080";

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    /// Place and code of the first wrong value.
    pub fn first_error(&self) -> (&str, &str) {
        let error = &self.body["errors"][0];
        (error["pointer"].as_str().unwrap_or_default(), error["code"].as_str().unwrap_or_default())
    }
}

pub struct Desk {
    pub world: World,
    pub router: Router,
    pub cookie: String,
    pub csrf: String,
    pub widget: String,
}

impl Desk {
    pub async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    /// The same on the engine of choice.
    pub async fn on(engine: Engine) -> Self {
        let world = World::new(engine).await;
        world.set_up().await;
        let router = api::router(world.ctx.clone());
        let key = app::organization::demo_widget_key(&world.ctx).await.expect("reads").expect("a web chat");
        let widget = format!("/widget/{key}");
        let mut desk = Self { world, router, cookie: String::new(), csrf: String::new(), widget };
        let credentials = json!({ "email": "dani@pedales.example", "password": "una clave larga" });
        let reply = desk.call(Method::POST, "/session", &[], Some(credentials)).await;
        assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.body);
        let cookie = reply.headers[SET_COOKIE].to_str().expect("text");
        desk.cookie = cookie.split(';').next().expect("a pair").to_owned();
        desk.csrf = reply.body["csrf_token"].as_str().expect("a token").to_owned();
        desk
    }

    /// Calls with exactly these headers.
    pub async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).expect("a request")).await
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Calls as the console does.
    pub async fn staff(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let headers = [(COOKIE.as_str(), &*self.cookie), ("x-csrf-token", &*self.csrf), (ORIGIN.as_str(), OWN_ORIGIN)];
        self.call(method, path, &headers, body).await
    }

    /// Adds a file as the console does.
    pub async fn upload(&self, name: &str, bytes: impl Into<Body>) -> Reply {
        let request = Request::post(format!("/api/v1/attachments?name={name}"))
            .header(COOKIE, &self.cookie)
            .header("x-csrf-token", &self.csrf)
            .header(ORIGIN, OWN_ORIGIN);
        self.send(request.body(bytes.into()).expect("a request")).await
    }

    /// Adds a file as the widget does.
    pub async fn visitor_upload(&self, token: &str, name: &str, bytes: impl Into<Body>) -> Reply {
        let request = Request::post(format!("/api/v1{}/attachments?name={name}", self.widget))
            .header("authorization", format!("Bearer {token}"))
            .header(ORIGIN, OWN_ORIGIN);
        self.send(request.body(bytes.into()).expect("a request")).await
    }

    /// What a plain fetch of an address gets, without any credential.
    pub async fn fetch(&self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        (parts.status, parts.headers, bytes.to_vec())
    }

    /// Calls as the widget on our own page does.
    pub async fn visitor(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Reply {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![(ORIGIN.as_str(), OWN_ORIGIN)];
        headers.extend(bearer.as_deref().map(|value| ("authorization", value)));
        self.call(method, &format!("{}{path}", self.widget), &headers, body).await
    }

    /// A visitor's token.
    pub async fn visitor_token(&self) -> String {
        let reply = self.visitor(Method::POST, "/sessions", None, Some(json!({ "language": "es" }))).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
        reply.body["visitor_token"].as_str().expect("a token").to_owned()
    }

    /// A visitor's message; the answer.
    pub async fn write(&self, token: &str, text: &str) -> Reply {
        let message = json!({ "client_message_id": self.world.ctx.new_id(), "text": text });
        self.visitor(Method::POST, "/messages", Some(token), Some(message)).await
    }

    /// Calls as the console does, naming the version it read.
    pub async fn staff_at(&self, method: Method, path: &str, version: i64, body: Option<Value>) -> Reply {
        let version = format!("\"{version}\"");
        let headers = [
            (COOKIE.as_str(), &*self.cookie),
            ("x-csrf-token", &*self.csrf),
            (ORIGIN.as_str(), OWN_ORIGIN),
            ("if-match", &*version),
        ];
        self.call(method, path, &headers, body).await
    }

    /// The bytes of an answer.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let request = Request::builder().uri(format!("/api/v1{path}")).header(COOKIE, &*self.cookie);
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec()
    }

    /// Reads until what is answered is as wanted.
    pub async fn until(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) {
        let wait = async {
            while !is_wanted(&self.staff(Method::GET, path, None).await.body) {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("{path} does not become as wanted"));
    }
}
