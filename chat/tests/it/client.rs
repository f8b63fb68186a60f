//! A server in memory, and clients that are two ends of a pipe.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::{ClientId, End, Inbound, Limits, RoomName, Sessions, Tracers, Wire};
use futures_util::stream;
use tokio::io::{AsyncRead, AsyncReadExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trace::Recorder;

/// Longer than anything here may take; simulated, so a wait in vain fails at once.
const PATIENCE: Duration = Duration::from_secs(3600);

pub struct World {
    pub sessions: Arc<Sessions>,
    pub seen: Recorder,
    keeper: JoinHandle<()>,
}

impl World {
    pub fn new(limits: Limits) -> Self {
        let seen = Recorder::default();
        let tracers = Tracers::all(Arc::new(seen.clone()));
        // Simulated time stands still while a test floods.
        Self::traced(Limits { messages_at_once: u32::MAX, ..limits }, tracers, seen)
    }

    /// A world that tells `seen` no more than `tracers` lets through.
    pub fn traced(limits: Limits, tracers: Tracers, seen: Recorder) -> Self {
        Self::of(Arc::new(Sessions::new(limits, tracers, None)), seen)
    }

    /// The world of a server's sessions, which tell `seen`.
    pub fn of(sessions: Arc<Sessions>, seen: Recorder) -> Self {
        let rooms = Arc::clone(sessions.rooms());
        let keeper = tokio::spawn(async move { rooms.keep().await });
        Self { sessions, seen, keeper }
    }

    /// A client whose side of the connection holds this many bytes that it has not read.
    pub fn connect(&self, wire: Wire, buffer: usize) -> Client {
        let (ours, theirs) = duplex(buffer);
        let (say, said) = mpsc::channel(64);
        let said = Box::pin(stream::unfold(said, |mut said| async {
            said.recv().await.map(|inbound| (inbound, said))
        }));
        let session = self.sessions.open(wire, RoomName::lobby());
        let number = session.client();
        let ended = tokio::spawn(session.run(said, ours));
        Client { number, say: Some(say), hear: theirs, ended, next_id: 0 }
    }

    /// A client that has said hello under a name and knows who is there.
    pub async fn join(&self, name: &str) -> Client {
        let mut client = self.connect(Wire::Json, 1 << 20);
        client.hello(name, r#"{"lobby":{}}"#).await;
        client.hear_type("welcome").await;
        client.hear_type("presence").await;
        client
    }

    /// Waits until the trace has a line with this text.
    #[track_caller]
    pub fn saw(&self, text: &str) -> impl Future<Output = ()> {
        let (seen, text) = (self.seen.clone(), text.to_owned());
        async move {
            if timeout(PATIENCE, seen.saw(&text)).await.is_err() {
                panic!("never saw {text:?} in\n{seen}");
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

pub struct Client {
    pub number: ClientId,
    say: Option<mpsc::Sender<Inbound>>,
    hear: DuplexStream,
    ended: JoinHandle<End>,
    next_id: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

/// The next frame of a server.
pub async fn frame(hear: &mut (impl AsyncRead + Unpin)) -> Option<Frame> {
    let opcode = hear.read_u8().await.ok()?;
    let len = match hear.read_u8().await.unwrap() {
        126 => usize::from(hear.read_u16().await.unwrap()),
        127 => usize::try_from(hear.read_u64().await.unwrap()).unwrap(),
        len => usize::from(len),
    };
    let mut payload = vec![0; len];
    hear.read_exact(&mut payload).await.unwrap();
    Some(match opcode {
        0x81 => Frame::Text(String::from_utf8(payload).unwrap()),
        0x88 => {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            Frame::Close(code, String::from_utf8(payload[2..].to_vec()).unwrap())
        }
        0x89 => Frame::Ping(payload),
        0x8a => Frame::Pong(payload),
        other => panic!("opcode {other:#x}"),
    })
}

impl Client {
    pub async fn send(&self, inbound: Inbound) {
        self.say.as_ref().unwrap().send(inbound).await.unwrap();
    }

    pub async fn say(&self, text: &str) {
        self.send(Inbound::Message(Bytes::copy_from_slice(text.as_bytes()))).await;
    }

    pub async fn hello(&self, name: &str, rooms: &str) {
        let name = serde_json::Value::from(name);
        self.say(&format!(r#"{{"type":"hello","id":1,"name":{name},"rooms":{rooms}}}"#)).await;
    }

    pub async fn post(&mut self, body: &str) {
        self.next_id += 1;
        let (id, body) = (100 + self.next_id, serde_json::Value::from(body));
        self.say(&format!(r#"{{"type":"post","id":{id},"room":"lobby","body":{body}}}"#)).await;
    }

    /// The next frame; `None` at the end of the stream.
    pub async fn frame(&mut self) -> Option<Frame> {
        timeout(PATIENCE, frame(&mut self.hear)).await.expect("a frame in time")
    }

    /// The bytes that come until none comes for so long.
    pub async fn heard(&mut self, quiet: Duration) -> Vec<u8> {
        let (mut heard, mut piece) = (Vec::new(), [0; 1024]);
        while let Ok(Ok(count @ 1..)) = timeout(quiet, self.hear.read(&mut piece)).await {
            heard.extend_from_slice(&piece[..count]);
        }
        heard
    }

    /// The next text.
    pub async fn hear(&mut self) -> String {
        match self.frame().await {
            Some(Frame::Text(text)) => text,
            other => panic!("no text but {other:?}"),
        }
    }

    /// The next line.
    pub async fn line(&mut self) -> String {
        let mut line = Vec::new();
        loop {
            match timeout(PATIENCE, self.hear.read_u8()).await.expect("a line in time") {
                Ok(b'\n') => return String::from_utf8(line).unwrap(),
                Ok(byte) => line.push(byte),
                Err(_) => panic!("no more lines after {:?}", String::from_utf8_lossy(&line)),
            }
        }
    }

    /// The next line that begins so, skipping others.
    pub async fn lines_until(&mut self, start: &str) -> String {
        self.all_lines_until(start).await.lines().last().unwrap().to_owned()
    }

    /// The next lines, the last of which begins so.
    pub async fn all_lines_until(&mut self, start: &str) -> String {
        let mut lines = String::new();
        loop {
            let line = self.line().await;
            lines += &format!("{line}\n");
            if line.starts_with(start) {
                return lines;
            }
        }
    }

    /// The next object of a type, skipping others.
    pub async fn hear_type(&mut self, kind: &str) -> serde_json::Value {
        loop {
            let object: serde_json::Value = serde_json::from_str(&self.hear().await).unwrap();
            if object["type"] == kind {
                return object;
            }
        }
    }

    /// The numbers and bodies of the next messages.
    pub async fn messages(&mut self, count: usize) -> Vec<(u64, String)> {
        let mut messages = Vec::new();
        while messages.len() < count {
            let message = self.hear_type("message").await;
            let body = message["body"].as_str().unwrap().to_owned();
            messages.push((message["seq"].as_u64().unwrap(), body));
        }
        messages
    }

    /// Closes as a browser does.
    pub async fn close(self) -> End {
        self.send(Inbound::End(End::Closed)).await;
        self.end().await
    }

    /// Says nothing more, and still hears.
    pub fn finish(&mut self) {
        self.say = None;
    }

    /// Breaks off without a word.
    pub async fn vanish(mut self) -> End {
        self.finish();
        self.end().await
    }

    /// Waits, neither reading nor closing.
    pub async fn end(self) -> End {
        let Self { say: _say, hear: _hear, ended, .. } = self;
        timeout(PATIENCE, ended).await.expect("an end in time").unwrap()
    }
}
