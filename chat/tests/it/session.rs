//! Sessions over pipes with simulated time: what each client is told.

use std::time::Duration;

use bytes::Bytes;
use chat::{End, Inbound, Limits, Wire};
use tokio::time::Instant;

use crate::client::{Frame, World};

fn world() -> World {
    World::new(Limits::default())
}

#[tokio::test(start_paused = true)]
async fn welcome_tells_the_position_and_who_is_there() {
    let world = world();
    let mut ann = world.connect(Wire::Json, 1 << 16);
    ann.hello("ann", r#"{"lobby":{"last":10}}"#).await;
    let welcome = ann.hear_type("welcome").await;
    assert_eq!((&welcome["id"], &welcome["name"]), (&1.into(), &"ann".into()));
    assert_eq!(welcome["token"].as_str().unwrap().len(), 26);
    assert_eq!(welcome["limits"]["body_bytes"], 10 << 10);
    assert_eq!(welcome["rooms"]["lobby"]["head"], 0);
    assert_eq!(
        ann.hear().await,
        r#"{"type":"presence","room":"lobby","count":1,"members":["ann"]}"#
    );
    let joined = r#"{"type":"presence","room":"lobby","count":1,"joined":["ann"],"left":[]}"#;
    assert_eq!(ann.hear().await, joined);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_acknowledged_and_comes_back_as_everybody_sees_it() {
    let world = world();
    let (mut ann, mut bob) = (world.join("ann").await, world.join("bob").await);
    ann.say(r#"{"type":"post","id":4,"room":"lobby","mid":"m1","body":"hi","reply":7}"#).await;
    let ok = ann.hear_type("ok").await;
    assert_eq!(ok.to_string(), r#"{"type":"ok","seq":1,"stored":"memory","id":4}"#);
    let (mine, theirs) = (ann.hear_type("message").await, bob.hear_type("message").await);
    assert_eq!(mine, theirs);
    let at = mine["at"].as_str().unwrap();
    assert_eq!(
        mine.to_string().replace(at, "AT"),
        r#"{"type":"message","room":"lobby","seq":1,"prev":0,"at":"AT","from":"ann","mid":"m1","body":"hi","reply":7}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_post_sent_again_is_the_same_post() {
    let world = world();
    let mut ann = world.join("ann").await;
    let post = r#"{"type":"post","id":4,"room":"lobby","mid":"m1","body":"hi"}"#;
    ann.say(post).await;
    ann.say(post).await;
    ann.say(&post.replace("hi", "ho")).await;
    assert_eq!(ann.hear_type("ok").await["dup"], serde_json::Value::Null);
    let again = ann.hear_type("ok").await;
    assert_eq!((&again["seq"], &again["dup"]), (&1.into(), &true.into()));
    world.saw("Message is stored already event=repeated room=lobby client=1 seq=1").await;
    assert_eq!(ann.hear_type("error").await["code"], "mid_reused");
    ann.post("next").await;
    assert_eq!(ann.hear_type("ok").await["seq"], 2);
}

#[tokio::test(start_paused = true)]
async fn every_bad_request_says_what_was_wrong() {
    let world = world();
    let mut ann = world.connect(Wire::Json, 1 << 16);
    let long = format!(r#"{{"type":"post","body":"{}"}}"#, "x".repeat((10 << 10) + 1));
    for (said, id, code) in [
        ("hello", None, "bad_json"),
        ("", None, "bad_json"),
        ("[1]", None, "bad_json"),
        ("{\"type\":\"hello\",\u{0}}", None, "bad_json"),
        (r#"{"type":"hello","id":7,"name":5}"#, Some(7), "bad_json"),
        (r#"{"id":8}"#, Some(8), "missing_field"),
        (r#"{"type":"dance","id":9}"#, Some(9), "unknown_type"),
        (r#"{"type":"post","id":10,"body":"hi"}"#, Some(10), "hello_first"),
        (r#"{"type":"hello","id":11}"#, Some(11), "missing_field"),
        (r#"{"type":"hello","id":12,"name":" "}"#, Some(12), "bad_name"),
        (r#"{"type":"hello","id":13,"name":"ann","rooms":{"a b":{}}}"#, Some(13), "bad_room"),
        (
            r#"{"type":"hello","id":17,"name":"ann","rooms":{"a":{"after":5}}}"#,
            Some(17),
            "missing_field",
        ),
        (
            r#"{"type":"hello","id":18,"name":"ann","rooms":{"a":{"epoch":"x"}}}"#,
            Some(18),
            "missing_field",
        ),
        (r#"{"type":"post","id":14}"#, Some(14), "missing_field"),
        (r#"{"type":"post","id":15,"body":""}"#, Some(15), "empty_body"),
        (r#"{"type":"post","id":16,"body":"x","mid":""}"#, Some(16), "bad_mid"),
        (&long, None, "too_long"),
    ] {
        ann.say(said).await;
        let error = ann.hear_type("error").await;
        assert_eq!((error["id"].as_u64(), error["code"].as_str().unwrap()), (id, code), "{said}");
        assert!(error["text"].as_str().unwrap().len() > 10);
    }
    ann.hello("ann", "{}").await;
    ann.hear_type("welcome").await;
    ann.hello("ann", "{}").await;
    assert_eq!(ann.hear_type("error").await["code"], "hello_twice");
    ann.say(r#"{"type":"post","id":1,"room":"elsewhere","body":"hi"}"#).await;
    assert_eq!(ann.hear_type("error").await["code"], "not_joined");
    ann.post("still here").await;
    assert_eq!(ann.hear_type("ok").await["seq"], 1);
}

#[tokio::test(start_paused = true)]
async fn who_only_errs_is_sent_away() {
    let world = world();
    let mut ann = world.connect(Wire::Json, 1 << 16);
    for _ in 0..32 {
        ann.say("{").await;
    }
    for _ in 0..31 {
        ann.hear_type("error").await;
    }
    assert_eq!(ann.hear().await, r#"{"type":"bye","why":"refused","reconnect":false}"#);
    assert_eq!(ann.frame().await, Some(Frame::Close(1008, "refused".into())));
    assert_eq!(ann.vanish().await, End::Refused);
}

#[tokio::test(start_paused = true)]
async fn two_sessions_of_a_member_are_one_person() {
    let world = world();
    let mut bob = world.join("bob").await;
    let mut tab = world.connect(Wire::Json, 1 << 16);
    tab.hello("ann", r#"{"lobby":{}}"#).await;
    let token = tab.hear_type("welcome").await["token"].as_str().unwrap().to_owned();
    let mut other = world.connect(Wire::Json, 1 << 16);
    other.say(&format!(r#"{{"type":"hello","name":"ann","token":"{token}"}}"#)).await;
    assert_eq!(other.hear_type("welcome").await["token"], token.as_str());
    assert_eq!(other.hear_type("presence").await["members"], serde_json::json!(["ann", "bob"]));
    other.post("from the other tab").await;
    assert_eq!(tab.messages(1).await, [(1, "from the other tab".into())]);

    // One tab goes, and nothing is said; the other goes, and it is, after the grace.
    tab.close().await;
    assert_eq!(bob.messages(1).await.len(), 1);
    let start = Instant::now();
    other.close().await;
    let gone = loop {
        let presence = bob.hear_type("presence").await;
        if presence["left"] == serde_json::json!(["ann"]) {
            break presence;
        }
        assert_ne!(presence["count"], 1, "{presence}");
    };
    assert_eq!(gone["count"], 1);
    assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_away_gets_what_it_missed() {
    let world = world();
    let mut ann = world.connect(Wire::Json, 1 << 16);
    ann.hello("ann", r#"{"lobby":{}}"#).await;
    let welcome = ann.hear_type("welcome").await;
    let (token, epoch) = (welcome["token"].clone(), welcome["rooms"]["lobby"]["epoch"].clone());
    ann.post("one").await;
    ann.messages(1).await;
    ann.vanish().await;
    let mut bob = world.join("bob").await;
    bob.post("two").await;
    bob.post("three").await;
    bob.messages(2).await;

    let mut ann = world.connect(Wire::Json, 1 << 16);
    let rooms = format!(r#"{{"lobby":{{"epoch":{epoch},"after":1}}}}"#);
    ann.say(&format!(r#"{{"type":"hello","name":"ann","token":{token},"rooms":{rooms}}}"#)).await;
    assert_eq!(ann.hear_type("welcome").await["rooms"]["lobby"]["replay"], 2);
    assert_eq!(ann.messages(2).await, [(2, "two".into()), (3, "three".into())]);
    bob.post("four").await;
    assert_eq!(ann.messages(1).await, [(4, "four".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_position_that_cannot_be_had_is_told() {
    let world = World::new(Limits { log_entries: 3, ..Limits::default() });
    let mut bob = world.connect(Wire::Json, 1 << 16);
    bob.hello("bob", r#"{"lobby":{}}"#).await;
    let epoch = bob.hear_type("welcome").await["rooms"]["lobby"]["epoch"].clone();
    for _ in 0..5 {
        bob.post("x").await;
        bob.messages(1).await;
    }
    for (name, position, reset) in [
        ("ann", r#"{"epoch":"other","after":5}"#.into(), "epoch"),
        ("cy", format!(r#"{{"epoch":{epoch},"after":1}}"#), "expired"),
        ("dan", format!(r#"{{"epoch":{epoch},"after":6}}"#), "expired"),
    ] {
        let mut client = world.connect(Wire::Json, 1 << 16);
        client.hello(name, &format!(r#"{{"lobby":{position}}}"#)).await;
        assert_eq!(client.hear_type("welcome").await["rooms"]["lobby"]["head"], 5);
        let told = client.hear().await;
        let oldest = told.split_once(r#""oldest":"#).unwrap().1.trim_end_matches('}').to_owned();
        assert_eq!(
            told,
            format!(r#"{{"type":"reset","room":"lobby","why":"{reset}","oldest":{oldest}}}"#)
        );
        assert_eq!(client.messages(1).await[0].0, oldest.parse::<u64>().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_told_its_gap_and_goes_on() {
    let world = World::new(Limits { log_entries: 10, ..Limits::default() });
    let mut slow = world.connect(Wire::Json, 1_000);
    slow.hello("slow", r#"{"lobby":{}}"#).await;
    slow.hear_type("presence").await;
    let mut ann = world.join("ann").await;
    for _ in 0..40 {
        ann.post(&"x".repeat(300)).await;
        ann.messages(1).await;
    }
    let mut next = 1;
    loop {
        let object: serde_json::Value = serde_json::from_str(&slow.hear().await).unwrap();
        match object["type"].as_str().unwrap() {
            "message" => assert_eq!(object["seq"], next),
            "gap" => {
                assert_eq!(
                    (&object["after"], &object["why"]),
                    (&(next - 1).into(), &"slow".into())
                );
                next = object["next"].as_u64().unwrap();
                break;
            }
            _ => continue,
        }
        next += 1;
    }
    for n in next..=40 {
        assert_eq!(slow.messages(1).await[0].0, n);
    }
    world.saw("event=gap room=lobby client=1").await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_cannot_be_told_is_ended() {
    let world = World::new(Limits { log_entries: 10, ..Limits::default() });
    let mut guest = world.connect(Wire::Body, 1_000);
    world.saw("event=joined room=lobby client=1").await;
    let mut ann = world.join("ann").await;
    for _ in 0..40 {
        ann.post(&"x".repeat(300)).await;
        ann.messages(1).await;
    }
    let close = loop {
        match guest.frame().await.unwrap() {
            Frame::Text(text) => assert_eq!(text.len(), 300),
            other => break other,
        }
    };
    assert_eq!(close, Frame::Close(1013, "slow".into()));
    assert_eq!(guest.vanish().await, End::Slow);
}

#[tokio::test(start_paused = true)]
async fn the_body_format_is_the_body_and_nothing_else() {
    let world = world();
    let mut guest = world.connect(Wire::Body, 1 << 16);
    world.saw("event=joined room=lobby client=1 name=guest-1").await;
    let mut ann = world.join("ann").await;
    guest.say("  <b>héllo</b>\n\u{1b}[2J ").await;
    assert_eq!(guest.frame().await, Some(Frame::Text("  <b>héllo</b>\n\u{1b}[2J ".into())));
    let seen = ann.hear_type("message").await;
    assert_eq!(
        (&seen["from"], &seen["body"]),
        (&"guest-1".into(), &"  <b>héllo</b>\n\u{1b}[2J ".into())
    );
    ann.post("hi").await;
    assert_eq!(guest.frame().await, Some(Frame::Text("hi".into())));
    guest.say("").await;
    world.saw("event=refused room=lobby client=1 code=empty_body").await;
    guest.send(Inbound::Message(b"\xff".as_slice().into())).await;
    world.saw("event=refused room=lobby client=1 code=not_text").await;
    assert_eq!(guest.close().await, End::Closed);
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_silence_ends() {
    let world = world();
    let mut ann = world.join("ann").await;
    let start = Instant::now();
    ann.send(Inbound::Ping("why".into())).await;
    assert_eq!(ann.frame().await, Some(Frame::Pong(b"why".into())));
    ann.hear_type("presence").await;
    assert_eq!(ann.frame().await, Some(Frame::Ping(vec![0, 0, 0, 1])));
    assert_eq!(start.elapsed().as_secs(), 30);
    ann.send(Inbound::Pong(Bytes::new())).await;
    assert_eq!(ann.frame().await, Some(Frame::Ping(vec![0, 0, 0, 2])));
    assert_eq!(start.elapsed().as_secs(), 60);
    let bye = ann.hear().await;
    assert_eq!(start.elapsed().as_secs(), 30 + 75);
    assert!(
        bye.starts_with(r#"{"type":"bye","why":"silent","reconnect":true,"after_ms":"#),
        "{bye}"
    );
    assert_eq!(ann.frame().await, Some(Frame::Close(1008, "silent".into())));
}

#[tokio::test(start_paused = true)]
async fn who_says_no_name_is_sent_away() {
    let world = world();
    let mut nobody = world.connect(Wire::Json, 1 << 16);
    assert_eq!(nobody.frame().await, Some(Frame::Ping(vec![0, 0, 0, 1])));
    nobody.send(Inbound::Pong(Bytes::new())).await;
    let bye = nobody.hear().await;
    assert!(bye.starts_with(r#"{"type":"bye","why":"nameless""#), "{bye}");
    assert_eq!(nobody.vanish().await, End::Nameless);
}

#[tokio::test(start_paused = true)]
async fn stopping_tells_everybody_when_to_come_back() {
    let world = world();
    let mut clients = vec![];
    for n in 0..20 {
        clients.push(world.join(&format!("n{n}")).await);
    }
    let sessions = std::sync::Arc::clone(&world.sessions);
    let drained = tokio::spawn(async move { sessions.drain().await });
    let mut times = vec![];
    for mut client in clients {
        let bye = client.hear_type("bye").await;
        assert_eq!((&bye["why"], &bye["reconnect"]), (&"drain".into(), &true.into()));
        times.push(bye["after_ms"].as_u64().unwrap());
        assert_eq!(client.frame().await, Some(Frame::Close(1012, "drain".into())));
        assert_eq!(client.vanish().await, End::Drain);
    }
    drained.await.unwrap();
    times.sort_unstable();
    assert!(times[0] >= 500 && times[19] <= 4_500 && times[19] - times[0] > 2_000, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_in_its_room_if_one_is_in_it() {
    let world = World::new(Limits::default());
    let mut ann = world.connect(Wire::Json, 1 << 16);
    ann.hello("ann", r#"{"lobby":{},"tea":{}}"#).await;
    ann.hear_type("welcome").await;
    for (asked, told) in [
        (r#"{"type":"post","room":"tea","body":""}"#, "room=tea client=1 code=empty_body"),
        (r#"{"type":"post","body":""}"#, "room=lobby client=1 code=empty_body"),
        (r#"{"type":"search","room":"tea"}"#, "room=tea client=1 code=missing_field"),
        (r#"{"type":"post","to":["bob"],"body":""}"#, "room=@ client=1 code=empty_body"),
        (r#"{"type":"post","room":"attic","body":"hi"}"#, "event=refused client=1 code=not_joined"),
        ("{", "room=lobby client=1 code=bad_json"),
    ] {
        ann.say(asked).await;
        ann.hear_type("error").await;
        let seen = world.seen.to_string();
        let last = seen.lines().rfind(|line| line.contains("event=refused")).unwrap();
        assert!(last.contains(told), "{asked}: {last}");
    }
}
