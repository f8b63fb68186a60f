//! The handshake: when an HTTP request becomes a WebSocket.

use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::SUBPROTOCOL;
use super::frames::inbound;
use crate::limits::Limits;
use crate::session::Inbound;

/// A handshake that was understood.
pub(crate) struct Handshake {
    accept: HeaderValue,
    upgraded: OnUpgrade,
}

impl Handshake {
    pub(crate) fn of<B>(request: &mut Request<B>) -> Result<Self, Refusal> {
        let accept = accept_key(request.method(), request.headers())?;
        let upgraded = request.extensions_mut().remove().ok_or(Refusal::NotWebSocket)?;
        Ok(Self { accept, upgraded })
    }

    /// What the client is answered, with the subprotocol that is spoken if it asked for one.
    pub(crate) fn response(&self, subprotocol: Option<&'static str>) -> Response {
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        if let Some(subprotocol) = subprotocol {
            let subprotocol = HeaderValue::from_static(subprotocol);
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        response
    }

    /// Both directions, once the client has been answered.
    pub(crate) async fn socket(
        self,
        limits: &Limits,
    ) -> hyper::Result<(impl Stream<Item = Inbound> + use<>, impl AsyncWrite + use<>)> {
        let (read, write) = tokio::io::split(TokioIo::new(self.upgraded.await?));
        Ok((inbound(read, limits).await, write))
    }
}

/// Why a request does not become a WebSocket.
#[derive(Debug)]
pub(crate) enum Refusal {
    NotWebSocket,
    Version,
    Key,
    Subprotocol,
    Room(String),
    Stopping,
}

impl Refusal {
    /// Its name in the trace.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotWebSocket => "not_websocket",
            Self::Version => "wrong_version",
            Self::Key => "bad_key",
            Self::Subprotocol => "wrong_subprotocol",
            Self::Room(_) => "bad_room",
            Self::Stopping => "stopping",
        }
    }
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

/// The key that shows a client that its handshake was understood (RFC 6455, section 4.2.2).
fn accept_key(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    if method != Method::GET
        || !has_word(headers, header::CONNECTION, "upgrade")
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
pub(super) fn has_word(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name);
    let mut words = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    words.any(|have| have.trim().eq_ignore_ascii_case(word))
}
