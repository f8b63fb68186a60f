//! Peers that are there only in part.

use std::time::Duration;

use chat::Limits;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::frames::{TEXT, frame};
use super::house::{House, answered, json};
use crate::cli::{UPGRADE, upgraded};
use crate::client::{self, Frame};
use crate::clients::Bare;
use crate::sockets;

#[tokio::test]
async fn who_says_nothing_more_and_listens_hears_what_it_is_owed() {
    let mut house = House::open(&[]).await;
    for n in 0..20 {
        let mut stream = json(house.connect().await, &format!("eve{n}")).await;
        let mut last = Vec::new();
        for id in 1..=20 {
            let post = serde_json::json!({"type":"post","id":id,"body":"last words"});
            last.extend(frame(TEXT, post.to_string().as_bytes()));
        }
        stream.write_all(&last).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = &answered(stream).await[..];
        let mut acknowledged = 0;
        while let Some(Frame::Text(text)) = client::frame(&mut answer).await {
            let told: Value = serde_json::from_str(&text).unwrap();
            acknowledged += usize::from(told["type"] == "ok");
        }
        assert_eq!(acknowledged, 20);
    }
    for n in 0..50 {
        let mut stream = house.connect().await;
        let post = format!(
            "POST /rooms/lobby?as=bob{n} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
        );
        stream.write_all(post.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = String::from_utf8(answered(stream).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{n}: {answer:?}");
    }
    house.settles(4 << 10).await;
}

/// As one whose network is gone: nothing more comes from it, and nothing tells that.
#[tokio::test]
async fn who_is_gone_without_a_word_is_missed_and_gives_its_name_back() {
    let (ping, idle) = (Duration::from_millis(100), Duration::from_millis(300));
    let server = sockets::serve(Limits { ping, idle, ..Limits::default() }).await;
    let mut bob = Bare::connect(&server).await;
    bob.say("bob\n").await;
    let request = format!("GET /rooms/lobby/ws?name=ann{UPGRADE}\r\n");
    let _gone = upgraded(server.connect().await, &request).await;
    server.saw("event=joined room=lobby client=2 name=ann").await;
    server.saw("event=closed client=2 why=silent").await;
    let mut ann = Bare::connect(&server).await;
    ann.say("ann\n").await;
    ann.until("* welcome, ann").await;
    // Who speaks lines is asked by the system instead.
    bob.say("still here\n").await;
    ann.until("#lobby bob: still here").await;
}

#[tokio::test]
async fn two_hundred_who_say_nothing_give_their_places_back() {
    let silence = Duration::from_millis(300);
    let server = sockets::serve(Limits { silence, connections: 201, ..Limits::default() }).await;
    let mut ann = Bare::connect(&server).await;
    ann.say("ann\n").await;
    ann.until("* ann joined #lobby").await;
    let silent = join_all((0..200).map(|_| server.connect())).await;
    ann.say("hello?\n").await;
    ann.until("#lobby ann: hello?").await;
    let answers = join_all(silent.into_iter().map(answered)).await;
    assert!(answers.iter().all(Vec::is_empty), "nothing is said to them");
    let refused = server.seen.to_string().matches("event=refused code=silent").count();
    assert_eq!(refused, 200);
    ann.say("alone again\n").await;
    ann.until("#lobby ann: alone again").await;
    assert!(server.get("/").await.starts_with("HTTP/1.1 200 OK\r\n"));
}
