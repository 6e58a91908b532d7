//! What an idle socket costs: 2,000 of staff, signed in and subscribed, and 2,000 of visitors, against the program.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::folder::program;

/// Sockets of each kind that are counted.
const COUNT: usize = 2_000;
/// Sockets opened before, so that what is made once is not counted.
const WARM_UP: usize = 100;
/// Most bytes of a socket of staff.
const STAFF_BYTES: u64 = 8 * 1024;
/// Most bytes of a visitor's socket.
const VISITOR_BYTES: u64 = 4 * 1024;

type Socket = WebSocketStream<TcpStream>;

struct Server {
    child: Child,
    at: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What came back: headers by lower-case name, and the body.
struct Reply {
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Server {
    /// Starts the program; the token of its set-up link.
    fn start(folder: &Path) -> (Self, String) {
        let ample = [
            "session_calls_per_min",
            "guest_calls_per_min",
            "user_sockets",
            "visitor_calls_per_min",
            "visitor_sessions_per_min",
            "visitor_sessions_per_network_per_min",
        ];
        let limits = ample.map(|name| format!("{name}=1000000")).join(",");
        let mut program = program(folder, &["run", "--listen", "127.0.0.1:0", "--demo", "--limits", &limits]);
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let (url, token) = line.trim().split_once("/setup?t=").expect("a set-up link");
        let at = url.trim_start_matches("http://").to_owned();
        (Self { child, at }, token.to_owned())
    }

    async fn call(&self, method: &str, path: &str, headers: &str, body: &Value) -> Reply {
        let mut stream = TcpStream::connect(&self.at).await.expect("it listens");
        let body = body.to_string();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: {at}\r\norigin: http://{at}\r\nconnection: close\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
            at = self.at,
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answered");
        let text = String::from_utf8(answer).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Reply { headers, body: serde_json::from_str(body).unwrap_or_else(|_| panic!("{text}")) }
    }

    async fn socket(&self, path: &str, protocol: &str, cookie: Option<&str>, start: &Value) -> Socket {
        let mut request = format!("ws://{}/api/v1{path}", self.at).into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", protocol.parse().expect("a header"));
        headers.insert("origin", format!("http://{}", self.at).parse().expect("a header"));
        if let Some(cookie) = cookie {
            headers.insert("cookie", cookie.parse().expect("a header"));
        }
        let stream = TcpStream::connect(&self.at).await.expect("it listens");
        let config = WebSocketConfig::default().read_buffer_size(512).write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await.expect("it opens");
        socket.send(Message::text(start.to_string())).await.expect("sent");
        let hello = socket.next().await.expect("a frame").expect("a frame");
        assert!(hello.to_text().is_ok_and(|text| text.contains("\"hello\"")), "{hello:?}");
        socket
    }

    /// Resident bytes, once they stand still.
    async fn resident(&self) -> u64 {
        let mut last = 0;
        for _ in 0..20 {
            let now = self.resident_now();
            if now == last {
                break;
            }
            last = now;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        last
    }

    fn resident_now(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    }
}

/// The key of the installation's web chat, read beside the program.
fn widget_key(folder: &Path) -> String {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let store = rusqlite::Connection::open_with_flags(folder.join("centralita.db"), flags).expect("the store opens");
    store.query_row("SELECT public_key FROM channels LIMIT 1", [], |row| row.get(0)).expect("a web chat")
}

async fn opened(range: Range<usize>, open: impl AsyncFn(usize) -> Socket) -> Vec<Socket> {
    let mut sockets = Vec::with_capacity(range.len());
    for n in range {
        sockets.push(open(n).await);
    }
    sockets
}

/// Bytes of each socket that `open` opens.
async fn cost(server: &Server, open: impl AsyncFn(usize) -> Socket) -> (u64, Vec<Socket>) {
    let mut sockets = opened(0..WARM_UP, &open).await;
    let before = server.resident().await;
    sockets.extend(opened(WARM_UP..WARM_UP + COUNT, &open).await);
    let after = server.resident().await;
    (after.saturating_sub(before) / COUNT as u64, sockets)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_idle_socket_costs_little() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, token) = Server::start(folder.path());
    let setup = json!({
        "token": token, "organization_name": "Pedales", "name": "Dani", "email": "dani@pedales.example",
        "password": "una clave larga", "language": "es", "time_zone": "Europe/Madrid",
    });
    let reply = server.call("POST", "/setup", "", &setup).await;
    let cookie = reply.headers["set-cookie"].split(';').next().expect("a pair").to_owned();
    let staff = async |_: usize| {
        let start = json!({ "op": "start", "topics": ["inbox", "agents"] });
        server.socket("/stream", "centralita.v1", Some(&cookie), &start).await
    };
    let (of_staff, agents) = cost(&server, staff).await;
    println!("idle socket of staff: {of_staff} bytes");
    let key = widget_key(folder.path());
    // Beginning a session writes to the store, which is no cost of the socket.
    let mut tokens = Vec::new();
    for _ in 0..WARM_UP + COUNT {
        let session = server.call("POST", &format!("/widget/{key}/sessions"), "", &json!({ "language": "es" })).await;
        tokens.push(session.body["visitor_token"].clone());
    }
    let visitor = async |n: usize| {
        let start = json!({ "op": "start", "token": tokens[n] });
        server.socket(&format!("/widget/{key}/stream"), "centralita.visitor.v1", None, &start).await
    };
    let (of_visitors, visitors) = cost(&server, visitor).await;
    println!("idle socket of a visitor: {of_visitors} bytes");
    drop((agents, visitors));
    assert!(of_staff <= STAFF_BYTES, "a socket of staff costs {of_staff} bytes");
    assert!(of_visitors <= VISITOR_BYTES, "a visitor's socket costs {of_visitors} bytes");
}
