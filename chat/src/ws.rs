//! WebSocket: the handshake on an HTTP request, and the frames of a client as a stream.
//!
//! Tungstenite only reads here. What it would write (answers to pings and closes) is dropped,
//! because a connection has one write side and the session owns it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Stream, StreamExt};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};
use trace::trace;

use crate::end::End;
use crate::limits::Limits;
use crate::name::RoomName;
use crate::session::Inbound;
use crate::sessions::{Place, Sessions};
use crate::wire::Wire;

/// The subprotocol of the json format.
const SUBPROTOCOL: &str = "chat.v1";
/// Bytes read from a client at once: tungstenite holds such a buffer for every connection.
const READ_BUFFER_BYTES: usize = 4 << 10;

/// The addresses that speak WebSocket.
pub fn routes(sessions: Arc<Sessions>) -> Router {
    Router::new()
        .route("/room", get(lobby))
        .route("/rooms/{room}/ws", get(room))
        .with_state(sessions)
}

async fn lobby(State(sessions): State<Arc<Sessions>>, request: Request) -> Response {
    upgrade(&sessions, Wire::Body, RoomName::lobby(), request)
        .unwrap_or_else(Refusal::into_response)
}

async fn room(
    State(sessions): State<Arc<Sessions>>,
    Path(room): Path<String>,
    request: Request,
) -> Response {
    let room = RoomName::new(&room).map_err(|why| Refusal::Room(why.to_string()));
    room.and_then(|room| upgrade(&sessions, Wire::Json, room, request))
        .unwrap_or_else(Refusal::into_response)
}

/// Why a request does not become a WebSocket.
#[derive(Debug)]
enum Refusal {
    NotWebSocket,
    Version,
    Key,
    Subprotocol,
    Room(String),
    Stopping,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NotWebSocket => (
                StatusCode::UPGRADE_REQUIRED,
                "this address speaks WebSocket; a browser finds the chat page at /".into(),
            ),
            Self::Version => {
                (StatusCode::UPGRADE_REQUIRED, "this server speaks WebSocket version 13".into())
            }
            Self::Key => {
                (StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64".into())
            }
            Self::Subprotocol => (
                StatusCode::BAD_REQUEST,
                format!("ask for the subprotocol {SUBPROTOCOL}; it is the one spoken here"),
            ),
            Self::Room(why) => (StatusCode::BAD_REQUEST, format!("no such room: {why}")),
            Self::Stopping => {
                (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping; come back soon".into())
            }
        };
        let mut response = (status, text + "\n").into_response();
        if status == StatusCode::UPGRADE_REQUIRED {
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

/// Answers a handshake and starts the session behind it.
fn upgrade(
    sessions: &Arc<Sessions>,
    wire: Wire,
    room: RoomName,
    mut request: Request,
) -> Result<Response, Refusal> {
    let headers = request.headers();
    let accept = accept_key(headers)?;
    if wire == Wire::Json && !has_word(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(Refusal::Subprotocol);
    }
    if sessions.stopping().is_cancelled() {
        return Err(Refusal::Stopping);
    }
    let upgraded = request.extensions_mut().remove::<OnUpgrade>().ok_or(Refusal::NotWebSocket)?;
    let place = request.extensions_mut().remove::<Place>();
    let session = sessions.open(wire, room);
    let tracers = sessions.tracers().clone();
    let limits = sessions.limits().clone();
    sessions.spawn(async move {
        let client = session.client().0;
        trace!(tracers.tracer, "Connection accepted"; event = "accepted", client = client, wire = wire.as_str());
        match upgraded.await {
            Ok(stream) => {
                let (read, write) = tokio::io::split(TokioIo::new(stream));
                let inbound = Box::pin(inbound(read, &limits).await);
                Box::pin(session.run(inbound, write)).await;
            }
            Err(error) => {
                trace!(tracers.tracer, "Connection closed"; event = "closed", client = client, why = End::Gone.as_str(), cause = format_args!("{error}"));
            }
        }
        drop(place);
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if wire == Wire::Json {
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    Ok(response)
}

/// The key that shows a client that its handshake was understood (RFC 6455, section 4.2.2).
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    if !has_word(headers, header::CONNECTION, "upgrade")
        || !has_word(headers, header::UPGRADE, "websocket")
    {
        return Err(Refusal::NotWebSocket);
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(Refusal::Key)?.as_bytes();
    let digits = key.strip_suffix(b"==").ok_or(Refusal::Key)?;
    let base64 = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/');
    if digits.len() != 22 || !digits.iter().all(base64) {
        return Err(Refusal::Key);
    }
    HeaderValue::from_str(&derive_accept_key(key)).map_err(|_| Refusal::Key)
}

/// Whether a comma-separated header has a word, in any case.
fn has_word(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name);
    let mut words = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    words.any(|have| have.trim().eq_ignore_ascii_case(word))
}

/// The messages of a client.
async fn inbound<R: AsyncRead + Unpin>(read: R, limits: &Limits) -> impl Stream<Item = Inbound> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(limits.frame_bytes))
        .max_frame_size(Some(limits.frame_bytes));
    let stream = WebSocketStream::from_raw_socket(ReadOnly(read), Role::Server, Some(config)).await;
    let frames = Frames { stream, over: false };
    futures_util::stream::unfold(frames, |mut frames| async move {
        let inbound = frames.next().await?;
        Some((inbound, frames))
    })
}

/// The frames of a client, up to the last one that counts.
struct Frames<R> {
    stream: WebSocketStream<ReadOnly<R>>,
    over: bool,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    async fn next(&mut self) -> Option<Inbound> {
        if self.over {
            // What still comes is read and dropped until the client closes, so that our own last
            // bytes are not cut off by a reset.
            tokio::io::copy(&mut self.stream.get_mut().0, &mut tokio::io::sink()).await.ok();
            return None;
        }
        let end = loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Some(Inbound::Message(text.into())),
                Some(Ok(Message::Binary(bytes))) => return Some(Inbound::Message(bytes)),
                Some(Ok(Message::Ping(payload))) => return Some(Inbound::Ping(payload)),
                Some(Ok(Message::Pong(_))) => return Some(Inbound::Pong),
                Some(Ok(Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) => break End::Closed,
                Some(Err(error)) => break end(&error),
                None => break End::Gone,
            }
        };
        self.over = true;
        Some(Inbound::End(end))
    }
}

fn end(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::TooBig,
        Error::Utf8(_) => End::NotText,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) => End::Malformed,
        _ => End::Gone,
    }
}

/// A stream that reads, and takes writes for done.
struct ReadOnly<R>(R);

impl<R: AsyncRead + Unpin> AsyncRead for ReadOnly<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.0).poll_read(cx, buf))?;
        Poll::Ready(Ok(()))
    }
}

impl<R: Unpin> AsyncWrite for ReadOnly<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
