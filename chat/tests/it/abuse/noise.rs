//! Bytes that nobody means, on the port that everybody uses: the room goes on.

use std::iter;

use chat::{Limits, Wire};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::clients::Bare;
use crate::sockets::{PATIENCE, serve};

/// Bytes that differ from seed to seed and not from run to run (xorshift, Marsaglia 2003).
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
}

/// What clients say, to be spoilt.
const TALK: [&str; 10] = [
    r#"{"type":"hello","name":"ann","rooms":{"lobby":{"last":5},"@":{}},"token":"x"}"#,
    r#"{"type":"post","room":"lobby","mid":"m","body":"hi","reply":1,"to":["bob"]}"#,
    r#"{"type":"edit","of":1,"body":"\u00e9"}"#,
    r#"{"type":"history","before":9,"after":1,"limit":3}"#,
    r#"{"type":"ack","seq":18446744073709551615}"#,
    "ann, bob: psst",
    "note to self: x",
    "/join #tea",
    "/last 18446744073709551616",
    "//slash \u{1b}[2J \u{202e}",
];

#[test]
fn no_bytes_break_a_decoder() {
    let limits = Limits::default();
    let wires = [Wire::Json, Wire::JsonLines, Wire::Text, Wire::TextLines, Wire::Body, Wire::Pool];
    for seed in 0..20_000 {
        let mut noise = noise(seed);
        let mut bytes = TALK[seed as usize % TALK.len()].as_bytes().to_vec();
        for _ in 0..noise.next().unwrap_or(0) % 8 {
            let at = noise.next().map_or(0, usize::from) % (bytes.len() + 1);
            match noise.next().map(|byte| byte % 4) {
                Some(0) => bytes.truncate(at),
                Some(1) => bytes.insert(at, noise.next().unwrap_or(0)),
                Some(2) => bytes.extend_from_within(at..),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (seed % 8)),
            }
        }
        for wire in wires {
            for named in [false, true] {
                if let Err(refused) = wire.decode(&bytes, &limits, named).command {
                    assert!(refused.to_string().len() < 400, "{refused}");
                }
            }
        }
    }
}

#[tokio::test]
async fn noise_on_the_port_costs_its_sender_only() {
    let server = serve(Limits::default()).await;
    let mut ann = Bare::connect(&server).await;
    ann.say("ann\n").await;
    ann.until("* ann joined").await;
    let at = &server;
    let senders = (0..200).map(|seed| async move {
        let mut stream = at.connect().await;
        let bytes: Vec<u8> = noise(seed).take(300).collect();
        // The server may close before it has read all of it.
        stream.write_all(&bytes).await.ok();
        stream.shutdown().await.ok();
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end in time").ok();
    });
    join_all(senders).await;
    ann.say("still here\n").await;
    ann.until("#lobby ann: still here").await;
}
