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
mod loss;
mod original;
mod report;
mod run;
mod sink;
mod transport;

use std::error::Error;
use std::io::{self, Write};
use std::process;

const HELP: &str = "\
Measures trace and its peers: cargo run --release --manifest-path trace/bench/Cargo.toml

  -- --check   print the tables and write nothing
  -- --quick   one short round, to see that it works; writes nothing either
  -- --build   also the cost of building each from nothing, which takes minutes
";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let answer = match args.as_slice() {
        ["cost", rest @ ..] => Some(cost::child(rest)?),
        ["latency", rest @ ..] => Some(latency::child(rest)?),
        ["loss", rest @ ..] => Some(loss::child(rest)?),
        _ => None,
    };
    if let Some(answer) = answer {
        return Ok(io::stdout().write_all(answer.as_bytes())?);
    }
    if args.iter().any(|arg| !["--check", "--quick", "--build"].contains(arg)) {
        io::stderr().write_all(HELP.as_bytes())?;
        process::exit(2);
    }
    let asked = |option| args.contains(&option);
    let quick = asked("--quick");

    let keep = !quick && !asked("--check");
    let publish = |marker, table: String| report::publish(marker, &table, keep);

    let cost = cost::measure(quick)?;
    publish("off", cost.off_table())?;
    publish("on", cost.on_table())?;
    let latency = latency::measure(quick)?;
    publish("latency", latency.table())?;
    publish("loss", loss::table()?)?;
    publish("targets", targets(&cost, &latency))?;
    publish("summary", cost.summary() + &latency.summary())?;
    if asked("--build") {
        let footprint = footprint::measure(quick)?;
        publish("build", footprint.table())?;
        publish("build-summary", footprint.summary())?;
    }
    Ok(())
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
