//! What a reader does not get, and why.

/// Why a reader cannot go on from where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The position belongs to another log.
    Epoch,
    /// The entries behind it are no longer kept.
    Expired,
}

impl Lost {
    /// Its name on the wire and in the trace.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Expired => "expired",
        }
    }
}

/// Why entries are missing in what a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missed {
    /// They were dropped before the reader took them.
    Slow,
    /// What was stored of them is damaged.
    Damaged,
    /// They are not kept any longer.
    Expired,
}

impl Missed {
    /// Its name on the wire and in the trace.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Damaged => "damaged",
            Self::Expired => "expired",
        }
    }
}
