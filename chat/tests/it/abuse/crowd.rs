//! Many at once.

use std::process::Stdio;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{interval, timeout};

use super::frames::{TEXT, frame};
use super::house::{House, answered, json, unnamed};
use crate::cli::{self, PATIENCE, UPGRADE, websocket};
use crate::client::{self, Frame};

#[tokio::test]
async fn twice_as_many_as_there_are_places_for() {
    let _ = chat::raise_descriptors();
    let mut house = House::open(&["--max-connections", "500"]).await;
    let mut comers = Vec::new();
    for _ in 0..1_000 {
        let mut comer = house.connect().await;
        // One that is refused may be closed before it has spoken.
        comer.write_all(format!("GET /room{UPGRADE}\r\n").as_bytes()).await.ok();
        comers.push(comer);
    }
    let answer = |mut comer: TcpStream| async move {
        let mut status = [0; 12];
        let read =
            timeout(PATIENCE, comer.read_exact(&mut status)).await.expect("an answer or an end");
        (comer, read.is_ok().then_some(status))
    };
    let comers = join_all(comers.into_iter().map(answer)).await;
    let count = |wanted: Option<&[u8; 12]>| {
        comers.iter().filter(|(_, status)| status.as_ref() == wanted).count()
    };
    let (in_, told, closed) =
        (count(Some(b"HTTP/1.1 101")), count(Some(b"HTTP/1.1 503")), count(None));
    // Ann has a place as well.
    assert_eq!((in_, told + closed), (499, 501), "{told} told, {closed} closed");
    assert!(told >= 1);
    house.goes_on().await;
    drop(comers);
    house.settles(16 << 10).await;
    assert_eq!(house.metric("chat_refused_total{reason=\"too_many_connections\"}").await, 501);
    websocket(house.connect().await).await;
}

#[tokio::test]
async fn three_hundred_whose_requests_have_no_end() {
    let mut house = House::open(&[]).await;
    let mut slow = Vec::new();
    for n in 0..300 {
        let mut stream = house.connect().await;
        stream.write_all([&b"GET"[..], b"GET / HTTP/1.1\r\nX:"][n % 2]).await.unwrap();
        slow.push(stream);
    }
    let half = slow.split_off(150);
    // Some say a little more now and then.
    let dripping = half.into_iter().map(|mut stream| async move {
        let mut every = interval(Duration::from_millis(200));
        while stream.write_all(b"x").await.is_ok() {
            every.tick().await;
        }
    });
    let ends = async {
        let silent = join_all(slow.into_iter().map(answered));
        timeout(PATIENCE, join(silent, join_all(dripping))).await
    };
    let answers = tokio::select! {
        ends = ends => ends.expect("an end in time").0,
        () = async { loop { house.goes_on().await } } => unreachable!(),
    };
    assert!(answers.iter().all(Vec::is_empty), "nothing is said to them");
    house.counts("chat_refused_total{reason=\"slow_request\"}", 300).await;
    house.settles(16 << 10).await;
}

/// What the bound of a connection that takes nothing is, in KiB, memory of the kernel included.
const STALLED: u64 = 300;

/// Somebody who reads the lobby, each in one of four ways.
async fn reader(mut stream: TcpStream, n: usize) -> TcpStream {
    let events = "GET /rooms/lobby/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    match n % 4 {
        0 => return websocket(stream).await,
        1 => stream = json(stream, &format!("json{n}")).await,
        2 => stream.write_all(format!("text{n}\n").as_bytes()).await.unwrap(),
        _ => stream.write_all(events.as_bytes()).await.unwrap(),
    }
    stream
}

#[tokio::test]
async fn five_hundred_who_stop_reading() {
    let _ = chat::raise_descriptors();
    let mut house = House::open(&[]).await;
    let calm = house.round_trip().await;
    let mut stalled = Vec::new();
    for n in 0..500 {
        let stream = house.connect_narrow().await;
        stalled.push(reader(stream, n).await);
    }
    // Ann is there as well.
    for (wire, count) in [("body", 125), ("chat.v1", 125), ("text-lines", 126), ("sse", 125)] {
        house.counts(&format!("chat_connections{{wire=\"{wire}\"}}"), count).await;
    }
    let mut most = 0;
    for _ in 0..60 {
        house.says(10_000).await;
        let (before, now) = (house.before, house.held());
        let grown = now.resident.saturating_sub(before.resident)
            + now.sockets.saturating_sub(before.sockets);
        most = most.max(grown);
    }
    let busy = house.round_trip().await;
    assert!(most <= 500 * STALLED, "{} KiB each", most / 500);
    assert!(busy < 20 * calm, "{busy:?} beside {calm:?}");
    for (wire, count) in [("body", 0), ("chat.v1", 0), ("text-lines", 1), ("sse", 0)] {
        house.counts(&format!("chat_connections{{wire=\"{wire}\"}}"), count).await;
    }
    // Although none of them has closed.
    house.settles(32 << 10).await;
    drop(stalled);
}

/// What somebody is told who claims a name, in `chat.v1` or in lines, and who stays.
async fn claim(mut stream: TcpStream, json: bool, name: &str) -> (TcpStream, String) {
    if json {
        let hello = format!("{{\"type\":\"hello\",\"name\":\"{name}\"}}");
        stream.write_all(&frame(TEXT, hello.as_bytes())).await.unwrap();
        match client::frame(&mut stream).await {
            Some(Frame::Text(text)) => (stream, text),
            other => panic!("{other:?}"),
        }
    } else {
        stream.write_all(format!("{name}\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        BufReader::new(&mut stream).read_line(&mut line).await.unwrap();
        (stream, line)
    }
}

#[tokio::test]
async fn of_two_hundred_who_claim_a_name_one_gets_it() {
    let mut house = House::open(&[]).await;
    let mut comers = Vec::new();
    for n in 0..200 {
        let mut comer = house.connect().await;
        if n % 2 == 0 {
            comer = unnamed(comer).await;
        }
        comers.push(comer);
    }
    // The last is spelt with a letter that only looks the same.
    let names = ["admin", "Admin", "ADMIN", "\u{430}dmin"];
    let claims = comers.into_iter().enumerate();
    let claims = claims.map(|(n, comer)| claim(comer, n % 2 == 0, names[n / 2 % 4]));
    let answers = timeout(PATIENCE, join_all(claims)).await.expect("an answer to each");
    let count = |told: &str| answers.iter().filter(|(_, answer)| answer.contains(told)).count();
    let won = count("\"type\":\"welcome\"") + count("* welcome");
    assert_eq!((won, count("is taken")), (1, 199));
    house.goes_on().await;
    drop(answers);
    house.settles(16 << 10).await;
}

#[tokio::test]
async fn more_than_there_are_descriptors_for() {
    let mut command = Command::new("sh");
    let limited =
        r#"ulimit -n 60 && exec "$0" --addr localhost:0 --max-connections 900 --trace stderr"#;
    command.args(["-c", limited, env!("CARGO_BIN_EXE_chat")]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut house = House::of(cli::start_with(command).await).await;
    let waiting = join_all((0..80).map(|_| house.connect())).await;
    // It asks again ever more rarely; one that was closed meanwhile may begin it anew.
    let mut pauses = Vec::new();
    while !pauses.ends_with(&["5", "10", "20", "40", "80"].map(String::from)) {
        let line = house.server.line().await.expect("a server");
        let failed = line.contains("event=accept_failed");
        let pause = line.rsplit_once(" pause_ms=").filter(|_| failed);
        pauses.extend(pause.map(|(_, ms)| ms.to_owned()));
        assert!(pauses.len() < 50, "{pauses:?}");
    }
    for _ in 0..20 {
        house.goes_on().await;
    }
    drop(waiting);
    house.settles(8 << 10).await;
    websocket(house.connect().await).await;
}
