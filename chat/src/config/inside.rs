//! What lets one see inside: the trace and the flight recorder.

use clap::Args;

use super::error::Wrong;
use super::pick::Pick;
use super::ready::word;
use super::{TraceFormat, TraceTo};
use crate::web::Xray;

/// Its flags, as text.
#[derive(Debug, Args)]
#[command(next_help_heading = "Seeing inside")]
pub(super) struct InsideFlags {
    /// Tell what happens inside, a line each: stdout, stderr, off, or a file to append to
    /// [default: off]
    ///
    /// Banner and errors are on stderr, so stdout carries the trace alone. A trace that cannot
    /// be written never slows the room: what was lost is counted and told. A chat that was built
    /// with `--features tracing` also takes tracing: everything is told to the `tracing` ecosystem,
    /// and a subscriber writes it to stderr.
    #[arg(short, long, value_name = "TO", global = true)]
    trace: Option<String>,

    /// How a trace line looks: text or json [default: text]
    #[arg(long, value_name = "FORMAT", global = true)]
    trace_format: Option<String>,

    /// Message texts in the trace: show or hide [default: show on stdout, else hide]
    ///
    /// The flight recorder and the X-ray have them only where show is said.
    #[arg(long, value_name = "BODIES", global = true, hide_short_help = true)]
    trace_bodies: Option<String>,

    /// Who may open the X-ray at /xray: loopback (this computer), all, or off [default: loopback]
    ///
    /// And who may read the flight recorder at /debug/flight. Who asks through a proxy is not on this
    /// computer; a proxy on this computer that does not say so, in X-Forwarded-For for instance, has
    /// to be kept away with off. With all, everybody sees the names and addresses of all clients.
    #[arg(long, value_name = "WHO", global = true, hide_short_help = true)]
    xray: Option<String>,

    /// Whether the last 9000 or so events are remembered: on or off [default: on]
    ///
    /// They take 1 MiB. The X-ray begins with them, and on SIGUSR1 or a panic they are written into
    /// chat-flight-UNIXTIME.ndjson beside the file of --data.
    #[arg(long, value_name = "FLIGHT", global = true, hide_short_help = true)]
    flight: Option<String>,
}

impl InsideFlags {
    pub(super) fn put(self, put: &mut impl FnMut(&'static str, Vec<String>)) {
        put("trace", Vec::from_iter(self.trace));
        put("trace-format", Vec::from_iter(self.trace_format));
        put("trace-bodies", Vec::from_iter(self.trace_bodies));
        put("xray", Vec::from_iter(self.xray));
        put("flight", Vec::from_iter(self.flight));
    }
}

/// All of it, checked.
pub(super) struct Inside {
    pub(super) trace: TraceTo,
    pub(super) trace_format: TraceFormat,
    pub(super) trace_bodies: bool,
    pub(super) xray: Xray,
    pub(super) flight: bool,
    pub(super) flight_bodies: bool,
}

pub(super) fn chosen(pick: &mut Pick) -> Result<Inside, Wrong> {
    let trace = pick.one("trace", "off", TraceTo::parse)?;
    let trace_format = pick.one("trace-format", "text", |text| {
        word(text, [("text", TraceFormat::Text), ("json", TraceFormat::Json)])
    })?;
    #[cfg(feature = "tracing")]
    if (&trace, trace_format) == (&TraceTo::Tracing, TraceFormat::Json) {
        return Err(pick.refuse("trace-format", "--trace tracing has a format of its own"));
    }
    let bodies = if trace == TraceTo::Stdout { "show" } else { "hide" };
    let trace_bodies =
        pick.one("trace-bodies", bodies, |text| word(text, [("show", true), ("hide", false)]))?;
    let xray = pick.one("xray", "loopback", |text| {
        word(text, [("loopback", Xray::Loopback), ("all", Xray::All), ("off", Xray::Off)])
    })?;
    let flight = pick.one("flight", "on", |text| word(text, [("on", true), ("off", false)]))?;
    let flight_bodies = trace_bodies && pick.is_said("trace-bodies");
    Ok(Inside { trace, trace_format, trace_bodies, xray, flight, flight_bodies })
}
