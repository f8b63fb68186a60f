//! A server in a process of its own, somebody who talks in it, and what it holds.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use super::frames::{TEXT, frame};
use crate::cli::{self, PATIENCE, Running, UPGRADE, upgraded};
use crate::clients::Bare;
use crate::sockets;

pub struct House {
    pub server: Running,
    ann: Bare,
    said: usize,
    /// What it held when only ann was there.
    pub before: Held,
}

/// Memory of the kernel, in KiB, that tests beside this one may come to hold.
const OTHERS: u64 = 16 << 10;

/// What a server holds, in KiB where it is memory.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub descriptors: usize,
    pub resident: u64,
    /// Of the kernel, for the sockets of all processes.
    pub sockets: u64,
}

impl House {
    pub async fn open(args: &[&str]) -> Self {
        Self::of(cli::start(args).await).await
    }

    pub async fn of(server: Running) -> Self {
        let mut ann = Bare::new(server.connect().await);
        ann.say("ann\n").await;
        ann.until("* ann joined #lobby").await;
        let before = Held { descriptors: 0, resident: 0, sockets: 0 };
        let mut house = Self { server, ann, said: 0, before };
        house.goes_on().await;
        house.metric("chat_rooms").await;
        house.before = house.held();
        house
    }

    pub async fn connect(&self) -> TcpStream {
        self.server.connect().await
    }

    /// A connection whose own side holds next to nothing that was not read.
    pub async fn connect_narrow(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(self.addr()).await.unwrap()
    }

    fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.server.port).into()
    }

    /// Ann says something of so many bytes and hears it.
    pub async fn says(&mut self, bytes: usize) {
        self.said += 1;
        let said = format!("{} {}", self.said, "x".repeat(bytes));
        self.ann.say(format!("{said}\n")).await;
        self.ann.until(&format!("#lobby ann: {said}")).await;
    }

    /// Proves that the room does.
    pub async fn goes_on(&mut self) {
        self.says(0).await;
    }

    /// How long what ann says takes to come back to her, as a rule.
    pub async fn round_trip(&mut self) -> Duration {
        let mut times = Vec::new();
        for _ in 0..101 {
            let start = Instant::now();
            self.goes_on().await;
            times.push(start.elapsed());
        }
        times.sort();
        times[50]
    }

    /// A value of `/metrics`; 0 if there is none.
    pub async fn metric(&self, series: &str) -> usize {
        let request = "GET /metrics HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
        let answer = sockets::answer(self.addr(), request).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let value = answer.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until a value of `/metrics` is this, while the room goes on.
    pub async fn counts(&mut self, series: &str, expected: usize) {
        let start = Instant::now();
        loop {
            let value = self.metric(series).await;
            if value == expected {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{series} is {value}, not {expected}");
            self.goes_on().await;
        }
    }

    pub fn held(&self) -> Held {
        let pid = self.server.child.id().unwrap();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let sockets = fs::read_to_string("/proc/net/sockstat").unwrap();
        let sockets = sockets.lines().find(|line| line.starts_with("TCP:")).unwrap();
        let number = |text: &str| text.split_whitespace().next().unwrap().parse::<u64>().unwrap();
        Held {
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(),
            resident: number(resident.unwrap()),
            // In pages, of 4 KiB.
            sockets: number(sockets.split(" mem ").nth(1).unwrap()) * 4,
        }
    }

    /// Waits until it holds no more than before: no descriptor, of its own memory at most so many
    /// KiB, which its allocator may keep, and none of the kernel's but what other tests hold.
    pub async fn settles(&mut self, kib: u64) {
        let (start, before) = (Instant::now(), self.before);
        loop {
            let now = self.held();
            let grown = now.resident.saturating_sub(before.resident);
            let sockets = now.sockets.saturating_sub(before.sockets);
            if now.descriptors <= before.descriptors && grown <= kib && sockets < OTHERS {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{before:?} before, {now:?} after");
            self.goes_on().await;
        }
    }
}

/// Everything that is answered before the end of a connection.
pub async fn answered(mut stream: TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // A reset ends an answer as well; what came before it is what counts.
    timeout(PATIENCE, read).await.expect("an end in time").ok();
    answer
}

/// The socket of a client of `chat.v1`.
pub async fn unnamed(stream: TcpStream) -> TcpStream {
    let request = format!("GET /rooms/lobby/ws{UPGRADE}Sec-WebSocket-Protocol: chat.v1\r\n\r\n");
    upgraded(stream, &request).await
}

/// The same that has said its name.
pub async fn json(stream: TcpStream, name: &str) -> TcpStream {
    let mut stream = unnamed(stream).await;
    let hello = serde_json::json!({"type":"hello","name":name}).to_string();
    stream.write_all(&frame(TEXT, hello.as_bytes())).await.unwrap();
    stream
}
