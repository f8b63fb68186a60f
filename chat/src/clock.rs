//! The only place that asks what time it is.

use std::time::{Instant, SystemTime};

use crate::entry::Timestamp;
use crate::ndjson::At;

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

/// The same, as finely as steps of one message are told apart.
pub(crate) fn micros() -> At {
    #[cfg(test)]
    if let Some(wall) = crate::seeded::wall() {
        return At(wall.0 * 1000);
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    At(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
