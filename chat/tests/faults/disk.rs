//! What a disk can hold when the power goes: everything that was synced, and of the rest whatever
//! it likes.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use super::Lot;
use super::recording::{Call, Did};

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// The files, and what of them is certain.
pub struct Disk<'a> {
    /// Of each file that was ever made.
    files: Vec<Kept<'a, Vec<u8>>>,
    folder: Kept<'a, HashMap<&'a str, usize>>,
    /// By name, as the program sees it.
    now: HashMap<&'a str, usize>,
    syncing: HashMap<usize, Vec<usize>>,
}

/// Something that is synced, and the changes of it that are not.
#[derive(Default)]
struct Kept<'a, T> {
    certain: T,
    open: Vec<Open<'a>>,
}

struct Open<'a> {
    call: usize,
    ended: bool,
    change: Change<'a>,
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Write(usize, &'a [u8]),
    Shorten(usize),
    Make(&'a str, usize),
    Remove(&'a str),
}

/// What became of the changes that nobody had waited for.
#[derive(Clone, Copy, Debug)]
enum Rest {
    None,
    All,
    /// The first so many.
    First(usize),
    Some,
    /// Of each write some sectors.
    Torn,
}

impl<'a> Disk<'a> {
    /// A disk that has these files.
    pub fn new(before: &'a BTreeMap<String, Vec<u8>>) -> Self {
        let names = before.keys().enumerate().map(|(file, name)| (name.as_str(), file));
        let now: HashMap<_, _> = names.collect();
        let kept = |file: &Vec<u8>| Kept { certain: file.clone(), open: vec![] };
        let files = before.values().map(kept).collect();
        let folder = Kept { certain: now.clone(), open: vec![] };
        Self { files, folder, now, syncing: HashMap::new() }
    }

    pub fn begin(&mut self, number: usize, call: &'a Call) {
        let open = |change| Open { call: number, ended: false, change };
        match &call.did {
            Did::Made(name) if !self.now.contains_key(name.as_str()) => {
                self.files.push(Kept::default());
                let file = self.files.len() - 1;
                self.now.insert(name, file);
                self.folder.open.push(open(Change::Make(name, file)));
            }
            Did::Made(_) | Did::Said { .. } => {}
            Did::Removed(name) => {
                self.now.remove(name.as_str());
                self.folder.open.push(open(Change::Remove(name)));
            }
            Did::Wrote { file, at, bytes } => {
                self.files[self.now[file.as_str()]].open.push(open(Change::Write(*at, bytes)));
            }
            Did::Shortened { file, to } => {
                self.files[self.now[file.as_str()]].open.push(open(Change::Shorten(*to)));
            }
            Did::Synced(name) => {
                let done = match self.now.get(name.as_str()) {
                    Some(file) => self.files[*file].done(),
                    None => self.folder.done(),
                };
                self.syncing.insert(number, done);
            }
        }
    }

    pub fn end(&mut self, number: usize, call: &'a Call) {
        for open in self.files.iter_mut().flat_map(|file| &mut file.open) {
            open.ended |= open.call == number;
        }
        self.folder.open.iter_mut().for_each(|open| open.ended |= open.call == number);
        if let Did::Synced(name) = &call.did {
            let done = self.syncing.remove(&number).unwrap();
            match self.now.get(name.as_str()) {
                Some(file) => self.files[*file].synced(&done, write),
                None => self.folder.synced(&done, link),
            }
        }
    }

    /// Writes one of the things that could be there now into a folder of its own.
    pub fn image(&self, lot: &mut Lot, into: &Path) {
        let names = self.folder.one_of(lot, link);
        for (name, file) in names {
            fs::write(into.join(name), self.files[file].one_of(lot, write)).unwrap();
        }
    }
}

impl<'a, T: Clone> Kept<'a, T> {
    /// The changes that a sync that begins now waits for.
    fn done(&self) -> Vec<usize> {
        self.open.iter().filter(|open| open.ended).map(|open| open.call).collect()
    }

    fn synced(&mut self, done: &[usize], apply: fn(&mut T, Change<'a>, Option<&mut Lot>)) {
        for open in self.open.extract_if(.., |open| done.contains(&open.call)) {
            apply(&mut self.certain, open.change, None);
        }
    }

    fn one_of(&self, lot: &mut Lot, apply: fn(&mut T, Change<'a>, Option<&mut Lot>)) -> T {
        let rest = match lot.below(5) {
            0 => Rest::None,
            1 => Rest::All,
            2 => Rest::First(lot.below(self.open.len() + 1)),
            3 => Rest::Some,
            _ => Rest::Torn,
        };
        let mut image = self.certain.clone();
        for (at, open) in self.open.iter().enumerate() {
            let there = match rest {
                Rest::None => false,
                Rest::All | Rest::Torn => true,
                Rest::First(count) => at < count,
                Rest::Some => lot.below(2) == 0,
            };
            if there {
                let torn = matches!(rest, Rest::Torn).then_some(&mut *lot);
                apply(&mut image, open.change, torn);
            }
        }
        image
    }
}

/// Changes the bytes of a file, or if it is torn some of them.
fn write(file: &mut Vec<u8>, change: Change<'_>, mut torn: Option<&mut Lot>) {
    let mut there = || torn.as_mut().is_none_or(|lot| lot.below(2) == 0);
    match change {
        Change::Shorten(to) if there() => file.resize(to, 0),
        Change::Write(mut at, mut bytes) => {
            while !bytes.is_empty() {
                let (sector, rest) = bytes.split_at(bytes.len().min(SECTOR - at % SECTOR));
                if there() {
                    file.resize(file.len().max(at + sector.len()), 0);
                    file[at..at + sector.len()].copy_from_slice(sector);
                }
                (at, bytes) = (at + sector.len(), rest);
            }
        }
        _ => {}
    }
}

/// Changes the names in a folder.
fn link<'a>(names: &mut HashMap<&'a str, usize>, change: Change<'a>, torn: Option<&mut Lot>) {
    if torn.is_some_and(|lot| lot.below(2) == 0) {
        return;
    }
    match change {
        Change::Make(name, file) => _ = names.insert(name, file),
        Change::Remove(name) => _ = names.remove(name),
        _ => {}
    }
}
