//! A crowd is sent away, and comes back to the next server.
#![cfg(unix)]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::*;
use crate::folder::Folder;

const POSTS: usize = 40;

/// Somebody who posts, and remembers what it was told.
struct Poster {
    read: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
    name: String,
    token: Value,
    epoch: Value,
    seen: u64,
    heard: Vec<(u64, String)>,
    acked: BTreeSet<usize>,
    after_ms: Option<u64>,
}

impl Poster {
    async fn come(server: &Running, name: String, before: Option<Self>) -> Self {
        let (read, write) = server.connect().await.into_split();
        let (mut token, mut from) = (Value::Null, json!({ "last": 9_999 }));
        let (mut heard, mut acked, mut seen) = (vec![], BTreeSet::new(), 0);
        if let Some(before) = before {
            from = json!({ "epoch": before.epoch, "after": before.seen });
            (token, seen) = (before.token, before.seen);
            (heard, acked) = (before.heard, before.acked);
        }
        let read = BufReader::new(read).lines();
        let mut this = Self {
            read,
            write,
            name,
            token,
            epoch: Value::Null,
            seen,
            heard,
            acked,
            after_ms: None,
        };
        let mut hello = json!({ "type": "hello", "name": this.name, "rooms": { "den": from } });
        if !this.token.is_null() {
            hello["token"] = this.token.clone();
        }
        this.say(&hello).await;
        while this.token.is_null() || this.epoch.is_null() {
            this.hear().await.expect("a welcome");
        }
        this
    }

    async fn say(&mut self, value: &Value) {
        self.write.write_all(format!("{value}\n").as_bytes()).await.unwrap();
    }

    async fn post(&mut self, number: usize) {
        let mid = format!("{}-{number}", self.name);
        let post = json!({ "type": "post", "id": number, "room": "den", "mid": mid, "body": mid });
        self.say(&post).await;
    }

    /// Takes what comes next; nothing at the end.
    async fn hear(&mut self) -> Option<()> {
        let line = timeout(PATIENCE, self.read.next_line()).await.expect("a line in time");
        let told: Value = serde_json::from_str(&line.unwrap()?).unwrap();
        match told["type"].as_str().unwrap() {
            "welcome" => {
                self.token = told["token"].clone();
                self.epoch = told["rooms"]["den"]["epoch"].clone();
            }
            "message" => {
                assert_eq!(told["prev"], self.seen, "{told}");
                self.seen = told["seq"].as_u64().unwrap();
                self.heard.push((self.seen, told["mid"].as_str().unwrap().to_owned()));
            }
            "ok" => _ = self.acked.insert(told["id"].as_u64().unwrap() as usize),
            "bye" => {
                assert_eq!((&told["why"], &told["reconnect"]), (&json!("drain"), &json!(true)));
                self.after_ms = told["after_ms"].as_u64();
            }
            "presence" => {}
            _ => panic!("{told}"),
        }
        Some(())
    }
}

/// Somebody who only listens: over lines, as a guest on a WebSocket, or to events.
async fn listener(server: &Running, number: usize) -> TcpStream {
    let mut stream = server.connect().await;
    match number % 10 {
        0 => {
            let ask = "GET /rooms/lobby/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(ask.as_bytes()).await.unwrap();
            until(stream, b"\r\n\r\n").await
        }
        1..5 => websocket(stream).await,
        _ => {
            let rooms = json!({ format!("room-{}", number % 199): {} });
            let hello = json!({ "type": "hello", "name": format!("n{number}"), "rooms": rooms });
            stream.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
            until(stream, b"\n").await
        }
    }
}

/// Reads up to here.
async fn until(mut stream: TcpStream, end: &[u8]) -> TcpStream {
    let mut heard = Vec::new();
    while !heard.ends_with(end) {
        heard.push(timeout(PATIENCE, stream.read_u8()).await.expect("an answer").unwrap());
    }
    stream
}

/// When it is to come back, as far as it is told.
async fn told(number: usize, mut stream: TcpStream) -> Option<u64> {
    let mut heard = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("an end in time").unwrap();
    let text = String::from_utf8_lossy(&heard);
    if (1..5).contains(&(number % 10)) {
        // 1012: the service is restarted.
        assert!(heard.ends_with(b"\x88\x07\x03\xf4drain"), "{text}");
        return None;
    }
    let (_, bye) = text.split_once(r#""type":"bye","why":"drain","reconnect":true,"after_ms":"#)?;
    Some(bye.split_once('}').unwrap().0.parse().unwrap())
}

async fn a_crowd_is_told_and_comes_back(listeners: usize, posters: usize) {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let args = ["--data", file.to_str().unwrap(), "--durability", "process"];
    let args = [&args[..], &["--max-connections", "9000"]].concat();
    let server = start(&args).await;
    let mut crowd = Vec::new();
    for number in 0..listeners {
        crowd.push(listener(&server, number).await);
    }
    let mut people = Vec::new();
    for number in 0..posters {
        people.push(Poster::come(&server, format!("p{number}"), None).await);
    }
    for number in 0..POSTS {
        for poster in &mut people {
            poster.post(number).await;
        }
    }
    let listening = crowd.into_iter().enumerate();
    let listening: Vec<_> =
        listening.map(|(number, stream)| tokio::spawn(told(number, stream))).collect();
    let posting = people.into_iter().enumerate().map(|(number, mut poster)| {
        tokio::spawn(async move {
            if number % 2 == 0 {
                // It has said all that it has to say.
                poster.write.shutdown().await.unwrap();
            }
            while poster.hear().await.is_some() {}
            poster
        })
    });
    let posting: Vec<_> = posting.collect();
    server.signal("TERM").await;
    let (status, said) = server.end().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    // Within `Limits::drain`, or some were cut.
    assert!(said.last().unwrap().ends_with(" told to come back, 0 cut off"), "{said:?}");

    let mut times = Vec::new();
    for told in listening {
        times.extend(told.await.unwrap());
    }
    let mut people = futures_util::future::join_all(posting).await;
    assert_eq!(
        times.len(),
        listeners - (0..listeners).filter(|n| (1..5).contains(&(n % 10))).count()
    );
    // They do not come back together.
    times.sort_unstable();
    assert!(times[0] >= 500 && *times.last().unwrap() <= 4_500, "{times:?}");
    let early = times.iter().filter(|ms| **ms < 2_500).count();
    assert!(
        (times.len() * 2 / 5..=times.len() * 3 / 5).contains(&early),
        "{early} of {}",
        times.len()
    );
    let server = start(&args).await;
    let mut back = Vec::new();
    for poster in people.drain(..) {
        let before = poster.unwrap();
        let mut poster = Poster::come(&server, before.name.clone(), Some(before)).await;
        for number in (0..POSTS).filter(|number| !poster.acked.contains(number)).collect::<Vec<_>>()
        {
            poster.post(number).await;
        }
        back.push(poster);
    }
    let all = posters * POSTS;
    for poster in &mut back {
        while poster.acked.len() < POSTS || poster.seen < all as u64 {
            poster.hear().await.unwrap();
        }
        assert_eq!(poster.seen as usize, all, "everything once");
        assert!(poster.heard.is_sorted());
    }
    let everything: BTreeSet<_> =
        back.iter().flat_map(|poster| poster.heard.iter().cloned()).collect();
    let mids: BTreeSet<_> = everything.iter().map(|(_, mid)| mid).collect();
    assert_eq!(
        (everything.len(), mids.len()),
        (all, all),
        "one place each, the same for everybody"
    );
    server.stop().await;
}

#[tokio::test]
async fn two_thousand_are_told_when_to_come_back_and_nothing_is_lost() {
    a_crowd_is_told_and_comes_back(1_980, 20).await;
}
