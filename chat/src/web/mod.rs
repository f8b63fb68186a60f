//! HTTP: the page, what it needs, and who may ask for it.

mod access;
mod api;
mod events;
mod health;
mod looking;
mod page;
mod posting;
mod problem;
mod saved;
mod sse;
mod xray;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub use self::access::Access;
pub(crate) use self::access::guarded;
use self::looking::Looking;
pub use self::looking::Xray;
use self::page::{Language, Page};
use self::problem::Problem;
pub(crate) use self::saved::saved;
use self::xray::Inside;
use crate::flight::Flight;
use crate::name::{NameError, RoomName};
use crate::sessions::Sessions;

/// The page at `/` and `/rooms/{room}`, its files under a path that changes with them, what
/// an operator's programs ask, what other programs do without a session, and what happens inside.
pub(crate) fn routes(sessions: Arc<Sessions>, flight: Option<Flight>, access: &Access) -> Router {
    let (page, looking) = (Arc::new(Page::new()), Looking::new(access));
    let (file, sees) = (Arc::clone(&page), Arc::clone(&sessions));
    let inside = Arc::new(Inside { sessions: sees, flight, looking, page });
    let (lobby, room) = (Arc::clone(&inside), Arc::clone(&inside));
    Router::new()
        .route(
            "/",
            get(move |request: Request| async move { lobby.room(&RoomName::lobby(), &request) }),
        )
        .route(
            "/rooms/{room}",
            get(move |Path(name): Path<String>, request: Request| async move {
                match room_of(&name) {
                    Ok(name) => room.room(&name, &request),
                    Err(why) => {
                        (StatusCode::BAD_REQUEST, format!("no such room: {why}\n")).into_response()
                    }
                }
            }),
        )
        .route(
            "/a/{hash}/{file}",
            get(move |Path((hash, name)): Path<(String, String)>| async move {
                file.file(&hash, &name)
            }),
        )
        .merge(health::routes(Arc::clone(&sessions)))
        .merge(xray::routes(inside))
        .merge(api::routes(sessions))
}

/// `router`, and an answer to whatever it does not know.
pub(crate) fn with_fallback(router: Router) -> Router {
    router.fallback(|| async { (StatusCode::NOT_FOUND, "nothing is here; the page is at /\n") })
}

/// What is answered to who has all the connections that an address may.
pub(crate) fn crowded() -> Response {
    access::with_headers(Problem::crowded().into_response())
}

impl Inside {
    /// The page of a room. It leads to the X-ray where that would be shown: a page that asked for
    /// itself would leave an error in the console of everybody else.
    fn room(&self, room: &RoomName, request: &Request) -> Response {
        let headers = request.headers();
        let host = text(headers, header::HOST).unwrap_or_default();
        let is_shown = *room != RoomName::inbox() && self.is_shown(request);
        html(self.page.render(room, host, language(headers), is_shown))
    }
}

impl Page {
    fn xray(&self, headers: &HeaderMap) -> Response {
        html(self.render_xray(language(headers)))
    }

    fn file(&self, hash: &str, name: &str) -> Response {
        let Some((kind, bytes)) = self.asset(hash, name) else {
            return (StatusCode::NOT_FOUND, "no such file\n").into_response();
        };
        let forever = "public, max-age=31536000, immutable";
        ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, forever)], bytes).into_response()
    }
}

/// The room that an address names; `@` is the inbox of whoever is there.
fn room_of(address: &str) -> Result<RoomName, NameError> {
    match RoomName::inbox() {
        inbox if address == inbox.as_str() => Ok(inbox),
        _ => RoomName::new(address),
    }
}

fn language(headers: &HeaderMap) -> Language {
    Language::preferred(text(headers, header::ACCEPT_LANGUAGE).unwrap_or_default())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn html(html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept-language"),
    ];
    (headers, html).into_response()
}
