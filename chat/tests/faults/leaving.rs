//! The program told to stop while two thousand people are there, and some of them talk.

use std::time::Duration;

use chat::raise_descriptors;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::people::Person;
use super::program::{Folder, Program, program, signal};
use super::{measured, times};

/// Long enough for two thousand handshakes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// They are apart, so that nobody is shown two thousand others.
const ROOMS: usize = 20;

/// Each so many-th one talks.
const TALKS: usize = 101;

/// What somebody was told.
struct Left {
    n: usize,
    room: String,
    /// The numbers of what was acknowledged, in its order.
    acked: Vec<u64>,
    after_ms: u64,
}

/// Comes in, and talks or only listens until it is told to come back.
async fn stay(port: u16, n: usize, ready: mpsc::Sender<()>) -> Left {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let room = format!("room{}", n % ROOMS);
    let hello = json!({ "type": "hello", "name": format!("p{n}"), "rooms": { &room: {} } });
    let mut say = format!("{hello}\n");
    let mut left = Left { n, room, acked: vec![], after_ms: 0 };
    loop {
        // Who is told to go may find that nobody listens any more.
        write.write_all(say.as_bytes()).await.ok();
        say.clear();
        let line = timeout(PATIENCE, lines.next_line()).await.expect("a line in time");
        let heard: Value = serde_json::from_str(&line.unwrap().expect("a goodbye")).unwrap();
        let talks = n.is_multiple_of(TALKS);
        match heard["type"].as_str().unwrap() {
            "welcome" if !talks => ready.send(()).await.unwrap(),
            "ok" | "welcome" => {
                left.acked.extend(heard["seq"].as_u64());
                if left.acked.len() == 1 {
                    ready.send(()).await.unwrap();
                }
                let body = format!("{n}.{}", left.acked.len());
                let post = json!({ "type": "post", "room": left.room, "body": body });
                say = format!("{post}\n");
            }
            "bye" => {
                assert_eq!((&heard["why"], &heard["reconnect"]), (&json!("drain"), &json!(true)));
                left.after_ms = heard["after_ms"].as_u64().unwrap();
                let end = timeout(PATIENCE, lines.next_line()).await.expect("an end in time");
                assert_eq!(end.unwrap(), None);
                return left;
            }
            "message" | "presence" => {}
            _ => panic!("{heard}"),
        }
    }
}

async fn everybody(program: &Program, people: usize) -> Vec<Left> {
    let (ready, mut is_ready) = mpsc::channel(people);
    let mut staying = JoinSet::new();
    for n in 0..people {
        staying.spawn(stay(program.port, n, ready.clone()));
    }
    for _ in 0..people {
        timeout(PATIENCE, is_ready.recv()).await.expect("everybody in time");
    }
    signal("TERM", program.own_id());
    staying.join_all().await
}

pub fn everybody_is_told_when_to_come_back() {
    let _ = raise_descriptors();
    let folder = Folder::new("leaving");
    let data = folder.file("chat.db");
    let people = times("CHAT_TEST_PEOPLE", 2_000);
    let program_of = || Program::start(program(&[], &data, &[])).unwrap();
    let running = program_of();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let left = runtime.block_on(everybody(&running, people));
    let (code, said) = running.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("stopped: {people} told to come back, 0 cut off")), "{said}");
    let mut due: Vec<_> = left.iter().map(|left| left.after_ms).collect();
    due.sort_unstable();
    assert!(due[people / 4] < due[people / 2] && due[people / 2] < due[people * 3 / 4], "{due:?}");

    let running = program_of();
    let mut acked = 0;
    for room in 0..ROOMS {
        let room = format!("room{room}");
        let (_, stored) = Person::new("judge").hear_all(running.port, &room);
        for Left { n, acked: seqs, .. } in left.iter().filter(|left| left.room == room) {
            for (said, seq) in seqs.iter().enumerate() {
                let there = stored.get(*seq as usize - 1).map(|entry| &entry["body"]);
                assert_eq!(there, Some(&json!(format!("{n}.{said}"))), "lost, or moved");
            }
            acked += seqs.len();
        }
    }
    assert_eq!(running.stop().0, Some(0));
    measured(&format!(
        "{people} people told to come back within {} ms, {acked} acknowledged, 0 lost",
        due[people - 1]
    ));
}
