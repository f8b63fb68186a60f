//! Many at once.

use std::process::Stdio;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{interval, timeout};

use super::house::{House, answered};
use crate::cli::{self, PATIENCE, UPGRADE, websocket};

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

#[tokio::test]
async fn five_hundred_who_stop_reading() {
    let _ = chat::raise_descriptors();
    let mut house = House::open(&[]).await;
    let calm = house.round_trip().await;
    let mut stalled = Vec::new();
    for _ in 0..500 {
        stalled.push(websocket(house.connect_narrow().await).await);
    }
    house.counts("chat_connections{wire=\"body\"}", 500).await;
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
    house.counts("chat_connections{wire=\"body\"}", 0).await;
    assert_eq!(house.metric("chat_ended_total{reason=\"stalled\"}").await, 500);
    // Although none of them has closed.
    house.settles(16 << 10).await;
    drop(stalled);
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
    let failed = |line: &str| line.contains("event=accept_failed");
    while !failed(&house.server.line().await.expect("a server")) {}
    for _ in 0..20 {
        house.goes_on().await;
    }
    drop(waiting);
    house.settles(8 << 10).await;
    websocket(house.connect().await).await;
}
