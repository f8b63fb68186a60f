//! What one thing more costs: the same work with and without it, one after the other.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::server::{self, Figures};
use crate::table::spread;

/// A server with and without something.
struct Pair {
    title: &'static str,
    /// Of the work, which is the same.
    work: &'static [&'static str],
    without: &'static [&'static str],
    with: &'static [&'static str],
    figure: Figure,
    /// How many times as much it may be at most, if that was aimed at.
    aim: Option<f64>,
}

#[derive(Clone, Copy)]
enum Figure {
    /// The server's CPU for each delivery.
    Cpu,
    /// The time to the last client that 99 of 100 messages need at most.
    P99,
}

const PACED: &[&str] = &["--clients", "1000", "--rate", "100"];
const CROWD: &[&str] = &["--clients", "500", "--rate", "50"];
/// Stands for a file that is made for the measurement.
const FILE: &str = "FILE";

const PAIRS: [Pair; 7] = [
    Pair {
        title: "the flight recorder, paced",
        work: PACED,
        without: &["--flight", "off"],
        with: &["--flight", "on"],
        figure: Figure::Cpu,
        aim: Some(1.05),
    },
    Pair {
        title: "the flight recorder, flat out",
        work: &["--clients", "1000"],
        without: &["--flight", "off"],
        with: &["--flight", "on"],
        figure: Figure::Cpu,
        aim: Some(1.05),
    },
    Pair {
        title: "every step and every delivery traced to a file (`--trace FILE`)",
        work: PACED,
        without: &["--trace", "off"],
        with: &["--trace", FILE],
        figure: Figure::Cpu,
        aim: None,
    },
    Pair {
        title: "stored so that it survives a power cut (`--data FILE`)",
        work: PACED,
        without: &["--data", "off"],
        with: &["--data", FILE],
        figure: Figure::Cpu,
        aim: None,
    },
    Pair {
        title: "the same: time to the last client",
        work: PACED,
        without: &["--data", "off"],
        with: &["--data", FILE],
        figure: Figure::P99,
        aim: None,
    },
    Pair {
        title: "one client more, who reads nothing: time to the last of the others",
        work: CROWD,
        without: &["--stalled", "0"],
        with: &["--stalled", "1"],
        figure: Figure::P99,
        aim: Some(1.05),
    },
    Pair {
        title: "names and numbers for everybody (`chat.v1` in place of `/room`)",
        work: PACED,
        without: &["--format", "body"],
        with: &["--format", "chat.v1"],
        figure: Figure::Cpu,
        aim: None,
    },
];

/// Measures all of them in so many rounds, and makes a table of it.
pub fn table(chat: &Path, rounds: usize, seconds: f64) -> Result<String, Box<dyn Error>> {
    let mut text = String::from(
        "| with | without it | with it | times as much | aim |\n|---|---:|---:|---:|---|\n",
    );
    for pair in &PAIRS {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for round in 1..=rounds {
            writeln!(io::stderr(), "round {round} of {rounds}: {}", pair.title)?;
            // Whoever is first has the quieter computer, or not: both are, in turn.
            let mut sides = [(pair.without, &mut without), (pair.with, &mut with)];
            if round % 2 == 0 {
                sides.reverse();
            }
            for (args, figures) in sides {
                figures.push(pair.measure(chat, args, seconds)?);
            }
        }
        let ratios: Vec<_> =
            with.iter().zip(&without).map(|(with, without)| with / without).collect();
        let aim = pair.aim.map_or_else(String::new, |aim| format!("at most {aim}"));
        let unit = pair.figure.unit();
        let (without, with, ratios) = (spread(without, 2), spread(with, 2), spread(ratios, 2));
        text +=
            &format!("| {} | {without} {unit} | {with} {unit} | {ratios} | {aim} |\n", pair.title);
    }
    Ok(text)
}

impl Pair {
    fn measure(&self, chat: &Path, args: &[&str], seconds: f64) -> Result<f64, Box<dyn Error>> {
        let folder = Folder::new()?;
        let file = folder.0.join("measured");
        let file = file.to_str().ok_or("the folder for files has a name that is no text")?;
        let args: Vec<_> = args.iter().map(|arg| if *arg == FILE { file } else { arg }).collect();
        let report = server::bench(chat, &[self.work, &args].concat(), seconds)?;
        self.figure.of(&report)
    }
}

/// For the files of one measurement; taken away when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("chat-bench-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

impl Figure {
    fn of(self, report: &Value) -> Result<f64, Box<dyn Error>> {
        match self {
            Self::Cpu => Ok(Figures::of(report)?.cpu),
            Self::P99 => {
                Ok(report["latency_ms"]["p99"].as_f64().ok_or("no message came in time")?)
            }
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "us",
            Self::P99 => "ms",
        }
    }
}
