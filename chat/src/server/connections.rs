//! Connections: accepted, admitted or refused, and served HTTP until they become something else.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use trace::trace;

use super::admission::Admission;
use super::patience::Patience;
use crate::limits::{ACCEPT_PAUSE, ACCEPT_PAUSE_MOST, HEAD_BYTES, Limits, REFUSAL};
use crate::sessions::{Place, Sessions};
use crate::tracers::Tracers;

/// Accepts until it is cancelled. An error backs off and never ends it.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    admission: Arc<Admission>,
    sessions: Arc<Sessions>,
    limits: Limits,
) {
    let tracer = Arc::clone(&sessions.tracers().tracer);
    let mut connections = JoinSet::new();
    let mut pause = ACCEPT_PAUSE;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if of_the_client(&error) => continue,
            Err(error) => {
                let ms = pause.as_millis() as u64;
                trace!(tracer, "Cannot accept"; event = "accept_failed", error = format_args!("{error}"), pause_ms = ms);
                sleep(pause).await;
                pause = (pause * 2).min(ACCEPT_PAUSE_MOST);
                continue;
            }
        };
        pause = ACCEPT_PAUSE;
        stream.set_nodelay(true).ok();
        match admission.admit(peer) {
            Ok(place) => {
                let (router, tracers) = (router.clone(), sessions.tracers().clone());
                connections.spawn(serve(stream, router, place, limits.clone(), tracers));
            }
            Err(full) => {
                sessions.tracers().connection_refused(full.code(), peer.ip());
                if let Some(turn) = admission.refusal() {
                    connections.spawn(async move {
                        timeout(REFUSAL, refuse(stream)).await.ok();
                        drop(turn);
                    });
                }
            }
        }
    }
}

/// The connection failed, not the listener.
fn of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Speaks HTTP on one connection; a WebSocket leaves it and takes its place along.
async fn serve(stream: TcpStream, router: Router, place: Place, limits: Limits, tracers: Tracers) {
    let peer = place.peer();
    let refused = |code| tracers.connection_refused(code, peer);
    // Browsers open connections in advance; only one that began a request has to hurry. Peeking
    // waits for its first byte, which readiness alone does not promise.
    match timeout(limits.silence, stream.peek(&mut [0])).await {
        Ok(Ok(1..)) => {}
        Ok(_) => return,
        Err(_) => return refused("silent"),
    }
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
        Err(error) if error.is_parse() => refused("not_http"),
        // One that had an answer before was kept open in case it asks again.
        Err(error) if error.is_timeout() && !asked.load(Ordering::Relaxed) => {
            refused("slow_request");
        }
        Ok(()) | Err(_) => {}
    }
}

/// Answers whatever is asked with why there is no place.
async fn refuse(mut stream: TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Length: 52\r\n\r\n\
        the server has all the connections it may; try later";
    let mut head = [0; 1024];
    if stream.read(&mut head).await.is_ok_and(|n| n > 0) {
        stream.write_all(ANSWER).await.ok();
        stream.shutdown().await.ok();
        while stream.read(&mut head).await.is_ok_and(|n| n > 0) {}
    }
}
