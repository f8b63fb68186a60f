//! Readers that are behind what memory holds: slow ones, those that ask for what was, and those
//! that come back together.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chat::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cli::{self, Running};
use crate::folder::Folder;
use crate::kept::{Client, Kept, numbers};
use crate::sockets::PATIENCE;

/// How many times something is done: a long run asks for more by a variable.
fn times(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |times| times.parse().unwrap())
}

/// Says all of these and waits until they are stored.
async fn say_all(client: &mut Client, count: usize, pad: usize) {
    let rest = "x".repeat(pad);
    let mut posted = 0;
    while posted < count {
        // Whoever says more than that at once has to hear meanwhile.
        let upto = count.min(posted + 40);
        let post = |n| json!({ "type": "post", "id": n, "body": format!("{n} {rest}").trim_end() });
        let posts: String = (posted..upto).map(|n| format!("{}\n", post(n))).collect();
        client.write.write_all(posts.as_bytes()).await.unwrap();
        for _ in posted..upto {
            client.hear("ok").await;
        }
        posted = upto;
    }
}

/// A member whose own side holds next to nothing that it has not read.
async fn narrow(server: &Kept, hello: &Value) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let (read, write) = socket.connect(server.addr).await.unwrap().into_split();
    let mut slow = Client { lines: BufReader::new(read).lines(), write, token: None };
    slow.say(hello.clone()).await;
    slow
}

#[tokio::test]
async fn a_page_on_its_way_is_not_for_who_joins_again() {
    let folder = Folder::new();
    let limits = Limits { log_entries: 4, ..Limits::default() };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    say_all(&mut ann, 40, 0).await;
    let epoch = &welcome["rooms"]["lobby"]["epoch"];
    let rooms = json!({ "lobby": { "epoch": epoch, "after": 20 } });
    let hello = json!({ "type": "hello", "name": "bob", "rooms": rooms });
    let leave = json!({ "type": "leave", "room": "lobby" });
    let join = json!({ "type": "join", "room": "lobby", "epoch": epoch, "after": 0 });
    let mut bob = server.connect().await;
    bob.write.write_all(format!("{hello}\n{leave}\n{join}\n").as_bytes()).await.unwrap();
    bob.hear("joined").await;
    assert_eq!(bob.bodies(40).await, numbers(0..40));
    server.stop().await;
}

#[tokio::test]
async fn a_slow_member_stays_and_misses_nothing() {
    let folder = Folder::new();
    let patient = Duration::from_secs(3_600);
    let limits = Limits { log_entries: 4, blocked_write: patient, ..Limits::default() };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let mut slow = narrow(&server, &json!({ "type": "hello", "name": "slow" })).await;
    slow.hear("welcome").await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    // More than lies in the sockets between them; memory holds the last four.
    say_all(&mut ann, 1_500, 1_000).await;
    let first = |bodies: Vec<String>| {
        let first = |body: &String| body.split(' ').next().unwrap().to_owned();
        bodies.iter().map(first).collect::<Vec<_>>()
    };
    assert_eq!(first(slow.bodies(700).await), numbers(0..700));
    // It is still slow, and still a member.
    slow.say(json!({ "type": "post", "body": "1500" })).await;
    let heard = async { while ann.hear("message").await["body"] != "1500" {} };
    timeout(PATIENCE, heard).await.expect("it is heard in time");
    say_all(&mut ann, 500, 1_000).await;
    let expected = [numbers(700..1_501), numbers(0..500)].concat();
    assert_eq!(first(slow.bodies(1_301).await), expected);
    server.stop().await;
}

#[tokio::test]
async fn a_member_who_takes_nothing_is_told_why_and_comes_back_for_the_rest() {
    let folder = Folder::new();
    let soon = Duration::from_millis(200);
    let limits = Limits { log_entries: 4, blocked_write: soon, ..Limits::default() };
    let limits = Limits { leave_grace: Duration::ZERO, ..limits };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let mut slow = narrow(&server, &json!({ "type": "hello", "name": "slow" })).await;
    let welcome = slow.hear("welcome").await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    say_all(&mut ann, 1_500, 1_000).await;
    // Everybody sees that it has gone, before it reads a word more.
    let gone = async { while ann.ask(json!({ "type": "who" }), "presence").await["count"] != 1 {} };
    timeout(PATIENCE, gone).await.expect("it is cut in time");
    let mut seen = 0;
    while let Ok(Some(line)) = slow.lines.next_line().await {
        let Ok(told) = serde_json::from_str::<Value>(&line) else { break };
        if told["type"] == "message" {
            assert_eq!(told["prev"], seen);
            seen = told["seq"].as_u64().unwrap();
        }
    }
    assert!((1..1_500).contains(&seen), "{seen}");
    let from = json!({ "epoch": welcome["rooms"]["lobby"]["epoch"], "after": seen });
    let hello = json!({ "name": "slow", "token": welcome["token"], "rooms": { "lobby": from } });
    let (mut back, welcome) = server.join(hello).await;
    let left = 1_500 - seen as usize;
    assert_eq!(welcome["rooms"]["lobby"]["replay"], left);
    assert_eq!(back.bodies(left).await.len(), left);
    server.stop().await;
}

#[tokio::test]
async fn whoever_asks_for_what_was_gets_it_in_every_format() {
    let folder = Folder::new();
    let limits = Limits { log_entries: 4, ..Limits::default() };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    say_all(&mut ann, 50, 0).await;

    // A person at a terminal.
    let mut nc = TcpStream::connect(server.addr).await.unwrap();
    nc.write_all(b"bob\n/last 30\n/quit\n").await.unwrap();
    let mut heard = String::new();
    timeout(PATIENCE, nc.read_to_string(&mut heard)).await.unwrap().unwrap();
    for n in 20..50 {
        assert!(heard.contains(&format!("ann: {n}\n")), "{n} in {heard}");
    }
    assert!(!heard.contains("ann: 19\n"), "{heard}");

    // A page of events that was away.
    let epoch = welcome["rooms"]["lobby"]["epoch"].as_str().unwrap();
    let mut events = TcpStream::connect(server.addr).await.unwrap();
    let ask = format!(
        "GET /rooms/lobby/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {epoch}.10\r\n\r\n"
    );
    events.write_all(ask.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(&mut events).lines();
    let (mut ids, mut bodies) = (Vec::new(), Vec::new());
    while bodies.len() < 40 {
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        if let Some(id) = line.strip_prefix(&format!("id: {epoch}.")) {
            ids.push(id.parse::<usize>().unwrap());
        }
        if let Some(data) = line.strip_prefix("data: ") {
            let told: Value = serde_json::from_str(data).unwrap();
            bodies.push(told["body"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(bodies, numbers(10..50));
    // First comes the place to begin at again.
    assert_eq!(ids, (10..=50).collect::<Vec<_>>());

    // A program that scrolls up.
    let mut before = 51;
    for page in [40..50, 30..40, 20..30, 10..20, 0..10] {
        let ask = json!({ "type": "history", "room": "lobby", "before": before, "limit": 10 });
        let answer = ann.ask(ask, "history").await;
        let messages = answer["messages"].as_array().unwrap();
        let bodies: Vec<_> = messages.iter().map(|told| told["body"].as_str().unwrap()).collect();
        assert_eq!(bodies, numbers(page.clone()));
        before = page.start + 1;
    }
    server.stop().await;
}

/// Reads all that was missed, in its order, and how many bytes that was.
async fn catch_up(server: u16, name: String, epoch: Value, last: u64) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let rooms = json!({ "den": { "epoch": epoch, "after": 0 } });
    let hello = json!({ "type": "hello", "name": name, "rooms": rooms });
    stream.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
    let (mut read, mut line, mut seen, mut bytes) = (BufReader::new(stream), vec![], 0, 0);
    while seen < last {
        line.clear();
        // Its turn comes after those of all others.
        let next = timeout(15 * PATIENCE, read.read_until(b'\n', &mut line));
        bytes += next.await.expect("a line in time").unwrap();
        let text = str::from_utf8(&line).unwrap();
        assert!(!text.contains(r#""type":"gap""#) && !text.contains(r#""type":"reset""#), "{text}");
        if let Some((_, rest)) = text.split_once(r#"{"type":"message","room":"den","seq":"#) {
            seen += 1;
            assert!(rest.starts_with(&format!("{seen},")), "{seen} {text}");
        }
    }
    bytes
}

/// Memory of the program, in KiB.
fn resident(server: &Running) -> u64 {
    let status = format!("/proc/{}/status", server.child.id().unwrap());
    let status = fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A member of the lobby, in a process of its own.
async fn member(server: &Running, hello: Value) -> (Client, Value) {
    let (read, write) = server.connect().await.into_split();
    let mut client = Client { lines: BufReader::new(read).lines(), write, token: None };
    client.say(hello).await;
    let welcome = client.next().await;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    (client, welcome)
}

/// A history of so many messages in a room that nobody has in memory, so many who come back to
/// all of it at once, and two who go on talking meanwhile.
#[cfg(unix)]
async fn back_at_once(messages: usize, crowd: usize) {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let args = ["--data", file.to_str().unwrap(), "--durability", "process"];
    let args = [&args[..], &["--max-connections", "11000", "--max-handshakes", "100000"]].concat();
    let server = cli::start(&args).await;
    let hello = json!({ "type": "hello", "name": "ann", "rooms": { "den": {} } });
    let (mut ann, welcome) = member(&server, hello).await;
    let epoch = welcome["rooms"]["den"]["epoch"].clone();
    let mut posted = 0;
    while posted < messages {
        let upto = messages.min(posted + 500);
        let post =
            |n| json!({ "type": "post", "id": n, "room": "den", "body": format!("{n} {:060}", 0) });
        let posts: String = (posted..upto).map(|n| format!("{}\n", post(n))).collect();
        ann.write.write_all(posts.as_bytes()).await.unwrap();
        for _ in posted..upto {
            ann.hear("ok").await;
        }
        posted = upto;
    }
    drop(ann);
    server.stop().await;

    let server = Arc::new(cli::start(&args).await);
    // Whatever they read, what is said live arrives.
    let (end, ended) = oneshot::channel();
    let talking = Arc::clone(&server);
    let talking = thread::spawn(move || on_its_own(talk_until(&talking, ended)));
    let mut coming: JoinSet<_> = (0..crowd)
        .map(|n| catch_up(server.port, format!("n{n}"), epoch.clone(), messages as u64))
        .collect();
    let mut bytes = 0;
    while let Some(read) = coming.join_next().await {
        bytes += read.unwrap();
    }
    end.send(()).unwrap();
    let Talked { talked, before, most, slowest, usual } = talking.join().unwrap();
    assert!(talked > 3, "only {talked} messages went to and fro");
    let grown = most.saturating_sub(before);
    // A page for each, the caches of the file, and what a connection costs.
    let bound = (32 << 10) + 300 * crowd as u64;
    assert!(grown < bound, "{grown} KiB for {crowd}, {before} KiB before");
    let mib = bytes >> 20;
    measured(&format!(
        "{crowd} x {messages} messages, {mib} MiB: {grown} KiB more than {before} KiB; \
         {talked} live messages meanwhile, half of them there and back in {usual:?}, \
         all in {slowest:?}"
    ));
    Arc::into_inner(server).expect("nobody talks any more").stop().await;
}

/// What two who talk have seen.
struct Talked {
    talked: usize,
    /// KiB of the server, before and at most.
    before: u64,
    most: u64,
    slowest: Duration,
    usual: Duration,
}

/// Two who go on talking until they are told to end, with one more word after that.
async fn talk_until(server: &Running, mut end: oneshot::Receiver<()>) -> Talked {
    let (mut eve, _) = member(server, json!({ "type": "hello", "name": "eve" })).await;
    let (mut bob, _) = member(server, json!({ "type": "hello", "name": "bob" })).await;
    let before = resident(server);
    let (mut times, mut most) = (vec![], before);
    while end.try_recv() == Err(TryRecvError::Empty) {
        let (begin, body) = (Instant::now(), times.len().to_string());
        eve.ask(json!({ "type": "post", "body": body }), "ok").await;
        assert_eq!(bob.bodies(1).await, [body]);
        times.push(begin.elapsed());
        most = most.max(resident(server));
    }
    times.sort();
    let (usual, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    Talked { talked: times.len(), before, most, slowest, usual }
}

/// In a thread of its own: what a crowd reads in this process delays it no more than others.
fn on_its_own<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Figures for whoever asked for a long run.
fn measured(what: &str) {
    if std::env::var_os("CHAT_BEHIND_MESSAGES").is_some() {
        let mut stderr = std::io::stderr().lock();
        writeln!(stderr, "{what}").unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn one_who_is_far_behind_pages_through_all_of_it() {
    back_at_once(times("CHAT_BEHIND_MESSAGES", 10_000), 1).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_crowd_that_comes_back_at_once_waits_its_turn() {
    back_at_once(300, times("CHAT_BEHIND_CROWD", 300)).await;
}
