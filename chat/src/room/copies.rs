//! Where the copies of a direct message are: every inbox numbers for itself.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use super::Room;
use crate::entry::{Epoch, MemberId, Seq};
use crate::limits::COPIES_KEPT;
use crate::name::Name;

/// The newest direct messages of a server.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    // Held for what is done in memory only, never across an await.
    kept: Mutex<VecDeque<Sent>>,
}

/// One direct message: its number in the inbox of its sender, and its recipients.
#[derive(Debug)]
struct Sent {
    sender: MemberId,
    seq: Seq,
    copies: Vec<Copy>,
}

/// The message in the inbox of a recipient, which is closed once he is no member any more.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(super) member: MemberId,
    pub(super) name: Name,
    pub(super) inbox: Weak<Room>,
    pub(super) epoch: Epoch,
    pub(super) seq: Seq,
}

impl Copies {
    pub(super) fn push(&self, sender: MemberId, seq: Seq, copies: Vec<Copy>) {
        let mut kept = self.kept();
        if kept.len() == COPIES_KEPT {
            kept.pop_front();
        }
        kept.push_back(Sent { sender, seq, copies });
    }

    /// Those of a message, if they are known.
    pub(crate) fn find(&self, sender: MemberId, seq: Seq) -> Option<Vec<Copy>> {
        let kept = self.kept();
        let mut newest = kept.iter().rev();
        let sent = newest.find(|sent| (sent.sender, sent.seq) == (sender, seq));
        sent.map(|sent| sent.copies.clone())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Sent>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
