//! What the programs of an operator ask: whether it lives, whether to send clients, what it counts.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::metrics::Now;
use crate::sessions::Sessions;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes(sessions: Arc<Sessions>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { uncached((StatusCode::OK, "ok\n")) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(sessions)
}

async fn ready(State(sessions): State<Arc<Sessions>>) -> Response {
    uncached(match sessions.stopping().is_cancelled() {
        true => (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping; send nobody here\n"),
        false => (StatusCode::OK, "ready\n"),
    })
}

async fn metrics(State(sessions): State<Arc<Sessions>>) -> Response {
    let rooms = sessions.rooms();
    let now = Now { rooms: rooms.count(), members: rooms.members().present() };
    let text = sessions.tracers().metrics.text(now);
    uncached(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}

fn uncached(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
