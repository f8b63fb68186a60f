//! What one event costs its caller, in time and in instructions.

use std::error::Error;
use std::process::Command;

use crate::cases::{self, BASE, Case, LOOP, OFF, ON};
use crate::report::{answer, ask, median, ratio, spread, time};
use crate::run::Run;

const ROUNDS: usize = 15;
const CHUNKS: usize = 25;

/// The cases of one table, measured.
struct Table {
    cases: &'static [Case],
    /// Events of a chunk: long enough for the clock, short enough to fall between interruptions.
    events: u64,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    /// Nanoseconds per event, round by round.
    ns: Vec<f64>,
    instructions: Option<f64>,
    evaluates: bool,
}

pub struct Costs {
    off: Table,
    on: Table,
}

pub fn measure(quick: bool) -> Result<Costs, Box<dyn Error>> {
    let table = |cases: &'static [Case], events| Table {
        cases,
        events,
        rows: cases.iter().map(|_| Row::default()).collect(),
    };
    let mut costs = Costs { off: table(OFF, 100_000), on: table(ON, 2_000) };
    let (rounds, chunks) = if quick { (1, 3) } else { (ROUNDS, CHUNKS) };
    for _ in 0..rounds {
        costs.off.round(chunks)?;
        costs.on.round(chunks)?;
    }
    let valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if valgrind {
        costs.off.count()?;
        costs.on.count()?;
    }
    Ok(costs)
}

/// Measures one case: `[name, chunks, events]`.
pub fn child(args: &[&str]) -> Result<String, Box<dyn Error>> {
    let [name, chunks, events] = args else { return Err("name, chunks, events".into()) };
    let named = |cases: &'static [Case]| cases.iter().find(|case| case.0 == *name);
    let (off, on) = (named(OFF), named(ON));
    let Case(_, measure) = off.or(on).ok_or("no such case")?;
    let (chunks, events) = (chunks.parse()?, events.parse()?);
    let mut run = Run { chunks, events, times: Vec::new(), writes: on.is_some() };
    measure(&mut run);
    let ns = |time: &std::time::Duration| time.as_nanos() as f64 / events as f64;
    let ns: Vec<f64> = run.times.iter().map(ns).collect();
    Ok(format!("{} {}", median(&ns), cases::evaluated()))
}

impl Table {
    fn round(&mut self, chunks: usize) -> Result<(), Box<dyn Error>> {
        for (Case(name, _), row) in self.cases.iter().zip(&mut self.rows) {
            let answer = ask(&["cost", name, &chunks.to_string(), &self.events.to_string()])?;
            let (ns, evaluated) = answer.split_once(' ').ok_or("two numbers")?;
            row.ns.push(ns.parse()?);
            row.evaluates = evaluated != "0";
        }
        Ok(())
    }

    /// Counts the instructions of the thread that traces, and of nothing but its events.
    fn count(&mut self) -> Result<(), Box<dyn Error>> {
        const EVENTS: u32 = 1_000;
        for (Case(name, _), row) in self.cases.iter().zip(&mut self.rows) {
            let mut command = Command::new("valgrind");
            command.args(["--tool=callgrind", "--callgrind-out-file=/dev/stdout"]);
            command.args(["--toggle-collect=*every_event*", "--quiet"]);
            command.arg(std::env::current_exe()?).args(["cost", name, "1", &EVENTS.to_string()]);
            let profile = answer(&mut command)?;
            let total = profile.lines().find_map(|line| line.strip_prefix("totals: "));
            let total: f64 = total.ok_or("callgrind says no total")?.trim().parse()?;
            row.instructions = Some((total / f64::from(EVENTS)).round());
        }
        Ok(())
    }

    fn row(&self, name: &str) -> &Row {
        let at = self.cases.iter().position(|case| case.0 == name);
        &self.rows[at.expect("a case of this table")]
    }
}

impl Row {
    /// As ratios to another row, round by round.
    fn to(&self, base: &Row) -> Vec<f64> {
        self.ns.iter().zip(&base.ns).map(|(ns, base)| ns / base).collect()
    }

    fn instructions(&self) -> String {
        self.instructions.map_or("?".to_owned(), |count| count.to_string())
    }
}

const TRACE_OFF: &str = "**trace**: `off()`";
const TRACE_ON: &str = "**trace**: `new(w)` as `Arc<dyn Tracer>`";

impl Costs {
    fn base(&self) -> &Row {
        self.on.row(BASE)
    }

    pub fn off_table(&self) -> String {
        let mut text = String::from(
            "| switched off | ns | of the barest tracing | instructions | evaluates arguments |\n\
             |---|---|---|---|---|\n",
        );
        for (Case(name, _), row) in self.off.cases.iter().zip(&self.off.rows) {
            let (ns, share) = (median(&row.ns), ratio(median(&row.to(self.base()))));
            let evaluates = if row.evaluates { "yes" } else { "no" };
            let instructions = row.instructions();
            text += &format!("| {name} | {ns:.2} | {share} | {instructions} | {evaluates} |\n");
        }
        text
    }

    pub fn on_table(&self) -> String {
        let mut text = String::from(
            "| written to a sink | time | of the barest tracing | instructions |\n\
             |---|---|---|---|\n",
        );
        for (Case(name, _), row) in self.on.cases.iter().zip(&self.on.rows) {
            let (ns, share) = (time(median(&row.ns)), spread(&row.to(self.base()), ratio));
            text += &format!("| {name} | {ns} | {share} | {} |\n", row.instructions());
        }
        text
    }

    /// Rows of the README's table.
    pub fn summary(&self) -> String {
        let off = [
            TRACE_OFF,
            "tracing, no subscriber",
            "log, no logger",
            "slog, `Discard`",
            "the Go original's shape, its `Off()`",
        ];
        let on = [
            TRACE_ON,
            BASE,
            "log + env_logger, barest",
            "slog, a drain of our own",
            "the Go original's shape",
        ];
        let quiet = off.map(|name| self.off.row(name).instructions()).join(" | ");
        let loud = on.map(|name| self.on.row(name).instructions()).join(" | ");
        let ratios = on.map(|name| ratio(median(&self.on.row(name).to(self.base())))).join(" | ");
        let empty = self.off.row(LOOP).instructions();
        format!(
            "| | trace | tracing | log | slog | the Go shape |\n|---|---|---|---|---|---|\n\
             | off: instructions per event (empty loop: {empty}) | {quiet} |\n\
             | on, barest line: instructions per event | {loud} |\n\
             | on, barest line: time, tracing = 1 | {ratios} |\n"
        )
    }

    /// Target, what was measured, and whether that meets it.
    pub fn targets(&self) -> Vec<(String, String, bool)> {
        let (off, empty) = (self.off.row(TRACE_OFF), self.off.row(LOOP));
        let loops = off.to(empty);
        let same = off.instructions == empty.instructions && median(&loops) < 1.1;
        let (counted, of) = (off.instructions(), empty.instructions());
        let off = format!("{counted} of {of} instructions, {} of its time", spread(&loops, ratio));
        let share = self.on.row(TRACE_ON).to(self.base());
        vec![
            ("off costs what the empty loop costs".to_owned(), off, same),
            (
                "on costs at most half of the barest tracing + fmt".to_owned(),
                format!("{} of its time", spread(&share, ratio)),
                median(&share) <= 0.5,
            ),
        ]
    }
}
