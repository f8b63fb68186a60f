//! How far one reader of a room has come, and when. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::command::{Joined, Lost, Missed, Standing, Start};
use crate::entry::Seq;
use crate::limits::{GAPS_KEPT, MARKS};

/// What a reader has of a log, for whoever asks what became of a message.
#[derive(Debug, Default)]
pub struct Progress {
    /// The newest entry when it came.
    head: Seq,
    /// It reads what is behind this.
    start: Seq,
    /// It said that it has everything up to `start`.
    resumed: bool,
    sent: Marks,
    acked: Marks,
    /// The number of the last sign of life that it was asked for, and what was written before.
    asked: Option<(u32, Seq)>,
    /// The newest of its gaps: entries between two, and why.
    gaps: VecDeque<(Seq, Seq, Missed)>,
    /// What was on its way to it when it left.
    leaving: Seq,
}

impl Progress {
    /// Of a reader that joined, and wanted to start somewhere.
    pub fn joined(joined: &Joined, start: &Start, lost: Option<Lost>) -> Self {
        let behind = Seq(joined.head.0.saturating_sub(joined.replay as u64));
        let resumed = matches!(start, Start::After(..)) && lost.is_none();
        Self::new(joined.head, behind, resumed)
    }

    /// Of a reader that comes when `head` is the newest entry, to read what is behind `start`,
    /// which it says it has if it `resumed` there.
    fn new(head: Seq, start: Seq, resumed: bool) -> Self {
        let (sent, acked) = (Marks::new(start), Marks::new(start));
        let (asked, gaps, leaving) = (None, VecDeque::new(), Seq(0));
        Self { head, start, resumed, sent, acked, asked, gaps, leaving }
    }

    /// Everything up to an entry is written to its connection.
    pub fn sent(&mut self, seq: Seq, now: Instant) {
        self.sent.mark(seq, now);
    }

    /// It says that it has everything up to an entry, which is at most what it has `seen`; up to
    /// which, if that is news.
    pub fn acked(&mut self, seq: Seq, seen: Seq, now: Instant) -> Option<Seq> {
        let seq = seq.min(seen);
        self.acked.mark(seq, now).then_some(seq)
    }

    /// It is asked for a sign of life with this number, behind all that is written.
    pub fn asked(&mut self, number: u32) {
        self.asked = Some((number, self.sent.up_to));
    }

    /// It gives the one with this number, and so it has what was written before; up to which
    /// entry, if that is news.
    pub fn answered(&mut self, number: u32, now: Instant) -> Option<Seq> {
        let (_, seq) = self.asked.take_if(|(asked, _)| *asked == number)?;
        self.acked(seq, seq, now)
    }

    /// It leaves, and what it has `seen` may still be written to it.
    pub fn leaves(&mut self, seen: Seq) {
        self.leaving = seen;
    }

    /// It is told that entries between two are missing.
    pub fn missed(&mut self, after: Seq, next: Seq, why: Missed) {
        if self.gaps.len() == GAPS_KEPT {
            self.gaps.pop_front();
        }
        self.gaps.push_back((after, next, why));
    }

    /// What was written to it last.
    pub fn written(&self) -> Seq {
        self.sent.up_to
    }

    /// Whether it came when the entry was there already.
    pub fn is_late(&self, seq: Seq) -> bool {
        seq <= self.head
    }

    /// How long after `shown` an entry was written to it, if that is known.
    pub fn sent_after(&self, seq: Seq, shown: Option<Instant>) -> Option<Duration> {
        after(self.sent.when(seq)?, shown)
    }

    /// How it stands with an entry that was shown at a time; `None` if it is still to get it.
    pub fn of(&self, seq: Seq, shown: Option<Instant>) -> Option<Standing> {
        let gap = self.gaps.iter().find(|(after, next, _)| *after < seq && seq < *next);
        if let Some((.., why)) = gap {
            return Some(Standing::Gap(*why));
        }
        if seq <= self.start {
            return Some(match self.resumed {
                true => Standing::Acked(None),
                false => Standing::Later,
            });
        }
        if let Some(when) = self.acked.when(seq) {
            return Some(Standing::Acked(after(when, shown)));
        }
        (seq <= self.sent.up_to.max(self.leaving)).then_some(Standing::Sent)
    }
}

fn after(when: Option<Instant>, shown: Option<Instant>) -> Option<Duration> {
    Some(when?.saturating_duration_since(shown?))
}

/// Positions, and when they were reached.
#[derive(Debug, Default)]
struct Marks {
    up_to: Seq,
    /// When this and what is before it was reached is not kept.
    forgotten: Seq,
    last: VecDeque<(Seq, Instant)>,
}

impl Marks {
    fn new(seq: Seq) -> Self {
        Self { up_to: seq, forgotten: seq, last: VecDeque::new() }
    }

    /// Whether it is news.
    fn mark(&mut self, seq: Seq, now: Instant) -> bool {
        if seq <= self.up_to {
            return false;
        }
        if self.last.len() == MARKS
            && let Some((seq, _)) = self.last.pop_front()
        {
            self.forgotten = seq;
        }
        self.up_to = seq;
        self.last.push_back((seq, now));
        true
    }

    /// When an entry was reached, if that is kept; `None` if it was not reached.
    fn when(&self, seq: Seq) -> Option<Option<Instant>> {
        if seq > self.up_to {
            return None;
        }
        let at = self.last.partition_point(|(mark, _)| *mark < seq);
        let known = self.last.get(at).filter(|_| seq > self.forgotten);
        Some(known.map(|(_, when)| *when))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_reader_has_what_was_written_and_then_what_it_says() {
        let t = Instant::now();
        let mut progress = Progress::new(Seq(4), Seq(4), false);
        let standing = |progress: &Progress, seq| progress.of(Seq(seq), Some(t));
        assert_eq!(standing(&progress, 4), Some(Standing::Later));
        assert_eq!(standing(&progress, 5), None);
        progress.sent(Seq(6), t + ms(2));
        assert_eq!(standing(&progress, 5), Some(Standing::Sent));
        assert_eq!(progress.sent_after(Seq(5), Some(t)), Some(ms(2)));
        assert_eq!(standing(&progress, 7), None);
        assert_eq!(progress.acked(Seq(5), Seq(6), t + ms(9)), Some(Seq(5)));
        assert_eq!(progress.acked(Seq(5), Seq(6), t + ms(10)), None);
        assert_eq!(standing(&progress, 5), Some(Standing::Acked(Some(ms(9)))));
        assert_eq!(standing(&progress, 6), Some(Standing::Sent));
        assert_eq!(progress.of(Seq(5), None), Some(Standing::Acked(None)));
    }

    #[test]
    fn nobody_has_what_was_not_written() {
        let (t, mut progress) = (Instant::now(), Progress::new(Seq(0), Seq(0), false));
        progress.sent(Seq(2), t);
        assert_eq!(progress.acked(Seq(9), Seq(3), t), Some(Seq(3)), "a part of the batch");
        assert_eq!(progress.of(Seq(3), Some(t)), Some(Standing::Acked(Some(ms(0)))));
        assert_eq!(progress.of(Seq(4), Some(t)), None);
        progress.leaves(Seq(5));
        assert_eq!(progress.of(Seq(5), Some(t)), Some(Standing::Sent));
        assert_eq!(progress.of(Seq(6), Some(t)), None);
    }

    #[test]
    fn who_came_back_has_what_it_said_and_who_asks_for_history_gets_it() {
        let t = Instant::now();
        let mut progress = Progress::new(Seq(9), Seq(7), true);
        assert_eq!(progress.of(Seq(7), Some(t)), Some(Standing::Acked(None)));
        assert_eq!(progress.of(Seq(8), Some(t)), None);
        progress.sent(Seq(9), t);
        assert_eq!(progress.of(Seq(8), Some(t)), Some(Standing::Sent));
        assert!(progress.is_late(Seq(9)) && !progress.is_late(Seq(10)));
    }

    #[test]
    fn a_gap_is_neither_written_nor_had() {
        let (t, mut progress) = (Instant::now(), Progress::new(Seq(0), Seq(0), false));
        progress.missed(Seq(2), Seq(5), Missed::Slow);
        progress.sent(Seq(6), t);
        progress.acked(Seq(6), Seq(6), t);
        for (seq, gap) in [(2, false), (3, true), (4, true), (5, false)] {
            let standing = progress.of(Seq(seq), Some(t));
            assert_eq!(standing == Some(Standing::Gap(Missed::Slow)), gap, "{seq}: {standing:?}");
        }
    }

    #[test]
    fn a_sign_of_life_has_all_that_was_written_before_it_was_asked_for() {
        let (t, mut progress) = (Instant::now(), Progress::new(Seq(0), Seq(0), false));
        assert_eq!(progress.answered(0, t), None);
        progress.sent(Seq(1), t);
        progress.asked(1);
        progress.sent(Seq(2), t);
        assert_eq!(progress.answered(7, t), None, "a pong of its own");
        assert_eq!(progress.answered(1, t), Some(Seq(1)));
        assert_eq!(progress.answered(1, t), None, "nobody asked again");
        assert_eq!(progress.of(Seq(2), Some(t)), Some(Standing::Sent));
    }

    #[test]
    fn times_are_kept_of_the_newest_marks_only() {
        let (t, mut progress) = (Instant::now(), Progress::new(Seq(0), Seq(0), false));
        for seq in 1..=MARKS as u64 + 1 {
            progress.sent(Seq(2 * seq), t + ms(seq));
        }
        assert_eq!(progress.sent_after(Seq(1), Some(t)), None);
        assert_eq!(progress.sent_after(Seq(2), Some(t)), None);
        assert_eq!(progress.sent_after(Seq(3), Some(t)), Some(ms(2)));
        assert_eq!(progress.of(Seq(1), Some(t)), Some(Standing::Sent));
        for n in 0..=GAPS_KEPT as u64 {
            progress.missed(Seq(10 * n), Seq(10 * n + 2), Missed::Slow);
        }
        assert_eq!(progress.gaps.len(), GAPS_KEPT);
    }
}
