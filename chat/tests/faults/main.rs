//! What is promised about data, attacked: the process killed, the file changed behind its back,
//! the power cut, the disk full or broken. What needs strace is reported as ignored where it is
//! missing, with the reason; with `CHAT_TEST_REQUIRE=all` that is a failure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cuts;
mod disk;
mod flips;
mod injected;
mod kills;
mod order;
mod people;
mod program;
mod reading;
mod recording;
mod refused;
mod talk;

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Trial};

/// Numbers by lot, the same in every run with the same seed: xorshift64* (Vigna 2016).
struct Lot(u64);

impl Lot {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// One of the numbers below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

/// How many times something is done: a long run asks for more by a variable.
fn times(variable: &str, usual: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |times| times.parse().expect("a number"))
}

/// Figures for docs/reliability.md.
fn measured(what: &str) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{what}").unwrap();
}

/// A trial, and what it needs.
type Case = (&'static str, Needs, fn());

#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Strace,
    SmallDisk,
}

impl Needs {
    /// What is missing here, in a few words.
    fn missing(self) -> Option<&'static str> {
        let (there, missing) = match self {
            Self::Nothing => return None,
            Self::Strace => {
                let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
                (strace.is_ok_and(|status| status.success()), "no strace on PATH")
            }
            Self::SmallDisk => {
                (injected::small_disk(Path::new("/mnt")).is_some(), "no rights to mount")
            }
        };
        (!there).then_some(missing)
    }
}

static CASES: [Case; 10] = [
    ("kill -9 under load", Needs::Nothing, kills::nothing_acknowledged_is_lost),
    ("power cuts at power", Needs::Strace, cuts::nothing_is_lost_at_power),
    ("power cuts at process", Needs::Strace, cuts::something_is_lost_at_process_and_told),
    (
        "acknowledged behind its sync",
        Needs::Strace,
        order::every_acknowledgement_is_behind_its_sync,
    ),
    ("single bits flipped", Needs::Nothing, flips::every_one_is_refused_or_told),
    ("a sync fails", Needs::Strace, injected::a_sync_fails),
    ("a write finds no space", Needs::Strace, injected::a_write_finds_no_space),
    ("a write fails", Needs::Strace, injected::a_write_fails),
    ("a disk fills and is freed", Needs::SmallDisk, injected::a_disk_fills_and_is_freed),
    ("files that cannot be used", Needs::Nothing, refused::every_file_that_cannot_be_used),
];

fn main() -> ExitCode {
    let required = std::env::var_os("CHAT_TEST_REQUIRE").is_some_and(|what| what == "all");
    let trials = CASES.map(|(name, needs, run)| {
        let missing = needs.missing();
        let trial = Trial::test(name, move || {
            run();
            Ok(())
        });
        trial
            .with_kind(missing.unwrap_or_default())
            .with_ignored_flag(missing.is_some() && !required)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}
