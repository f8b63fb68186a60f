//! The handshake: when an HTTP request becomes a WebSocket.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::SUBPROTOCOL;

/// Why a request does not become a WebSocket.
#[derive(Debug)]
pub(super) enum Refusal {
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
pub(super) fn accept_key(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
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
