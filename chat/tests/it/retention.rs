//! What is not kept any longer is gone everywhere, and whoever missed it is told.

use std::sync::Arc;
use std::time::Duration;

use chat::{Access, Durability, History, Limits, Retention, Server, Tracers};
use serde_json::json;
use tokio::time::timeout;
use trace::Recorder;

use crate::folder::Folder;
use crate::kept::{Kept, PATIENCE};

/// A server that drops what is older than a millisecond, and what it traces.
async fn forgetful(folder: &Folder) -> (Kept, Recorder) {
    let seen = Recorder::default();
    let keep = Retention { age: Some(Duration::from_millis(1)), bytes: None };
    let (file, tracers) = (folder.file("chat.db"), Tracers::all(Arc::new(seen.clone())));
    let tracer = Arc::clone(&tracers.tracer);
    let history = History::open_keeping(&file, Durability::Process, keep, tracer).unwrap();
    let server = Server::new(Limits::default(), Access::default(), tracers);
    (Kept::serve(server.with_history(history)).await, seen)
}

async fn saw(seen: &Recorder, text: &str) {
    timeout(PATIENCE, seen.saw(text)).await.expect(text);
}

#[tokio::test]
async fn what_is_dropped_is_gone_from_memory_and_from_the_file() {
    let folder = Folder::new();
    let (server, seen) = forgetful(&folder).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    let epoch = &welcome["rooms"]["lobby"]["epoch"];
    for body in ["one", "two", "three"] {
        ann.ask(json!({ "type": "post", "body": body }), "ok").await;
    }
    saw(&seen, "oldest=4").await;
    // Whoever asks for a page after the next look is told without them.
    ann.ask(json!({ "type": "post", "body": "four" }), "ok").await;
    saw(&seen, "oldest=5").await;
    let from = json!({ "epoch": epoch, "after": 1 });
    let (mut bob, welcome) =
        server.join(json!({ "name": "bob", "rooms": { "lobby": from } })).await;
    assert_eq!(welcome["rooms"]["lobby"]["head"], 4);
    let told = bob.next().await;
    assert_eq!((&told["type"], &told["why"]), (&json!("reset"), &json!("expired")), "{told}");
    server.stop().await;

    // All of it outlives a restart, and numbers go on.
    let server = Kept::start(&folder.file("chat.db"), Limits::default()).await;
    let page = server.get("/rooms/lobby/messages").await;
    assert!(page.contains(r#""oldest":5,"head":4,"messages":[]"#), "{page}");
    let (mut cid, _) = server.join(json!({ "name": "cid" })).await;
    assert_eq!(cid.ask(json!({ "type": "post", "body": "five" }), "ok").await["seq"], 5);
    server.stop().await;
}

#[tokio::test]
async fn who_reads_on_is_told_what_went_meanwhile() {
    let folder = Folder::new();
    let limits = Limits { log_entries: 4, ..Limits::default() };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    for n in 0..20 {
        ann.ask(json!({ "type": "post", "body": n.to_string() }), "ok").await;
    }
    let epoch = welcome["rooms"]["lobby"]["epoch"].clone();
    server.stop().await;

    // The room is opened before the first look, and knows of 20; or after it, and knows of none.
    let (server, seen) = forgetful(&folder).await;
    let from = json!({ "epoch": epoch, "after": 1 });
    let (mut bob, _) = server.join(json!({ "name": "bob", "rooms": { "lobby": from } })).await;
    saw(&seen, "event=trimmed").await;
    bob.say(json!({ "type": "post", "body": "new" })).await;
    let mut last = 1;
    loop {
        let next = bob.next().await;
        match next["type"].as_str().unwrap() {
            "message" => {
                assert_eq!(next["prev"], last, "no hole that is not told");
                last = next["seq"].as_u64().unwrap();
            }
            "gap" => {
                assert_eq!((&next["after"], &next["why"]), (&json!(last), &json!("expired")));
                last = next["next"].as_u64().unwrap() - 1;
            }
            "reset" => {
                assert_eq!(next["why"], "expired");
                last = next["oldest"].as_u64().unwrap() - 1;
            }
            _ => {}
        }
        if last >= 21 {
            break;
        }
    }
    server.stop().await;
}
