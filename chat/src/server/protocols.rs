//! One port for every protocol: what a client begins with decides who serves it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use super::patience::Patience;
use crate::limits::{HEAD_BYTES, Limits, OPENING_BYTES};
use crate::lines;
use crate::opening::Opening;
use crate::sessions::{Place, Sessions};
use crate::wire::Wire;

/// Serves one connection. What has been read of it goes along, and nothing is said before the
/// client has spoken.
pub(super) async fn serve(
    mut stream: TcpStream,
    router: Router,
    place: Place,
    sessions: Arc<Sessions>,
) {
    let (limits, tracers) = (sessions.limits(), sessions.tracers());
    let refused = |code| tracers.connection_refused(code, place.peer());
    let (opening, bytes) = match opened(&mut stream, limits).await {
        Ok(Some(opened)) => opened,
        Ok(None) => return,
        Err(code) => return refused(code),
    };
    let (read, write) = stream.into_split();
    let read = io::Cursor::new(bytes).chain(read);
    match opening {
        Opening::Http => http(tokio::io::join(read, write), router, place, &sessions).await,
        Opening::Json => lines::start(&sessions, Wire::JsonLines, place, read, write),
        Opening::Text => lines::start(&sessions, Wire::TextLines, place, read, write),
        Opening::Tls => refused("tls"),
        Opening::Http2 => refused("http2"),
        Opening::Endless => refused("long_line"),
    }
}

/// What the client begins with, and the bytes that told it; nothing if it ended before it said
/// anything, or the reason why nobody waits any longer.
async fn opened(
    stream: &mut TcpStream,
    limits: &Limits,
) -> Result<Option<(Opening, Box<[u8]>)>, &'static str> {
    let mut bytes = Vec::new();
    // Browsers open connections in advance; only one that began to speak has to hurry.
    let first = timeout(limits.silence, read_some(stream, &mut bytes));
    if !first.await.map_err(|_| "silent")? {
        return Ok(None);
    }
    let rest = async {
        loop {
            if let Some(opening) = Opening::of(&bytes) {
                return (opening, bytes);
            }
            // A line that ends with the input is a line.
            if !read_some(stream, &mut bytes).await {
                return (Opening::Text, bytes);
            }
        }
    };
    let (opening, bytes) = timeout(limits.handshake, rest).await.map_err(|_| "slow_request")?;
    Ok(Some((opening, bytes.into_boxed_slice())))
}

/// Whether there was something to read.
async fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    let mut piece = [0; OPENING_BYTES / 8];
    let read = stream.read(&mut piece).await.unwrap_or(0);
    bytes.extend_from_slice(&piece[..read]);
    read > 0
}

/// Speaks HTTP; a WebSocket leaves it and takes its place along.
async fn http(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    place: Place,
    sessions: &Sessions,
) {
    let (limits, peer) = (sessions.limits(), place.peer());
    let asked = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&asked);
    let service = service_fn(move |mut request: Request<Incoming>| {
        heard.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(place.clone());
        router.clone().call(request)
    });
    let stream = Patience::new(stream, limits.blocked_write);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.handshake)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades()
        .await;
    match served {
        Err(error) if error.is_parse() => sessions.tracers().connection_refused("not_http", peer),
        // One that had an answer before was kept open in case it asks again.
        Err(error) if error.is_timeout() && !asked.load(Ordering::Relaxed) => {
            sessions.tracers().connection_refused("slow_request", peer);
        }
        Ok(()) | Err(_) => {}
    }
}

/// Tells a client why there is no place, in what it speaks.
pub(super) async fn refuse(mut stream: TcpStream) {
    const HTTP: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Length: 52\r\n\r\n\
        the server has all the connections it may; try later";
    const JSON: &[u8] = b"{\"type\":\"error\",\"code\":\"too_many_connections\",\
        \"text\":\"the server has all the connections it may; try later\",\"retry_ms\":5000}\n";
    const TEXT: &[u8] = b"* the server has all the connections it may; try later\n";
    let mut bytes = Vec::new();
    while read_some(&mut stream, &mut bytes).await {
        let answer = match Opening::of(&bytes) {
            None => continue,
            Some(Opening::Http) => HTTP,
            Some(Opening::Json) => JSON,
            Some(Opening::Text) => TEXT,
            Some(Opening::Tls | Opening::Http2 | Opening::Endless) => return,
        };
        stream.write_all(answer).await.ok();
        stream.shutdown().await.ok();
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
        return;
    }
}
