//! The senders' own names for the entries that a log keeps.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::entry::{Content, Entry, Mid, Sender, Seq};
use crate::refused::Refused;

/// Entries by sender and `mid`, for as long as their log has them. What they said is known by its
/// hash alone: the text of one that was deleted is kept nowhere.
#[derive(Debug, Default)]
pub(super) struct Mids(HashMap<(Sender, Mid), (Seq, u64)>);

impl Mids {
    /// The place of a post that the log has already.
    ///
    /// # Errors
    /// [`Refused::MidReused`] if its `mid` names another message.
    pub(super) fn find(
        &self,
        sender: &Sender,
        mid: Option<&Mid>,
        content: &Content,
    ) -> Result<Option<Seq>, Refused> {
        let Some(mid) = mid else { return Ok(None) };
        match self.0.get(&(sender.clone(), mid.clone())) {
            Some(&(seq, said)) if said == hash(content) => Ok(Some(seq)),
            Some(_) => Err(Refused::MidReused),
            None => Ok(None),
        }
    }

    pub(super) fn add(&mut self, sender: &Sender, mid: &Mid, seq: Seq, content: &Content) {
        self.0.insert((sender.clone(), mid.clone()), (seq, hash(content)));
    }

    pub(super) fn forget(&mut self, entry: &Entry) {
        if let Some(mid) = &entry.mid {
            self.0.remove(&(entry.sender.clone(), mid.clone()));
        }
    }
}

fn hash(content: &Content) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}
