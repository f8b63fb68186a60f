//! The X-ray of a trace that was saved.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;

use super::page::Page;
use super::{Access, guarded, sse};
use crate::tracers::Tracers;

/// Says that nothing comes any more, so that browsers do not ask again.
const END: &[u8] = b"event: end\ndata: {}\n\n";

/// The X-ray page at `/xray`, with these lines as its events. Who asks for them by another name
/// than this computer's is refused.
pub(crate) fn saved(lines: Vec<Bytes>) -> Router {
    let page = Arc::new(Page::new());
    let file = Arc::clone(&page);
    let lines: Arc<[Bytes]> = lines.into();
    let router = Router::new()
        .route("/", get(async || Redirect::to("/xray")))
        .route("/xray", get(move |headers: HeaderMap| async move { page.xray(&headers) }))
        .route("/xray/events", get(move || async move { events(&lines).into_response() }))
        .route(
            "/a/{hash}/{file}",
            get(move |Path((hash, name)): Path<(String, String)>| async move {
                file.file(&hash, &name)
            }),
        );
    guarded(router, Access::default(), Tracers::default())
}

fn events(lines: &Arc<[Bytes]>) -> impl IntoResponse + use<> {
    let lines = Arc::clone(lines);
    let each = (0..lines.len()).map(move |at| event(&lines[at]));
    let all = each.chain([Bytes::from_static(END)]);
    sse::response(stream::iter(all.map(Ok::<_, Infallible>)))
}

fn event(line: &Bytes) -> Bytes {
    [b"data: ", line.as_ref(), b"\n\n"].concat().into()
}
