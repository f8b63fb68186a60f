//! Posts that were refused, by the `mid` under which their poster may ask.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::entry::{Mid, Sender};
use crate::limits::REFUSALS_KEPT;
use crate::refused::Refused;

/// The newest refusals of a server.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    // Held for what is done in memory only, never across an await.
    kept: Mutex<VecDeque<(Sender, Mid, Refused)>>,
}

impl Refusals {
    /// A post of somebody's was refused.
    pub(crate) fn push(&self, sender: Sender, mid: Mid, refused: Refused) {
        let mut kept = self.kept();
        if kept.len() == REFUSALS_KEPT {
            kept.pop_front();
        }
        kept.push_back((sender, mid, refused));
    }

    /// Why the newest of somebody's posts under this `mid` was refused.
    pub(crate) fn find(&self, sender: &Sender, mid: &Mid) -> Option<Refused> {
        let kept = self.kept();
        let mut newest = kept.iter().rev();
        let found = newest.find(|(who, of, _)| (who, of) == (sender, mid));
        found.map(|(.., refused)| refused.clone())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(Sender, Mid, Refused)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    #[test]
    fn the_newest_refusals_are_known_to_who_posted() {
        let (refusals, mid) = (Refusals::default(), Mid::new("m").unwrap());
        let sender = |n: u64| Sender::Name(Name::guest(n));
        refusals.push(sender(1), mid.clone(), Refused::EmptyBody);
        refusals.push(sender(1), mid.clone(), Refused::Busy);
        assert_eq!(refusals.find(&sender(1), &mid), Some(Refused::Busy));
        assert_eq!(refusals.find(&sender(2), &mid), None);
        for _ in 0..REFUSALS_KEPT {
            refusals.push(sender(2), mid.clone(), Refused::NotText);
        }
        assert_eq!(refusals.find(&sender(1), &mid), None);
        assert_eq!(refusals.kept().len(), REFUSALS_KEPT);
    }
}
