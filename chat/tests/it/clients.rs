//! Clients of every kind on one port, over sockets.

use chat::Limits;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::sockets::{PATIENCE, Running, serve};

type Socket = WebSocketStream<TcpStream>;

/// The next text that satisfies, skipping others.
async fn until(socket: &mut Socket, wanted: impl Fn(&str) -> bool) -> String {
    timeout(PATIENCE, async {
        loop {
            match socket.next().await.unwrap().unwrap() {
                Message::Text(text) if wanted(&text) => return text.to_string(),
                _ => {}
            }
        }
    })
    .await
    .expect("such a text in time")
}

async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

#[tokio::test]
async fn websockets_of_every_format_meet_in_the_lobby() {
    let server = serve(Limits::default()).await;
    let mut pool = server.socket("/ws", "").await.unwrap();
    until(&mut pool, |text| text == "{\"type\":1,\"body\":\"New User Joined...\"}\n").await;
    let mut body = server.socket("/room", "").await.unwrap();
    let mut text = server.socket("/rooms/lobby/ws?name=B%C3%B6b", "").await.unwrap();
    until(&mut text, |text| text.starts_with("* welcome, Böb")).await;
    let mut json = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    say(&mut json, r#"{"type":"hello","name":"ann"}"#).await;
    until(&mut json, |text| text.contains("\"welcome\"")).await;
    say(&mut text, "hello").await;
    until(&mut json, |text| text.contains("\"from\":\"Böb\",\"body\":\"hello\"")).await;
    until(&mut pool, |text| text == "{\"type\":1,\"body\":\"hello\"}\n").await;
    until(&mut body, |text| text == "hello").await;
    until(&mut text, |text| text == "#lobby Böb: hello").await;
    say(&mut pool, "from the pool").await;
    until(&mut text, |text| text.ends_with(": from the pool")).await;
    text.close(None).await.unwrap();
    until(&mut pool, |text| text == "{\"type\":1,\"body\":\"User Disconnected...\"}\n").await;
}

#[tokio::test]
async fn a_text_client_says_its_name_first() {
    let server = serve(Limits::default()).await;
    let mut text = server.socket("/rooms/tea/ws", "").await.unwrap();
    say(&mut text, "a:b\n").await;
    until(&mut text, |text| text == "* ':' cannot be in a name").await;
    say(&mut text, "ann\n").await;
    until(&mut text, |text| text.starts_with("* welcome, ann; you are in #tea")).await;
}

/// A bare connection, read line by line.
pub struct Bare {
    read: tokio::io::Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

impl Bare {
    pub async fn connect(server: &Running) -> Self {
        Self::new(server.connect().await)
    }

    pub fn new(stream: TcpStream) -> Self {
        let (read, write) = stream.into_split();
        Self { read: BufReader::new(read).lines(), write }
    }

    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.write.write_all(bytes.as_ref()).await.unwrap();
    }

    pub async fn next(&mut self) -> Option<String> {
        timeout(PATIENCE, self.read.next_line()).await.expect("a line or an end in time").unwrap()
    }

    /// The next line that begins so, skipping others.
    pub async fn until(&mut self, start: &str) -> String {
        loop {
            let line = self.next().await.expect("a line before the end");
            if line.starts_with(start) {
                return line;
            }
        }
    }
}

#[tokio::test]
async fn nc_talks_to_the_page() {
    let server = serve(Limits::default()).await;
    let mut nc = Bare::connect(&server).await;
    // However the bytes are cut.
    for byte in b"ann\r\n" {
        nc.say([*byte]).await;
    }
    nc.until("* welcome, ann; you are in #lobby").await;
    nc.until("* ann joined #lobby").await;
    let mut page = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    say(&mut page, r#"{"type":"hello","name":"bob"}"#).await;
    nc.until("* bob joined #lobby").await;
    nc.say("hello\nbob: psst\n").await;
    until(&mut page, |text| text.contains("\"from\":\"ann\",\"body\":\"hello\"")).await;
    until(&mut page, |text| text.contains("\"to\":[\"bob\"]") && text.contains("psst")).await;
    say(&mut page, r#"{"type":"post","to":["ann"],"body":"yes?"}"#).await;
    assert_eq!(nc.until("from").await, "from bob: yes?");
    nc.say("/quit\n").await;
    while nc.next().await.is_some() {}
    let mut again = Bare::connect(&server).await;
    again.say("ann\n").await;
    again.until("* welcome, ann").await;
}

#[tokio::test]
async fn json_goes_over_lines_too() {
    let server = serve(Limits::default()).await;
    let mut program = Bare::connect(&server).await;
    program.say("{").await;
    program.say("\"type\":\"hello\",\"id\":1,\"name\":\"ann\"}\n").await;
    program.until("{\"type\":\"welcome\",\"name\":\"ann\"").await;
    program.say("{\"type\":\"post\",\"id\":2,\"body\":\"hi\"}\n").await;
    program.until("{\"type\":\"ok\",\"seq\":1").await;
    program.until("{\"type\":\"message\",\"room\":\"lobby\",\"seq\":1").await;
}

#[tokio::test]
async fn who_says_everything_at_once_and_closes_hears_all_of_it() {
    let server = serve(Limits::default()).await;
    for round in 0..20 {
        let mut nc = Bare::connect(&server).await;
        let lines: Vec<_> = (0..40).map(|n| format!("{round}-{n}")).collect();
        nc.say(format!("ann{round}\n{}", lines.join("\n"))).await;
        nc.write.shutdown().await.unwrap();
        let mut told = Vec::new();
        while let Some(line) = nc.next().await {
            told.extend(line.strip_prefix(&format!("#lobby ann{round}: ")).map(str::to_owned));
        }
        assert_eq!(told, lines);
    }
}

#[tokio::test]
async fn what_nobody_here_speaks_is_closed_without_a_word() {
    let server = serve(Limits::default()).await;
    for (bytes, code) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00"[..], "tls"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"),
        (&[b'a'; 9000], "long_line"),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().ok();
        assert_eq!(answer, b"", "{code}");
        server.seen.saw(&format!("event=refused code={code}")).await;
    }
}

#[tokio::test]
async fn who_gets_no_place_is_told_in_his_own_words() {
    let server = serve(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = Bare::connect(&server).await;
    first.say("ann\n").await;
    first.until("* welcome").await;
    for (said, told) in [
        ("bob\n", "* the server has all the connections it may; try later"),
        ("{\"type\":\"hello\"}\n", "{\"type\":\"error\",\"code\":\"too_many_connections\""),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 503 Service Unavailable"),
    ] {
        let mut other = Bare::connect(&server).await;
        other.say(said).await;
        let answer = other.next().await.unwrap();
        assert!(answer.starts_with(told), "{answer}");
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_ends_its_sender_only() {
    let server = serve(Limits::default()).await;
    let mut bob = Bare::connect(&server).await;
    bob.say("bob\n").await;
    bob.until("* welcome").await;
    let mut nc = Bare::connect(&server).await;
    nc.say("ann\n").await;
    nc.say("x".repeat(20 << 10)).await;
    nc.say("\n").await;
    nc.until("* a message has at most 10240 bytes").await;
    nc.say("x".repeat(70 << 10)).await;
    nc.until("* bye: that was more than a message may have").await;
    bob.say(b"\0\x1b[2J\xff\n").await;
    bob.until("* a message is UTF-8 text").await;
    bob.say(b"\0\x1b[2J\n").await;
    bob.until("#lobby bob: \\u{0}\\u{1b}[2J").await;
}

#[tokio::test]
async fn a_stop_is_told_in_lines() {
    let server = serve(Limits::default()).await;
    let mut nc = Bare::connect(&server).await;
    nc.say("ann\n").await;
    nc.until("* welcome").await;
    server.stop.send(()).unwrap();
    nc.until("* bye: the server stops").await;
    assert_eq!(nc.next().await, None);
    assert_eq!(server.ended.await.unwrap().unwrap().forced, 0);
}
