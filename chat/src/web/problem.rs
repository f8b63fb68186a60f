//! Why a request got nothing: a status, and JSON for whoever asked.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::entry::ClientId;
use crate::limits::{RETURN_MS, WATCHERS};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::sessions::Sessions;

/// A refusal as HTTP tells it: `{"code":..,"text":..}`.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    text: String,
    suggest: Option<Name>,
    /// When it makes sense to ask again.
    retry: Option<Duration>,
    /// Whose request it was, if it had a number already.
    client: Option<ClientId>,
    /// What that was for.
    room: Option<RoomName>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        let (suggest, retry, client, room) = (None, None, None, None);
        Self { status, code, text: text.into(), suggest, retry, client, room }
    }

    /// The server takes nothing any more; its successor may.
    pub(super) fn stopping() -> Self {
        let text = "the server is stopping; come back soon";
        let retry = Some(Duration::from_millis(RETURN_MS));
        Self { retry, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", text) }
    }

    /// Whoever asks may not look inside.
    pub(super) fn not_local(text: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_local", text)
    }

    /// Nothing is remembered that could be looked at.
    pub(super) fn no_flight() -> Self {
        let text =
            "this server remembers no events; its operator can change that: chat --flight on";
        Self::new(StatusCode::NOT_FOUND, "no_flight", text)
    }

    /// As many watch as may.
    pub(super) fn watched() -> Self {
        let text = format!("{WATCHERS} X-rays are open, which is as many as may be; close one");
        let retry = Some(Duration::from_secs(5));
        Self { retry, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_xrays", text) }
    }

    /// The address has all its connections; another may end.
    pub(super) fn crowded() -> Self {
        let text = "there are as many connections from your address as there may be; try later";
        let retry = Some(Duration::from_secs(5));
        Self { retry, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_from_address", text) }
    }

    /// The address is there, and takes other methods.
    pub(super) fn wrong_method() -> Self {
        let text = "this address takes other methods; the header Allow names them";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", text)
    }

    /// As whoever asked reads it: who opens a page gets the words alone.
    pub(super) fn told_to(self, headers: &HeaderMap) -> Response {
        let accepts = headers.get_all(header::ACCEPT).iter();
        let mut accepts = accepts.filter_map(|value| value.to_str().ok());
        match accepts.any(|kinds| kinds.contains("text/html")) {
            true => (self.status, format!("{}\n", self.text)).into_response(),
            false => self.into_response(),
        }
    }

    pub(super) fn of(self, client: ClientId, room: &RoomName) -> Self {
        Self { client: Some(client), room: Some(room.clone()), ..self }
    }

    pub(super) fn room(&self) -> Option<&RoomName> {
        self.room.as_ref()
    }

    pub(super) fn client(&self) -> Option<ClientId> {
        self.client
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (code, text) = (refused.code(), refused.to_string());
        let status = match refused {
            Refused::BadToken => StatusCode::UNAUTHORIZED,
            Refused::NotYours => StatusCode::FORBIDDEN,
            Refused::NoRoom | Refused::NoMessage(_) => StatusCode::NOT_FOUND,
            Refused::NameTaken { .. } => StatusCode::CONFLICT,
            Refused::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Refused::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refused::MidReused => StatusCode::UNPROCESSABLE_ENTITY,
            Refused::TooManyRooms(_) | Refused::Busy | Refused::NotStored => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Refused::NotSearchable => StatusCode::NOT_IMPLEMENTED,
            Refused::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            Refused::Unreadable => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        // A room that is empty goes by itself.
        let retry = match refused {
            Refused::TooManyRooms(_) => Some(Duration::from_secs(60)),
            _ => refused.retry_ms().map(Duration::from_millis),
        };
        let suggest = match refused {
            Refused::NameTaken { suggest } => Some(suggest),
            _ => None,
        };
        Self { status, code, text, suggest, retry, client: None, room: None }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", rejection.body_text())
    }
}

/// What stands in an address where its route has names.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Sessions>> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        sessions: &Arc<Sessions>,
    ) -> Result<Self, Problem> {
        let Ok(Path(at)) = Path::from_request_parts(parts, sessions).await else {
            let text = "the name of a room stands in an address as UTF-8, escaped with %";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_room", text);
            sessions.tracers().request_refused(None, None, problem.code);
            return Err(problem);
        };
        Ok(Self(at))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut object = json!({ "code": self.code, "text": self.text });
        if let Some(suggest) = &self.suggest {
            object["suggest"] = suggest.as_str().into();
        }
        let retry = self.retry.map(|after| after.as_millis() as u64);
        if let Some(ms) = retry {
            object["retry_ms"] = ms.into();
        }
        let mut response = (self.status, format!("{object}\n")).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = retry {
            headers.insert(header::RETRY_AFTER, ms.div_ceil(1000).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
