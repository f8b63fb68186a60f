//! Who reads a recorder, at his own pace.

use std::sync::atomic::Ordering;

use super::frame::Recorded;
use super::ring::{self, Place};
use super::{Flight, Rings};
use crate::limits::{FLIGHT_READ_BYTES, WATCHERS};
use crate::ndjson;

/// A cursor into what a recorder remembers, and what was copied from there last.
pub(crate) struct Watch {
    flight: Flight,
    /// The next of the steps, and the first that is not read there.
    steps: Place,
    end: Place,
    /// The next of what is recorded for those who watch, if this one does.
    watched: Option<Place>,
    copied: Vec<u8>,
}

/// What somebody who reads is told.
#[derive(Debug)]
pub(crate) enum Told<'a> {
    Event(Recorded<'a>),
    /// So many were overwritten before they were read.
    Lost(u64),
}

impl Watch {
    /// Of the steps that are there now, up to the newest.
    pub(super) fn of_steps(flight: Flight) -> Self {
        let (steps, end) = {
            let rings = flight.rings();
            (rings.steps.oldest(), rings.steps.newest())
        };
        Self { flight, steps, end, watched: None, copied: Vec::new() }
    }

    /// Of the steps that are there now and then of all that happens.
    pub(super) fn begin(flight: Flight) -> Option<Self> {
        let mut rings = flight.rings();
        if rings.watchers == WATCHERS {
            return None;
        }
        let watched = Some(rings.begin().newest());
        let (steps, end) = (rings.steps.oldest(), rings.steps.newest());
        flight.0.watched.store(true, Ordering::Relaxed);
        drop(rings);
        Some(Self { flight, steps, end, watched, copied: Vec::new() })
    }

    /// Tells some of what there is; whether there was anything.
    pub(crate) fn read(&mut self, mut tell: impl FnMut(Told<'_>)) -> bool {
        let Self { flight, steps, end, watched, copied } = self;
        let is_live = steps.has_reached(*end);
        let place = match watched {
            Some(place) if is_live => place,
            None if is_live => return false,
            _ => steps,
        };
        let before = *place;
        let overwritten = {
            let rings = flight.rings();
            let Rings { steps, watched, .. } = &*rings;
            let ring = if is_live { watched.as_ref() } else { Some(steps) };
            let Some(ring) = ring else { return false };
            ring.copy(place, FLIGHT_READ_BYTES, copied)
        };
        // Steps behind the end of the beginning are told elsewhere.
        let lost = if is_live { overwritten } else { overwritten.min(before.frames_to(*end)) };
        if lost > 0 {
            tell(Told::Lost(lost));
        }
        let mut rest = copied.as_slice();
        let mut told = lost > 0;
        // What came after the steps of the beginning is read where all else is as well.
        while (is_live || !place.has_reached(*end))
            && let Some(event) = ring::next(&mut rest, place)
        {
            told = true;
            tell(Told::Event(event));
        }
        told
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.watched.is_none() {
            return;
        }
        let mut rings = self.flight.rings();
        if rings.end() {
            self.flight.0.watched.store(false, Ordering::Relaxed);
        }
    }
}

impl Told<'_> {
    /// Appends it as a line.
    pub(crate) fn line(&self, out: &mut Vec<u8>) {
        match self {
            Self::Event(event) => event.line(out),
            Self::Lost(lost) => {
                out.extend_from_slice(ndjson::lost(*lost).as_bytes());
                out.push(b'\n');
            }
        }
    }
}
