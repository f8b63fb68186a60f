//! What became of a direct message.

use chat::{Limits, Wire};
use serde_json::json;

use super::row;
use crate::client::World;

fn world() -> World {
    World::new(Limits::default())
}

#[tokio::test(start_paused = true)]
async fn a_direct_message_is_reported_to_its_sender_and_its_readers() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    let (zoe, mut eve) = (world.join("zoe").await, world.join("eve").await);
    let zoes = zoe.close().await;
    assert_eq!(zoes, chat::End::Closed);
    ann.say(r#"{"type":"post","to":["bob","zoe"],"body":"psst"}"#).await;
    ann.hear_type("message").await;
    bob.hear_type("message").await;
    bob.say(r#"{"type":"ack","room":"@","seq":1}"#).await;
    world.saw("event=acked room=@ client=2 seq=1").await;
    let told = ann.why(json!({ "room": "@", "seq": 1 })).await;
    let rows = json!([
        { "name": "zoe", "state": "waiting" },
        { "name": "bob", "state": "acked", "us": 0, "sent_us": 0 },
    ]);
    assert_eq!(told["rows"], rows, "{told}");
    assert_eq!((&told["reached"], &told["of"]), (&1.into(), &2.into()));
    let told = bob.why(json!({ "room": "@", "seq": 1 })).await;
    assert_eq!(
        told["rows"],
        json!([row(2, "bob", json!({ "state": "acked", "us": 0, "sent_us": 0 }))])
    );
    assert_eq!(eve.why(json!({ "room": "@", "seq": 1 })).await["code"], "no_message");
}

#[tokio::test(start_paused = true)]
async fn who_had_it_has_it_when_the_inbox_is_gone() {
    let world = World::new(Limits { inbox_entries: 2, ..Limits::default() });
    let (mut ann, mut eve) = (world.join("ann").await, world.join("eve").await);
    let (mut zoe, mut bob) = (world.join("zoe").await, world.connect(Wire::TextLines, 1 << 16));
    bob.say("bob\n").await;
    bob.lines_until("* welcome").await;
    ann.say(r#"{"type":"post","to":["bob","zoe"],"body":"psst"}"#).await;
    ann.hear_type("message").await;
    bob.lines_until("from ann").await;
    zoe.hear_type("message").await;
    zoe.say(r#"{"type":"ack","room":"@","seq":1}"#).await;
    world.saw("event=acked room=@").await;
    let before = ann.why(json!({ "room": "@", "seq": 1 })).await;
    assert_eq!((&before["reached"], &before["of"]), (&2.into(), &2.into()), "{before}");
    // A guest who leaves takes his inbox along, and a full one forgets what was first.
    bob.close().await;
    world.saw("event=closed client=4").await;
    for _ in 0..3 {
        eve.say(r#"{"type":"post","to":["zoe"],"body":"hm"}"#).await;
        eve.hear_type("message").await;
        zoe.hear_type("message").await;
    }
    let after = ann.why(json!({ "room": "@", "seq": 1 })).await;
    assert_eq!((&after["reached"], &after["of"]), (&2.into(), &2.into()), "{after}");
}
