//! The senders' own names for the entries that a log keeps.

use std::collections::HashMap;
use std::sync::Arc;

use crate::command::Post;
use crate::entry::{Entry, MemberId, Mid, Seq};
use crate::refused::Refused;

/// Entries by sender and `mid`, for as long as their log has them.
#[derive(Debug, Default)]
pub(super) struct Mids(HashMap<(MemberId, Mid), Arc<Entry>>);

impl Mids {
    /// The place of a post that the log has already.
    ///
    /// # Errors
    /// [`Refused::MidReused`] if its `mid` names another message.
    pub(super) fn find(&self, sender: MemberId, post: &Post) -> Result<Option<Seq>, Refused> {
        let Some(mid) = &post.mid else { return Ok(None) };
        match self.0.get(&(sender, mid.clone())) {
            Some(known) if known.content == post.content => Ok(Some(known.seq)),
            Some(_) => Err(Refused::MidReused),
            None => Ok(None),
        }
    }

    pub(super) fn add(&mut self, entry: &Arc<Entry>) {
        if let Some(mid) = &entry.mid {
            self.0.insert((entry.sender, mid.clone()), Arc::clone(entry));
        }
    }

    pub(super) fn forget(&mut self, entry: &Entry) {
        if let Some(mid) = &entry.mid {
            self.0.remove(&(entry.sender, mid.clone()));
        }
    }
}
