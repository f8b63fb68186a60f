//! What follows from a seed: what a run is made of, and what happens to it when.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::Durability;
use crate::limits::Limits;
use crate::seeded::Lot;

/// Where the messages of a run are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Memory,
    Process,
    Power,
}

impl Kept {
    pub(super) fn durability(self) -> Option<Durability> {
        match self {
            Self::Memory => None,
            Self::Process => Some(Durability::Process),
            Self::Power => Some(Durability::Power),
        }
    }
}

/// Something that happens to the network or to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// What is under way between a client and the server waits.
    Hold(usize),
    Release(usize),
    /// What is sent between a client and the server is lost.
    Part(usize),
    /// The same in one direction: to the client.
    Deafen(usize),
    Repair(usize),
    /// The server is told to stop.
    Drain,
    /// It ends without a word.
    Kill,
    /// So does the computer.
    Cut,
    Start,
}

/// A run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) kept: Kept,
    pub(super) clients: usize,
    /// Segments that wait in a connection.
    pub(super) buffer: usize,
    pub(super) limits: Limits,
    pub(super) troubles: BTreeMap<Duration, Trouble>,
    /// From then on nothing happens any more, and nothing new is said.
    pub(super) quiet: Duration,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        let mut lot = Lot::new(seed);
        let kept = match lot.below(6) {
            0 => Kept::Memory,
            1 | 2 => Kept::Process,
            _ => Kept::Power,
        };
        let clients = 2 + lot.below(4) as usize;
        let buffer = 16 + lot.below(48) as usize;
        let limits = Limits {
            ping: Duration::from_secs(1),
            idle: Duration::from_secs(3),
            blocked_write: Duration::from_secs(1),
            drain: Duration::from_secs(2),
            leave_grace: Duration::from_millis(200),
            connections: 1_000,
            connections_per_address: 1_000,
            sessions_per_member: 1_000,
            messages_at_once: u32::MAX,
            refused_in_a_row: 1_000,
            log_entries: 2 + lot.below(30) as usize,
            notices_behind: 2 + lot.below(30) as usize,
            batch_slots: 1 + lot.below(16) as usize,
            ..Limits::default()
        };
        let quiet = Duration::from_secs(5);
        let troubles = troubles(&mut lot, clients, quiet);
        Self { kept, clients, buffer, limits, troubles, quiet }
    }
}

fn troubles(lot: &mut Lot, clients: usize, quiet: Duration) -> BTreeMap<Duration, Trouble> {
    let mut troubles = BTreeMap::new();
    let end = quiet.as_millis() as u64;
    let mut put = |at: Duration, trouble| {
        // One at a time.
        let at = (0..).map(|more| at + Duration::from_micros(more));
        let at = at.into_iter().find(|at| !troubles.contains_key(at));
        troubles.extend(at.map(|at| (at, trouble)));
    };
    for _ in 0..2 + lot.below(6) {
        let client = lot.below(clients as u64) as usize;
        let (at, lasts) = (lot.ms(300, end), lot.ms(20, 2_500));
        let (begins, ends) = match lot.below(3) {
            0 => (Trouble::Hold(client), Trouble::Release(client)),
            1 => (Trouble::Part(client), Trouble::Repair(client)),
            _ => (Trouble::Deafen(client), Trouble::Repair(client)),
        };
        put(at, begins);
        put((at + lasts).min(quiet), ends);
    }
    // The server is down for a while, and then up for a while.
    let mut at = lot.ms(300, 2_000);
    while at < quiet {
        let how = [Trouble::Drain, Trouble::Kill, Trouble::Cut][lot.below(3) as usize];
        // Nobody is told anything by a computer that is off.
        if how == Trouble::Cut {
            (0..clients).for_each(|client| put(at, Trouble::Part(client)));
        }
        put(at, how);
        at += lot.ms(10, 900);
        let start = at.min(quiet);
        if how == Trouble::Cut {
            (0..clients).for_each(|client| put(start, Trouble::Repair(client)));
        }
        put(start, Trouble::Start);
        at += lot.ms(100, 3_000);
    }
    troubles
}
