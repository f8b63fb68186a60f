//! Measures how fast messages are acknowledged, beside a bare loop that inserts the same rows, and
//! writes the table into docs/reliability.md.
//!
//! The runs take turns, so that a busy moment of the machine meets all of them alike, and what is
//! compared are medians of ratios within one round.

mod bare;
mod report;
mod rooms;

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

/// The text of every message: 80 bytes, a line of talk.
const BODY: &str =
    "That is about what somebody writes before the enter key: eighty bytes of a line.";

/// How many write at once, each the next message when the last one was acknowledged.
const WRITERS: [usize; 2] = [1, 100];

/// Acknowledged messages in one run, and how long each of them took.
struct Run {
    took: Duration,
    waits: Vec<Duration>,
}

impl Run {
    fn rate(&self) -> f64 {
        self.waits.len() as f64 / self.took.as_secs_f64()
    }
}

/// What a message survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Power,
    Process,
    Memory,
}

impl Kept {
    fn name(self) -> &'static str {
        match self {
            Self::Power => "`power`",
            Self::Process => "`process`",
            Self::Memory => "`--data off`",
        }
    }
}

/// One way, and in each round ours and the bare loop.
struct Row {
    writers: usize,
    kept: Kept,
    runs: Vec<(Run, Run)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (keep, rounds, time) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => (true, 5, Duration::from_secs(2)),
        ["--check"] => (false, 5, Duration::from_secs(2)),
        ["--quick"] => (false, 1, Duration::from_millis(200)),
        _ => {
            let help = "cargo run --release --manifest-path chat/bench/Cargo.toml\n\
                        \x20 -- --check   print the table and write nothing\n\
                        \x20 -- --quick   one short round, to see that it works\n";
            io::stderr().write_all(help.as_bytes())?;
            std::process::exit(2);
        }
    };
    let folder = report::folder()?;
    let mut rows = Vec::new();
    for writers in WRITERS {
        for kept in [Kept::Power, Kept::Process, Kept::Memory] {
            rows.push(Row { writers, kept, runs: Vec::new() });
        }
    }
    for round in 0..rounds {
        for Row { writers, kept, runs } in &mut rows {
            write!(io::stderr(), "\rround {} of {rounds}, {writers} writers ", round + 1)?;
            let file = folder.join("rates.db");
            let bare = bare::run(&file, *kept, *writers, time)?;
            let ours = rooms::run(&file, *kept, *writers, time)?;
            runs.push((ours, bare));
        }
    }
    writeln!(io::stderr())?;
    std::fs::remove_dir_all(&folder)?;
    report::publish("rates", &table(&rows), keep)
}

/// One line for each way, with the medians of its rounds.
fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| writers | a message survives | acknowledged per second | of the bare loop | p50 | p99 |\n\
         |---:|---|---:|---:|---:|---:|\n",
    );
    for Row { writers, kept, runs } in rows {
        let of = |value: &dyn Fn(&(Run, Run)) -> f64| report::median(runs.iter().map(value));
        let rate = of(&|(ours, _)| ours.rate());
        let ratio = of(&|(ours, bare)| ours.rate() / bare.rate());
        let wait = |percent| of(&|(ours, _)| report::percentile(&ours.waits, percent));
        text += &format!(
            "| {writers} | {} | {rate:.0} | {ratio:.2} | {:.2} ms | {:.2} ms |\n",
            kept.name(),
            wait(50) * 1e3,
            wait(99) * 1e3,
        );
    }
    text
}
