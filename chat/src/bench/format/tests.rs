use super::*;
use crate::command::Command;
use crate::limits::Limits;
use crate::wire::{Wire, frame};

const SAID: Said = Said { publisher: 1, number: 2 };

/// What is read of bytes, and how many of them were whole.
fn read(wire: Wire, bytes: &[u8]) -> Result<(Vec<String>, usize), String> {
    let mut seen = Vec::new();
    let whole = super::read(wire, bytes, &Text::new(0, 16), |told| {
        seen.push(format!("{told:?}"));
        Ok(())
    });
    Ok((seen, whole.map_err(|fault| fault.to_string())?))
}

fn text() -> String {
    let mut text = Vec::new();
    Text::new(0, 16).write(SAID, &mut text);
    String::from_utf8(text).unwrap()
}

/// A frame as a server writes it.
fn framed(payload: &str) -> Vec<u8> {
    frame::text(payload.as_bytes()).into()
}

#[track_caller]
fn check(wire: Wire, bytes: &[u8], expected: &[Told<'_>]) {
    let expected: Vec<_> = expected.iter().map(|told| format!("{told:?}")).collect();
    assert_eq!(read(wire, bytes), Ok((expected, bytes.len())));
    // What is not whole is left alone, wherever it ends.
    for end in 0..bytes.len() {
        let (_, whole) = read(wire, &bytes[..end]).unwrap();
        let (_, rest) = read(wire, &bytes[whole..]).unwrap();
        assert_eq!(whole + rest, bytes.len(), "cut at {end}");
    }
}

#[test]
fn body_is_a_text() {
    let (said, other) = (framed(&text()), framed("hi"));
    let bytes = [&said[..], &other, &[0x89, 2, b'h', b'i'], &said].concat();
    let expected = [Told::Said(SAID), Told::Other, Told::Ping(b"hi"), Told::Said(SAID)];
    check(Wire::Body, &bytes, &expected);
}

#[test]
fn json_has_it_at_the_end_of_a_message() {
    let message = format!(
        r#"{{"type":"message","room":"lobby","seq":1,"prev":0,"at":"2026-11-21T10:00:00.000Z","from":"ann","body":"{}"}}"#,
        text()
    );
    let others = message.replace(&text(), "hi");
    let long = others.replace("hi", &"x".repeat(300));
    let presence = r#"{"type":"presence","room":"lobby","count":1,"joined":[],"left":[]}"#;
    let welcome = r#"{"type":"welcome","name":"ann"}"#;
    let bytes = [welcome, &message, &others, &long, presence, &message].map(framed).concat();
    let (said, other) = (|| Told::Said(SAID), || Told::Other);
    check(Wire::Json, &bytes, &[Told::Welcome, said(), other(), other(), other(), said()]);
}

#[test]
fn lines_have_it_behind_a_name() {
    let bytes = format!("* welcome, ann\n#lobby ann: {}\n#lobby bob: hi\n* bye\n", text());
    let expected = [Told::Welcome, Told::Said(SAID), Told::Other, Told::Refused("* bye")];
    check(Wire::TextLines, bytes.as_bytes(), &expected);
}

#[test]
fn pool_has_it_at_the_end_of_an_object() {
    let object = |body: &str| format!("{{\"type\":1,\"body\":\"{body}\"}}\n");
    let bytes = [&*object("New User Joined..."), &object(&text())].map(framed).concat();
    check(Wire::Pool, &bytes, &[Told::Other, Told::Said(SAID)]);
}

#[test]
fn the_longest_frames_are_read() {
    for bytes in [125, 126, 65_535, 65_536] {
        let frames = [framed(&"x".repeat(bytes)), framed(&text())].concat();
        let expected = [Told::Other, Told::Said(SAID)].map(|told| format!("{told:?}")).to_vec();
        assert_eq!(read(Wire::Body, &frames), Ok((expected, frames.len())), "{bytes}");
    }
}

#[test]
fn what_no_server_may_say_is_a_fault() {
    for (wire, bytes, expected) in [
        (Wire::Body, &b"\x88\x07\x03\xf4drain"[..], "the server closed it: 1012 drain"),
        (Wire::Body, b"\x88\x00", "the server closed it: no reason"),
        (Wire::Body, b"\x01\x01a", "a frame that begins with 0x01"),
        (Wire::Body, b"\x81\x81aaaaa", "a frame that begins with 0x81"),
        (Wire::Body, b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "a frame that begins with 0x81"),
    ] {
        assert_eq!(read(wire, bytes), Err(expected.into()));
    }
    let gap = r#"{"type":"gap","room":"lobby","after":1,"next":3,"why":"slow"}"#;
    assert_eq!(read(Wire::Json, &framed(gap)), Err(format!("the server said {gap}")));
}

#[test]
fn what_clients_write_is_what_the_server_reads() {
    let limits = Limits::default();
    for wire in Wire::ALL {
        let mut out = Vec::new();
        login(wire, "ann", &mut out);
        post(wire, text().as_bytes(), &mut out);
        let messages = if wire.is_lines() {
            out.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        } else {
            unmasked(&out)
        };
        let asked: Vec<_> = messages
            .iter()
            .enumerate()
            .map(|(at, message)| wire.decode(message, &limits, at > 0).command.unwrap())
            .collect();
        let [.., Command::Post(said)] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(said.content.body(), text());
        assert_eq!(asked.len(), if wire.has_login() { 2 } else { 1 }, "{asked:?}");
    }
}

/// The payloads of short masked frames.
fn unmasked(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let [_, length, a, b, c, d, rest @ ..] = bytes {
        let (payload, after) = rest.split_at(usize::from(length - 0x80));
        let mask = [a, b, c, d];
        payloads.push(payload.iter().zip(mask.iter().cycle()).map(|(x, y)| x ^ **y).collect());
        bytes = after;
    }
    payloads
}
