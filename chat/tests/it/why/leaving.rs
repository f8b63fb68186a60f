//! Who leaves, and who comes back.

use std::time::Duration;

use chat::{Limits, Wire};
use serde_json::{Value, json};
use tokio::time::advance;

use super::row;
use crate::client::{Client, Frame, World};

fn world() -> World {
    World::new(Limits::default())
}

#[tokio::test(start_paused = true)]
async fn who_left_before_and_who_came_after() {
    let world = world();
    let (mut ann, bob) = (world.join("ann").await, world.join("bob").await);
    bob.close().await;
    world.saw("event=left room=lobby client=2").await;
    advance(Duration::from_secs(3)).await;
    ann.post("hi").await;
    ann.messages(1).await;
    let mut zoe = world.join("zoe").await;
    let mut eve = world.connect(Wire::Json, 1 << 16);
    eve.hello("eve", r#"{"lobby":{"last":5}}"#).await;
    eve.messages(1).await;
    let told = zoe.why(json!({ "seq": 1 })).await;
    let rows = json!([
        row(1, "ann", json!({ "state": "sent", "us": 0 })),
        row(4, "eve", json!({ "state": "sent", "us": 0, "late": true })),
        row(3, "zoe", json!({ "state": "later", "late": true })),
        row(2, "bob", json!({ "state": "away", "left": { "why": "closed", "ms": 3_000 } })),
    ]);
    assert_eq!((&told["reached"], &told["of"]), (&0.into(), &1.into()));
    assert_eq!(told["rows"], rows);
}

#[tokio::test(start_paused = true)]
async fn who_missed_it_in_a_gap() {
    let limits = Limits { log_entries: 4, ..Limits::default() };
    let world = World::new(limits);
    let mut ann = world.join("ann").await;
    let mut slow = world.connect(Wire::Json, 2_000);
    slow.hello("slow", r#"{"lobby":{}}"#).await;
    slow.hear_type("welcome").await;
    slow.hear_type("presence").await;
    for _ in 1..=30 {
        ann.post(&"x".repeat(200)).await;
        ann.messages(1).await;
    }
    let gap = slow.hear_type("gap").await;
    let first = gap["after"].as_u64().unwrap() + 1;
    slow.messages(4).await;
    let told = ann.why(json!({ "seq": 27 })).await;
    assert_eq!(told["rows"][1]["state"], "sent", "{told}");
    // What it missed is gone from memory, and there is no history: nobody can ask about it.
    let told = ann.why(json!({ "seq": first })).await;
    assert_eq!(told["code"], "no_message");
}

#[tokio::test(start_paused = true)]
async fn a_member_who_comes_back_and_has_it_is_reached() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.connect(Wire::Json, 1 << 20));
    bob.hello("bob", r#"{"lobby":{}}"#).await;
    let welcome = bob.hear_type("welcome").await;
    ann.post("hi").await;
    bob.messages(1).await;
    bob.close().await;
    let told = ann.why(json!({ "seq": 1 })).await;
    assert_eq!((&told["reached"], &told["of"]), (&0.into(), &2.into()), "{told}");
    let mut bob = world.connect(Wire::Json, 1 << 20);
    let epoch = &welcome["rooms"]["lobby"]["epoch"];
    let rooms = json!({ "lobby": { "epoch": epoch, "after": 1 } });
    let hello =
        json!({ "type": "hello", "name": "bob", "token": welcome["token"], "rooms": rooms });
    bob.say(&hello.to_string()).await;
    bob.hear_type("presence").await;
    let told = ann.why(json!({ "seq": 1 })).await;
    assert_eq!((&told["reached"], &told["of"]), (&1.into(), &2.into()), "{told}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_any_more_is_told() {
    let world = world();
    let mut nc = world.connect(Wire::TextLines, 1 << 16);
    nc.say("nc\n").await;
    nc.lines_until("* welcome").await;
    let mut ann = world.join("ann").await;
    ann.post("hi").await;
    ann.messages(1).await;
    ann.ack(1).await;
    world.saw("event=acked").await;
    ann.close().await;
    nc.say("/why 1\n").await;
    assert_eq!(nc.lines_until("* #lobby 1").await, "* #lobby 1 from ann reached 2 of 2 in 0 us");
    advance(Duration::from_secs(601)).await;
    nc.say("/why 1\n").await;
    let line = nc.lines_until("* #lobby 1").await;
    assert!(
        line.starts_with("* #lobby 1 from ann reached 1 of 1 in 0 us; what was before "),
        "{line}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_on_its_way_to_who_leaves_is_sent() {
    let world = world();
    let (mut ann, mut slow) = (world.join("ann").await, world.connect(Wire::Json, 2_000));
    slow.hello("slow", r#"{"lobby":{},"tea":{}}"#).await;
    slow.hear_type("welcome").await;
    world.saw("event=joined room=tea client=2").await;
    for _ in 1..=40 {
        ann.post(&"x".repeat(200)).await;
        ann.messages(1).await;
    }
    slow.messages(2).await;
    slow.say(r#"{"type":"leave","id":9,"room":"lobby"}"#).await;
    world.saw("event=left room=lobby client=2").await;
    let mut last = Value::Null;
    loop {
        let Some(Frame::Text(text)) = slow.frame().await else { continue };
        let told: Value = serde_json::from_str(&text).unwrap();
        match told["type"].as_str() {
            Some("left") => break,
            Some("message") => last = told["seq"].clone(),
            _ => {}
        }
    }
    let told = ann.why(json!({ "seq": last })).await;
    let rows = told["rows"].as_array().unwrap();
    let left = rows.iter().find(|row| row["client"] == 2).unwrap();
    assert_eq!((&left["state"], &left["left"]["why"]), (&"sent".into(), &"closed".into()));
}

/// The rows of one client in the report of a message.
async fn rows(asker: &mut Client, seq: u64, client: u64) -> Vec<Value> {
    let told = asker.why(json!({ "seq": seq })).await;
    let rows = told["rows"].as_array().unwrap().clone();
    rows.into_iter().filter(|row| row["client"] == client).collect()
}

#[tokio::test(start_paused = true)]
async fn who_says_goodbye_is_one_row_at_every_moment() {
    let world = world();
    let (mut ann, mut nc) = (world.join("ann").await, world.connect(Wire::TextLines, 300));
    nc.say("nc\n").await;
    nc.lines_until("* welcome").await;
    for _ in 1..=20 {
        ann.post(&"x".repeat(200)).await;
        ann.messages(1).await;
    }
    assert_eq!(rows(&mut ann, 20, 2).await[0]["state"], "behind");
    // What it asked for last is still written to it, if it takes it.
    nc.say("/quit\n").await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let mut rows = rows(&mut ann, 20, 2).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = rows.remove(0);
        seen.push((row["state"].clone(), row["left"]["why"].clone()));
        advance(Duration::from_millis(400)).await;
    }
    let (behind, unsent) = (json!("behind"), (json!("unsent"), json!("closed")));
    assert_eq!(seen[0], (behind.clone(), Value::Null));
    assert_eq!(seen[5], unsent);
    let turn = seen.iter().position(|row| *row == unsent).unwrap();
    assert!(turn > 1 && seen[turn..].iter().all(|row| *row == unsent), "{seen:?}");
    assert!(seen[..turn].iter().all(|row| *row == (behind.clone(), Value::Null)), "{seen:?}");
}
