//! What the rooms of a server have in common.

use std::sync::Arc;

use super::departed::Departed;
use crate::history::History;
use crate::limits::Limits;
use crate::refusals::Refusals;
use crate::tracers::Tracers;

/// Who gives an entry its place and makes it last. A closed set.
#[derive(Clone, Debug)]
pub(crate) enum Sequencer {
    /// The log's own counter.
    Memory,
    /// The commit that stores it.
    History(Arc<History>),
}

/// What the rooms of a server have in common.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) limits: Arc<Limits>,
    pub(crate) sequencer: Sequencer,
    pub(crate) tracers: Tracers,
    pub(crate) departed: Departed,
    pub(crate) refusals: Refusals,
}
