//! What a socket hears without asking: what its person follows or is named in; and that something went out of sight.

use std::net::SocketAddr;

use http::Method;
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::Colleague;
use crate::desk::{Desk, OWN_ORIGIN};
use crate::sockets::{Socket, serve};

async fn listen(person: &Colleague, at: SocketAddr, start: Value) -> Socket {
    let headers = [("cookie", &*person.cookie), ("origin", OWN_ORIGIN)];
    let mut socket = Socket::open(at, "/stream", "centralita.v1", &headers).await.expect("it opens");
    socket.say(start).await;
    socket.hear(|frame| frame["op"] == "hello").await;
    socket
}

/// The agent somebody is.
pub async fn agent_of(desk: &Desk, person: &Colleague) -> String {
    let agents = desk.staff(Method::GET, "/agents?limit=200", None).await;
    let all = agents.body["items"].as_array().expect("agents").clone();
    let own = all.iter().find(|agent| agent["user_id"] == json!(person.id)).expect("an agent");
    own["id"].as_str().expect("an id").to_owned()
}

/// An agent who serves no queue: sees what is theirs alone.
pub async fn outsider(desk: &Desk, name: &str) -> Colleague {
    let person = desk.colleague(name, &["agent"]).await;
    let path = format!("/agents/{}/queues", agent_of(desk, &person).await);
    let left = desk.staff(Method::PUT, &path, Some(json!({ "queue_ids": [] }))).await;
    assert_eq!(left.status, 200, "{:?}", left.body);
    person
}

async fn work_of(desk: &Desk, conversation: &Value) -> String {
    let shown = desk.staff(Method::GET, &format!("/conversations/{}", text(conversation)), None).await;
    text(&shown.body["work"][0]["work_item_id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

#[tokio::test]
async fn whoever_is_named_or_follows_hears_the_entries() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let at = serve(&desk).await;
        let (named, follower) = (outsider(&desk, "eva").await, outsider(&desk, "ivo").await);
        let stranger = outsider(&desk, "uma").await;
        let token = desk.visitor_token().await;
        let conversation = desk.write(&token, "uno").await.body["conversation"]["id"].clone();
        let path = format!("/conversations/{}", text(&conversation));
        let note = json!({ "text": "mira esto", "mentions": [named.id] });
        let noted = desk.staff(Method::POST, &format!("{path}/notes"), Some(note)).await;
        assert_eq!(noted.status, 201, "{:?}", noted.body);
        let followed = format!("{path}/followers/{}", follower.id);
        assert_eq!(desk.staff(Method::PUT, &followed, None).await.status, 200);
        let start = json!({ "op": "start", "topics": [] });
        let mut feeds = [listen(&named, at, start.clone()).await, listen(&follower, at, start.clone()).await];
        let mut other = listen(&stranger, at, start).await;
        desk.write(&token, "dos").await;
        for feed in &mut feeds {
            let heard = feed.hear(|frame| frame["event"]["data"]["entry"]["body"]["text"] == "dos").await;
            assert_eq!(heard["event"]["type"], "entry.created", "{engine:?}");
        }
        let note = json!({ "text": "y tú", "mentions": [stranger.id] });
        desk.staff(Method::POST, &format!("{path}/notes"), Some(note)).await;
        let first = other.hear(|frame| frame["op"] == "event").await;
        assert_ne!(
            first["event"]["data"]["entry"]["body"]["text"], "dos",
            "{engine:?}: not theirs before they were named"
        );
        assert_eq!(desk.staff(Method::DELETE, &followed, None).await.status, 200);
        let gone = feeds[1].event("conversation.hidden").await;
        assert_eq!(gone["event"]["data"], json!({ "id": conversation }), "{engine:?}");
    }
}

#[tokio::test]
async fn work_given_to_another_goes_out_of_sight_with_its_conversation() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let at = serve(&desk).await;
        let (eva, ivo) = (desk.colleague("eva", &["agent"]).await, desk.colleague("ivo", &["agent"]).await);
        let token = desk.visitor_token().await;
        let conversation = desk.write(&token, "hola").await.body["conversation"]["id"].clone();
        let item = work_of(&desk, &conversation).await;
        let pulled = eva.call(&desk, Method::POST, &format!("/work-items/{item}/pull"), None).await;
        assert_eq!(pulled.status, 200, "{:?}", pulled.body);
        let queues = format!("/agents/{}/queues", agent_of(&desk, &eva).await);
        assert_eq!(desk.staff(Method::PUT, &queues, Some(json!({ "queue_ids": [] }))).await.status, 200);
        let mut feed = listen(&eva, at, json!({ "op": "start", "topics": ["inbox"] })).await;
        let to = json!({ "to": { "agent_id": agent_of(&desk, &ivo).await }, "reason": "knows it" });
        let given = desk.staff(Method::POST, &format!("/work-items/{item}/reassign"), Some(to)).await;
        assert_eq!(given.status, 200, "{:?}", given.body);
        let mut gone = Vec::new();
        while gone.len() < 2 {
            let frame =
                feed.hear(|frame| frame["event"]["type"].as_str().is_some_and(|t| t.ends_with(".hidden"))).await;
            gone.push((text(&frame["event"]["type"]), text(&frame["event"]["data"]["id"])));
        }
        gone.sort();
        let expected = [("conversation.hidden".to_owned(), text(&conversation)), ("work_item.hidden".to_owned(), item)];
        assert_eq!(gone, expected, "{engine:?}");
    }
}

#[tokio::test]
async fn work_moved_to_another_queue_goes_out_of_sight_also_for_who_was_away() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let at = serve(&desk).await;
        let eva = desk.colleague("eva", &["agent"]).await;
        let expert = json!({ "key": "expert", "name": { "es": "Expertos" }, "routing_config_id": "messages" });
        let configs = desk.staff(Method::GET, "/routing-configs", None).await;
        let mut expert = expert;
        expert["routing_config_id"] = configs.body["items"][0]["id"].clone();
        let expert = desk.staff(Method::POST, "/queues", Some(expert)).await;
        assert_eq!(expert.status, 201, "{:?}", expert.body);
        let token = desk.visitor_token().await;
        let conversation = desk.write(&token, "hola").await.body["conversation"]["id"].clone();
        let item = work_of(&desk, &conversation).await;
        let mut feed = listen(&eva, at, json!({ "op": "start", "topics": ["inbox"] })).await;
        let cursor = desk.staff(Method::GET, "/bootstrap", None).await.body["cursor"].clone();
        let moved = json!({ "queue_id": expert.body["id"] });
        let moved = desk.staff(Method::PATCH, &format!("/work-items/{item}"), Some(moved)).await;
        assert_eq!(moved.status, 200, "{:?}", moved.body);
        let gone = feed.event("work_item.hidden").await;
        assert_eq!(gone["event"]["data"], json!({ "id": item }), "{engine:?}");
        let mut later = listen(&eva, at, json!({ "op": "start", "topics": ["inbox"], "after": cursor })).await;
        let again = later.event("work_item.hidden").await;
        assert_eq!(again["event"]["id"], gone["event"]["id"], "{engine:?}: told again as the same event");
    }
}
