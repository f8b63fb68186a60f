//! What has to be left of a run.

use super::{Model, Told};
use crate::simulation::plan::Kept;

impl Model {
    /// At the end a room holds this, and nothing else.
    pub(in crate::simulation) fn end(&mut self, room: &str, epoch: &str, end: &[Told]) {
        let numbers: Vec<_> = end.iter().map(|told| told.seq).collect();
        let first = numbers.first().copied().unwrap_or(1);
        if numbers != (first..first + numbers.len() as u64).collect::<Vec<_>>() {
            return self.wrong(format!("there are holes in {room}: {numbers:?}"));
        }
        let at = |seq: u64| end.iter().find(|told| told.seq == seq);
        let mut lost = 0;
        for ((of, log), told) in self.acked.clone() {
            if of != room || at(told.seq) == Some(&told) {
                continue;
            }
            let may = log != epoch && (self.kept == Kept::Memory || self.cuts > 0);
            match may && self.kept != Kept::Power || self.is_forgotten(first, told.seq) {
                true => lost += 1,
                false => {
                    let found = at(told.seq);
                    return self.wrong(format!(
                        "{told:?} of {room} was acknowledged in {log}; in {epoch} there is {found:?}"
                    ));
                }
            }
        }
        self.counts.lost += lost;
        for ((of, log), entries) in self.logs.clone() {
            let differs =
                |told: &&Told| at(told.seq) != Some(told) && !self.is_forgotten(first, told.seq);
            let same = of == room && (log == epoch || self.kept == Kept::Power);
            if let Some(told) = entries.values().find(differs).filter(|_| same) {
                let found = at(told.seq);
                return self.wrong(format!("{told:?} of {room} was heard; there is {found:?}"));
            }
        }
        for (of, mid) in self.said.clone().into_keys() {
            let times = end.iter().filter(|told| told.mid == mid).count();
            let may = if self.kept == Kept::Memory { 0..=1 } else { 1..=1 };
            let given_up = self.given_up.contains(&(of.clone(), mid.clone()));
            let may = if self.cuts > 0 && self.kept == Kept::Process { 0..=1 } else { may };
            let may = if given_up { 0..=1 } else { may };
            if of == room && !may.contains(&times) {
                return self.wrong(format!("{mid} is {times} times in {room}"));
            }
        }
    }

    /// Memory holds the newest only.
    fn is_forgotten(&self, first: u64, seq: u64) -> bool {
        self.kept == Kept::Memory && seq < first
    }
}
