//! What everybody was told, and whether that can be: the oracle of a run.

mod end;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::plan::Kept;

/// A log, as it calls itself.
type Log = (String, String);

/// A message as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) seq: u64,
    pub(super) mid: String,
    pub(super) body: String,
    /// What it is said instead of.
    pub(super) of: Option<u64>,
}

/// What has been seen so far. The first thing that cannot be is kept, and ends the run.
#[derive(Debug)]
pub(super) struct Model {
    kept: Kept,
    /// Entries that memory holds.
    memory: usize,
    now: Duration,
    /// By log and number: every reader has to see the same.
    logs: BTreeMap<Log, BTreeMap<u64, Told>>,
    /// By log and `mid`.
    places: BTreeMap<(Log, String), u64>,
    acked: Vec<(Log, Told)>,
    /// What was said, by place and `mid`, and instead of what.
    said: BTreeMap<(String, String), Option<u64>>,
    /// What of it nobody says again, though it was not acknowledged.
    given_up: BTreeSet<(String, String)>,
    /// By person: the name, and the token that goes with it.
    pub(super) known: BTreeMap<&'static str, (String, Value)>,
    cuts: usize,
    starts: usize,
    pub(super) counts: Counts,
    pub(super) wrong: Option<String>,
    /// All that happened, to be compared with that of another run.
    pub(super) story: Vec<String>,
}

/// What a run was made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) acked: usize,
    pub(super) heard: usize,
    pub(super) dups: usize,
    pub(super) visits: usize,
    pub(super) resets: usize,
    pub(super) gaps: usize,
    pub(super) lost: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.acked += other.acked;
        self.heard += other.heard;
        self.dups += other.dups;
        self.visits += other.visits;
        self.resets += other.resets;
        self.gaps += other.gaps;
        self.lost += other.lost;
    }
}

impl Model {
    pub(super) fn new(kept: Kept, memory: usize) -> Self {
        Self {
            kept,
            memory,
            now: Duration::ZERO,
            logs: BTreeMap::new(),
            places: BTreeMap::new(),
            acked: Vec::new(),
            said: BTreeMap::new(),
            given_up: BTreeSet::new(),
            known: BTreeMap::new(),
            cuts: 0,
            starts: 0,
            counts: Counts::default(),
            wrong: None,
            story: Vec::new(),
        }
    }

    pub(super) fn at(&mut self, now: Duration) {
        self.now = now;
    }

    pub(super) fn tell(&mut self, line: String) {
        self.story.push(format!("{:>6} {line}", self.now.as_millis()));
    }

    /// Something is not as it has to be.
    pub(super) fn wrong(&mut self, what: String) {
        self.tell(format!("WRONG: {what}"));
        self.wrong.get_or_insert(what);
    }

    pub(super) fn started(&mut self) {
        self.starts += 1;
        self.tell(format!("server starts, for the {}. time", self.starts));
    }

    pub(super) fn cut(&mut self) {
        self.cuts += 1;
    }

    pub(super) fn welcomed(&mut self, who: &'static str, name: &str, token: &Value) {
        self.known.insert(who, (name.into(), token.clone()));
    }

    /// What those are called who were welcomed.
    pub(super) fn names(&self) -> Vec<String> {
        self.known.values().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn said(&mut self, room: &str, mid: &str, of: Option<u64>) {
        self.said.insert((room.into(), mid.into()), of);
    }

    /// Nobody says it again: it is there once, or not at all.
    pub(super) fn given_up(&mut self, room: &str, mid: &str) {
        self.given_up.insert((room.into(), mid.into()));
    }

    /// Somebody was told that there is no such message to say something else instead of.
    pub(super) fn no_message(&mut self, who: &str, mid: &str) {
        self.tell(format!("{who} is refused {mid}"));
        if self.kept != Kept::Memory {
            self.wrong(format!("{who} could not say {mid} instead of what is stored"));
        }
    }

    /// Somebody was told a message.
    pub(super) fn heard(&mut self, who: &str, room: &str, epoch: &str, told: Told) {
        self.counts.heard += 1;
        self.tell(format!("{who} hears {room} {epoch} {} {}", told.seq, told.mid));
        let log = (room.to_owned(), epoch.to_owned());
        if told.mid != told.body
            || self.said.get(&(room.into(), told.mid.clone())) != Some(&told.of)
        {
            return self.wrong(format!("{who} heard in {room} what nobody said: {told:?}"));
        }
        self.place(&log, &told);
        let known = self.logs.entry(log).or_default();
        let known = known.entry(told.seq).or_insert_with(|| told.clone());
        if *known != told {
            let known = known.clone();
            self.wrong(format!("{who} heard {told:?} in {room} where others heard {known:?}"));
        }
    }

    /// Somebody was told that its message is stored.
    pub(super) fn acked(&mut self, who: &str, room: &str, epoch: &str, told: Told, dup: bool) {
        self.counts.acked += 1;
        self.counts.dups += usize::from(dup);
        self.tell(format!("{who} has {room} {epoch} {} {} acknowledged", told.seq, told.mid));
        let log = (room.to_owned(), epoch.to_owned());
        self.place(&log, &told);
        self.acked.push((log, told));
    }

    /// A message has one place, unless memory has forgotten it when it is said again.
    fn place(&mut self, log: &Log, told: &Told) {
        let (room, mid, seq) = (&log.0, &told.mid, told.seq);
        let place = self.places.entry((log.clone(), mid.clone())).or_insert(seq);
        let apart = place.abs_diff(seq);
        let known = std::mem::replace(place, seq.max(*place));
        let may = self.kept == Kept::Memory && apart > self.memory as u64;
        if apart > 0 && !may {
            self.wrong(format!("{mid} is at {known} and at {seq} of {room}"));
        }
    }

    /// A reader is told that it cannot go on from where it was.
    pub(super) fn reset(&mut self, who: &str, room: &str, seen: u64, why: &str) {
        self.counts.resets += 1;
        self.tell(format!("{who} is reset in {room} from {seen}: {why}"));
        let may = match self.kept {
            Kept::Memory => self.starts > 1 || why == "expired",
            // What somebody saw is there, but for a power cut that nobody promised to survive.
            Kept::Process => why == "epoch" && (seen == 0 || self.cuts > 0),
            Kept::Power => why == "epoch" && seen == 0,
        };
        if !may {
            self.wrong(format!("{who} was reset in {room} from {seen} ({why}) without need"));
        }
    }

    /// A reader is told that messages are missing.
    pub(super) fn gap(&mut self, who: &str, room: &str, after: u64, next: u64) {
        self.counts.gaps += 1;
        self.tell(format!("{who} misses what is between {after} and {next} of {room}"));
        if self.kept != Kept::Memory {
            self.wrong(format!("{who} was told a gap in {room} where everything is stored"));
        }
    }

    /// The newest number that somebody knows of a log.
    pub(super) fn newest(&self, room: &str, epoch: &str) -> u64 {
        let of = |log: &Log| log.0 == room && log.1 == epoch;
        let heard = self.logs.iter().filter(|(log, _)| of(log));
        let heard = heard.filter_map(|(_, entries)| entries.keys().next_back().copied()).max();
        let acked = self.acked.iter().filter(|(log, _)| of(log)).map(|(_, told)| told.seq).max();
        heard.max(acked).unwrap_or(0)
    }
}
