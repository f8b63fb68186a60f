//! The program from outside: what it prints, what it answers, how it ends.

mod answers;
mod bench;
mod drain;
mod errors;
mod lying;
mod operations;
mod remote;
mod running;
mod signals;
mod traces;

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program with these arguments, without input and without a `CHAT_*` variable of ours. It is
/// killed when its handle is dropped.
pub fn chat(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHAT_") {
            command.env_remove(name);
        }
    }
    command.env_remove("COLUMNS");
    command
}

/// What a program that ends by itself said.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

async fn answer(mut command: Command) -> Answer {
    let output = timeout(PATIENCE, command.stdout(Stdio::piped()).output());
    let output = output.await.expect("an end in time").unwrap();
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server at a free port of `localhost`.
pub struct Running {
    pub child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
    /// What it said when it listened.
    banner: String,
    pub port: u16,
}

pub async fn start(args: &[&str]) -> Running {
    start_with(chat(&[&["--addr", "localhost:0"], args].concat())).await
}

pub async fn start_with(mut command: Command) -> Running {
    // Tests flood; what a flood comes to is tested where time is simulated.
    command.env("CHAT_MAX_MESSAGES", "1000000").env("CHAT_DATA", "off");
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let banner = next_line(&mut stderr).await.expect("a banner");
    let url = banner.split(' ').find_map(|word| word.strip_prefix("url=")).expect(&banner);
    let port = url.rsplit(':').next().unwrap().parse().expect(&banner);
    Running { child, stderr, banner, port }
}

/// The rest of what a client asks who wants a WebSocket.
pub const UPGRADE: &str = " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The socket of a guest in the lobby, who has said and heard nothing yet.
pub async fn websocket(stream: TcpStream) -> TcpStream {
    upgraded(stream, &format!("GET /room{UPGRADE}\r\n")).await
}

/// The socket behind a handshake.
pub async fn upgraded(mut stream: TcpStream, request: &str) -> TcpStream {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream
}

async fn next_line(stderr: &mut Lines<BufReader<ChildStderr>>) -> Option<String> {
    timeout(PATIENCE, stderr.next_line()).await.expect("a line in time").unwrap()
}

impl Running {
    /// Proves that it serves.
    async fn serves(&self) {
        let answer = self.get(&format!("localhost:{}", self.port)).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }

    /// The page, asked for under the name of `host`.
    pub async fn get(&self, host: &str) -> String {
        let mut stream = self.connect().await;
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer").unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    pub async fn line(&mut self) -> Option<String> {
        next_line(&mut self.stderr).await
    }

    /// Sends it a signal, such as `TERM`.
    #[cfg(unix)]
    async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("a running server");
        let kill = format!("kill -{name} {pid}");
        let sent = Command::new("sh").args(["-c", &kill]).status().await.unwrap();
        assert!(sent.success(), "{kill}");
    }

    /// Waits for its end: how it ended, and what it still said.
    async fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut said = Vec::new();
        while let Some(line) = self.line().await {
            said.push(line);
        }
        (timeout(PATIENCE, self.child.wait()).await.expect("an end in time").unwrap(), said)
    }

    /// Tells it to stop, and what it said until it had.
    #[cfg(unix)]
    pub async fn stop(self) -> Vec<String> {
        self.signal("TERM").await;
        let (status, said) = self.end().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
        said
    }
}
