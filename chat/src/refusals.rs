//! Posts that were refused, by the `mid` under which their poster may ask.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::entry::{Mid, Sender};
use crate::limits::{REFUSALS_EACH, REFUSALS_KEPT};
use crate::refused::Refused;

/// The newest refusals of a server.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    // Held for what is done in memory only, never across an await.
    kept: Mutex<VecDeque<Refusal>>,
}

#[derive(Debug)]
struct Refusal {
    sender: Sender,
    mid: Mid,
    why: Refused,
}

impl Refusals {
    /// A post of somebody's was refused. Nobody's refusals push out all of another's.
    pub(crate) fn push(&self, sender: Sender, mid: Mid, why: Refused) {
        let mut kept = self.kept();
        let own = kept.iter().filter(|refusal| refusal.sender == sender).count();
        let at = match own < REFUSALS_EACH {
            true if kept.len() < REFUSALS_KEPT => None,
            true => Some(0),
            false => kept.iter().position(|refusal| refusal.sender == sender),
        };
        at.map(|at| kept.remove(at));
        kept.push_back(Refusal { sender, mid, why });
    }

    /// What was refused is stored now, under the same `mid`.
    pub(crate) fn forget(&self, sender: &Sender, mid: &Mid) {
        self.kept().retain(|refusal| (&refusal.sender, &refusal.mid) != (sender, mid));
    }

    /// Why the newest of somebody's posts under this `mid` was refused.
    pub(crate) fn find(&self, sender: &Sender, mid: &Mid) -> Option<Refused> {
        let kept = self.kept();
        let mut newest = kept.iter().rev();
        let found = newest.find(|refusal| (&refusal.sender, &refusal.mid) == (sender, mid));
        found.map(|refusal| refusal.why.clone())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Refusal>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    fn sender(n: u64) -> Sender {
        Sender::Name(Name::guest(n))
    }

    #[test]
    fn the_newest_refusal_is_known_to_who_posted_until_it_is_stored() {
        let (refusals, mid) = (Refusals::default(), Mid::new("m").unwrap());
        refusals.push(sender(1), mid.clone(), Refused::EmptyBody);
        refusals.push(sender(1), mid.clone(), Refused::Busy);
        assert_eq!(refusals.find(&sender(1), &mid), Some(Refused::Busy));
        assert_eq!(refusals.find(&sender(2), &mid), None);
        refusals.forget(&sender(1), &mid);
        assert_eq!(refusals.find(&sender(1), &mid), None);
    }

    #[test]
    fn one_who_is_refused_often_pushes_out_his_own() {
        let (refusals, mid) = (Refusals::default(), Mid::new("m").unwrap());
        refusals.push(sender(1), mid.clone(), Refused::Busy);
        for n in 0..REFUSALS_KEPT {
            refusals.push(sender(2), Mid::new(&n.to_string()).unwrap(), Refused::NotText);
        }
        assert_eq!(refusals.find(&sender(1), &mid), Some(Refused::Busy));
        assert_eq!(refusals.kept().len(), REFUSALS_EACH + 1);
        for n in 3..3 + REFUSALS_KEPT as u64 {
            refusals.push(sender(n), mid.clone(), Refused::NotText);
        }
        assert_eq!(refusals.find(&sender(1), &mid), None);
        assert_eq!(refusals.kept().len(), REFUSALS_KEPT);
    }
}
