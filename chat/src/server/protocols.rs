//! One port for every protocol: what a client begins with decides who serves it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;

use super::proxies::Proxies;
use super::watched::Watched;
use crate::connections::Connection;
use crate::end::End;
use crate::limits::{HEAD_BYTES, Limits};
use crate::lines;
use crate::opening::Opening;
use crate::select::select;
use crate::sessions::Sessions;
use crate::web;
use crate::wire::Wire;

/// Serves one connection. What has been read of it goes along, and nothing is said before the
/// client has spoken.
pub(super) async fn serve(
    mut connection: Connection,
    router: Router,
    proxies: Proxies,
    sessions: Arc<Sessions>,
) {
    let (place, stopping) = (connection.place().clone(), connection.stopping().clone());
    let refused = |code| sessions.tracers().connection_refused(code, place.peer());
    // Browsers open connections in advance; only one that began to speak has to hurry.
    let Some(opened) = stopping.run_until_cancelled(opened(&mut connection)).await else { return };
    let (opening, bytes) = match opened.map_err(|error| End::of(&error)) {
        Ok(opened) => opened,
        Err(End::Silent) => return refused("silent"),
        Err(End::Late) => return refused("slow_request"),
        Err(_) => return,
    };
    connection.unread(bytes);
    connection.kept();
    let lines = |connection, wire| {
        let (read, write) = tokio::io::split(connection);
        lines::start(&sessions, wire, place.clone(), read, write);
    };
    match opening {
        Opening::Http => Box::pin(http(connection, router, proxies, &sessions)).await,
        Opening::Json => lines(connection, Wire::JsonLines),
        Opening::Text => lines(connection, Wire::TextLines),
        Opening::Tls => refused("tls"),
        Opening::Http2 => refused("http2"),
        Opening::Endless => refused("long_line"),
    }
}

/// What the client begins with, and the bytes that told it. It is an error that it ended before
/// it said anything.
async fn opened(connection: &mut Connection) -> io::Result<(Opening, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let read = lines::read_some(connection, |piece| bytes.extend_from_slice(piece)).await?;
        match Opening::of(&bytes) {
            Some(opening) => return Ok((opening, bytes)),
            None if bytes.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            // A line that ends with the input is a line.
            None if read == 0 => return Ok((Opening::Text, bytes)),
            None => {}
        }
    }
}

/// HTTP within the limits.
pub(super) fn http1(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.handshake).max_buf_size(HEAD_BYTES);
    // Who has said its last may still be listening.
    http.half_close(true);
    http
}

/// Speaks HTTP; a WebSocket leaves it and takes its place along.
async fn http(connection: Connection, router: Router, proxies: Proxies, sessions: &Sessions) {
    let (place, stopping) = (connection.place().clone(), connection.stopping().clone());
    let (peer, tracers) = (place.peer(), sessions.tracers().clone());
    let asked = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&asked);
    let endless = Arc::new(AtomicBool::new(false));
    let connection = Watched::new(connection, Arc::clone(&endless));
    let service = service_fn(move |mut request: Request<Incoming>| {
        heard.store(true, Ordering::Relaxed);
        let place = proxies.place(&place, request.headers());
        let (mut router, tracers) = (router.clone(), tracers.clone());
        let endless = Arc::clone(&endless);
        async move {
            match place {
                Ok(place) => {
                    request.extensions_mut().insert(place.clone());
                    // Kept as long as it takes to answer; who is served for longer keeps it longer.
                    let answer = router.call(request).await;
                    drop(place);
                    endless.store(answer.as_ref().is_ok_and(is_events), Ordering::Relaxed);
                    answer
                }
                Err((full, ip)) => {
                    tracers.connection_refused(full.code(), std::net::SocketAddr::new(ip, 0));
                    Ok(web::crowded())
                }
            }
        }
    });
    let serving = http1(sessions.limits()).serve_connection(TokioIo::new(connection), service);
    let mut serving = pin!(serving.with_upgrades());
    let served = select! {
        served = &mut serving => served,
        () = stopping.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    match served {
        Err(error) if error.is_parse() => sessions.tracers().connection_refused("not_http", peer),
        // One that had an answer before was kept open in case it asks again.
        Err(error) if error.is_timeout() && !asked.load(Ordering::Relaxed) => {
            sessions.tracers().connection_refused("slow_request", peer);
        }
        Ok(()) | Err(_) => {}
    }
}

/// Whether an answer tells what happens for as long as its reader stays.
fn is_events(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// Tells a client why there is no place, in what it speaks.
pub(super) async fn refuse(mut connection: Connection) {
    const WHY: &str = "\"code\":\"too_many_connections\",\
        \"text\":\"the server has all the connections it may; try later\",\"retry_ms\":5000}\n";
    let Ok((opening, _)) = opened(&mut connection).await else { return };
    let answer = match opening {
        Opening::Http => format!(
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{{{WHY}",
            1 + WHY.len()
        ),
        Opening::Json => format!("{{\"type\":\"error\",{WHY}"),
        Opening::Text => "* the server has all the connections it may; try later\n".into(),
        Opening::Tls | Opening::Http2 | Opening::Endless => return,
    };
    connection.write_all(answer.as_bytes()).await.ok();
    connection.shutdown().await.ok();
    let mut rest = [0; 1024];
    while connection.read(&mut rest).await.is_ok_and(|n| n > 0) {}
}
