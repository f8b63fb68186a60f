//! What is told of a stream of bytes is the same however it is cut.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{FutureExt, StreamExt};
use tokio::io::{AsyncRead, ReadBuf};

use crate::limits::{Limits, OPENING_BYTES};
use crate::opening::Opening;
use crate::session::Inbound;
use crate::wire::Lines;
use crate::ws::inbound;

/// Lines: the first byte is how long one may be, the next three say how the rest is cut.
pub fn lines(input: &[u8]) {
    let Some((&[most, ref cuts @ ..], bytes)) = input.split_first_chunk::<4>() else { return };
    let most = usize::from(most);
    // The lines, up to the first that is too long.
    let mut expected = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let line = match line {
            [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
            last => last,
        };
        let fits = line.len() <= most;
        expected.push(fits.then(|| line.to_vec()));
        if !fits {
            break;
        }
    }
    let told = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut lines, mut told) = (Lines::new(most), Vec::new());
        for piece in pieces {
            lines.push(piece);
            while let Some(line) = lines.next() {
                told.push(line.ok().map(|line| line.to_vec()));
                if told.ends_with(&[None]) {
                    return told;
                }
            }
        }
        told.extend(lines.rest().map(|rest| rest.ok().map(|rest| rest.to_vec())));
        told
    };
    assert_eq!(told(&mut [bytes].into_iter()), expected, "whole");
    assert_eq!(told(&mut pieces(bytes, cuts)), expected, "in pieces");
    assert_eq!(told(&mut bytes.chunks(1)), expected, "byte by byte");
}

/// The first line of a connection: the first byte says how often the second comes before the rest.
pub fn opening(input: &[u8]) {
    let Some((&[count, byte], rest)) = input.split_first_chunk::<2>() else { return };
    let bytes = [&vec![byte; usize::from(count) * 64], rest].concat();
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let near = |cut: &usize| cut.abs_diff(OPENING_BYTES) < 4 || cut.abs_diff(end) < 4;
    let cuts = (0..=bytes.len()).filter(|cut| near(cut) || bytes.len() < 256 || cut % 61 == 0);
    let mut decided = None;
    for cut in cuts {
        let told = Opening::of(&bytes[..cut]);
        assert!(decided.is_none() || told == decided, "{decided:?}, and {told:?} at {cut}");
        assert!(told.is_some() || cut < OPENING_BYTES, "undecided at {cut}");
        decided = told;
    }
}

/// The frames of a WebSocket client: the first three bytes say how the rest is cut.
pub fn frames(input: &[u8]) {
    let Some((cuts, bytes)) = input.split_first_chunk::<3>() else { return };
    let whole = framed([bytes].into_iter());
    assert_eq!(framed(pieces(bytes, cuts)), whole, "in pieces");
    assert_eq!(framed(bytes.chunks(1)), whole, "byte by byte");
}

/// What these pieces of a client's bytes come to, with frames of at most 1 KiB.
pub(crate) fn framed<'a>(pieces: impl Iterator<Item = &'a [u8]> + Unpin) -> Vec<String> {
    let limits = Limits { frame_bytes: 1 << 10, ..Limits::default() };
    let stream = inbound(Pieces { left: b"", pieces }, &limits).now_or_never();
    let told = stream.expect("what is there is not waited for").collect().now_or_never();
    let told: Vec<Inbound> = told.expect("an end");
    for inbound in &told {
        match inbound {
            Inbound::Message(message) | Inbound::Binary(message) => {
                assert!(message.len() <= limits.frame_bytes)
            }
            Inbound::Ping(payload) => assert!(payload.len() <= 125),
            Inbound::Pong(_) | Inbound::End(_) => {}
        }
    }
    let end = told.iter().position(|inbound| matches!(inbound, Inbound::End(_)));
    assert_eq!(end, told.len().checked_sub(1), "one end, and it is the last");
    told.iter().map(|inbound| format!("{inbound:?}")).collect()
}

/// The bytes in pieces whose lengths go round.
fn pieces<'a>(mut bytes: &'a [u8], cuts: &'a [u8; 3]) -> impl Iterator<Item = &'a [u8]> {
    cuts.iter().cycle().map_while(move |&cut| {
        let (piece, rest) = bytes.split_at(bytes.len().min(usize::from(cut).max(1)));
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// A stream that has each piece when it is asked for, and then ends.
struct Pieces<'a, I> {
    left: &'a [u8],
    pieces: I,
}

impl<'a, I: Iterator<Item = &'a [u8]> + Unpin> AsyncRead for Pieces<'a, I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            self.left = self.pieces.next().unwrap_or_default();
        }
        let (now, left) = self.left.split_at(self.left.len().min(buf.remaining()));
        self.left = left;
        buf.put_slice(now);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_the_same_wherever_they_are_cut() {
        // A text in two fragments with a ping between, a pong, bytes, an empty text, a goodbye.
        let masked = |head: u8, payload: &[u8]| {
            let payload = payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(a, b)| a ^ b);
            let payload: Vec<u8> = payload.collect();
            [&[head, 0x80 | payload.len() as u8, 1, 2, 3, 4], &payload[..]].concat()
        };
        let good = [
            masked(0x01, "h\u{e9}".as_bytes()),
            masked(0x89, b"there?"),
            masked(0x80, "\u{1f600}".as_bytes()),
            masked(0x8a, b""),
            masked(0x82, b"\0\xff"),
            masked(0x81, b""),
            masked(0x88, b"\x03\xe8bye"),
        ]
        .concat();
        let text = "h\u{e9}\u{1f600}".as_bytes().escape_ascii();
        let goodbye = [
            "Ping(b\"there?\")".into(),
            format!("Message(b\"{text}\")"),
            "Pong(b\"\")".into(),
            "Binary(b\"\\0\\xff\")".into(),
            "Message(b\"\")".into(),
            "End(Closed)".into(),
        ];
        let broken = [masked(0x89, b""), masked(0x80, b"orphan"), masked(0x81, b"late")].concat();
        let cases = [
            (good.clone(), &goodbye[..]),
            (good[..good.len() - 1].to_vec(), &[&goodbye[..5], &["End(Gone)".into()]].concat()),
            (broken, &["Ping(b\"\")".into(), "End(Malformed)".into()]),
        ];
        for (bytes, expected) in cases {
            for one in 0..=bytes.len() {
                for two in one..=bytes.len() {
                    let cut = [&bytes[..one], &bytes[one..two], &bytes[two..]];
                    let pieces = cut.into_iter().filter(|piece| !piece.is_empty());
                    assert_eq!(framed(pieces), expected, "{one} {two}");
                }
            }
        }
    }
}
