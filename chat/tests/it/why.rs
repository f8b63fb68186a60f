//! What became of a message: for each way it can go, exactly what a report says.

mod direct;
mod leaving;
mod posting;

use std::time::Duration;

use bytes::Bytes;
use chat::{Inbound, Limits, Wire};
use serde_json::{Value, json};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::advance;

use crate::client::{Client, Frame, World};
use crate::folder::Folder;
use crate::kept::Kept;
use crate::sockets::serve;

fn world() -> World {
    World::new(Limits::default())
}

impl Client {
    /// The report of a message, without what differs from run to run.
    pub async fn why(&mut self, asked: Value) -> Value {
        let mut ask = json!({ "type": "why", "id": 77 });
        ask.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        self.say(&ask.to_string()).await;
        loop {
            let Frame::Text(told) = self.frame().await.unwrap() else { continue };
            let mut told: Value = serde_json::from_str(&told).unwrap();
            if told["id"] == 77 {
                for chance in ["id", "epoch", "at"] {
                    told.as_object_mut().unwrap().remove(chance);
                }
                return told;
            }
        }
    }

    /// Says that it has everything up to a message.
    pub async fn ack(&self, seq: u64) {
        self.say(&json!({ "type": "ack", "seq": seq }).to_string()).await;
    }
}

/// A row of somebody who speaks `chat.v1`.
pub fn row(client: u64, name: &str, rest: Value) -> Value {
    let mut row = json!({ "client": client, "name": name, "wire": "chat.v1" });
    row.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    row
}

#[tokio::test(start_paused = true)]
async fn who_acknowledged_and_who_was_only_written_to() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    ann.post("hi").await;
    bob.messages(1).await;
    ann.messages(1).await;
    advance(Duration::from_micros(2_500)).await;
    bob.ack(1).await;
    world.saw("event=acked room=lobby client=2 seq=1").await;
    let told = ann.why(json!({ "seq": 1 })).await;
    let rows = json!([
        row(1, "ann", json!({ "state": "sent", "us": 0 })),
        row(2, "bob", json!({ "state": "acked", "sent_us": 0, "us": 2_500 })),
    ]);
    let expected = json!({
        "type": "delivery", "room": "lobby", "seq": 1, "from": "ann",
        "reached": 1, "of": 2, "us": 0, "rows": rows,
    });
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cannot_acknowledge_is_reached_by_what_is_written() {
    let world = world();
    let mut ann = world.join("ann").await;
    let mut body = world.connect(Wire::Body, 1 << 16);
    world.saw("event=joined room=lobby client=2").await;
    ann.post("hi").await;
    assert_eq!(body.hear().await, "hi");
    let told = ann.why(json!({ "seq": 1 })).await;
    assert_eq!(told["rows"][1]["state"], "sent");
    assert_eq!((&told["reached"], &told["of"]), (&1.into(), &2.into()), "{told}");
    // The answer to a ping says that all before it has arrived.
    let Some(Frame::Ping(number)) = body.frame().await else { panic!("no ping") };
    // Heartbeats of its own say nothing of ours.
    body.send(Inbound::Pong(Bytes::new())).await;
    body.send(Inbound::Pong(Bytes::from_static(&[0; 4]))).await;
    let told = ann.why(json!({ "seq": 1 })).await;
    assert_eq!(told["rows"][1]["state"], "sent", "{told}");
    body.send(Inbound::Pong(Bytes::copy_from_slice(&number))).await;
    world.saw("event=acked room=lobby client=2 seq=1").await;
    let told = ann.why(json!({ "seq": 1 })).await;
    assert_eq!(told["rows"][1]["state"], "acked", "{told}");
}

#[tokio::test(start_paused = true)]
async fn who_stopped_reading_is_behind_and_why() {
    let world = world();
    let mut ann = world.join("ann").await;
    let stalled = world.connect(Wire::Json, 2_000);
    stalled.hello("stalled", r#"{"lobby":{}}"#).await;
    world.saw("event=joined room=lobby client=2").await;
    for _ in 1..=20 {
        ann.post(&"x".repeat(200)).await;
        ann.messages(1).await;
    }
    advance(Duration::from_secs(4)).await;
    let told = ann.why(json!({ "seq": 20 })).await;
    let behind = told["rows"][0].clone();
    let by = behind["by"].as_u64().unwrap();
    assert!((10..20).contains(&by), "{told}");
    let rest =
        json!({ "state": "behind", "by": by, "ms": 4_000, "why": "stalled", "stalled_ms": 4_000 });
    assert_eq!(behind, row(2, "stalled", rest));
    assert_eq!((&told["reached"], &told["of"]), (&0.into(), &2.into()));
    assert_eq!(stalled.end().await, chat::End::Stalled);
    let told = ann.why(json!({ "seq": 20 })).await;
    assert_eq!(told["rows"][0]["state"], "unsent");
    assert_eq!(told["rows"][0]["left"]["why"], "stalled");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_members_are_counted_and_as_many_as_fit_are_listed() {
    let world = World::new(Limits { presence_names: 2, ..Limits::default() });
    let mut ann = world.join("ann").await;
    let mut crowd = vec![];
    for n in 1..1_000 {
        let one = world.connect(Wire::Body, 1 << 16);
        world.saw(&format!("event=joined room=lobby client={}", n + 1)).await;
        crowd.push(one);
    }
    ann.post("hi").await;
    for one in &mut crowd {
        assert_eq!(one.hear().await, "hi");
    }
    let told = ann.why(json!({ "seq": 1 })).await;
    assert_eq!((&told["reached"], &told["of"]), (&999.into(), &1_000.into()));
    assert_eq!((told["rows"].as_array().unwrap().len(), &told["more"]), (200, &800.into()));
}

#[tokio::test]
async fn curl_asks_and_a_reader_of_events_is_a_row() {
    let server = serve(Limits::default()).await;
    let (status, told) = server.look("/rooms/lobby/messages/1/delivery").await;
    assert_eq!((status, &told["code"]), (404, &"no_message".into()));
    let mut events = server.connect().await;
    let asked = "GET /rooms/lobby/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    events.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = BufReader::new(events).lines();
    while !heard.next_line().await.unwrap().unwrap().starts_with("id: ") {}
    server.post("/rooms/lobby?as=zoe", "", "hi").await;
    while !heard.next_line().await.unwrap().unwrap().starts_with("data: ") {}
    let told = loop {
        let (status, told) = server.look("/rooms/lobby/messages/1/delivery").await;
        assert_eq!(status, 200, "{told}");
        if told["rows"][0]["state"] == "sent" {
            break told;
        }
    };
    let row = &told["rows"][0];
    assert_eq!((&row["wire"], &row["name"]), (&"sse".into(), &Value::Null));
    assert_eq!(
        (&told["reached"], &told["of"], &told["from"]),
        (&0.into(), &0.into(), &"zoe".into())
    );
    for (path, status, code) in [
        ("/rooms/lobby/messages/x/delivery", 400, "bad_query"),
        ("/rooms/attic/messages/1/delivery", 404, "no_room"),
    ] {
        let (told, object) = server.look(path).await;
        assert_eq!((told, &object["code"]), (status, &code.into()), "{path}");
    }
}

#[tokio::test]
async fn who_comes_back_after_a_restart_has_what_it_says() {
    let folder = Folder::new();
    let path = folder.file("chat.db");
    let server = Kept::start(&path, Limits::default()).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    let (mut bob, _) = server.join(json!({ "name": "bob" })).await;
    let epoch = welcome["rooms"]["lobby"]["epoch"].clone();
    ann.say(json!({ "type": "post", "id": 1, "body": "hi" })).await;
    ann.say(json!({ "type": "post", "id": 2, "body": "ho" })).await;
    bob.bodies(2).await;
    server.stop().await;
    let server = Kept::start(&path, Limits::default()).await;
    let rooms = json!({ "lobby": { "epoch": epoch, "after": 1 } });
    let hello = json!({ "name": "bob", "token": bob.token, "rooms": rooms });
    let (mut bob, _) = server.join(hello).await;
    assert_eq!(bob.bodies(1).await, ["ho"]);
    let mut why = async |seq: u64| {
        bob.say(json!({ "type": "why", "id": seq, "seq": seq })).await;
        bob.hear("delivery").await
    };
    let told = why(1).await;
    assert_eq!(
        (&told["rows"][0]["state"], &told["rows"][0]["us"]),
        (&"acked".into(), &Value::Null)
    );
    assert_eq!(told["rows"][0]["late"], true, "{told}");
    assert!(told["since"].as_str().unwrap() > told["at"].as_str().unwrap(), "{told}");
    let told = why(2).await;
    assert_eq!(
        (&told["rows"][0]["state"], &told["rows"][0]["late"]),
        (&"sent".into(), &true.into())
    );
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_person_asks_with_a_line() {
    let world = world();
    let mut ann = world.connect(Wire::TextLines, 1 << 16);
    ann.say("ann\n").await;
    ann.lines_until("* welcome").await;
    ann.say("/why\n").await;
    ann.lines_until("* nothing that you said is known").await;
    ann.say("hi\n").await;
    ann.lines_until("#lobby ann: hi").await;
    ann.say("/why\n").await;
    assert_eq!(ann.lines_until("* #lobby").await, "* #lobby 1 from ann reached 1 of 1 in 0 us");
    assert_eq!(ann.lines_until("* ann").await, "* ann (1, text-lines) was written to after 0 us");
    ann.say("/why 7\n").await;
    ann.lines_until("* there is no message 7 here").await;
    ann.say("/why x\n").await;
    ann.lines_until("* the field \"N\" is missing").await;
}
