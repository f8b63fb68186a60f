//! How the clients of a bench speak: what they ask, and what they are told, as bytes.
//!
//! Reading is written for speed, since the readers share the computer with the server: nothing is
//! copied, and of a message only its end is looked at.

use super::fault::Fault;
use super::text::{Said, Text};
use crate::wire::Wire;

/// What a client is told, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told<'a> {
    /// One of our messages.
    Said(Said),
    /// It is in.
    Welcome,
    /// It is not let in, or something else is wrong.
    Refused(&'a str),
    /// Asks for a pong with this payload.
    Ping(&'a [u8]),
    /// What nobody needs here: presence, acknowledgements, what others say.
    Other,
}

/// The mask of every frame that a client sends; it hides nothing, and servers have to undo it.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The request for a WebSocket; nothing where a connection begins with lines.
pub(super) fn handshake(wire: Wire, host: &str) -> Option<String> {
    let (path, protocol) = match wire {
        Wire::Json => ("/rooms/lobby/ws", "Sec-WebSocket-Protocol: chat.v1\r\n"),
        Wire::Text => ("/rooms/lobby/ws", ""),
        Wire::Body => ("/room", ""),
        Wire::Pool => ("/ws", ""),
        Wire::JsonLines | Wire::TextLines => return None,
    };
    Some(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{HANDSHAKE}{protocol}\r\n"))
}

/// Adds what says a client's name, where it has one, to what is to be written.
pub(super) fn login(wire: Wire, name: &str, out: &mut Vec<u8>) {
    match wire {
        Wire::Json | Wire::JsonLines => {
            let hello =
                format!("{{\"type\":\"hello\",\"name\":\"{name}\",\"rooms\":{{\"lobby\":{{}}}}}}");
            write(wire, &[hello.as_bytes()], out);
        }
        Wire::Text | Wire::TextLines => write(wire, &[name.as_bytes()], out),
        Wire::Body | Wire::Pool => {}
    }
}

/// Adds a message to what is to be written.
pub(super) fn post(wire: Wire, text: &[u8], out: &mut Vec<u8>) {
    match wire {
        Wire::Json | Wire::JsonLines => {
            write(wire, &[br#"{"type":"post","room":"lobby","body":""#, text, br#""}"#], out);
        }
        Wire::Text | Wire::TextLines | Wire::Body | Wire::Pool => write(wire, &[text], out),
    }
}

/// One message, in its pieces.
fn write(wire: Wire, pieces: &[&[u8]], out: &mut Vec<u8>) {
    if wire.is_lines() {
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
        out.push(b'\n');
    } else {
        masked(0x81, &pieces.concat(), out);
    }
}

/// Takes everything that is whole from the front of `bytes`, and says how many bytes it was.
///
/// # Errors
/// Those of `each`; and what no server may say.
#[inline]
pub(super) fn read<'a>(
    wire: Wire,
    bytes: &'a [u8],
    text: &Text,
    mut each: impl FnMut(Told<'a>) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    let mut rest = bytes;
    if wire.is_lines() {
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            each(message(wire, &rest[..end], text)?)?;
            rest = &rest[end + 1..];
        }
        return Ok(bytes.len() - rest.len());
    }
    while let Some((first, payload, after)) = frame(rest)? {
        each(match first {
            0x81 => message(wire, payload, text)?,
            // As a server may that sends what it got.
            0x82 if wire == Wire::Body => message(wire, payload, text)?,
            0x89 => Told::Ping(payload),
            0x8a => Told::Other,
            0x88 => return Err(Fault::Closed(closing(payload))),
            first => return Err(Fault::Frame(first)),
        })?;
        rest = after;
    }
    Ok(bytes.len() - rest.len())
}

#[inline]
fn message<'a>(wire: Wire, payload: &'a [u8], text: &Text) -> Result<Told<'a>, Fault> {
    Ok(match wire {
        Wire::Json | Wire::JsonLines => return object(payload, text),
        Wire::Text | Wire::TextLines => line(payload, text),
        Wire::Body => text.read(payload).map_or(Told::Other, Told::Said),
        Wire::Pool => {
            let said = payload.strip_suffix(b"\"}\n");
            let said = said.and_then(|said| text.at_the_end(said, br#""body":""#));
            said.map_or(Told::Other, Told::Said)
        }
    })
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8], out: &mut Vec<u8>) {
    masked(0x8a, payload, out);
}

fn masked(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    match payload.len() {
        n @ 0..=125 => out.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The first byte of a frame, its payload, and what comes behind it.
type Frame<'a> = (u8, &'a [u8], &'a [u8]);

/// The first frame, if it is whole.
#[inline]
fn frame(bytes: &[u8]) -> Result<Option<Frame<'_>>, Fault> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    let (header, length) = match second {
        0..=125 => (2, usize::from(second)),
        126 => match bytes.get(2..4) {
            Some(length) => (4, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10) {
            Some(length) => (10, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
            None => return Ok(None),
        },
        // Masked, which only clients do.
        _ => return Err(Fault::Frame(first)),
    };
    let Some(end) = length.checked_add(header) else { return Err(Fault::Frame(first)) };
    match bytes.get(header..end) {
        Some(payload) => Ok(Some((first, payload, &bytes[end..]))),
        None => Ok(None),
    }
}

/// An object of `chat.v1`. The text of a message is at its end, unless it replies to something.
#[inline]
fn object<'a>(payload: &'a [u8], text: &Text) -> Result<Told<'a>, Fault> {
    const BEFORE: &[u8] = br#""body":""#;
    if payload.starts_with(br#"{"type":"message","#) {
        let said = payload.strip_suffix(br#""}"#).and_then(|said| text.at_the_end(said, BEFORE));
        return Ok(said.map_or(Told::Other, Told::Said));
    }
    let starts =
        |kind: &str| payload.get(9..).is_some_and(|rest| rest.starts_with(kind.as_bytes()));
    if starts("welcome\"") {
        return Ok(Told::Welcome);
    }
    if ["error\"", "gap\"", "reset\"", "bye\""].into_iter().any(starts) {
        return Err(Fault::Told(String::from_utf8_lossy(payload).into_owned()));
    }
    Ok(Told::Other)
}

/// `#room NAME: TEXT`, or what the server itself says: `* ...`.
#[inline]
fn line<'a>(line: &'a [u8], text: &Text) -> Told<'a> {
    if line.starts_with(b"* welcome") {
        return Told::Welcome;
    }
    match line.first() {
        Some(b'#') => text.at_the_end(line, b": ").map_or(Told::Other, Told::Said),
        _ => Told::Refused(str::from_utf8(line).unwrap_or_default()),
    }
}

/// What a close frame says.
fn closing(payload: &[u8]) -> String {
    match payload {
        [a, b, reason @ ..] => {
            let code = u16::from_be_bytes([*a, *b]);
            format!("{code} {}", String::from_utf8_lossy(reason)).trim_end().to_owned()
        }
        _ => "no reason".into(),
    }
}

#[cfg(test)]
mod tests;
