//! From samples to the tables in the README.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::{fs, thread};

/// Prints a table and, to keep it, puts it between its markers in one of the documents.
pub fn publish(marker: &str, table: &str, keep: bool) -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout(), "\n{marker}\n\n{table}")?;
    if !keep {
        return Ok(());
    }
    let (begin, end) = (format!("<!-- bench:{marker} -->"), "<!-- /bench -->");
    for name in ["README.md", "BENCHMARKS.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(name);
        let text = fs::read_to_string(&path)?;
        let Some((before, rest)) = text.split_once(&begin) else { continue };
        let (_, after) = rest.split_once(end).ok_or("a marker without its end")?;
        let origin = origin()?;
        fs::write(&path, format!("{before}{begin}\n{table}\n{origin}\n{end}{after}"))?;
        return Ok(());
    }
    Err(format!("nowhere to put {begin}").into())
}

/// When, of what, and where.
fn origin() -> Result<String, Box<dyn Error>> {
    let date = says("date", &["-u", "+%F"])?;
    let commit = says("git", &["rev-parse", "--short=10", "HEAD"])?;
    let changed = says("git", &["status", "--porcelain", "--", "../src"])?;
    let changed = if changed.is_empty() { "" } else { " with changes" };
    let rustc = says("rustc", &["--version"])?;
    let rustc = rustc.split(" (").next().unwrap_or_default();
    let cores = thread::available_parallelism()?;
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().map_or(String::new(), |load| format!(", load {load}"));
    Ok(format!(
        "Measured on {date} at {commit}{changed}: {cores} cores, {arch} {os}, {rustc}{load}."
    ))
}

fn says(program: &str, args: &[&str]) -> Result<String, Box<dyn Error>> {
    let here = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(program).args(args).current_dir(here).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// What this program says when it is run again for one measurement.
pub fn ask(args: &[&str]) -> Result<String, Box<dyn Error>> {
    answer(Command::new(std::env::current_exe()?).args(args))
}

pub fn answer(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} failed: {error}").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The value that so many percent of the samples do not exceed.
pub fn percentile(samples: &[f64], percent: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

pub fn median(samples: &[f64]) -> f64 {
    percentile(samples, 50.0)
}

/// Median, and the middle half of the samples.
pub fn spread(samples: &[f64], show: impl Fn(f64) -> String) -> String {
    let [low, middle, high] = [25.0, 50.0, 75.0].map(|percent| show(percentile(samples, percent)));
    format!("{middle} ({low} – {high})")
}

/// Three digits of a ratio.
pub fn ratio(value: f64) -> String {
    match value {
        10.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        0.095.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Nanoseconds in the unit that fits.
pub fn time(ns: f64) -> String {
    match ns {
        1e7.. => format!("{:.0} ms", ns / 1e6),
        1e6.. => format!("{:.1} ms", ns / 1e6),
        1e4.. => format!("{:.0} µs", ns / 1e3),
        1e3.. => format!("{:.1} µs", ns / 1e3),
        10.0.. => format!("{ns:.0} ns"),
        _ => format!("{ns:.2} ns"),
    }
}
