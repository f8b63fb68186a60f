//! Words are found in what is kept, as it reads now.

use chat::Limits;
use serde_json::{Value, json};

use super::Kept;
use crate::folder::Folder;

/// As a query of a URL has it.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The bodies that are found, newest first.
async fn found(server: &Kept, words: &str) -> Vec<String> {
    let path = format!("/rooms/lobby/search?q={}", escaped(words));
    let answer: Value = serde_json::from_str(&server.get(&path).await).unwrap();
    assert_eq!((&answer["type"], &answer["room"]), (&json!("search"), &json!("lobby")), "{answer}");
    let messages = answer["messages"].as_array().unwrap();
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn messages_are_found_by_their_words() {
    const SAID: &[&str] = &[
        "Deploy done, café is open",
        "早上好，慢消费者会怎样？",
        "是阻塞发送方，还是丢消息？",
        "deployed twice",
        "done: \"quoted\" AND more",
        "消 息",
    ];
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    for body in SAID {
        ann.ask(json!({ "type": "post", "body": body }), "ok").await;
    }
    ann.ask(json!({ "type": "post", "to": ["ann"], "body": "done in private" }), "ok").await;
    server.stop().await;
    let server = Kept::start(&file, Limits::default()).await;
    for (words, places) in [
        ("done", vec![4, 0]),
        ("deploy", vec![3, 0]),
        ("DONE deploy", vec![0]),
        ("deploy done", vec![0]),
        ("cafe", vec![0]),
        ("消息", vec![5, 2]),
        ("阻塞", vec![2]),
        ("消费者", vec![1]),
        ("费消", vec![]),
        ("\"quoted\"", vec![4]),
        ("and", vec![4]),
        ("NOT done*", vec![]),
        ("absent", vec![]),
    ] {
        let expected: Vec<_> = places.iter().map(|at| SAID[*at]).collect();
        assert_eq!(found(&server, words).await, expected, "{words}");
    }
    for (query, code) in [
        ("q=", "bad_search"),
        ("q=%3F%21", "bad_search"),
        ("before=1", "bad_query"),
        ("q=a&more=1", "bad_query"),
    ] {
        let told = server.get(&format!("/rooms/lobby/search?{query}")).await;
        assert!(told.contains(code), "{query}: {told}");
    }
    assert!(server.get("/rooms/nowhere/search?q=a").await.contains("no_room"));
    server.stop().await;
}

#[tokio::test]
async fn a_message_is_found_as_it_reads_now() {
    let folder = Folder::new();
    let server = Kept::start(&folder.file("chat.db"), Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    ann.ask(json!({ "type": "post", "body": "first words" }), "ok").await;
    ann.ask(json!({ "type": "post", "body": "other words" }), "ok").await;
    ann.ask(json!({ "type": "edit", "of": 1, "body": "second thoughts" }), "ok").await;
    assert_eq!(found(&server, "first").await, [""; 0]);
    assert_eq!(found(&server, "thoughts").await, ["second thoughts"]);
    ann.ask(json!({ "type": "edit", "of": 1, "body": "third words" }), "ok").await;
    assert_eq!(found(&server, "thoughts").await, [""; 0]);
    assert_eq!(found(&server, "words").await, ["other words", "third words"]);
    ann.ask(json!({ "type": "delete", "of": 1 }), "ok").await;
    for gone in ["first", "thoughts", "third"] {
        assert_eq!(found(&server, gone).await, [""; 0], "{gone}");
    }
    assert_eq!(found(&server, "words").await, ["other words"]);
    server.stop().await;
}

#[tokio::test]
async fn what_is_found_comes_in_pages() {
    let folder = Folder::new();
    let server = Kept::start(&folder.file("chat.db"), Limits::default()).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    for n in 0..120 {
        ann.ask(json!({ "type": "post", "body": format!("number {n}") }), "ok").await;
    }
    let (mut seqs, mut asked) = (Vec::new(), json!({ "type": "search", "q": "number" }));
    loop {
        let page = ann.ask(asked.clone(), "search").await;
        assert_eq!(page["epoch"], welcome["rooms"]["lobby"]["epoch"]);
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 50);
        seqs.extend(messages.iter().map(|message| message["seq"].as_u64().unwrap()));
        let Some(before) = page.get("before") else { break };
        asked["before"] = before.clone();
    }
    assert_eq!(seqs, (1..=120).rev().collect::<Vec<_>>());
    let three = json!({ "type": "search", "q": "number", "limit": 3, "before": 10 });
    let page = ann.ask(three, "search").await;
    assert_eq!((&page["messages"][0]["seq"], &page["before"]), (&json!(9), &json!(7)));
    server.stop().await;
}

#[tokio::test]
async fn what_is_in_no_file_is_not_searched() {
    let folder = Folder::new();
    let server = Kept::start(&folder.file("chat.db"), Limits::default()).await;
    let rooms = json!({ "lobby": {}, "@": {} });
    let (mut ann, _) = server.join(json!({ "name": "ann", "rooms": rooms })).await;
    let inbox = json!({ "type": "search", "room": "@", "q": "words" });
    assert_eq!(ann.ask(inbox, "error").await["code"], "not_searchable");
    let nowhere = json!({ "type": "search", "room": "den", "q": "words" });
    assert_eq!(ann.ask(nowhere, "error").await["code"], "not_joined");
    assert_eq!(ann.ask(json!({ "type": "search" }), "error").await["code"], "missing_field");
    server.stop().await;
    let server = crate::sockets::serve(Limits::default()).await;
    let told = server.get("/rooms/lobby/search?q=words").await;
    assert!(told.starts_with("HTTP/1.1 501 ") && told.contains("not_searchable"), "{told}");
}

#[tokio::test]
async fn a_file_from_before_there_was_an_index_gets_one() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    for body in ["first words", "other words", "more words"] {
        ann.ask(json!({ "type": "post", "body": body }), "ok").await;
    }
    ann.ask(json!({ "type": "edit", "of": 1, "body": "last words" }), "ok").await;
    ann.ask(json!({ "type": "delete", "of": 2 }), "ok").await;
    ann.ask(json!({ "type": "post", "to": ["ann"], "body": "private words" }), "ok").await;
    server.stop().await;
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute_batch("DROP TABLE words; PRAGMA user_version = 1").unwrap();
    db.close().unwrap();
    let server = Kept::start(&file, Limits::default()).await;
    assert_eq!(found(&server, "words").await, ["more words", "last words"]);
    assert_eq!(found(&server, "first").await, [""; 0]);
    server.stop().await;
}
