//! All clients, on one thread: who connects, who has something to read, who can write on.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};

use super::error::BenchError;
use super::fault::Fault;
use super::format::{self, Told, pong};
use super::person::{Person, Stage};
use super::text::Text;
use super::times::Times;
use super::verifier::Verifier;
use crate::clock;
use crate::wire::Wire;

/// Readable sockets that are looked at before it is asked for the time again.
const EVENTS: usize = 1024;

/// What is read at once, of any client; a message that is longer is none of ours.
const BUFFER: usize = 1 << 20;

/// The clients of a run.
pub(super) struct Crowd {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    pub(super) clients: Vec<Person>,
    addr: SocketAddr,
    pub(super) format: Wire,
    pub(super) text: Text,
    pub(super) verifier: Verifier,
    /// How long it took from the write of a message until the last client had it.
    pub(super) times: Times,
    /// Clients with a higher number do not read once they are in.
    readers: usize,
    /// How many are in.
    pub(super) present: usize,
    /// Messages that have come to a client.
    pub(super) deliveries: u64,
    /// Bytes that have come, of whatever.
    pub(super) bytes: u64,
    /// Whether anything at all came in the last turn.
    pub(super) heard: bool,
}

impl Crowd {
    pub(super) fn new(
        addr: SocketAddr,
        readers: usize,
        format: Wire,
        text: Text,
        verifier: Verifier,
    ) -> Result<Self, BenchError> {
        Ok(Self {
            poll: Poll::new().map_err(BenchError::System)?,
            events: Events::with_capacity(EVENTS),
            buffer: vec![0; BUFFER],
            clients: Vec::new(),
            addr,
            readers,
            format,
            text,
            verifier,
            times: Times::default(),
            present: 0,
            deliveries: 0,
            bytes: 0,
            heard: false,
        })
    }

    /// Lets one more client connect.
    pub(super) fn connect(&mut self) -> Result<(), BenchError> {
        let number = self.clients.len();
        let mut client = Person::connect(number, self.addr).map_err(BenchError::System)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let added = self.poll.registry().register(&mut client.stream, Token(number), interest);
        added.map_err(BenchError::System)?;
        self.clients.push(client);
        Ok(())
    }

    /// Waits for something to happen, at most so long, and does what there is to do.
    pub(super) fn turn(&mut self, wait: Duration) -> Result<(), BenchError> {
        self.heard = false;
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled.map_err(BenchError::System)?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let done = events.iter().try_for_each(|event| {
            let Token(number) = event.token();
            let (writable, closed) = (event.is_writable(), event.is_read_closed());
            self.event(number, writable, event.is_readable(), closed)
                .map_err(|fault| wrong(number, &fault))
        });
        self.events = events;
        done
    }

    fn event(
        &mut self,
        number: usize,
        writable: bool,
        readable: bool,
        closed: bool,
    ) -> Result<(), Fault> {
        let client = &mut self.clients[number];
        if writable && client.stage == Stage::Connecting {
            if let Some(error) = client.stream.take_error().map_err(Fault::Io)? {
                return Err(Fault::Io(error));
            }
            match format::handshake(self.format, &self.addr.to_string()) {
                Some(head) => {
                    client.out = head.into();
                    client.stage = Stage::Head;
                }
                None => {
                    format::login(self.format, &name(number), &mut client.out);
                    client.stage = Stage::Login;
                }
            }
            client.write()?;
        } else if writable && !client.out.is_empty() {
            client.write()?;
        }
        if readable || closed {
            self.read(number, closed)?;
        }
        Ok(())
    }

    fn read(&mut self, number: usize, closed: bool) -> Result<(), Fault> {
        let Self { clients, buffer, format: wire, text, verifier, times, .. } = self;
        let wire = *wire;
        let (mut present, mut deliveries, mut taken) = (0, 0, 0);
        let done = clients[number].read(buffer, closed, |client, mut bytes| {
            let mut head = 0;
            if client.stage == Stage::Head {
                head = answered(bytes)?;
                if head == 0 {
                    return Ok(0);
                }
                client.stage = Stage::In;
                if wire.has_login() {
                    format::login(wire, &name(number), &mut client.out);
                    client.write()?;
                    client.stage = Stage::Login;
                } else {
                    present += 1;
                }
                bytes = &bytes[head..];
            }
            let whole = format::read(wire, bytes, text, |told| {
                match told {
                    Told::Said(said) if client.stage == Stage::In => {
                        deliveries += 1;
                        if let Some(sent) = verifier.came(number, said)? {
                            times.add(clock::now() - sent);
                        }
                    }
                    Told::Welcome if client.stage == Stage::Login => {
                        client.stage = Stage::In;
                        present += 1;
                    }
                    Told::Ping(payload) => {
                        pong(payload, &mut client.out);
                        client.write()?;
                    }
                    Told::Refused(why) if client.stage == Stage::Login => {
                        return Err(Fault::Refused(why.into()));
                    }
                    _ => {}
                }
                Ok(())
            })?;
            taken += head + whole;
            Ok(head + whole)
        });
        self.present += present;
        self.deliveries += deliveries;
        self.bytes += taken as u64;
        self.heard = true;
        done?;
        let client = &mut self.clients[number];
        if number >= self.readers && client.stage == Stage::In {
            self.poll.registry().deregister(&mut client.stream).map_err(Fault::Io)?;
        }
        Ok(())
    }
}

/// An error of one client.
pub(super) fn wrong(client: usize, fault: &Fault) -> BenchError {
    let bounded = matches!(fault, Fault::Early { .. } | Fault::Missing { .. });
    BenchError::Client { client, what: fault.to_string(), bounded }
}

/// A name that no other client has, nor one of another run.
fn name(number: usize) -> String {
    format!("bench{}-{number}", std::process::id())
}

/// The length of the head of an answer that upgrades to a WebSocket; 0 while it is not whole.
fn answered(bytes: &[u8]) -> Result<usize, Fault> {
    let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(0) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    if head.starts_with("HTTP/1.1 101 ") {
        return Ok(end + 4);
    }
    let status = head.lines().next().unwrap_or_default();
    let body = String::from_utf8_lossy(&bytes[end + 4..]);
    Err(Fault::Refused(format!("{status}: {}", body.trim())))
}
