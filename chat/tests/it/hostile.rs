//! Clients that do not read, do not stop, or do not mean it: what each costs, and whom.

use std::time::Duration;

use bytes::Bytes;
use chat::{End, Inbound, Limits, Wire};
use tokio::time::{interval, timeout};

use crate::client::{Client, Frame, World};

/// Limits under which a client that takes nothing is not ended while a test looks at it.
fn patient() -> Limits {
    let hour = Duration::from_secs(3600);
    Limits { blocked_write: hour, idle: 2 * hour, ..Limits::default() }
}

/// How many of these the session takes before it stops reading.
async fn taken(client: &Client, inbound: impl Fn() -> Inbound) -> usize {
    let mut taken = 0;
    while timeout(Duration::from_secs(1), client.send(inbound())).await.is_ok() {
        taken += 1;
        assert!(taken < 100_000, "it never stops");
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn pings_without_reading_are_bounded() {
    let world = World::new(patient());
    let client = world.connect(Wire::Body, 16);
    // A pong costs its bytes and an overhead; the queue of the test holds a few more.
    let bound = Limits::default().reply_bytes / 64 + 100;
    let pings = taken(&client, || Inbound::Ping(Bytes::new())).await;
    assert!((100..bound).contains(&pings), "{pings} pings, {bound} at most");
}

#[tokio::test(start_paused = true)]
async fn errors_without_reading_are_bounded() {
    let world = World::new(Limits { refused_in_a_row: usize::MAX, ..patient() });
    let client = world.connect(Wire::Json, 16);
    let requests = taken(&client, || Inbound::Message("{".into())).await;
    assert!((100..1_000).contains(&requests), "{requests} requests");
}

#[tokio::test(start_paused = true)]
async fn comings_and_goings_do_not_pile_up_behind_a_reader() {
    let world = World::new(Limits { notices_behind: 4, ..patient() });
    let mut blocked = world.connect(Wire::Json, 400);
    blocked.hello("blocked", "{}").await;
    blocked.hear_type("presence").await;
    let mut watcher = world.join("watcher").await;
    for _ in 0..50 {
        world.connect(Wire::Body, 1 << 16).vanish().await;
        while watcher.hear_type("presence").await["left"] == serde_json::json!([]) {}
    }
    let mut told = 0;
    loop {
        told += 1;
        let presence = blocked.hear_type("presence").await;
        if presence["members"].is_array() {
            assert_eq!(presence["members"], serde_json::json!(["blocked", "watcher"]));
            break;
        }
    }
    assert!(told < 20, "{told} notices for a reader that did not read");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_answers_pings_is_not_silent() {
    let limits = Limits { blocked_write: Duration::from_secs(3600), ..Limits::default() };
    let world = World::new(limits);
    let mut slow = world.connect(Wire::Json, 100);
    slow.hello("slow", "{}").await;
    slow.hear_type("presence").await;
    let mut ann = world.join("ann").await;
    for _ in 0..30 {
        ann.post(&"\u{1}".repeat(10 << 10)).await;
        ann.messages(1).await;
    }
    let mut every = interval(Duration::from_secs(20));
    for _ in 0..10 {
        every.tick().await;
        slow.send(Inbound::Pong(Bytes::new())).await;
        ann.send(Inbound::Pong(Bytes::new())).await;
    }
    assert_eq!(slow.messages(30).await.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_refused_hello_leaves_nothing_behind() {
    let world = World::new(Limits { rooms: 3, ..Limits::default() });
    let _ann = world.join("ann").await;
    let mut eve = world.connect(Wire::Json, 1 << 16);
    eve.hello("ann", r#"{"a":{},"b":{}}"#).await;
    assert_eq!(eve.hear_type("error").await["code"], "name_taken");
    eve.hello("eve", r#"{"a":{},"b":{},"c":{}}"#).await;
    assert_eq!(eve.hear_type("error").await["code"], "too_many_rooms");
    let mut bob = world.connect(Wire::Json, 1 << 16);
    bob.hello("eve", r#"{"d":{},"e":{}}"#).await;
    assert_eq!(bob.hear_type("welcome").await["name"], "eve");
    assert!(!world.seen.to_string().contains("room=a"), "{}", world.seen);
}

#[tokio::test(start_paused = true)]
async fn an_error_repeats_nothing_of_what_was_sent() {
    let world = World::new(Limits::default());
    let mut eve = world.connect(Wire::Json, 1 << 20);
    let secret = "\u{7f}secret".repeat(9_000);
    for field in ["id", "rooms", "last"] {
        eve.say(&format!(r#"{{"type":"post","{field}":"{secret}"}}"#)).await;
        let told = eve.hear().await;
        assert!(told.len() < 300 && !told.contains("secret"), "{told}");
    }
    eve.say(&format!(r#"{{"type":"{secret}"}}"#)).await;
    assert!(eve.hear().await.len() < 600);
}

#[tokio::test(start_paused = true)]
async fn who_says_goodbye_early_still_gets_its_answers() {
    for _ in 0..50 {
        let world = World::new(Limits::default());
        let mut ann = world.connect(Wire::Json, 1 << 16);
        ann.hello("ann", "{}").await;
        ann.post("last words").await;
        ann.finish();
        ann.hear_type("welcome").await;
        assert_eq!(ann.hear_type("ok").await["seq"], 1);
        while let Some(frame) = ann.frame().await {
            assert!(!matches!(frame, Frame::Close(..)), "no goodbye to a goodbye");
        }
        assert_eq!(ann.end().await, End::Gone);
    }
}

#[tokio::test(start_paused = true)]
async fn one_full_room_keeps_no_other_waiting() {
    let world = World::new(Limits { batch_slots: 2, batch_bytes: 1, ..Limits::default() });
    let mut ann = world.connect(Wire::Json, 1 << 20);
    ann.hello("ann", r#"{"full":{},"lobby":{}}"#).await;
    ann.hear_type("welcome").await;
    let mut slow = world.connect(Wire::Json, 200);
    slow.hello("slow", r#"{"full":{},"lobby":{}}"#).await;
    slow.hear_type("welcome").await;
    for _ in 0..100 {
        ann.say(r#"{"type":"post","room":"full","body":"x"}"#).await;
    }
    ann.say(r#"{"type":"post","room":"lobby","body":"y"}"#).await;
    world.saw("event=stored room=lobby").await;
    let mut before = 0;
    while slow.hear_type("message").await["room"] != "lobby" {
        before += 1;
    }
    assert!(before < 20, "{before} messages of the full room came first");
}

#[tokio::test(start_paused = true)]
async fn rooms_share_the_bound_of_a_batch() {
    let seen = trace::Recorder::default();
    let tracers = chat::Tracers { tracer: std::sync::Arc::new(seen.clone()), ..Default::default() };
    let limits = Limits { batch_slots: 2, batch_bytes: 1, ..Limits::default() };
    let world = World::traced(limits, tracers, seen);
    let mut slow = world.connect(Wire::Json, 200);
    slow.hello("slow", r#"{"a":{},"b":{},"c":{}}"#).await;
    slow.hear_type("welcome").await;
    let ann = world.connect(Wire::Json, 1 << 20);
    ann.hello("ann", r#"{"a":{},"b":{},"c":{}}"#).await;
    for room in ["a", "b", "c"].repeat(5) {
        ann.say(&format!(r#"{{"type":"post","room":"{room}","body":"x"}}"#)).await;
    }
    world.saw("event=stored room=c client=2 seq=5").await;
    assert_eq!(slow.messages(15).await.len(), 15);
    world.saw("event=batch room=c client=1").await;
    let batches = world.seen.to_string();
    let entries = batches.lines().filter_map(|line| line.split_once("entries=")?.1.chars().next());
    let most = entries.max();
    assert_eq!(most, Some('1'), "{batches}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_leave_is_cut() {
    let world = World::new(patient());
    let stuck = world.connect(Wire::Body, 1);
    world.saw("event=joined room=lobby client=1").await;
    stuck.send(Inbound::Ping("x".into())).await;
    let sessions = std::sync::Arc::clone(&world.sessions);
    let (ran, cut) = tokio::sync::oneshot::channel::<()>();
    sessions.spawn(async move {
        let _ran = ran;
        std::future::pending::<()>().await;
    });
    assert!(timeout(Duration::from_secs(60), sessions.drain()).await.is_err());
    assert_eq!(sessions.cut(), 1);
    assert!(cut.await.is_err(), "it was dropped");
    assert_eq!(stuck.end().await, End::Drain);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_shrinks_is_listed_again() {
    let world = World::new(Limits { presence_names: 2, ..Limits::default() });
    let mut ann = world.join("ann").await;
    let (bob, cy) = (world.join("bob").await, world.join("cy").await);
    while ann.hear_type("presence").await["count"] != 3 {}
    bob.close().await;
    cy.close().await;
    loop {
        let presence = ann.hear_type("presence").await;
        if let Some(members) = presence["members"].as_array() {
            assert_eq!(members, &["ann"]);
            break;
        }
    }
    assert!(matches!(ann.frame().await, Some(Frame::Ping(_))));
}
