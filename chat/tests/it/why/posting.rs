//! What was posted twice, refused, or not told.

use std::time::Duration;

use chat::{Limits, Wire};
use serde_json::json;
use tokio::time::advance;

use crate::client::World;
use crate::folder::Folder;
use crate::kept::Kept;

fn world() -> World {
    World::new(Limits::default())
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_the_message_it_repeats() {
    let world = world();
    let mut ann = world.join("ann").await;
    let post = r#"{"type":"post","id":4,"mid":"m1","body":"hi"}"#;
    ann.say(post).await;
    ann.say(post).await;
    ann.hear_type("ok").await;
    ann.hear_type("ok").await;
    let (by_mid, by_seq) =
        (ann.why(json!({ "mid": "m1" })).await, ann.why(json!({ "seq": 1 })).await);
    assert_eq!(by_mid, by_seq);
    assert_eq!((&by_mid["seq"], &by_mid["of"]), (&1.into(), &1.into()));
}

#[tokio::test(start_paused = true)]
async fn a_refused_post_is_known_by_its_mid_to_who_posted_it() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    let long = "x".repeat((10 << 10) + 1);
    ann.say(&json!({ "type": "post", "mid": "m1", "body": long }).to_string()).await;
    ann.hear_type("error").await;
    let told = ann.why(json!({ "mid": "m1" })).await;
    let text = "a message has at most 10240 bytes; shorten it";
    assert_eq!(
        told,
        json!({ "type": "delivery", "mid": "m1", "refused": "too_long", "text": text })
    );
    assert_eq!(bob.why(json!({ "mid": "m1" })).await["code"], "no_message");
    assert_eq!(ann.why(json!({ "mid": "m2" })).await["code"], "no_message");
    assert_eq!(ann.why(json!({ "seq": 9 })).await["code"], "no_message");
    assert_eq!(ann.why(json!({})).await["code"], "missing_field");
    assert_eq!(ann.why(json!({ "room": "attic", "seq": 1 })).await["code"], "not_joined");
}

#[tokio::test(start_paused = true)]
async fn to_ask_is_not_to_post() {
    let world = world();
    let mut ann = world.join("ann").await;
    assert_eq!(ann.why(json!({ "room": "attic", "mid": "x" })).await["code"], "not_joined");
    assert_eq!(ann.why(json!({ "mid": "x" })).await["code"], "no_message");
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_first_and_stored_then_is_stored() {
    let world = World::new(Limits { log_entries: 2, ..Limits::default() });
    let mut ann = world.join("ann").await;
    let post = r#"{"type":"post","id":1,"room":"tea","mid":"m","body":"hi"}"#;
    ann.say(post).await;
    ann.hear_type("error").await;
    assert_eq!(ann.why(json!({ "mid": "m" })).await["refused"], "not_joined");
    ann.say(r#"{"type":"join","room":"tea"}"#).await;
    ann.hear_type("joined").await;
    ann.say(post).await;
    ann.hear_type("message").await;
    assert_eq!(ann.why(json!({ "room": "tea", "mid": "m" })).await["seq"], 1);
    assert_eq!(ann.why(json!({ "mid": "m" })).await["code"], "no_message");
}

#[tokio::test]
async fn what_history_has_is_found_by_its_mid() {
    let folder = Folder::new();
    let limits = Limits { log_entries: 2, ..Limits::default() };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    ann.ask(json!({ "type": "post", "mid": "m", "body": "hi" }), "ok").await;
    for _ in 0..3 {
        ann.ask(json!({ "type": "post", "body": "hi" }), "ok").await;
    }
    let told = ann.ask(json!({ "type": "why", "mid": "m" }), "delivery").await;
    assert_eq!((&told["seq"], &told["of"]), (&1.into(), &1.into()));
    // The largest number there can be is one that nobody has, and harms nobody.
    let path = format!("/rooms/lobby/messages/{}/delivery", u64::MAX);
    assert!(server.get(&path).await.contains("no_message"));
    let path = format!("/rooms/lobby/messages?after={}", u64::MAX);
    assert!(server.get(&path).await.contains("\"messages\":[]"));
    assert!(server.get("/rooms/lobby/messages?after=0").await.contains("\"seq\":1,"));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_format_has_no_edits_is_not_told_of_one() {
    let world = world();
    let mut ann = world.join("ann").await;
    let mut body = world.connect(Wire::Body, 1 << 16);
    world.saw("event=joined room=lobby client=2").await;
    ann.post("hi").await;
    ann.messages(1).await;
    assert_eq!(body.hear().await, "hi");
    ann.say(r#"{"type":"edit","id":5,"of":1,"body":"ho"}"#).await;
    ann.hear_type("edit").await;
    let told = ann.why(json!({ "seq": 2 })).await;
    assert_eq!(told["rows"][1]["state"], "untold", "{told}");
    assert_eq!((&told["reached"], &told["of"]), (&0.into(), &1.into()));
    assert!(!world.seen.to_string().contains("event=sent room=lobby client=2 seq=2"));
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_batch_can_be_acknowledged_and_what_is_to_come_cannot() {
    let world = world();
    let mut ann = world.join("ann").await;
    let mut slow = world.connect(Wire::Json, 2_000);
    slow.hello("slow", r#"{"lobby":{}}"#).await;
    slow.hear_type("welcome").await;
    slow.hear_type("presence").await;
    for _ in 1..=40 {
        ann.post(&"x".repeat(200)).await;
        ann.messages(1).await;
    }
    let (last, _) = slow.messages(12).await.pop().unwrap();
    slow.ack(last).await;
    world.saw(&format!("event=acked room=lobby client=2 seq={last}")).await;
    let told = ann.why(json!({ "seq": last })).await;
    let state = |told: &serde_json::Value| {
        let rows = told["rows"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["client"] == 2).unwrap()["state"].clone()
    };
    assert_eq!(state(&told), "acked", "{told}");
    slow.ack(999_999).await;
    advance(Duration::from_secs(1)).await;
    let acked = world.seen.to_string();
    assert!(!acked.contains("seq=999999"), "{acked}");
}
