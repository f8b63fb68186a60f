//! From samples to the table in the document.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reliability.md");

/// A folder on the disk that the project is on; a temporary one may be in memory, where a sync
/// costs nothing.
pub fn folder() -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/rates");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Prints a table and, to keep it, puts it between its markers in the document.
pub fn publish(marker: &str, table: &str, keep: bool) -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout(), "{table}")?;
    if !keep {
        return Ok(());
    }
    let (begin, end) = (format!("<!-- bench:{marker} -->"), "<!-- /bench -->");
    let text = fs::read_to_string(DOCUMENT)?;
    let (before, rest) = text.split_once(&begin).ok_or("the document has no such marker")?;
    let (_, after) = rest.split_once(end).ok_or("a marker without its end")?;
    let origin = origin()?;
    Ok(fs::write(DOCUMENT, format!("{before}{begin}\n{table}\n{origin}\n{end}{after}"))?)
}

/// When, of what, and where.
fn origin() -> Result<String, Box<dyn Error>> {
    let date = says("date", &["-u", "+%F"])?;
    let commit = says("git", &["rev-parse", "--short=10", "HEAD"])?;
    let changed = says("git", &["status", "--porcelain", "--", "../src"])?;
    let changed = if changed.is_empty() { "" } else { " with changes" };
    let cores = thread::available_parallelism()?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().map_or(String::new(), |load| format!(", load {load}"));
    Ok(format!("Measured on {date} at {commit}{changed}: {cores} cores{load}."))
}

fn says(program: &str, args: &[&str]) -> Result<String, Box<dyn Error>> {
    let here = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(program).args(args).current_dir(here).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The wait, in seconds, that so many percent do not exceed.
pub fn percentile(waits: &[Duration], percent: usize) -> f64 {
    let mut sorted = waits.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(f64::NAN, Duration::as_secs_f64)
}

/// The middle one.
pub fn median(samples: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = samples.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
