//! The X-ray as people use it: how a test opens it, and what it reads there.

pub(crate) mod evening;
pub(crate) mod live;
pub(crate) mod members;
pub(crate) mod model;
mod relay;
pub(crate) mod saved;

use std::sync::Arc;

use serde_json::json;

use crate::cdp::Res;
use crate::lab::World;
use crate::page::{DESK, Page, View};

/// Wide enough for two columns.
pub(crate) const WIDE: View = View { width: 1280, height: 820, ..DESK };

/// A page of its own that shows a file.
pub(crate) async fn shows(world: &World, view: View, trace: &str) -> Res<Arc<Page>> {
    let page = world.open(view, "/xray").await?;
    page.until("document.querySelector('.state')?.dataset.state === 'live'").await?;
    choose(&page, trace).await?;
    page.until("document.querySelector('.state').dataset.state === 'saved'").await?;
    Ok(page)
}

/// Opens a file as a person does, but for the window in which one looks for it.
pub(crate) async fn choose(page: &Page, trace: &str) -> Res {
    let script = format!(
        "(() => {{ const files = new DataTransfer(); \
         files.items.add(new File([{}], 'evening.ndjson')); \
         const input = document.querySelector('.pick input'); input.files = files.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})) }})()",
        json!(trace)
    );
    page.js(&script).await.map(drop)
}

pub(crate) const ROWS: &str = "[...document.querySelectorAll('.event')].sort((a, b) => \
    a.ariaPosInSet - b.ariaPosInSet).map((x) => x.ariaLabel.replace(/[\\u2068\\u2069]/g, ''))";
pub(crate) const GAUGES: &str =
    "[...document.querySelectorAll('.gauge')].map((x) => x.innerText.replace(/\\s+/g, ' '))";

pub(crate) fn found(text: &str) -> String {
    format!(
        "document.querySelector('.found').innerText.replace(/[\\u2068\\u2069]/g, '').includes({})",
        json!(text)
    )
}
