//! Commits: what waited together is stored together, or not at all. Plain: its thread is a shell.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::catalog::{Catalog, Key, Log, Stand};
use super::changes::{blank, may_change};
use super::members::Kept;
use super::rows::{self, Stored};
use super::tables::{kept_sum, put};
use super::words;
use crate::entry::{Content, Epoch, MemberId, Mid, Sender, Seq, Timestamp};
use crate::name::Name;
use crate::refused::Refused;

/// An entry on its way into one log, or into several.
#[derive(Debug)]
pub(crate) struct Proposal {
    /// Where it goes; the first decides whether it is new.
    pub(crate) targets: Vec<Target>,
    pub(crate) at: Timestamp,
    pub(crate) sender: Sender,
    pub(crate) from: Name,
    pub(crate) mid: Option<Mid>,
    pub(crate) content: Content,
    /// Whom it is for, if it is a direct message.
    pub(crate) to: Option<Arc<[Name]>>,
}

/// One log that an entry is for.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) key: Key,
    /// That of the log, if this is its first entry.
    pub(crate) epoch: Epoch,
    /// The sender's own copy.
    pub(crate) copy: bool,
}

/// The places of an entry, one for each target; or the one it had already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    New(Vec<Seq>),
    Known(Seq),
}

/// Something to be committed.
pub(super) enum Work<'a> {
    Post(&'a Proposal),
    Keep(&'a Kept),
    Forget(MemberId),
}

/// What it came to. Only posts can be refused.
pub(super) type Outcome = Result<Placed, Refused>;

/// The connection that writes, and the logs as they are committed.
pub(super) struct Commits<'a> {
    pub(super) db: &'a mut Connection,
    pub(super) catalog: &'a Catalog,
}

impl Commits<'_> {
    /// Stores all of the batch and says what became of each; an error means that nothing of it is
    /// stored, as far as is known.
    pub(super) fn commit(&mut self, batch: &[Work<'_>]) -> rusqlite::Result<Vec<Outcome>> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut logs =
            Logs { catalog: self.catalog, changed: HashMap::new(), forgotten: Vec::new() };
        let mut outcomes = Vec::with_capacity(batch.len());
        for work in batch {
            outcomes.push(match work {
                Work::Post(proposal) => post(&tx, &mut logs, proposal)?,
                Work::Keep(kept) => keep(&tx, kept)?,
                Work::Forget(member) => {
                    logs.changed.remove(&Key::Inbox(*member));
                    logs.forgotten.push(Key::Inbox(*member));
                    forget(&tx, *member)?
                }
            });
        }
        let Logs { changed, forgotten, .. } = logs;
        let mut rows: Vec<_> = changed.iter().collect();
        rows.sort_by_key(|(_, log)| log.id);
        for (key, log) in rows {
            put(&tx, key, log)?;
        }
        tx.commit()?;
        self.catalog.committed(changed, &forgotten);
        Ok(outcomes)
    }
}

/// The logs that a batch has changed.
struct Logs<'a> {
    catalog: &'a Catalog,
    changed: HashMap<Key, Log>,
    /// Those that are no more.
    forgotten: Vec<Key>,
}

impl Logs<'_> {
    fn get(&mut self, tx: &Transaction<'_>, target: &Target) -> rusqlite::Result<&mut Log> {
        Ok(match self.changed.entry(target.key.clone()) {
            Slot::Occupied(log) => log.into_mut(),
            Slot::Vacant(place) => match self.catalog.log(&target.key) {
                Some(log) => place.insert(log),
                None => {
                    let stand = Stand { epoch: target.epoch.clone(), oldest: Seq(1), head: Seq(0) };
                    let log = Log { id: next_log(tx)?, stand };
                    // So that its number is taken.
                    put(tx, &target.key, &log)?;
                    place.insert(log)
                }
            },
        })
    }
}

/// The number of a log to come.
pub(super) fn next_log(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT ifnull(max(id), 0) + 1 FROM logs", [], |row| row.get(0))
}

fn post(
    tx: &Transaction<'_>,
    logs: &mut Logs<'_>,
    proposal: &Proposal,
) -> rusqlite::Result<Outcome> {
    let (kind, about, said) = rows::content(&proposal.content);
    let said = proposal.mid.as_ref().map(|_| said);
    let changes = proposal.content.of();
    if proposal.targets.iter().any(|target| logs.forgotten.contains(&target.key)) {
        return Ok(Err(Refused::NotStored));
    }
    let mut seqs = Vec::with_capacity(proposal.targets.len());
    for (at, target) in proposal.targets.iter().enumerate() {
        let log = logs.get(tx, target)?;
        let row = Stored {
            seq: log.stand.head.next(),
            at: proposal.at,
            sender: proposal.sender.clone(),
            name: proposal.from.as_str().into(),
            mid: proposal.mid.as_ref().map(|mid| mid.as_str().into()),
            said,
            kind,
            about,
            body: proposal.content.body().into(),
            direct: proposal.to.as_deref().map(rows::joined),
            copy: target.copy,
        };
        if let Some(of) = changes {
            if let Some(known) = known(tx, log.id, &row)? {
                return Ok(known);
            }
            if let Err(refused) = may_change(tx, log.id, of, &proposal.sender)? {
                return Ok(Err(refused));
            }
        }
        if !insert(tx, log.id, &row)? {
            // The other logs have it only if the first has.
            let known = known(tx, log.id, &row)?;
            return match known.filter(|_| at == 0) {
                Some(known) => Ok(known),
                None => Err(rusqlite::Error::StatementChangedRows(0)),
            };
        }
        log.stand.head = row.seq;
        seqs.push(row.seq);
        if matches!(target.key, Key::Room(_)) {
            words::said(tx, log.id, row.seq, &proposal.content)?;
        }
        if let Content::Delete { of } = proposal.content {
            blank(tx, log.id, of)?;
        }
    }
    Ok(Ok(Placed::New(seqs)))
}

/// Whether it was new.
pub(super) fn insert(db: &Connection, log: i64, row: &Stored) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    let changed = statement.execute((
        log,
        row.seq,
        row.at.0 as i64,
        row.member(),
        &row.name,
        &row.mid,
        row.said,
        row.kind,
        row.about,
        &row.body,
        &row.direct,
        row.copy,
        row.sum(log),
    ))?;
    Ok(changed == 1)
}

/// The place that its `mid` has already, if the log has it.
fn known(tx: &Transaction<'_>, log: i64, row: &Stored) -> rusqlite::Result<Option<Outcome>> {
    let Some(mid) = &row.mid else { return Ok(None) };
    let found = rows::place(tx, log, row.member(), &row.name, mid)?;
    Ok(found.map(|(seq, said)| match said == row.said {
        true => Ok(Placed::Known(seq)),
        false => Err(Refused::MidReused),
    }))
}

pub(super) fn keep(db: &Connection, kept: &Kept) -> rusqlite::Result<Outcome> {
    let left = kept.left.map(|left| left.0 as i64);
    db.prepare_cached("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?)")?.execute((
        kept.id.0 as i64,
        kept.name.as_str(),
        &kept.token.0,
        left,
        kept_sum(kept),
    ))?;
    Ok(Ok(Placed::New(vec![])))
}

/// Whoever takes the name later reads nothing of it.
fn forget(tx: &Transaction<'_>, member: MemberId) -> rusqlite::Result<Outcome> {
    let id = member.0 as i64;
    tx.execute("DELETE FROM members WHERE id = ?", [id])?;
    tx.execute("DELETE FROM entries WHERE log = (SELECT id FROM logs WHERE member = ?)", [id])?;
    tx.execute("DELETE FROM logs WHERE member = ?", [id])?;
    Ok(Ok(Placed::New(vec![])))
}
