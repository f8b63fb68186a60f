//! What became of a message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::copies::Copy;
use super::{Room, Sequencer};
use crate::clock;
use crate::command::{Report, Row, Standing, Waits, Which};
use crate::entry::{Entry, Epoch, MemberId, Sender, Seq, Timestamp};
use crate::limits::{REPORT_ROWS, REPORT_TURN};
use crate::refused::Refused;
use crate::wire::Wire;

/// What a report asks of everybody who reads a room.
pub(crate) struct Question<'a> {
    /// None if it is closed.
    room: Option<&'a Room>,
    pub(crate) seq: Seq,
    /// Whether a wire tells the message.
    pub(crate) tells: &'a (dyn Fn(Wire) -> bool + Sync),
    /// When the message was shown, if that is known.
    pub(crate) shown: Option<Instant>,
    /// The newest entry.
    head: Seq,
    /// When the entries in memory were shown.
    times: &'a [(Seq, Instant)],
    pub(crate) now: Instant,
}

impl Question<'_> {
    /// Whether it is asked of those who read this room.
    pub(crate) fn is_of(&self, room: &Room) -> bool {
        self.room.is_some_and(|asked| std::ptr::eq(asked, room))
    }

    /// How somebody stands who has everything up to `written` and is still to get the message.
    pub(crate) fn behind(&self, written: Seq, blocked: Option<Instant>, reading: bool) -> Standing {
        let waits = |since: Instant| self.now.saturating_duration_since(since);
        let first = shown(self.times, written.next());
        let why = match blocked {
            Some(since) => Waits::Stalled(waits(since)),
            None if reading => Waits::Reading,
            None => Waits::Turn,
        };
        Standing::Behind { by: self.head.0.saturating_sub(written.0), since: first.map(waits), why }
    }
}

/// When an entry was shown.
fn shown(times: &[(Seq, Instant)], seq: Seq) -> Option<Instant> {
    let at = times.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
    Some(times[at].1)
}

impl Room {
    /// The message that somebody asks about.
    ///
    /// # Errors
    /// [`Refused::NoMessage`], [`Refused::NothingKnown`], or history cannot be read.
    pub(crate) async fn which(&self, which: &Which, asker: &Sender) -> Result<Arc<Entry>, Refused> {
        let seq = match which {
            Which::Seq(seq) => return self.entry(*seq).await?.ok_or(Refused::NoMessage(*seq)),
            Which::Mid(mid) => {
                let is_it =
                    |entry: &Entry| entry.sender == *asker && entry.mid.as_ref() == Some(mid);
                let here = self.state().log.find_newest(is_it).map(|entry| entry.seq);
                match (here, &self.common.sequencer) {
                    (None, Sequencer::History(history)) => {
                        history.find(&self.key, asker.clone(), mid.clone()).await?
                    }
                    (here, _) => here,
                }
            }
            Which::Own => {
                let log = &self.state().log;
                log.find_newest(|entry| entry.sender == *asker).map(|entry| entry.seq)
            }
        };
        self.entry(seq.ok_or(Refused::NothingKnown)?).await?.ok_or(Refused::NothingKnown)
    }

    /// Who has an entry of this room, who has not, and why. It costs a look at everybody who
    /// reads the room; one report at a time is made in a server.
    pub(crate) async fn report(&self, entry: &Entry) -> Report {
        let _turn = self.common.reports.acquire().await;
        let (epoch, head, times) = self.stands();
        let (tells, now, times) = (|wire: Wire| wire.tells(entry), clock::now(), &times[..]);
        let (seq, shown) = (entry.seq, shown(times, entry.seq));
        let question = Question { room: Some(self), seq, tells: &tells, shown, head, times, now };
        let departed = self.common.departed(&self.key);
        let (count, mut rows) = (departed.count(), Vec::new());
        for (reader, turn) in self.readers.all().values().zip(1..) {
            rows.extend(reader.row(&question));
            if turn % REPORT_TURN == 0 {
                yield_now().await;
            }
        }
        let since = departed.rows(&epoch, &question, count, &mut rows);
        let mut report = self.begin_report(entry);
        report.since = (entry.at.0 <= since.0).then_some(since);
        report.count(&rows);
        report.take(rows);
        report
    }

    /// How a recipient stands with his copy of a direct message of this inbox, and since when those
    /// of his sessions that have left are known. Where he is and where he was is not told.
    pub(crate) fn recipient(&self, copy: &Copy) -> (Row, Timestamp) {
        let inbox = copy.inbox.upgrade();
        let (head, times) = match inbox.as_ref().map(|inbox| inbox.stands()) {
            Some((_, head, times)) => (head, times),
            None => (copy.seq, vec![]),
        };
        let (now, times) = (clock::now(), &times[..]);
        let (seq, shown) = (copy.seq, shown(times, copy.seq));
        let room = inbox.as_deref();
        let question = Question { room, seq, tells: &|_| true, shown, head, times, now };
        let departed = self.common.departed(&self.key);
        let count = departed.count();
        let readers = inbox.as_ref().map(|inbox| inbox.readers.all());
        let readers = readers.iter().flat_map(|all| all.values());
        let mut rows: Vec<_> = readers.filter_map(|reader| reader.row(&question)).collect();
        let since = departed.rows(&copy.epoch, &question, count, &mut rows);
        let standing = |row: &Row| match row.standing {
            Standing::Acked(after) => (3, Standing::Acked(after), row.sent),
            Standing::Sent => (2, Standing::Sent, row.sent),
            Standing::Gap(why) => (1, Standing::Gap(why), None),
            _ => (0, Standing::Waiting, None),
        };
        let best = rows.iter().map(standing).max_by_key(|(best, ..)| *best);
        let (_, standing, sent) = best.unwrap_or((0, Standing::Waiting, None));
        let (member, name) = (Some(copy.member), Some(copy.name.clone()));
        let confirms = rows.iter().all(|row| row.confirms);
        let (wire, late) = ("", false);
        (
            Row { client: None, member, name, wire, confirms, standing, sent, late, left: None },
            since,
        )
    }

    fn stands(&self) -> (Epoch, Seq, Vec<(Seq, Instant)>) {
        let log = &self.state().log;
        (log.epoch().clone(), log.head(), log.times())
    }

    /// A report without its rows.
    pub(crate) fn begin_report(&self, entry: &Entry) -> Report {
        Report {
            room: self.name.clone(),
            epoch: self.state().log.epoch().clone(),
            seq: entry.seq,
            from: entry.from.clone(),
            at: entry.at,
            reached: 0,
            of: 0,
            took: None,
            rows: vec![],
            more: 0,
            since: None,
        }
    }
}

/// What a member's rows come to.
#[derive(Default)]
struct Tally {
    was_here: bool,
    is_reached: bool,
    /// When the first of its sessions was written to, if that is known.
    sent: Option<Duration>,
}

impl Report {
    /// Counts members: who was here with any session, and of those who has it with any, be it one
    /// that came later.
    pub(crate) fn count(&mut self, rows: &[Row]) {
        let mut members = BTreeMap::<MemberId, Tally>::new();
        for row in rows {
            let Some(member) = row.member else { continue };
            let tally = members.entry(member).or_default();
            tally.was_here |= row.was_here();
            if row.is_reached() {
                tally.is_reached = true;
                tally.sent = [tally.sent, row.sent].into_iter().flatten().min();
            }
        }
        members.retain(|_, tally| tally.was_here);
        self.of = members.len();
        members.retain(|_, tally| tally.is_reached);
        self.reached = members.len();
        let all: Option<Vec<_>> = members.into_values().map(|tally| tally.sent).collect();
        self.took = all.and_then(|all| all.into_iter().max());
    }

    /// Takes the rows, those who do not have it first, as many as fit.
    pub(crate) fn take(&mut self, mut rows: Vec<Row>) {
        rows.sort_by_key(|row| (row.rank(), row.client));
        self.more = rows.len().saturating_sub(REPORT_ROWS);
        rows.truncate(REPORT_ROWS);
        self.rows = rows;
    }
}

impl Row {
    /// Whether it was in the room when the message was shown, and is told such messages.
    fn was_here(&self) -> bool {
        !self.late && !matches!(self.standing, Standing::Away | Standing::Untold)
    }

    /// It says that it has the message, or cannot say so and it was written to it.
    pub(crate) fn is_reached(&self) -> bool {
        match self.standing {
            Standing::Acked(_) => true,
            Standing::Sent => !self.confirms,
            _ => false,
        }
    }

    /// Who lacks it is of most interest, and who was not there of least.
    fn rank(&self) -> u8 {
        match self.standing {
            Standing::Behind { .. } | Standing::Waiting => 0,
            Standing::Gap(_) => 1,
            Standing::Unsent => 2,
            Standing::Later => 6,
            Standing::Away => 7,
            Standing::Untold => 8,
            _ if self.late => 5,
            Standing::Sent => 3,
            Standing::Acked(_) => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::end::End;
    use crate::entry::ClientId;
    use crate::room::Attendee;
    use crate::room::departed::Departed;

    fn reader(client: u64) -> Attendee {
        let (member, progress) = (None, Default::default());
        Attendee { client: ClientId(client), member, wire: None, progress }
    }

    #[test]
    fn who_leaves_while_a_report_is_made_is_one_row() {
        let (departed, epoch, now) = (Departed::default(), Epoch::new("e"), clock::now());
        let leaves = |client| departed.push(epoch.clone(), Seq(1), reader(client), End::Closed);
        let (tells, times) = (&|_| true, &[]);
        let question =
            Question { room: None, seq: Seq(1), tells, shown: None, head: Seq(1), times, now };
        // In the room a second time, and about to leave it again.
        leaves(1);
        let count = departed.count();
        let mut rows = vec![reader(1).row(&question, || Standing::Later)];
        leaves(1);
        leaves(2);
        departed.rows(&epoch, &question, count, &mut rows);
        let clients: Vec<_> = rows.iter().map(|row| row.client.unwrap().0).collect();
        assert_eq!(clients, [1, 1, 2]);
        assert_eq!(rows.iter().filter(|row| row.left.is_some()).count(), 2);
    }
}
