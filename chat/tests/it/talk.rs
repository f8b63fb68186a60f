//! What members can do besides posting in one room: rooms, direct messages, history, changes.

use std::sync::Arc;
use std::time::Duration;

use chat::{End, Limits, Tracers, Wire};
use serde_json::{Value, json};
use trace::Recorder;

use crate::client::{Client, World};

fn world() -> World {
    World::new(Limits::default())
}

async fn ask(client: &Client, request: Value) {
    client.say(&request.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn rooms_are_joined_left_and_listed() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    ask(&ann, json!({"type":"join","id":1,"room":"Tea"})).await;
    let joined = ann.hear_type("joined").await;
    assert_eq!(
        (&joined["id"], &joined["room"], &joined["head"]),
        (&1.into(), &"tea".into(), &0.into())
    );
    ask(&ann, json!({"type":"join","id":6,"room":"tea","last":5})).await;
    let again = ann.hear_type("joined").await;
    assert_eq!((&again["id"], &again["epoch"]), (&6.into(), &joined["epoch"]));
    ask(&bob, json!({"type":"post","id":2,"room":"tea","body":"me too"})).await;
    assert_eq!(bob.hear_type("error").await["code"], "not_joined");
    ask(&bob, json!({"type":"join","room":"tea"})).await;
    bob.hear_type("joined").await;
    ask(&bob, json!({"type":"post","room":"tea","body":"hi"})).await;
    assert_eq!(ann.hear_type("message").await["room"], "tea");
    ask(&ann, json!({"type":"rooms","id":3})).await;
    let rooms = ann.hear_type("rooms").await;
    assert_eq!(rooms["rooms"], json!([{"room":"lobby","count":2},{"room":"tea","count":2}]));
    ask(&ann, json!({"type":"who","id":4,"room":"tea"})).await;
    let who = loop {
        let presence = ann.hear_type("presence").await;
        if presence["id"] == 4 {
            break presence;
        }
    };
    assert_eq!(who["members"], json!(["ann", "bob"]));
    ask(&ann, json!({"type":"leave","id":5,"room":"tea"})).await;
    assert_eq!(ann.hear_type("left").await["room"], "tea");
    ask(&bob, json!({"type":"post","room":"tea","body":"gone?"})).await;
    ask(&bob, json!({"type":"post","room":"lobby","body":"here"})).await;
    assert_eq!(ann.hear_type("message").await["body"], "here");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_in_so_many_rooms() {
    let world = World::new(Limits { rooms_per_session: 2, ..Limits::default() });
    let mut ann = world.join("ann").await;
    for (room, told) in [("a", "joined"), ("a", "left"), ("b", "joined"), ("c", "error")] {
        let request = if told == "left" { "leave" } else { "join" };
        ask(&ann, json!({"type":request,"room":room})).await;
        ann.hear_type(told).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_direct_message_reaches_its_recipients_and_nobody_else() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    let mut eve = world.join("eve").await;
    let post = json!({"type":"post","id":1,"to":["Bob","zoe"],"mid":"m","body":"psst"});
    ask(&ann, post.clone()).await;
    let ok = ann.hear_type("ok").await;
    assert_eq!((&ok["seq"], &ok["unknown"]), (&1.into(), &json!(["zoe"])));
    let (mine, theirs) = (ann.hear_type("message").await, bob.hear_type("message").await);
    for told in [&mine, &theirs] {
        assert_eq!((&told["to"], &told["body"]), (&json!(["Bob", "zoe"]), &"psst".into()));
        assert_eq!((told.get("room"), &told["mid"]), (None, &"m".into()));
    }
    ask(&ann, post).await;
    assert_eq!(ann.hear_type("ok").await["dup"], true);
    ann.post("aloud").await;
    assert_eq!(eve.hear_type("message").await["body"], "aloud");
    assert_eq!(bob.hear_type("message").await["body"], "aloud");
    assert!(!world.seen.to_string().contains("psst"), "a trace shows no private text");
}

#[tokio::test(start_paused = true)]
async fn a_direct_message_to_nobody_is_refused() {
    let world = world();
    let mut ann = world.join("ann").await;
    let many: Vec<_> = (0..17).map(|n| format!("n{n}")).collect();
    for (post, code) in [
        (json!({"type":"post","to":["zoe"],"body":"x"}), "nobody_there"),
        (json!({"type":"post","to":["ann"],"room":"lobby","body":"x"}), "room_or_to"),
        (json!({"type":"post","room":"@","body":"x"}), "room_or_to"),
        (json!({"type":"post","to":many,"body":"x"}), "bad_recipients"),
        (json!({"type":"post","to":["a:b"],"body":"x"}), "bad_name"),
    ] {
        ask(&ann, post).await;
        assert_eq!(ann.hear_type("error").await["code"], code);
    }
    // A guest without a login reads no inbox.
    let _guest = world.connect(Wire::Body, 1 << 16);
    world.saw("name=guest-1").await;
    ask(&ann, json!({"type":"post","to":["guest-1"],"body":"x"})).await;
    assert_eq!(ann.hear_type("error").await["code"], "nobody_there");
}

#[tokio::test(start_paused = true)]
async fn an_inbox_is_read_on_with_the_token_and_by_nobody_else() {
    let world = world();
    let ann = world.join("ann").await;
    let mut bob = world.connect(Wire::Json, 1 << 20);
    bob.hello("bob", r#"{"lobby":{},"@":{}}"#).await;
    let welcome = bob.hear_type("welcome").await;
    let (token, epoch) = (welcome["token"].clone(), welcome["rooms"]["@"]["epoch"].clone());
    bob.close().await;
    ask(&ann, json!({"type":"post","to":["bob"],"body":"later"})).await;
    world.saw("Message stored event=stored room=@").await;
    let mut eve = world.connect(Wire::Json, 1 << 20);
    eve.hello("bob", "{}").await;
    assert_eq!(eve.hear_type("error").await["code"], "name_taken");
    let mut bob = world.connect(Wire::Json, 1 << 20);
    let rooms = json!({"lobby":{},"@":{"epoch":epoch,"after":0}});
    ask(&bob, json!({"type":"hello","name":"bob","token":token,"rooms":rooms})).await;
    assert_eq!(bob.hear_type("welcome").await["rooms"]["@"]["replay"], 1);
    assert_eq!(bob.hear_type("message").await["body"], "later");
}

#[tokio::test(start_paused = true)]
async fn who_wants_the_inbox_alone_is_in_no_room() {
    let world = world();
    let mut ann = world.join("ann").await;
    let mut bob = world.connect(Wire::Json, 1 << 20);
    bob.hello("bob", r#"{"@":{}}"#).await;
    let rooms = bob.hear_type("welcome").await["rooms"].clone();
    assert_eq!(rooms.as_object().unwrap().keys().collect::<Vec<_>>(), ["@"]);
    for (n, body) in ["one", "two", "three"].iter().enumerate() {
        ask(&ann, json!({"type":"post","to":["bob"],"body":body})).await;
        assert_eq!(bob.hear_type("message").await["seq"], n + 1);
    }
    ask(&bob, json!({"type":"history","room":"@","before":3,"limit":1})).await;
    let page = bob.hear_type("history").await;
    assert_eq!((&page["messages"][0]["body"], &page["head"]), (&json!("two"), &json!(3)));
    ask(&bob, json!({"type":"post","body":"where?"})).await;
    assert_eq!(bob.hear_type("error").await["code"], "not_joined");
    ask(&ann, json!({"type":"rooms","id":9})).await;
    assert_eq!(ann.hear_type("rooms").await["rooms"][0]["count"], 1);
    ask(&bob, json!({"type":"join","room":"lobby"})).await;
    assert_eq!(bob.hear_type("presence").await["members"], json!(["ann", "bob"]));
}

#[tokio::test(start_paused = true)]
async fn an_inbox_ends_with_a_name_that_is_not_kept() {
    let world = world();
    let mut ann = world.join("ann").await;
    let mut first = world.connect(Wire::TextLines, 1 << 16);
    first.say("bob").await;
    first.lines_until("* welcome, bob").await;
    ask(&ann, json!({"type":"post","to":["bob"],"body":"for the first bob"})).await;
    ann.hear_type("ok").await;
    assert_eq!(first.lines_until("from").await, "from ann: for the first bob");
    first.vanish().await;
    let mut second = world.connect(Wire::TextLines, 1 << 16);
    second.say("bob").await;
    second.lines_until("* welcome, bob").await;
    ask(&ann, json!({"type":"post","to":["bob"],"body":"for the second bob"})).await;
    assert_eq!(second.lines_until("from").await, "from ann: for the second bob");
}

#[tokio::test(start_paused = true)]
async fn only_its_author_changes_a_message() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    ann.post("helo").await;
    bob.hear_type("message").await;
    ask(&bob, json!({"type":"edit","of":1,"body":"hacked"})).await;
    assert_eq!(bob.hear_type("error").await["code"], "not_yours");
    ask(&bob, json!({"type":"delete","of":9})).await;
    assert_eq!(bob.hear_type("error").await["code"], "no_message");
    ask(&ann, json!({"type":"edit","id":1,"of":1,"body":"hello"})).await;
    assert_eq!(ann.hear_type("ok").await["seq"], 1);
    assert_eq!(ann.hear_type("ok").await["seq"], 2);
    let edit = bob.hear_type("edit").await;
    assert_eq!(
        (&edit["of"], &edit["body"], &edit["prev"]),
        (&1.into(), &"hello".into(), &1.into())
    );
    ask(&ann, json!({"type":"edit","of":2,"body":"an edit is no message"})).await;
    assert_eq!(ann.hear_type("error").await["code"], "no_message");
    ask(&ann, json!({"type":"delete","of":1,"mid":"d"})).await;
    let delete = bob.hear_type("delete").await;
    assert_eq!((&delete["seq"], &delete["of"], delete.get("body")), (&3.into(), &1.into(), None));
    ask(&ann, json!({"type":"delete","of":1})).await;
    assert_eq!(ann.hear_type("error").await["code"], "no_message");
    // It is sent again because its answer was lost.
    ask(&ann, json!({"type":"delete","of":1,"mid":"d"})).await;
    assert_eq!(ann.hear_type("ok").await["dup"], true);
    ask(&bob, json!({"type":"history","id":7})).await;
    let history = bob.hear_type("history").await;
    let told: Vec<_> = history["messages"].as_array().unwrap().iter().collect();
    let texts: Vec<_> = told.iter().map(|at| (&at["type"], &at["body"], &at["deleted"])).collect();
    assert_eq!(texts[0], (&"message".into(), &"".into(), &true.into()));
    assert_eq!(texts[1], (&"edit".into(), &"".into(), &true.into()));
    assert_eq!(texts[2], (&"delete".into(), &Value::Null, &Value::Null));
}

#[tokio::test(start_paused = true)]
async fn history_comes_in_pages() {
    let world = world();
    let mut ann = world.join("ann").await;
    for n in 1..=9 {
        ann.post(&format!("m{n}")).await;
    }
    ann.messages(9).await;
    for (request, seqs) in [
        (json!({"type":"history","limit":2}), vec![8, 9]),
        (json!({"type":"history","room":"lobby","before":8,"limit":2}), vec![6, 7]),
        (json!({"type":"history","after":7}), vec![8, 9]),
        (json!({"type":"history","room":"@"}), vec![]),
    ] {
        ask(&ann, request).await;
        let history = ann.hear_type("history").await;
        let told = history["messages"].as_array().unwrap();
        assert_eq!(told.iter().map(|at| at["seq"].as_u64().unwrap()).collect::<Vec<_>>(), seqs);
        assert!(history["epoch"].as_str().unwrap().len() == 8);
    }
    ask(&ann, json!({"type":"history","room":"tea"})).await;
    assert_eq!(ann.hear_type("error").await["code"], "not_joined");
}

#[tokio::test(start_paused = true)]
async fn typing_is_shown_and_not_too_often() {
    let world = world();
    let (ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    for _ in 0..5 {
        ask(&ann, json!({"type":"typing"})).await;
    }
    ask(&ann, json!({"type":"post","body":"so"})).await;
    bob.hear_type("typing").await;
    bob.hear_type("message").await;
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    ask(&ann, json!({"type":"typing"})).await;
    ask(&ann, json!({"type":"post","body":"done"})).await;
    let mut typing = 0;
    let last = loop {
        let told: Value = serde_json::from_str(&bob.hear().await).unwrap();
        match told["type"].as_str().unwrap() {
            "typing" => {
                assert_eq!((&told["room"], &told["from"]), (&"lobby".into(), &"ann".into()));
                typing += 1;
            }
            "message" => break told,
            _ => {}
        }
    };
    assert_eq!((typing, &last["body"]), (1, &"done".into()));
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_fast_is_told_when_to_go_on() {
    let seen = Recorder::default();
    let tracers = Tracers::all(Arc::new(seen.clone()));
    let limits = Limits { messages_per_second: 2, messages_at_once: 3, ..Limits::default() };
    let world = World::traced(limits, tracers, seen);
    let mut ann = world.join("ann").await;
    for body in ["one", "two", "three"] {
        ann.post(body).await;
    }
    let error = ann.hear_type("error").await;
    assert_eq!((&error["code"], &error["retry_ms"]), (&"rate_limited".into(), &501.into()));
    tokio::time::advance(Duration::from_millis(501)).await;
    ann.post("three").await;
    while ann.hear_type("message").await["body"] != "three" {}
    // Who goes on regardless is sent away.
    for _ in 0..40 {
        ann.post("again").await;
    }
    assert_eq!(ann.end().await, End::Refused);
}

#[tokio::test(start_paused = true)]
async fn what_arrived_is_acknowledged() {
    let world = world();
    let mut ann = world.join("ann").await;
    ann.post("hi").await;
    ann.hear_type("message").await;
    ask(&ann, json!({"type":"ack","room":"lobby","seq":1})).await;
    world.saw("Client has it event=acked room=lobby client=1 seq=1").await;
    ask(&ann, json!({"type":"ack","seq":0})).await;
    ask(&ann, json!({"type":"ack"})).await;
    assert_eq!(ann.hear_type("error").await["code"], "missing_field");
    assert_eq!(world.seen.to_string().matches("event=acked").count(), 1);
}
