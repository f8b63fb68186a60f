//! The only place that asks what time it is.

use std::time::{Instant, SystemTime};

use crate::entry::Timestamp;

/// The time that deadlines are counted in: tokio's, which a test can stop.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The time that people are shown.
pub(crate) fn wall() -> Timestamp {
    #[cfg(test)]
    if let Some(wall) = crate::seeded::wall() {
        return wall;
    }
    SystemTime::now().into()
}
