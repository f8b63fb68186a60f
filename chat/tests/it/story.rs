//! What a room traces, by client: the order of one client's steps is promised, and no other.

use std::sync::Arc;
use std::time::Duration;

use chat::{Access, Durability, End, History, Limits, Server, Tracers, Wire};
use insta::assert_snapshot;
use serde_json::json;
use tokio::time::Instant;
use trace::Recorder;

use crate::client::World;
use crate::folder::Folder;
use crate::kept::Kept;

#[tokio::test(start_paused = true)]
async fn two_join_one_posts_one_leaves() {
    let world = World::new(Limits::default());
    let mut ann = world.join("ann").await;
    let mut bob = world.join("bob").await;
    ann.post("hi").await;
    assert_eq!(bob.messages(1).await, [(1, "hi".into())]);
    assert_eq!(ann.messages(1).await, [(1, "hi".into())]);
    for client in [1, 2] {
        world.saw(&format!("event=sent room=lobby client={client}")).await;
    }
    assert_eq!(ann.close().await, End::Closed);
    assert_snapshot!(world.seen.by("client"));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_ends_and_delays_nobody() {
    let world = World::new(Limits::default());
    let stalled = world.connect(Wire::Json, 2_000);
    stalled.hello("stalled", r#"{"lobby":{}}"#).await;
    world.saw("event=joined room=lobby client=1").await;
    let mut ann = world.join("ann").await;
    let start = Instant::now();
    for n in 1..=20 {
        ann.post(&"x".repeat(200)).await;
        assert_eq!(ann.messages(1).await[0].0, n);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(stalled.end().await, End::Stalled);
    let elapsed = start.elapsed().as_secs();
    assert!((5..=7).contains(&elapsed), "{elapsed} s");
    let lanes = world.seen.by("client");
    let stalled = lanes.split("[2]").next().unwrap();
    assert_snapshot!(stalled);
}

#[tokio::test(start_paused = true)]
async fn a_refused_name() {
    let world = World::new(Limits::default());
    let _ann = world.join("ann").await;
    let mut other = world.connect(Wire::Json, 1 << 16);
    other.hello("Ann", r#"{"lobby":{}}"#).await;
    let taken = r#"{"type":"error","code":"name_taken","text":"that name, or one that looks like it, is taken; Ann-2 is free","suggest":"Ann-2","id":1}"#;
    assert_eq!(other.hear().await, taken);
    other.hello("a:b", r#"{"lobby":{}}"#).await;
    let bad = r#"{"type":"error","code":"bad_name","text":"':' cannot be in a name","id":1}"#;
    assert_eq!(other.hear().await, bad);
    other.hello("Ann-2", r#"{"lobby":{}}"#).await;
    other.hear_type("welcome").await;
    assert_eq!(other.vanish().await, End::Gone);
    let lanes = world.seen.by("client");
    assert_snapshot!(lanes.split_once("[2]").unwrap().1);
}

#[tokio::test(start_paused = true)]
async fn bodies_are_hidden_unless_asked_for_and_cut_short() {
    let world = World::new(Limits::default());
    let mut ann = world.join("ann").await;
    ann.post(&"é".repeat(201)).await;
    ann.messages(1).await;
    world.saw(&format!("Message received: {}... event=received", "é".repeat(200))).await;

    let quiet = Recorder::default();
    let tracers = Tracers { tracer: Arc::new(quiet.clone()), ..Default::default() };
    let world = World::traced(Limits::default(), tracers, quiet.clone());
    let mut ann = world.join("ann").await;
    ann.post("secret").await;
    ann.messages(1).await;
    world.saw("event=batch").await;
    assert!(!quiet.to_string().contains("secret"), "{quiet}");
    assert!(!quiet.to_string().contains("event=sent"), "{quiet}");
}

#[tokio::test]
async fn what_is_stored_is_read_and_repeated() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let start = async |seen: &Recorder| {
        let tracers = Tracers::all(Arc::new(seen.clone()));
        let tracer = Arc::clone(&tracers.tracer);
        let history = History::open(&file, Durability::Process, tracer).unwrap();
        let server = Server::new(Limits::default(), Access::default(), tracers);
        Kept::serve(server.with_history(history)).await
    };
    let (before, seen) = (Recorder::default(), Recorder::default());
    let server = start(&before).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    let post = json!({ "type": "post", "mid": "m1", "body": "hi" });
    assert_eq!(ann.ask(post.clone(), "ok").await["seq"], 1);
    let token = ann.token.clone();
    server.stop().await;

    let server = start(&seen).await;
    let rooms = json!({ "lobby": { "last": 1 } });
    let (mut ann, _) = server.join(json!({ "name": "ann", "token": token, "rooms": rooms })).await;
    assert_eq!(ann.bodies(1).await, ["hi"]);
    assert_eq!(ann.ask(post, "ok").await["dup"], true);
    server.stop().await;
    let lane: Vec<_> = seen.by("client").lines().map(str::to_owned).collect();
    let named = |name: &str| lane.iter().position(|line| line.contains(&format!("event={name} ")));
    let steps = ["accepted", "joined", "lagging", "sent", "received", "repeated", "left", "closed"];
    let places: Vec<_> = steps.into_iter().map(named).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{lane:#?}");
}
