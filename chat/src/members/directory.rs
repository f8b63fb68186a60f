//! Who holds which name, behind the one lock of the members.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::entry::MemberId;
use crate::history::{Kept, TokenHash};
use crate::limits::{Limits, SUGGESTIONS};
use crate::name::Name;
use crate::random::random_number;
use crate::refused::Refused;

#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) held: HashMap<MemberId, Held>,
    pub(super) by_key: HashMap<String, MemberId>,
    pub(super) by_token: HashMap<TokenHash, MemberId>,
    /// Members without a session, the one away longest first.
    pub(super) away: BTreeSet<(Instant, MemberId)>,
    /// Members who are no more, until what belonged to them is cleared.
    pub(super) gone: Vec<MemberId>,
    pub(super) last_guest: u64,
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) name: Name,
    pub(super) token: Option<TokenHash>,
    pub(super) sessions: usize,
    pub(super) away: Option<Instant>,
}

impl Directory {
    /// Counts a session of a member in; also tells since when it was away.
    pub(super) fn enter(&mut self, id: MemberId) -> (Name, Option<Instant>) {
        let held = self.held.get_mut(&id).expect("a member is held while the directory is locked");
        held.sessions += 1;
        (held.name.clone(), held.away.take())
    }

    /// Whoever holds a name that could be taken for this one.
    pub(super) fn holder(&self, name: &Name) -> Option<MemberId> {
        name.keys().iter().find_map(|key| self.by_key.get(key)).copied()
    }

    /// What is said of a name that cannot be had.
    pub(super) fn taken(&self, name: &Name) -> Refused {
        let numbered = (2..2 + SUGGESTIONS).map(|n| name.numbered(n));
        let free = numbered.into_iter().find(|name| self.holder(name).is_none());
        Refused::NameTaken {
            suggest: free.unwrap_or_else(|| name.numbered(random_number() % (1 << 32))),
        }
    }

    pub(super) fn add(&mut self, name: Name, token: Option<TokenHash>) -> MemberId {
        let id = MemberId(random_number());
        self.put(id, Held { name, token, sessions: 0, away: None });
        id
    }

    /// A member from before, away since then.
    pub(super) fn restore(&mut self, kept: Kept, since: Instant) {
        let Kept { id, name, token, .. } = kept;
        self.away.insert((since, id));
        self.put(id, Held { name, token: Some(token), sessions: 0, away: Some(since) });
    }

    fn put(&mut self, id: MemberId, held: Held) {
        self.by_key.extend(held.name.keys().map(|key| (key, id)));
        self.by_token.extend(held.token.map(|token| (token, id)));
        self.held.insert(id, held);
    }

    pub(super) fn remove(&mut self, id: MemberId) {
        let Some(held) = self.held.remove(&id) else { return };
        self.gone.push(id);
        for key in held.name.keys() {
            self.by_key.remove(&key);
        }
        if let Some(token) = held.token {
            self.by_token.remove(&token);
        }
    }

    /// Gives up the reservations that are too old or too many.
    pub(super) fn forget(&mut self, limits: &Limits, now: Instant) {
        while let Some(&(since, id)) = self.away.first() {
            let old = now.saturating_duration_since(since) >= limits.reserved;
            if !old && self.away.len() <= limits.reservations {
                break;
            }
            self.away.pop_first();
            self.remove(id);
        }
    }
}
