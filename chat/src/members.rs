//! Who holds which name, with which token, in how many sessions.

mod directory;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use self::directory::{Directory, Held};
use crate::clock;
use crate::command::Token;
use crate::entry::{MemberId, Sender, Timestamp};
use crate::history::{History, Kept, TokenHash};
use crate::limits::Limits;
use crate::name::Name;
use crate::random::random_text;
use crate::refused::Refused;

/// Every name that is held or reserved on this server.
///
/// A name with a token stays reserved for [`Limits::reserved`] after its last session; a guest's
/// ends with it.
#[derive(Debug)]
pub struct Members {
    limits: Limits,
    history: Option<Arc<History>>,
    // Held for map operations only, never across an await.
    directory: Mutex<Directory>,
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

/// Under whose name something is posted, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub sender: Sender,
    /// Under which name.
    pub name: Name,
}

impl Login {
    pub(crate) fn author(&self) -> Author {
        Author { sender: Sender::Member(self.id), name: self.name.clone() }
    }

    /// Takes a login back that came to nothing: a name that was new is free again at once.
    pub(crate) fn withdraw(self) {
        if self.new {
            self.members.directory().remove(self.id);
        }
    }
}

impl Members {
    /// Those whom the history knows, all of them away.
    pub fn new(limits: &Limits, history: Option<Arc<History>>) -> Self {
        let mut directory = Directory::default();
        let (now, wall) = (clock::now(), clock::wall());
        for kept in history.iter().flat_map(|history| history.members()) {
            let away = kept.left.map_or(0, |left| wall.0.saturating_sub(left.0));
            let since = now.checked_sub(Duration::from_millis(away)).unwrap_or(now);
            directory.restore(kept, since);
        }
        Self { limits: limits.clone(), history, directory: Mutex::new(directory) }
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
        let known = token.and_then(|token| directory.by_token.get(&TokenHash::of(token))).copied();
        match (known, directory.holder(&name)) {
            (Some(known), Some(holder)) if known == holder => {
                if directory.held[&known].sessions >= self.limits.sessions_per_member {
                    return Err(Refused::TooManySessions(self.limits.sessions_per_member));
                }
                Ok(self.login(directory, known, token.cloned(), false))
            }
            (_, Some(_)) => Err(directory.taken(&name)),
            (_, None) if name.imitates(&Name::nobody()) => Err(directory.taken(&name)),
            (_, None) => {
                let token = keeps.then(new_token);
                let id = directory.add(name, token.as_ref().map(TokenHash::of));
                if let Err(refused) = self.keep(&directory, id, None) {
                    directory.remove(id);
                    return Err(refused);
                }
                Ok(self.login(directory, id, token, true))
            }
        }
    }

    /// Tells the history of a member who has a token.
    fn keep(
        &self,
        directory: &Directory,
        id: MemberId,
        left: Option<Timestamp>,
    ) -> Result<(), Refused> {
        let (Some(history), Some(Held { name, token: Some(token), .. })) =
            (&self.history, directory.held.get(&id))
        else {
            return Ok(());
        };
        history.keep(Kept { id, name: name.clone(), token: *token, left })
    }

    /// Whoever posts without a session: the member whose token it is, or nobody who is here, under
    /// a name that nobody holds. Nothing is held by it.
    ///
    /// # Errors
    /// [`Refused::NameTaken`] if the name needs a token, [`Refused::BadToken`] if it is not that
    /// of the name.
    pub fn author(
        &self,
        name: Option<Name>,
        token: Option<&Token>,
        now: Instant,
    ) -> Result<Author, Refused> {
        let mut directory = self.directory();
        directory.forget(&self.limits, now);
        let Some(token) = token else {
            let name = name.unwrap_or_else(Name::nobody);
            return match directory.holder(&name) {
                Some(_) => Err(directory.taken(&name)),
                None => Ok(Author { sender: Sender::Name(name.clone()), name }),
            };
        };
        let id = *directory.by_token.get(&TokenHash::of(token)).ok_or(Refused::BadToken)?;
        match name {
            Some(name) if directory.holder(&name) != Some(id) => Err(Refused::BadToken),
            // As it is held, which is how everybody knows it.
            _ => Ok(Author { sender: Sender::Member(id), name: directory.held[&id].name.clone() }),
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

    /// Whether a member can come back.
    pub(crate) fn has_token(&self, id: MemberId) -> bool {
        self.directory().held.get(&id).is_some_and(|held| held.token.is_some())
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
        self.login(directory, id, None, true)
    }

    fn login(
        self: &Arc<Self>,
        mut directory: MutexGuard<'_, Directory>,
        id: MemberId,
        token: Option<Token>,
        new: bool,
    ) -> Login {
        let (name, away) = directory.enter(id);
        if let Some(since) = away {
            directory.away.remove(&(since, id));
            // If there is no room for the note, its reservation ends a little early.
            self.keep(&directory, id, None).ok();
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
        // If there is no room for the note, it counts as gone with the server.
        self.keep(&directory, id, Some(clock::wall())).ok();
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

fn new_token() -> Token {
    Token::new(&random_text(26))
}

#[cfg(test)]
mod tests;
