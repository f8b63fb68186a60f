//! Who holds which name, with which token, in how many sessions.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::clock;
use crate::command::Token;
use crate::entry::MemberId;
use crate::limits::{Limits, SUGGESTIONS};
use crate::name::Name;
use crate::refused::Refused;

/// Every name that is held or reserved on this server.
///
/// A name with a token stays reserved for [`Limits::reserved`] after its last session; a guest's
/// ends with it.
#[derive(Debug)]
pub struct Members {
    limits: Limits,
    // Held for map operations only, never across an await.
    directory: Mutex<Directory>,
}

#[derive(Debug, Default)]
struct Directory {
    held: HashMap<MemberId, Held>,
    by_key: HashMap<String, MemberId>,
    by_token: HashMap<Token, MemberId>,
    /// Members without a session, the one away longest first.
    away: BTreeSet<(Instant, MemberId)>,
    /// Members who are no more, until what belonged to them is cleared.
    gone: Vec<MemberId>,
    last_id: u64,
    last_guest: u64,
}

#[derive(Debug)]
struct Held {
    name: Name,
    token: Option<Token>,
    sessions: usize,
    away: Option<Instant>,
}

/// A session's hold on its member's name; dropping it lets go.
#[derive(Debug)]
pub struct Login {
    members: Arc<Members>,
    /// Who.
    pub id: MemberId,
    /// Under which name.
    pub name: Name,
    /// The secret to come back with; guests have none.
    pub token: Option<Token>,
    /// The member came to be with this login.
    new: bool,
}

impl Login {
    /// Takes a login back that came to nothing: a name that was new is free again at once.
    pub(crate) fn withdraw(self) {
        if self.new {
            self.members.directory().remove(self.id);
        }
    }
}

impl Members {
    /// Nobody yet.
    pub fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), directory: Mutex::default() }
    }

    /// A session for whoever holds `token` under `name`, or for a new member if the name is free;
    /// the new one gets a token if it `keeps` the name.
    ///
    /// # Errors
    /// [`Refused::NameTaken`] with a free name to suggest, or [`Refused::TooManySessions`].
    pub fn admit(
        self: &Arc<Self>,
        name: Name,
        token: Option<&Token>,
        keeps: bool,
        now: Instant,
    ) -> Result<Login, Refused> {
        let mut directory = self.directory();
        directory.forget(&self.limits, now);
        let known = token.and_then(|token| directory.by_token.get(token)).copied();
        match (known, directory.holder(&name)) {
            (Some(known), Some(holder)) if known == holder => {
                if directory.held[&known].sessions >= self.limits.sessions_per_member {
                    return Err(Refused::TooManySessions(self.limits.sessions_per_member));
                }
                Ok(self.login(directory, known, false))
            }
            (_, Some(_)) => {
                let numbered = (2..2 + SUGGESTIONS).map(|n| name.numbered(n));
                let free = numbered.into_iter().find(|name| directory.holder(name).is_none());
                Err(Refused::NameTaken { suggest: free.unwrap_or_else(|| name.numbered(lot())) })
            }
            (_, None) => {
                let id = directory.add(name, keeps.then(new_token));
                Ok(self.login(directory, id, true))
            }
        }
    }

    /// How many have a session.
    pub fn present(&self) -> usize {
        let directory = self.directory();
        directory.held.len() - directory.away.len()
    }

    /// Whoever holds a name, or one that looks like it.
    pub fn find(&self, name: &Name) -> Option<MemberId> {
        self.directory().holder(name)
    }

    /// Those who ceased to be members since this was asked last.
    pub(crate) fn take_gone(&self) -> Vec<MemberId> {
        std::mem::take(&mut self.directory().gone)
    }

    /// A session for somebody who was not asked for a name.
    pub fn admit_guest(self: &Arc<Self>) -> Login {
        let mut directory = self.directory();
        let name = loop {
            directory.last_guest += 1;
            let name = Name::guest(directory.last_guest);
            if directory.holder(&name).is_none() {
                break name;
            }
        };
        let id = directory.add(name, None);
        self.login(directory, id, true)
    }

    fn login(
        self: &Arc<Self>,
        mut directory: MutexGuard<'_, Directory>,
        id: MemberId,
        new: bool,
    ) -> Login {
        let (name, token, away) = directory.enter(id);
        if let Some(since) = away {
            directory.away.remove(&(since, id));
        }
        Login { members: Arc::clone(self), id, name, token, new }
    }

    fn release(&self, id: MemberId, now: Instant) {
        let mut directory = self.directory();
        let Some(held) = directory.held.get_mut(&id) else { return };
        held.sessions -= 1;
        if held.sessions > 0 {
            return;
        }
        if held.token.is_none() {
            directory.remove(id);
            return;
        }
        held.away = Some(now);
        directory.away.insert((now, id));
        directory.forget(&self.limits, now);
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.members.release(self.id, clock::now());
    }
}

impl Directory {
    /// Counts a session of a member in; also tells since when it was away.
    fn enter(&mut self, id: MemberId) -> (Name, Option<Token>, Option<Instant>) {
        let held = self.held.get_mut(&id).expect("a member is held while the directory is locked");
        held.sessions += 1;
        (held.name.clone(), held.token.clone(), held.away.take())
    }

    /// Whoever holds a name that could be taken for this one.
    fn holder(&self, name: &Name) -> Option<MemberId> {
        name.keys().iter().find_map(|key| self.by_key.get(key)).copied()
    }

    fn add(&mut self, name: Name, token: Option<Token>) -> MemberId {
        self.last_id += 1;
        let id = MemberId(self.last_id);
        self.by_key.extend(name.keys().map(|key| (key, id)));
        self.by_token.extend(token.clone().map(|token| (token, id)));
        self.held.insert(id, Held { name, token, sessions: 0, away: None });
        id
    }

    fn remove(&mut self, id: MemberId) {
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
    fn forget(&mut self, limits: &Limits, now: Instant) {
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

/// A number that is hardly ever taken.
fn lot() -> u64 {
    u64::from(getrandom::u32().unwrap_or_default())
}

fn new_token() -> Token {
    Token::new(&random_text(26))
}

/// Random base-32 digits, five bits each.
pub(crate) fn random_text(digits: usize) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut random = vec![0; digits];
    getrandom::fill(&mut random).expect("the operating system has random bytes");
    random.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn members(limits: Limits) -> Arc<Members> {
        Arc::new(Members::new(&limits))
    }

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn admit(members: &Arc<Members>, text: &str, token: Option<&Token>) -> Result<Login, Refused> {
        members.admit(name(text), token, true, Instant::now())
    }

    #[test]
    fn a_held_name_needs_its_token() {
        let members = members(Limits::default());
        let ann = admit(&members, "ann", None).unwrap();
        let taken = admit(&members, "Ann", None).unwrap_err();
        assert_eq!(taken, Refused::NameTaken { suggest: name("Ann-2") });
        let wrong = admit(&members, "ann", Some(&Token::new("wrong"))).unwrap_err();
        assert_eq!(wrong, Refused::NameTaken { suggest: name("ann-2") });
        let tab = admit(&members, "ann", ann.token.as_ref()).unwrap();
        assert_eq!((tab.id, &tab.token), (ann.id, &ann.token));
    }

    #[test]
    fn a_suggestion_is_found_without_a_long_search() {
        let members = members(Limits::default());
        for text in ["ann".to_owned()].into_iter().chain((2..=10).map(|n| format!("ann-{n}"))) {
            admit(&members, &text, None).unwrap();
        }
        let Err(Refused::NameTaken { suggest }) = admit(&members, "ann", None) else { panic!() };
        assert!(suggest.as_str().starts_with("ann-"));
        assert!(members.admit(suggest, None, true, Instant::now()).is_ok());
    }

    #[test]
    fn a_login_that_came_to_nothing_frees_a_new_name_only() {
        let members = members(Limits::default());
        admit(&members, "ann", None).unwrap().withdraw();
        let ann = admit(&members, "ann", None).unwrap();
        admit(&members, "ann", ann.token.as_ref()).unwrap().withdraw();
        assert!(admit(&members, "ann", None).is_err());
    }

    #[test]
    fn a_name_with_a_token_stays_reserved() {
        let members = members(Limits::default());
        let token = admit(&members, "ann", None).unwrap().token.clone();
        assert_eq!(members.present(), 0);
        assert!(admit(&members, "ann", None).is_err());
        assert!(admit(&members, "ann", token.as_ref()).is_ok());
        let later = Instant::now() + Limits::default().reserved;
        assert_ne!(members.admit(name("ann"), None, true, later).unwrap().token, token);
    }

    #[test]
    fn a_name_that_is_not_kept_is_free_with_the_last_session() {
        let members = members(Limits::default());
        let ann = members.admit(name("ann"), None, false, Instant::now()).unwrap();
        assert_eq!((&ann.token, members.find(&name("Ann"))), (&None, Some(ann.id)));
        assert!(admit(&members, "ann", None).is_err());
        let id = ann.id;
        drop(ann);
        assert_eq!((members.find(&name("ann")), members.take_gone()), (None, vec![id]));
        assert!(members.take_gone().is_empty());
        assert!(admit(&members, "ann", None).is_ok());
    }

    #[test]
    fn reservations_are_bounded() {
        let members = members(Limits { reservations: 2, ..Limits::default() });
        for text in ["ann", "bob", "cy"] {
            drop(admit(&members, text, None).unwrap());
        }
        assert!(admit(&members, "ann", None).is_ok());
        assert!(admit(&members, "cy", None).is_err());
    }

    #[test]
    fn coming_back_renews_a_reservation() {
        let members = members(Limits { reservations: 2, ..Limits::default() });
        let token = admit(&members, "ann", None).unwrap().token.clone();
        drop(admit(&members, "bob", None).unwrap());
        drop(admit(&members, "ann", token.as_ref()).unwrap());
        drop(admit(&members, "cy", None).unwrap());
        assert!(admit(&members, "ann", None).is_err());
        assert!(admit(&members, "bob", None).is_ok());
    }

    #[test]
    fn sessions_of_a_member_are_bounded() {
        let members = members(Limits { sessions_per_member: 2, ..Limits::default() });
        let one = admit(&members, "ann", None).unwrap();
        let two = admit(&members, "ann", one.token.as_ref()).unwrap();
        let three = admit(&members, "ann", one.token.as_ref()).unwrap_err();
        assert_eq!(three, Refused::TooManySessions(2));
        drop(two);
        assert!(admit(&members, "ann", one.token.as_ref()).is_ok());
    }

    #[test]
    fn guests_get_names_that_end_with_them() {
        let members = members(Limits::default());
        let _second = admit(&members, "guest-2", None).unwrap();
        let first = members.admit_guest();
        let third = members.admit_guest();
        assert_eq!((first.name.as_str(), third.name.as_str()), ("guest-1", "guest-3"));
        assert!(admit(&members, "guest-1", None).is_err());
        assert_eq!(members.present(), 3);
        drop(first);
        assert_eq!(members.present(), 2);
        assert!(admit(&members, "guest-1", None).is_ok());
    }

    #[test]
    fn of_many_who_want_a_name_one_gets_it() {
        let members = members(Limits::default());
        let won: usize = thread::scope(|scope| {
            let claims: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let logins = (0..25).filter_map(|_| admit(&members, "ann", None).ok());
                        let kept: Vec<_> = logins.collect();
                        kept.len()
                    })
                })
                .collect();
            claims.into_iter().map(|claim| claim.join().unwrap()).sum()
        });
        assert!(won >= 1);
        assert!(admit(&members, "ann", None).is_err());
        assert_eq!(members.directory().held.len(), 1, "{won} claims went through");
        assert_eq!(won, 1, "the name stays reserved when its holder goes");
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, two) = (new_token(), new_token());
        assert_eq!(one.as_str().len(), 26);
        assert_ne!(one, two);
        assert!(!format!("{one:?}").contains(one.as_str()));
    }
}
