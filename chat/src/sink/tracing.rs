//! `--trace tracing`: everything goes to the subscriber of the process.

use std::io;
use std::sync::Arc;

use trace::{Background, to_tracing};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;

use super::Sink;
use crate::limits::TRACE_BUFFER_BYTES;

pub(super) fn sink(bodies: bool) -> io::Result<Sink> {
    let lines = Arc::new(Background::new(io::stderr(), TRACE_BUFFER_BYTES)?);
    Ok(Sink { install: Some(install), ..Sink::of(Arc::new(to_tracing()), lines, bodies) })
}

/// Has all that `tracing` is told written to these lines.
fn install(lines: Arc<Background>) {
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE);
    // A program that has a subscriber keeps it.
    let _ = subscriber.with_writer(lines).finish().try_init();
}
