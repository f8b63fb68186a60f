//! What is promised about data, attacked: the process killed, the file changed behind its back,
//! the power cut, the disk full or broken. What needs strace is reported as ignored where it is
//! missing, with the reason; with `CHAT_TEST_REQUIRE=all` that is a failure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cuts;
mod disk;
mod flips;
mod kills;
mod order;
mod people;
mod program;
mod reading;
mod recording;
mod talk;

use std::io::{self, Write};
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

/// A trial and whether it needs strace.
type Case = (&'static str, bool, fn());

static CASES: [Case; 5] = [
    ("kill -9 under load", false, kills::nothing_acknowledged_is_lost),
    ("power cuts at power", true, cuts::nothing_is_lost_at_power),
    ("power cuts at process", true, cuts::something_is_lost_at_process_and_told),
    ("acknowledged behind its sync", true, order::every_acknowledgement_is_behind_its_sync),
    ("single bits flipped", false, flips::every_one_is_refused_or_told),
];

fn main() -> ExitCode {
    let required = std::env::var_os("CHAT_TEST_REQUIRE").is_some_and(|what| what == "all");
    let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    let strace = strace.is_ok_and(|status| status.success());
    let trials = CASES.map(|(name, needs, run)| {
        let missing = needs && !strace;
        let trial = Trial::test(name, move || {
            run();
            Ok(())
        });
        trial
            .with_kind(if missing { "no strace on PATH" } else { "" })
            .with_ignored_flag(missing && !required)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}
