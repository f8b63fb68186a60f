//! The programs of `examples/`, run as they are.

use std::sync::Arc;

use chat::{Connections, Limits, Tracers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use trace::{Recorder, Tracer};

use crate::sockets::{PATIENCE, answer, read_all};

#[allow(dead_code, reason = "its `main` is called by nobody here")]
#[path = "../../examples/mount.rs"]
mod mount;
#[allow(dead_code, reason = "its `main` is called by nobody here")]
#[path = "../../examples/uppercase_echo.rs"]
mod uppercase_echo;

#[tokio::test]
async fn another_app_has_a_chat_and_its_own_pages() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let app = tokio::spawn(mount::serve(listener, async { stopped.await.unwrap_or_default() }));
    for (path, words) in
        [("/about", "ours"), ("/rooms/lobby", "data-room=\"lobby\""), ("/rooms", "\"lobby\"")]
    {
        let request = format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
        let told = answer(addr, &request).await;
        assert!(told.contains(words), "{path}: {told}");
    }
    stop.send(()).unwrap();
    timeout(PATIENCE, app).await.expect("an end in time").unwrap().unwrap();
}

#[tokio::test]
async fn the_echo_is_in_upper_case_and_forgets_who_has_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, seen) = (listener.local_addr().unwrap(), Recorder::default());
    let tracer: Arc<dyn Tracer> = Arc::new(seen.clone());
    let limits = Limits { connections: 1, ..Limits::default() };
    let connections = Connections::new(&limits, Tracers::all(Arc::clone(&tracer)));
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let served = tokio::spawn(connections.serve(vec![listener], stopped, move |connection| {
        uppercase_echo::serve(connection, Arc::clone(&tracer))
    }));

    let mut one = TcpStream::connect(addr).await.unwrap();
    one.write_all("hi grüße\n".as_bytes()).await.unwrap();
    one.shutdown().await.unwrap();
    assert_eq!(read_all(&mut one).await, "HI GRüßE\n");
    timeout(PATIENCE, seen.saw("event=closed peer=127.0.0.1:")).await.unwrap();
    timeout(PATIENCE, seen.saw("why=closed")).await.unwrap();

    // There is one place, so it has come back.
    let broken = timeout(PATIENCE, async {
        loop {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            stream.write_all(b"x").await.ok();
            if stream.read_u8().await.is_ok() {
                return stream;
            }
        }
    });
    let broken = broken.await.unwrap();
    broken.set_zero_linger().unwrap();
    drop(broken);
    timeout(PATIENCE, seen.saw("why=gone")).await.unwrap();

    let waiting = TcpStream::connect(addr).await.unwrap();
    stop.send(()).unwrap();
    let drained = timeout(PATIENCE, served).await.unwrap().unwrap().unwrap();
    assert_eq!(drained.forced, 0);
    drop(waiting);
}
