//! Everything in the file, and whether it is as it was written.

use std::collections::HashMap;

use rusqlite::Connection;

use super::super::catalog::Key;
use super::super::error::HistoryError;
use super::super::file::version;
use super::super::members::Kept;
use super::super::rows::is_damage;
use super::super::tables::{Known, known, known_members};
use super::super::words;
use super::walk::{Piece, Walk};
use super::{Archive, Damage};
use crate::entry::{Entry, MemberId};
use crate::name::{Name, RoomName};

/// What was found, up to where it was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) rooms: u64,
    pub(crate) inboxes: u64,
    /// Those that are whole.
    pub(crate) entries: u64,
    /// Those that are whole.
    pub(crate) members: u64,
    /// What was told to be damaged.
    pub(crate) damaged: u64,
}

/// What is told on the way: the members, then each log in its order.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Member(&'a Kept),
    Entry(&'a Key, &'a Entry),
    Damage(Damage),
}

/// The rest is not looked at: somebody has heard enough, or the file cannot be read.
enum Stop {
    Enough,
    Error(HistoryError),
}

struct Check<'a, F> {
    db: &'a Connection,
    tell: F,
    checked: Checked,
    names: HashMap<MemberId, Name>,
}

impl Archive {
    /// Looks at everything, at one moment, and at what no log has and how SQLite keeps it as well if
    /// it is `thorough`. All is told as it is found, until `tell` says that it has heard enough.
    pub(crate) fn check(
        &self,
        thorough: bool,
        tell: impl FnMut(Step<'_>) -> bool,
    ) -> Result<Checked, HistoryError> {
        let (db, checked, names) = (self.db(), Checked::default(), HashMap::new());
        db.execute_batch("BEGIN")?;
        let mut check = Check { db, tell, checked, names };
        let run = check.run(thorough);
        let checked = check.checked;
        db.execute_batch("ROLLBACK").ok();
        match run {
            Ok(()) | Err(Stop::Enough) => Ok(checked),
            Err(Stop::Error(error)) => Err(error),
        }
    }
}

impl<F: FnMut(Step<'_>) -> bool> Check<'_, F> {
    fn run(&mut self, thorough: bool) -> Result<(), Stop> {
        if thorough {
            self.structure()?;
        }
        self.members()?;
        let Some(logs) = whole(known(self.db))? else {
            return self.damaged(Damage::Structure("the logs cannot be read".into()));
        };
        for known in logs {
            self.log(&known)?;
        }
        if thorough {
            self.strays()?;
            self.words()?;
        }
        Ok(())
    }

    fn damaged(&mut self, damage: Damage) -> Result<(), Stop> {
        self.checked.damaged += 1;
        self.tell(Step::Damage(damage))
    }

    fn tell(&mut self, step: Step<'_>) -> Result<(), Stop> {
        if (self.tell)(step) { Ok(()) } else { Err(Stop::Enough) }
    }

    /// What SQLite finds wrong with its own structure, as much as it tells.
    fn structure(&mut self) -> Result<(), Stop> {
        let db = self.db;
        let mut statement = db.prepare("PRAGMA integrity_check")?;
        let mut rows = statement.query([])?;
        loop {
            let what: String = match rows.next() {
                Ok(Some(row)) => row.get(0)?,
                Ok(None) => return Ok(()),
                Err(error) if is_damage(&error) => {
                    return self.damaged(Damage::Structure(error.to_string()));
                }
                Err(error) => return Err(error.into()),
            };
            if what != "ok" {
                self.damaged(Damage::Structure(what))?;
            }
        }
    }

    fn members(&mut self) -> Result<(), Stop> {
        let Some(members) = whole(known_members(self.db))? else {
            return self.damaged(Damage::Structure("the members cannot be read".into()));
        };
        for member in members {
            match member {
                Ok(kept) => {
                    self.checked.members += 1;
                    self.tell(Step::Member(&kept))?;
                    self.names.insert(kept.id, kept.name);
                }
                Err(id) => self.damaged(Damage::Member(id))?,
            }
        }
        Ok(())
    }

    fn log(&mut self, known: &Known) -> Result<(), Stop> {
        let id = known.log.id;
        if !known.right {
            self.damaged(Damage::Log(id))?;
        }
        let (of, key) = match known.key.clone() {
            Some(Key::Room(name)) => {
                self.checked.rooms += 1;
                (format!("room {name}"), Key::Room(name))
            }
            Some(Key::Inbox(member)) => {
                self.checked.inboxes += 1;
                let of = match self.names.get(&member) {
                    Some(name) => format!("inbox of {name}"),
                    None => format!("inbox of member {}", member.0),
                };
                (of, Key::Inbox(member))
            }
            // Its entries are worth more than its name.
            None => {
                let name = RoomName::new(&format!("log-{id}"));
                (format!("log {id}"), Key::Room(name.unwrap_or_else(|_| RoomName::lobby())))
            }
        };
        let mut walk = Walk::new(self.db, known, key.clone());
        loop {
            let page = walk.page()?;
            if page.is_empty() {
                return Ok(());
            }
            for piece in page {
                match piece {
                    Piece::Entry(entry) => {
                        self.checked.entries += 1;
                        self.tell(Step::Entry(&key, &entry))?;
                    }
                    Piece::Damaged { first, last, at, why } => {
                        let of = of.clone();
                        self.damaged(Damage::Entries { of, first, last, at, why })?;
                    }
                }
            }
        }
    }

    /// Entries that no log has.
    fn strays(&mut self) -> Result<(), Stop> {
        let db = self.db;
        let find = || {
            let mut statement = db.prepare(
                "SELECT log, count(*) FROM entries LEFT JOIN logs ON log = id
                 WHERE id IS NULL OR seq < oldest GROUP BY log",
            )?;
            let strays = statement.query_map([], |row| {
                Ok(Damage::Strays { log: row.get(0)?, entries: row.get::<_, i64>(1)? as u64 })
            })?;
            strays.collect::<rusqlite::Result<Vec<_>>>()
        };
        let Some(strays) = whole(find())? else {
            return self.damaged(Damage::Structure("the entries cannot be counted".into()));
        };
        strays.into_iter().try_for_each(|damage| self.damaged(damage))
    }

    /// Whether all that can be searched for is in the index.
    fn words(&mut self) -> Result<(), Stop> {
        if version(self.db).map_err(Stop::Error)? < 2 {
            return Ok(());
        }
        match whole(words::left_out(self.db))? {
            Some(0) => Ok(()),
            Some(count) => self.damaged(Damage::Words(count)),
            None => self.damaged(Damage::Structure("the index of words cannot be read".into())),
        }
    }
}

/// `None` if it cannot be read because the file is damaged.
fn whole<T>(read: rusqlite::Result<T>) -> Result<Option<T>, Stop> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if is_damage(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Error(error.into())
    }
}
