//! What comes from somewhere else: all of it, or nothing.

mod not_taken;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use trace::Tracer;

pub(crate) use self::not_taken::NotTaken;
use super::Durability;
use super::catalog::{Key, Log, Stand};
use super::changes::blank;
use super::error::HistoryError;
use super::file::File;
use super::members::Kept;
use super::rows::{self, Stored};
use super::store::{insert, keep, next_log};
use super::tables::put;
use super::words;
use crate::entry::{Content, Entry, Epoch, MemberId, Seq};
use crate::random::random_text;

/// Members, rooms and inboxes on their way into a file that nobody else has.
#[derive(Debug)]
pub(crate) struct Import {
    file: File,
    /// There was no such file before.
    is_new: bool,
    members: HashSet<MemberId>,
    /// What no further name may be read as.
    names: HashSet<String>,
    logs: HashMap<Key, Coming>,
    done: Imported,
}

/// What came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) rooms: u64,
    pub(crate) inboxes: u64,
    pub(crate) entries: u64,
    pub(crate) members: u64,
    /// Numbers that were missing, so that those behind them moved up.
    pub(crate) closed_up: u64,
}

/// What an edit or a deletion is about if the message did not come: the place before the first.
const NOTHING: Seq = Seq(0);

/// A log that comes.
#[derive(Debug)]
struct Coming {
    log: Log,
    /// The newest of its old numbers.
    last: Seq,
    /// Where its old numbers run on without a hole: from where on, and what they are now.
    runs: Vec<(Seq, Seq)>,
}

impl Import {
    /// Opens a file that has nothing in it yet, or makes it, as a server does.
    ///
    /// # Errors
    /// The file is left as it is.
    pub(crate) fn begin(path: &Path) -> Result<Self, HistoryError> {
        let is_new = !path.exists();
        let file = File::open(path, Durability::Power, &trace::off())?;
        if !file.catalog()?.is_empty() {
            file.close()?;
            return Err(HistoryError::NotEmpty);
        }
        file.db.execute_batch("BEGIN IMMEDIATE")?;
        let (members, names, logs, done) = Default::default();
        Ok(Self { file, is_new, members, names, logs, done })
    }

    /// A member, with its token and what is to be its inbox.
    pub(crate) fn keep(&mut self, kept: &Kept) -> Result<(), NotTaken> {
        if !self.members.insert(kept.id) {
            return Err(NotTaken::MemberTwice);
        }
        let keys = kept.name.keys();
        if keys.iter().any(|key| self.names.contains(key)) {
            return Err(NotTaken::NameTaken);
        }
        self.names.extend(keys);
        _ = keep(&self.file.db, kept)?;
        self.done.members += 1;
        Ok(())
    }

    /// Puts an entry behind those that its log has. It keeps its number, unless some are missing
    /// before it.
    pub(crate) fn put(&mut self, key: &Key, entry: &Entry) -> Result<(), NotTaken> {
        if entry.content.of().is_some_and(|of| of >= entry.seq) {
            return Err(NotTaken::NotBefore(entry.seq));
        }
        let coming = match self.logs.get_mut(key) {
            Some(coming) => coming,
            None => {
                match key {
                    Key::Room(_) => self.done.rooms += 1,
                    Key::Inbox(member) if !self.members.contains(member) => {
                        return Err(NotTaken::NoMember);
                    }
                    Key::Inbox(_) => self.done.inboxes += 1,
                }
                let coming = Coming::begin(&self.file, key, entry)?;
                self.logs.entry(key.clone()).or_insert(coming)
            }
        };
        self.done.closed_up += coming.next(entry.seq)?;
        let row = coming.row(entry);
        let (db, id) = (&self.file.db, coming.log.id);
        if !insert(db, id, &row)? {
            return Err(entry
                .mid
                .clone()
                .map_or(NotTaken::NotBefore(row.seq), NotTaken::MidReused));
        }
        if let (Content::Delete { .. }, Some(of)) = (&entry.content, row.about) {
            blank(db, id, of)?;
        }
        coming.log.stand.head = row.seq;
        self.done.entries += 1;
        Ok(())
    }

    /// How many entries came so far.
    pub(crate) fn entries(&self) -> u64 {
        self.done.entries
    }

    /// Makes it last, and traces how much is indexed. No client has read in these logs before: their
    /// epochs are new.
    pub(crate) fn finish(self, tracer: &dyn Tracer) -> Result<Imported, HistoryError> {
        for (key, coming) in &self.logs {
            put(&self.file.db, key, &coming.log)?;
        }
        words::index(&self.file.db, tracer)?;
        self.file.db.execute_batch("COMMIT")?;
        self.file.close()?;
        Ok(self.done)
    }

    /// Leaves the file as it was.
    pub(crate) fn undo(self) -> Result<(), HistoryError> {
        self.file.db.execute_batch("ROLLBACK")?;
        if self.is_new { self.file.remove() } else { self.file.close() }
    }
}

impl Coming {
    /// A log that is numbered from its first entry on.
    fn begin(file: &File, key: &Key, first: &Entry) -> Result<Self, NotTaken> {
        let epoch = Epoch::new(&random_text(8));
        let stand = Stand { epoch, oldest: first.seq, head: first.seq.before() };
        let log = Log { id: next_log(&file.db)?, stand };
        // So that its number is taken.
        put(&file.db, key, &log)?;
        Ok(Self { log, last: Seq(0), runs: vec![] })
    }

    /// Notes the old number of the entry that comes next, and says how many are missing before it.
    fn next(&mut self, seq: Seq) -> Result<u64, NotTaken> {
        if seq <= self.last {
            return Err(NotTaken::Order { seq, before: self.last });
        }
        let missing = match self.runs.is_empty() {
            true => 0,
            false => seq.0 - self.last.next().0,
        };
        if missing > 0 || self.runs.is_empty() {
            self.runs.push((seq, self.log.stand.head.next()));
        }
        self.last = seq;
        Ok(missing)
    }

    fn row(&self, entry: &Entry) -> Stored {
        let (kind, about, said) = rows::content(&entry.content);
        let about = about.and_then(|about| match (self.now(about), &entry.content) {
            (None, Content::Edit { .. } | Content::Delete { .. }) => Some(NOTHING),
            (now, _) => now,
        });
        let is_taken_back = kind != rows::DELETE && entry.content.body().is_empty();
        let names = entry.direct.as_ref().map(|direct| rows::joined(&direct.to));
        Stored {
            seq: self.log.stand.head.next(),
            at: entry.at,
            sender: entry.sender.clone(),
            name: entry.from.as_str().into(),
            mid: entry.mid.as_ref().map(|mid| mid.as_str().into()),
            // What a message that was taken back stood for is known nowhere.
            said: entry.mid.as_ref().filter(|_| !is_taken_back).map(|_| said),
            kind,
            about,
            body: entry.content.body().into(),
            direct: names,
            copy: entry.direct.as_ref().is_some_and(|direct| direct.copy),
        }
    }

    /// What the old number of a message is now; `None` if the message did not come.
    fn now(&self, seq: Seq) -> Option<Seq> {
        let run = self.runs.partition_point(|(first, _)| *first <= seq).checked_sub(1);
        // What is older than the log was is so still.
        let Some(run) = run else { return Some(seq) };
        let (first, now) = self.runs[run];
        let now = Seq(now.0.checked_add(seq.0 - first.0)?);
        let next = self.runs.get(run + 1);
        next.is_none_or(|(_, next)| now < *next).then_some(now)
    }
}

#[cfg(test)]
mod tests;
