//! How the clients of a bench speak: what they ask, and what they are told, as bytes.
//!
//! Reading is written for speed, since the readers share the computer with the server: nothing is
//! copied, and of a message only its end is looked at.

use super::fault::Fault;
use super::text::{Said, Text};

/// A format and its framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `/room`: a WebSocket whose messages are texts and nothing else.
    Body,
    /// `chat.v1` over WebSocket.
    Json,
    /// Lines of text, as in `nc`.
    Lines,
}

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

impl Format {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Json => "json",
            Self::Lines => "lines",
        }
    }

    /// Whether a connection begins with an HTTP request.
    pub(super) fn is_websocket(self) -> bool {
        self != Self::Lines
    }

    /// Whether a client says its name and waits for a welcome.
    pub(super) fn has_login(self) -> bool {
        self != Self::Body
    }

    /// The request for a WebSocket.
    pub(super) fn handshake(self, host: &str) -> String {
        let (path, protocol) = match self {
            Self::Json => ("/rooms/lobby/ws", "Sec-WebSocket-Protocol: chat.v1\r\n"),
            Self::Body | Self::Lines => ("/room", ""),
        };
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{HANDSHAKE}{protocol}\r\n")
    }

    /// What says a client's name.
    pub(super) fn login(self, name: &str) -> Vec<u8> {
        match self {
            Self::Body => Vec::new(),
            Self::Json => {
                let hello = format!(
                    "{{\"type\":\"hello\",\"name\":\"{name}\",\"rooms\":{{\"lobby\":{{}}}}}}"
                );
                let mut frame = Vec::new();
                masked(0x81, hello.as_bytes(), &mut frame);
                frame
            }
            Self::Lines => format!("{name}\n").into(),
        }
    }

    /// Adds a message to what is to be written.
    pub(super) fn post(self, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Body => masked(0x81, text, out),
            Self::Json => {
                let post: &[&[u8]] =
                    &[br#"{"type":"post","room":"lobby","body":""#, text, br#""}"#];
                masked(0x81, &post.concat(), out);
            }
            Self::Lines => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
        }
    }

    /// Takes everything that is whole from the front of `bytes`, and says how many bytes it was.
    ///
    /// # Errors
    /// Those of `each`; and what no server may say.
    #[inline]
    pub(super) fn read<'a>(
        self,
        bytes: &'a [u8],
        text: &Text,
        mut each: impl FnMut(Told<'a>) -> Result<(), Fault>,
    ) -> Result<usize, Fault> {
        let mut rest = bytes;
        if self == Self::Lines {
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                each(line(&rest[..end], text))?;
                rest = &rest[end + 1..];
            }
            return Ok(bytes.len() - rest.len());
        }
        while let Some((first, payload, after)) = frame(rest)? {
            each(match first {
                0x81 | 0x82 if self == Self::Body => {
                    text.read(payload).map_or(Told::Other, Told::Said)
                }
                0x81 => object(payload, text)?,
                0x89 => Told::Ping(payload),
                0x8a => Told::Other,
                0x88 => return Err(Fault::Closed(closing(payload))),
                first => return Err(Fault::Frame(first)),
            })?;
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }
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
