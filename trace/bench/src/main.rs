//! Measures `trace` beside what it could be replaced with, and writes the tables into its README.
//!
//! Every measurement runs in a process of its own, because `log` and `tracing` are global and can
//! be set up once only, and the processes take turns, so that a busy moment of the machine meets
//! all of them alike. What is compared are medians of ratios within one round, and instructions.

#![forbid(unsafe_code)]

mod cases;
mod cost;
mod footprint;
mod latency;
mod original;
mod report;
mod run;
mod sink;
mod transport;

use std::error::Error;
use std::io::{self, Write};

use report::Section;

const HELP: &str = "\
Measures trace and its peers: cargo run --release --manifest-path trace/bench/Cargo.toml

  -- --check   print the tables and write nothing
  -- --quick   one short round, to see that it works; writes nothing either
  -- --build   also the cost of building each from nothing, which takes minutes
";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let [what @ ("cost" | "latency"), rest @ ..] = args.as_slice() {
        let answer = if *what == "cost" { cost::child(rest) } else { latency::child(rest) };
        io::stdout().write_all(answer?.as_bytes())?;
        return Ok(());
    }
    if args.iter().any(|arg| !["--check", "--quick", "--build"].contains(arg)) {
        return Err(HELP.into());
    }
    let asked = |option| args.contains(&option);
    let quick = asked("--quick");

    let cost = cost::measure(quick)?;
    let latency = latency::measure(quick)?;
    let mut sections = vec![
        Section::new("targets", targets(&cost, &latency)),
        Section::new("off", cost.off_table()),
        Section::new("on", cost.on_table()),
        Section::new("latency", latency.table()),
        Section::new("summary", format!("{}{}", cost.summary(), latency.summary())),
    ];
    if asked("--build") {
        let footprint = footprint::measure(quick)?;
        sections.push(Section::new("build", footprint.table()));
        sections.push(Section::new("build-summary", footprint.summary()));
    }
    let keep = !quick && !asked("--check");
    sections.iter().try_for_each(|section| section.publish(keep))
}

/// What the crate sets out to be, and whether it is.
fn targets(cost: &cost::Costs, latency: &latency::Latencies) -> String {
    let mut text = String::from("| target | measured | |\n|---|---|---|\n");
    for (target, measured, met) in cost.targets().into_iter().chain(latency.targets()) {
        let met = if met { "met" } else { "**missed**" };
        text += &format!("| {target} | {measured} | {met} |\n");
    }
    text
}
