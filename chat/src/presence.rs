//! Who is in a room. Pure: time is an argument.

use std::collections::HashMap;
use std::mem;
use std::time::{Duration, Instant};

use crate::entry::MemberId;
use crate::name::Name;

/// The members of one room, and the changes not yet told.
#[derive(Debug, Default)]
pub struct Presence {
    here: HashMap<MemberId, Here>,
    sessions: usize,
    joined: Vec<Name>,
}

#[derive(Debug)]
struct Here {
    name: Name,
    sessions: usize,
    /// Without sessions since then it counts as gone at this time.
    gone: Option<Instant>,
}

/// The changes since the last one, in the order in which they happened.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Members now.
    pub count: usize,
    /// Who came.
    pub joined: Vec<Name>,
    /// Who went.
    pub left: Vec<Name>,
}

impl Presence {
    /// A session of a member comes in.
    pub fn join(&mut self, id: MemberId, name: &Name) {
        let here = self.here.entry(id).or_insert_with(|| {
            self.joined.push(name.clone());
            Here { name: name.clone(), sessions: 0, gone: None }
        });
        here.sessions += 1;
        self.sessions += 1;
        here.gone = None;
    }

    /// A session of a member goes; with the last one the member is gone after `grace`.
    pub fn leave(&mut self, id: MemberId, now: Instant, grace: Duration) {
        if let Some(here) = self.here.get_mut(&id).filter(|here| here.sessions > 0) {
            here.sessions -= 1;
            self.sessions -= 1;
            if here.sessions == 0 {
                here.gone = Some(now + grace);
            }
        }
    }

    /// When the next member counts as gone, or now if there are changes to tell.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let gone = self.here.values().filter_map(|here| here.gone).min();
        if self.joined.is_empty() { gone } else { Some(now) }
    }

    /// What changed up to `now`. Within a change everybody joined before anybody left; a name that
    /// one member gave up and another took is told as left in a change of its own, before.
    pub fn take(&mut self, now: Instant) -> Vec<Change> {
        let mut gone: Vec<_> = self
            .here
            .iter()
            .filter_map(|(&id, here)| Some((here.gone?, id)).filter(|(at, _)| *at <= now))
            .collect();
        gone.sort();
        let gone: Vec<_> = gone.into_iter().filter_map(|(_, id)| self.here.remove(&id)).collect();
        let taken = |name: &Name| self.here.values().any(|here| here.name == *name);
        let (first, left) = gone.into_iter().map(|here| here.name).partition(taken);
        let (count, joined) = (self.here.len(), mem::take(&mut self.joined));
        let first = Change { count, joined: Vec::new(), left: first };
        let changes = [first, Change { count, joined, left }].into_iter();
        changes.filter(|change| !change.joined.is_empty() || !change.left.is_empty()).collect()
    }

    /// Members now.
    pub fn count(&self) -> usize {
        self.here.len()
    }

    /// Their sessions now.
    pub fn sessions(&self) -> usize {
        self.sessions
    }

    /// Everybody's name, sorted.
    pub fn names(&self) -> Vec<Name> {
        let mut names: Vec<_> = self.here.values().map(|here| here.name.clone()).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: MemberId = MemberId(1);
    const BOB: MemberId = MemberId(2);
    const GRACE: Duration = Duration::from_secs(5);

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[track_caller]
    fn told(presence: &mut Presence, now: Instant, count: usize, joined: &[&str], left: &[&str]) {
        let names = |names: &[&str]| names.iter().map(|n| name(n)).collect();
        let expected = Change { count, joined: names(joined), left: names(left) };
        assert_eq!(presence.take(now), [expected]);
        assert_eq!(presence.take(now), []);
    }

    #[test]
    fn a_member_is_told_with_its_first_session_and_its_last() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        presence.join(ANN, &name("ann"));
        presence.join(ANN, &name("ann"));
        presence.join(BOB, &name("bob"));
        assert_eq!((presence.count(), presence.sessions()), (2, 3));
        told(&mut presence, now, 2, &["ann", "bob"], &[]);
        presence.leave(ANN, now, Duration::ZERO);
        assert_eq!(presence.take(now), []);
        presence.leave(ANN, now, Duration::ZERO);
        told(&mut presence, now, 1, &[], &["ann"]);
        assert_eq!(presence.names(), [name("bob")]);
    }

    #[test]
    fn a_member_who_comes_back_in_time_never_left() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        presence.join(ANN, &name("ann"));
        told(&mut presence, now, 1, &["ann"], &[]);
        presence.leave(ANN, now, GRACE);
        assert_eq!((presence.count(), presence.sessions()), (1, 0));
        assert_eq!(presence.due(now), Some(now + GRACE));
        assert_eq!(presence.take(now + GRACE / 2), []);
        presence.join(ANN, &name("ann"));
        assert_eq!(presence.due(now), None);
        assert_eq!(presence.take(now + GRACE), []);
        presence.leave(ANN, now + GRACE, GRACE);
        told(&mut presence, now + 2 * GRACE, 0, &[], &["ann"]);
    }

    #[test]
    fn somebody_who_only_looked_in_is_told_both_ways() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        presence.join(ANN, &name("ann"));
        presence.leave(ANN, now, Duration::ZERO);
        assert_eq!(presence.due(now), Some(now));
        told(&mut presence, now, 0, &["ann"], &["ann"]);
    }

    #[test]
    fn a_name_that_changed_hands_is_told_as_left_first() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        presence.join(ANN, &name("guest-1"));
        presence.take(now);
        presence.leave(ANN, now, Duration::ZERO);
        presence.join(BOB, &name("guest-1"));
        let changes = presence.take(now);
        assert_eq!(changes[0].left, [name("guest-1")]);
        assert_eq!(
            (&changes[1].joined[..], &changes[1].left[..]),
            (&[name("guest-1")][..], &[][..])
        );
        assert_eq!(presence.names(), [name("guest-1")]);
    }
}
