//! The server on real sockets: HTTP, handshakes, frames, limits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chat::{Access, Drained, Flight, Limits, Server, Tracers};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use trace::Recorder;

pub const PATIENCE: Duration = Duration::from_secs(20);
/// The example of RFC 6455.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

pub struct Running {
    pub addr: SocketAddr,
    pub seen: Recorder,
    pub stop: oneshot::Sender<()>,
    pub ended: JoinHandle<Result<Drained, chat::Error>>,
}

pub async fn serve(limits: Limits) -> Running {
    serve_to(limits, Access::default()).await
}

pub async fn serve_to(limits: Limits, access: Access) -> Running {
    // Most tests flood; what a flood comes to is tested where it is the subject.
    serve_strictly(Limits { messages_at_once: u32::MAX, ..limits }, access).await
}

pub async fn serve_strictly(limits: Limits, access: Access) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let seen = Recorder::default();
    let tracers = Tracers::all(Arc::new(seen.clone()));
    run(listener, Server::new(limits, access, tracers), seen)
}

/// A server that remembers what happens.
pub async fn serve_with(flight: Flight, limits: Limits, access: Access) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let seen = Recorder::default();
    let tracers = Tracers { tracer: Arc::new(seen.clone()), ..Tracers::default() };
    let server = Server::new(limits, access, flight.tee(tracers)).with_flight(flight);
    run(listener, server, seen)
}

fn run(listener: TcpListener, server: Server, seen: Recorder) -> Running {
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.serve(vec![listener], async {
        stopped.await.ok();
    }));
    Running { addr, seen, stop, ended }
}

impl Running {
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    pub async fn socket(
        &self,
        path: &str,
        protocol: &str,
    ) -> Result<WebSocketStream<TcpStream>, Error> {
        let mut request = format!("ws://{}{path}", self.addr).into_client_request()?;
        if !protocol.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        Ok(client_async(request, self.connect().await).await?.0)
    }

    /// What the server answers to these bytes, up to the end of the connection.
    pub async fn ask(&self, request: &str) -> String {
        answer(self.addr, request).await
    }

    pub async fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")).await
    }

    pub async fn saw(&self, text: &str) {
        let saw = timeout(PATIENCE, self.seen.saw(text)).await;
        saw.unwrap_or_else(|_| panic!("never saw {text:?} in\n{}", self.seen));
    }
}

/// What is answered at an address to these bytes, up to the end of the connection.
pub async fn answer(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.replace("HOST", &addr.to_string()).as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset ends an answer as well; what came before it is what counts.
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end in time").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

pub async fn next(socket: &mut WebSocketStream<TcpStream>) -> Message {
    timeout(PATIENCE, socket.next()).await.expect("a frame in time").unwrap().unwrap()
}

#[tokio::test]
async fn a_browser_and_a_tutorial_page_meet() {
    let server = serve(Limits::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    let mut ours = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    ours.send(Message::text(r#"{"type":"hello","id":1,"name":"ann"}"#)).await.unwrap();
    assert!(next(&mut ours).await.to_text().unwrap().contains("welcome"));
    server.saw("event=joined room=lobby client=1 name=guest-1").await;
    page.send(Message::text("hi <there>")).await.unwrap();
    assert_eq!(next(&mut page).await, Message::text("hi <there>"));
    loop {
        let frame = next(&mut ours).await.into_text().unwrap();
        if frame.contains(r#""from":"guest-1","body":"hi <there>""#) {
            break;
        }
    }
    page.close(None).await.unwrap();
    server.saw("event=left room=lobby client=1 why=closed").await;
}

#[tokio::test]
async fn the_bytes_of_the_room_address() {
    let server = serve(Limits::default()).await;
    let mut stream = server.connect().await;
    let upgrade = format!(
        "GET /room HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        server.addr
    );
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 switching protocols\r\n"), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("deflate") && !head.contains("sec-websocket-protocol"), "{head}");

    // A masked text frame, as a browser sends it; then the same text, unmasked, and nothing else.
    stream.write_all(b"\x81\x82\x01\x02\x03\x04\x69\x6b").await.unwrap();
    let mut echoed = [0; 4];
    stream.read_exact(&mut echoed).await.unwrap();
    assert_eq!(&echoed, b"\x81\x02hi");
    stream.write_all(b"\x88\x80\x00\x00\x00\x00").await.unwrap();
    let mut close = [0; 4];
    stream.read_exact(&mut close).await.unwrap();
    assert_eq!(close, [0x88, 8, 0x03, 0xe8]);
}

#[tokio::test]
async fn a_browser_at_a_websocket_address_gets_words() {
    let server = serve(Limits::default()).await;
    for path in ["/room", "/rooms/lobby/ws"] {
        let answer = server.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("a browser finds the chat page at /"), "{answer}");
    }
}

#[tokio::test]
async fn bad_handshakes_are_refused_with_a_reason() {
    let server = serve(Limits::default()).await;
    let good = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (path, headers, status, words) in [
        ("/room", good.replace("13", "8"), 426, "version 13"),
        ("/room", good.replace("ZQ==", "Z==="), 400, "16 bytes in base64"),
        ("/room", good.replace("dGhl", "d hl"), 400, "16 bytes in base64"),
        ("/room", good.replace("Sec-WebSocket-Key", "X"), 400, "16 bytes in base64"),
        (
            "/rooms/lobby/ws",
            format!("{good}Sec-WebSocket-Protocol: mqtt\r\n"),
            400,
            "subprotocol chat.v1",
        ),
        ("/rooms/a%20b/ws", good.into(), 400, "cannot be in a name"),
        ("/rooms/%ff/ws", good.into(), 400, "a room stands in an address as UTF-8"),
        (
            "/room",
            good.replace("\r\nU", "\r\nOrigin: http://evil.example\r\nU"),
            403,
            "--allow-origin",
        ),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n{headers}\r\n");
        let answer = timeout(PATIENCE, async {
            let mut stream = server.connect().await;
            let request = request.replace("HOST", &server.addr.to_string());
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            read_all(&mut stream).await
        });
        let answer = answer.await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{headers}{answer}");
        assert!(answer.contains(words), "{headers}{answer}");
    }
}

#[tokio::test]
async fn the_page_and_its_files_come_with_their_headers() {
    let server = serve(Limits::default()).await;
    let page = server.get("/").await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self';",
        "require-trusted-types-for 'script'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-opener-policy: same-origin",
        "cache-control: no-store",
        "data-room=\"lobby\"",
    ] {
        assert!(page.contains(header), "{header} in {page}");
    }
    assert!(server.get("/rooms/Rust").await.contains("data-room=\"rust\""));
    let script = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let script = server.get(script).await;
    assert!(script.contains("text/javascript") && script.contains("immutable"), "{script}");
    for path in ["/nope", "/../../etc/passwd", "/a/0/app.js", "/%2e%2e/x", "/rooms/%00"] {
        let answer = server.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{path} {answer}");
        assert!(answer.contains("nosniff"), "{path} {answer}");
    }
    let rebound =
        server.ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    assert!(rebound.starts_with("HTTP/1.1 421 ") && rebound.contains("chat --host"), "{rebound}");
    server.saw("event=refused code=wrong_host").await;
}

#[tokio::test]
async fn connections_are_bounded_and_places_come_back() {
    let server = serve(Limits { connections: 2, refusals: 1, ..Limits::default() }).await;
    let first = server.socket("/room", "").await.unwrap();
    let _second = server.socket("/room", "").await.unwrap();
    let (status, refused) = server.look("/rooms").await;
    assert_eq!((status, &refused["code"]), (503, &"too_many_connections".into()));
    assert!(refused["text"].as_str().unwrap().contains("try later"), "{refused}");
    server.saw("event=refused code=too_many_connections peer=127.0.0.1").await;
    // One at a time is told so, and the turn comes back.
    timeout(PATIENCE, async { while !server.get("/").await.starts_with("HTTP/1.1 503 ") {} })
        .await
        .unwrap();
    drop(first);
    server.saw("event=closed client=1").await;
    timeout(PATIENCE, async {
        while !server.get("/").await.starts_with("HTTP/1.1 200 ") {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut() {
    let server = serve(Limits { handshake: Duration::from_millis(200), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x").await.unwrap();
    read_all(&mut stream).await;
    server.saw("event=refused code=slow_request peer=127.0.0.1").await;
}

#[tokio::test]
async fn a_connection_that_is_kept_open_is_no_offence() {
    let server = serve(Limits { handshake: Duration::from_millis(200), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr);
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    assert!(!server.seen.to_string().contains("refused"), "{}", server.seen);
}

#[tokio::test]
async fn who_says_nothing_is_waited_for_and_then_cut() {
    let (short, long) = (Duration::from_millis(200), Duration::from_secs(3600));
    let server = serve(Limits { silence: short, handshake: long, ..Limits::default() }).await;
    assert_eq!(read_all(&mut server.connect().await).await, "");
    server.saw("event=refused code=silent peer=127.0.0.1").await;

    // The deadline of a request begins with its first byte.
    let server = serve(Limits { silence: long, handshake: short, ..Limits::default() }).await;
    let mut stream = server.connect().await;
    let nothing = timeout(2 * short, stream.read_u8()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.addr);
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn who_asks_for_much_and_takes_nothing_is_cut() {
    let server =
        serve(Limits { blocked_write: Duration::from_millis(300), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr).repeat(1_000);
    let asking = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("the server gives it up");
}

#[tokio::test]
async fn what_is_not_http_is_traced() {
    let server = serve(Limits::default()).await;
    for garbage in ["\0 / HTTP/1.1\r\n\r\n", "hello HTTP/1.1\r\n\r\n", "GET / HTTP/1.9\r\n\r\n"] {
        server.ask(garbage).await;
    }
    server.saw("event=refused code=not_http peer=127.0.0.1").await;
    server.get("/room").await;
    server.saw("event=refused code=not_websocket").await;
    let head = format!(
        "HEAD /room HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    let answer = timeout(PATIENCE, async {
        let mut stream = server.connect().await;
        stream.write_all(head.replace("HOST", &server.addr.to_string()).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        read_all(&mut stream).await
    });
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 426 "));
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = serve(Limits::default()).await;
    let long = format!("GET / HTTP/1.1\r\nHost: HOST\r\nX: {}\r\n\r\n", "x".repeat(20 << 10));
    let answer = server.ask(&long).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let many = format!("GET / HTTP/1.1\r\nHost: HOST\r\n{}\r\n", "X: x\r\n".repeat(200));
    let answer = server.ask(&many).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn stopping_says_goodbye_and_ends() {
    let server = serve(Limits::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    let mut ours = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    ours.send(Message::text(r#"{"type":"hello","name":"ann"}"#)).await.unwrap();
    assert!(next(&mut ours).await.to_text().unwrap().contains("welcome"));
    server.saw("event=joined room=lobby client=1").await;
    server.stop.send(()).unwrap();
    loop {
        let frame = next(&mut ours).await;
        if let Message::Close(close) = frame {
            assert_eq!(u16::from(close.unwrap().code), 1012);
            break;
        }
    }
    assert!(
        matches!(next(&mut page).await, Message::Close(Some(close)) if close.reason == "drain")
    );
    drop((page, ours));
    let drained = timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    assert_eq!((drained.sessions, drained.forced), (2, 0));
    assert!(TcpStream::connect(server.addr).await.is_err());
}

#[tokio::test]
async fn a_client_that_pings_and_never_reads_is_held_back_and_given_up() {
    let limits = Limits { blocked_write: Duration::from_millis(500), ..Limits::default() };
    let server = serve(limits).await;
    let mut stream = server.socket("/room", "").await.unwrap().into_inner();
    server.saw("event=joined room=lobby client=1").await;
    let ping = [b"\x89\xfd\x00\x00\x00\x00".as_slice(), &[0; 125]].concat().repeat(100);
    // Its own writes fail once the server has given it up; until then it is only held back.
    let flooding = async { while stream.write_all(&ping).await.is_ok() {} };
    timeout(PATIENCE, flooding).await.expect("the server gives it up");
    server.saw("event=left room=lobby client=1 why=stalled").await;
}
