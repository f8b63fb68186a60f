//! Frames that no client sends.

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::time::timeout;

use super::house::{House, answered};
use crate::cli::{PATIENCE, websocket};
use crate::client::{self, Frame};

/// A frame of a client, masked with zeros.
pub fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let length = match len {
        0..=125 => vec![0x80 | len as u8],
        _ => [&[0xfe][..], &(len as u16).to_be_bytes()].concat(),
    };
    [&[head][..], &length, &[0; 4], payload].concat()
}

pub const TEXT: u8 = 0x81;
/// The first of several fragments of a text, one in the middle, and the last.
const FIRST: u8 = 0x01;
const MIDDLE: u8 = 0x00;
const LAST: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// A control frame says with this that it is the last of its kind, and has to.
const FIN: u8 = 0x80;

#[tokio::test]
async fn what_no_client_sends_ends_its_sender_and_is_told() {
    let mut house = House::open(&[]).await;
    let fragments = |count: usize, payload: &[u8]| {
        let middle = frame(MIDDLE, payload);
        [frame(FIRST, payload), middle.repeat(count - 1)].concat()
    };
    let unmasked = b"\x81\x02hi".to_vec();
    let announced =
        |first: u8, len: u64| [&[first, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat();
    for (what, bytes, code) in [
        ("a text without a mask", unmasked, 1002),
        ("a text with a reserved bit", frame(TEXT | 0x40, b"a"), 1002),
        ("a message of a kind that nobody knows", frame(0x83, b"a"), 1002),
        ("what is not UTF-8", frame(TEXT, b"\xf0\x28\x8c\x28"), 1007),
        ("2^63 bytes announced", announced(TEXT, 1 << 63), 1009),
        ("2^63 - 1 bytes announced", announced(TEXT, (1 << 63) - 1), 1009),
        ("4 GiB announced", announced(TEXT, 1 << 32), 1009),
        ("a ping of 2^63 bytes", announced(PING, 1 << 63), 1009),
        ("a ping in fragments", [frame(PING ^ FIN, b"a"), frame(LAST, b"b")].concat(), 1002),
        ("a pong in fragments", frame(PONG ^ FIN, b"a"), 1002),
        (
            "a close in fragments",
            [frame(CLOSE ^ FIN, b"\x03"), frame(LAST, b"\xe8")].concat(),
            1002,
        ),
        ("a ping that is too long", frame(PING, &[0; 126]), 1002),
        ("a pong that is too long", frame(PONG, &[0; 126]), 1002),
        (
            "a close that is too long",
            frame(CLOSE, &[b"\x03\xe8".as_slice(), &[b'x'; 124]].concat()),
            1002,
        ),
        ("a control frame that nobody knows", frame(0x8b, b""), 1002),
        ("a ping with a reserved bit", frame(PING | 0x20, b""), 1002),
        ("a text within a text", [frame(FIRST, b"a"), frame(TEXT, b"b")].concat(), 1002),
        ("the middle of nothing", frame(MIDDLE, b"a"), 1002),
        (
            "half a character, and the other half broken",
            [frame(FIRST, b"\xc3"), frame(LAST, b"\x28")].concat(),
            1007,
        ),
        ("64 KiB and a byte in bytes", fragments((64 << 10) + 1, b"x"), 1009),
        ("64 KiB and a byte in pieces", fragments(65, &[b'x'; 1009]), 1009),
    ] {
        let mut stream = websocket(house.connect().await).await;
        // The server may close before it has read all of it.
        stream.write_all(&bytes).await.ok();
        let answer = answered(stream).await;
        let close = [&[0x88][..], &answer[1..2], &u16::to_be_bytes(code)].concat();
        assert!(answer.starts_with(&close), "{what}: {answer:x?}");
        house.goes_on().await;
    }
    house.settles(4 << 10).await;
}

#[tokio::test]
async fn fragments_of_nothing_without_end_keep_nobody_waiting() {
    let mut house = House::open(&[]).await;
    let mut stream = websocket(house.connect().await).await;
    stream.write_all(&frame(FIRST, b"")).await.unwrap();
    let flood = frame(MIDDLE, b"").repeat(10_000);
    let (mut read, mut write) = stream.into_split();
    let flooding = tokio::spawn(async move { while write.write_all(&flood).await.is_ok() {} });
    let hearing =
        tokio::spawn(
            async move { while let Some(Frame::Text(_)) = client::frame(&mut read).await {} },
        );
    for _ in 0..300 {
        house.goes_on().await;
    }
    assert!(!hearing.is_finished(), "it breaks no rule");
    let most = house.before.resident + (4 << 10);
    assert!(house.held().resident < most, "{:?} {:?}", house.before, house.held());
    flooding.abort();
    hearing.abort();
    house.settles(4 << 10).await;
}

#[tokio::test]
async fn pings_without_end_from_who_reads_nothing_are_held_back() {
    let mut house = House::open(&[]).await;
    let mut stream = websocket(house.connect_narrow().await).await;
    let flood = frame(PING, &[0; 125]).repeat(100);
    let flooding = async { while stream.write_all(&flood).await.is_ok() {} };
    let most = house.before.resident + (4 << 10);
    tokio::select! {
        () = async { timeout(PATIENCE, flooding).await.expect("the server gives it up") } => {}
        () = async {
            loop {
                house.goes_on().await;
                assert!(house.held().resident < most, "{:?} {:?}", house.before, house.held());
            }
        } => {}
    }
    house.counts("chat_ended_total{reason=\"stalled\"}", 1).await;
    house.settles(4 << 10).await;
}

#[tokio::test]
async fn pings_without_end_from_who_reads_are_answered_and_harm_nobody() {
    let mut house = House::open(&[]).await;
    let stream = websocket(house.connect().await).await;
    let (read, mut write) = stream.into_split();
    let (mut read, pings) = (BufReader::new(read), frame(PING, b"x").repeat(20_000));
    let flooding = tokio::spawn(async move { write.write_all(&pings).await.map(|()| write) });
    let pongs = tokio::spawn(async move {
        let mut pongs = 0;
        while pongs < 20_000 {
            // What ann says comes between.
            pongs += usize::from(client::frame(&mut read).await == Some(Frame::Pong(b"x".into())));
        }
        read
    });
    for _ in 0..100 {
        house.goes_on().await;
    }
    let read = timeout(PATIENCE, pongs).await.expect("all pongs in time").unwrap();
    drop((flooding.await, read));
    house.settles(4 << 10).await;
}
