//! The layer below every protocol: what its user sees, and what comes back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chat::{Connection, Connections, Drained, End, Limits, Tracers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{pause, timeout};
use trace::Recorder;

use crate::sockets::{self, PATIENCE, read_all};

struct Running {
    addr: SocketAddr,
    seen: Recorder,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<Drained, chat::Error>>,
}

async fn serve<S: Future<Output = ()> + Send + 'static>(
    limits: Limits,
    handle: impl Fn(Connection) -> S + Send + Sync + 'static,
) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, seen) = (listener.local_addr().unwrap(), Recorder::default());
    let connections = Connections::new(&limits, Tracers::all(Arc::new(seen.clone())));
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(connections.serve(
        vec![listener],
        async {
            stopped.await.ok();
        },
        handle,
    ));
    Running { addr, seen, stop, ended }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    async fn saw(&self, text: &str) {
        let saw = timeout(PATIENCE, self.seen.saw(text)).await;
        saw.unwrap_or_else(|_| panic!("never saw {text:?} in\n{}", self.seen));
    }

    async fn stop(self) -> Drained {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.ended).await.expect("an end in time").unwrap().unwrap()
    }
}

/// A server whose connections are handed out, to be looked at from the server's side.
async fn handing_out(limits: Limits) -> (Running, mpsc::Receiver<Connection>) {
    let (out, connections) = mpsc::channel(8);
    let server = serve(limits, move |connection| {
        let out = out.clone();
        async move { out.send(connection).await.unwrap() }
    });
    (server.await, connections)
}

async fn pair(server: &Running, ours: &mut mpsc::Receiver<Connection>) -> (Connection, TcpStream) {
    let theirs = server.connect().await;
    (timeout(PATIENCE, ours.recv()).await.unwrap().unwrap(), theirs)
}

#[tokio::test]
async fn the_end_of_input_and_a_half_close_are_what_they_are() {
    let (server, mut connections) = handing_out(Limits::default()).await;
    let (mut ours, mut theirs) = pair(&server, &mut connections).await;
    assert_eq!(ours.peer(), theirs.local_addr().unwrap());
    theirs.write_all(b"last").await.unwrap();
    theirs.shutdown().await.unwrap();
    let mut heard = Vec::new();
    ours.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"last");
    // It only said that it will say no more.
    ours.write_all(b"heard").await.unwrap();
    ours.shutdown().await.unwrap();
    assert_eq!(read_all(&mut theirs).await, "heard");
    // We said that we will say no more, and still listen.
    let (mut ours, mut theirs) = pair(&server, &mut connections).await;
    ours.shutdown().await.unwrap();
    assert_eq!(read_all(&mut theirs).await, "");
    theirs.write_all(b"x").await.unwrap();
    assert_eq!(ours.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (server, mut connections) = handing_out(Limits::default()).await;
    let (mut ours, theirs) = pair(&server, &mut connections).await;
    theirs.set_zero_linger().unwrap();
    drop(theirs);
    let error = timeout(PATIENCE, ours.read_u8()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(End::of(&error), End::Gone);
}

#[tokio::test]
async fn quiet_and_unfinished_openings_are_told_apart() {
    let (server, mut connections) = handing_out(Limits::default()).await;
    let (mut silent, _a) = pair(&server, &mut connections).await;
    let (mut late, mut theirs) = pair(&server, &mut connections).await;
    theirs.write_u8(1).await.unwrap();
    late.read_u8().await.unwrap();
    let (mut opened, _b) = pair(&server, &mut connections).await;
    opened.opened();
    let (mut kept, _c) = pair(&server, &mut connections).await;
    kept.kept();
    // From here on nothing happens but time.
    pause();
    for (connection, end) in
        [(&mut late, End::Late), (&mut silent, End::Silent), (&mut opened, End::Silent)]
    {
        assert_eq!(End::of(&connection.read_u8().await.unwrap_err()), end);
    }
    assert!(timeout(Duration::from_secs(24 * 3600), kept.read_u8()).await.is_err());
}

#[tokio::test]
async fn a_place_comes_back_when_the_connection_is_dropped() {
    let (server, mut connections) =
        handing_out(Limits { connections: 1, ..Limits::default() }).await;
    let (ours, _theirs) = pair(&server, &mut connections).await;
    // Nobody is there to say why.
    assert_eq!(read_all(&mut server.connect().await).await, "");
    server.saw("event=refused code=too_many_connections peer=127.0.0.1").await;
    drop(ours);
    pair(&server, &mut connections).await;
}

#[tokio::test]
async fn who_comes_too_fast_waits_and_is_not_refused() {
    let limits =
        Limits { handshakes_per_second: 1_000, handshakes_at_once: 1, ..Limits::default() };
    let (server, mut connections) = handing_out(limits).await;
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(pair(&server, &mut connections).await);
    }
    assert!(!server.seen.to_string().contains("refused"), "{}", server.seen);
}

#[tokio::test]
async fn stopping_tells_every_connection_and_waits() {
    let server = serve(Limits::default(), |mut connection| async move {
        connection.write_all(b"in ").await.unwrap();
        connection.stopping().clone().cancelled().await;
        connection.write_all(b"out").await.unwrap();
    });
    let server = server.await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for stream in [&mut one, &mut two] {
        stream.read_exact(&mut [0; 3]).await.unwrap();
    }
    let drained = server.stop().await;
    assert_eq!((drained.sessions, drained.forced), (2, 0));
    assert_eq!((read_all(&mut one).await, read_all(&mut two).await), ("out".into(), "out".into()));
}

#[tokio::test]
async fn who_does_not_end_is_cut_and_counted() {
    let limits = Limits { drain: Duration::from_millis(100), ..Limits::default() };
    let server = serve(limits, |mut connection| async move {
        connection.write_all(b"in").await.unwrap();
        std::future::pending::<()>().await;
    });
    let server = server.await;
    let mut stuck = server.connect().await;
    stuck.read_exact(&mut [0; 2]).await.unwrap();
    let drained = server.stop().await;
    assert_eq!((drained.sessions, drained.forced), (1, 1));
    assert_eq!(stuck.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_is_dropped_drops_its_connections() {
    let server = serve(Limits::default(), |mut connection| async move {
        connection.write_all(b"in").await.unwrap();
        std::future::pending::<()>().await;
    });
    let server = server.await;
    let mut one = server.connect().await;
    one.read_exact(&mut [0; 2]).await.unwrap();
    server.ended.abort();
    assert_eq!(timeout(PATIENCE, one.read(&mut [0])).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let server = sockets::serve(Limits::default()).await;
    let mut stream = server.connect().await;
    let head = format!(
        "POST /rooms/lobby?as=ann HTTP/1.1\r\nHost: {}\r\nContent-Type: text/plain\r\n\
         Content-Length: 10\r\n\r\nfirst",
        server.addr
    );
    let mut idle = server.connect().await;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr);
    idle.write_all(request.as_bytes()).await.unwrap();
    idle.read_u8().await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // One that was asked for later is answered, so this one is being served.
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200 "));
    server.stop.send(()).unwrap();
    // One that is only kept open in case it asks again is in nobody's way.
    read_all(&mut idle).await;
    stream.write_all(b" last").await.unwrap();
    // Whether it was taken is for the rooms to say; it is not left without an answer.
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("stopping"), "{answer}");
    let drained = timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    assert_eq!(drained.forced, 0);
}
