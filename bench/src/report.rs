//! Into the document, with when, of what, and where.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::process::Command;
use std::thread;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");

/// How busy the computer was over the last minute, if it says so.
pub fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').next()?.to_owned())
}

/// How it was measured.
pub fn how(rounds: usize, seconds: f64, load: Option<String>) -> Result<String, Box<dyn Error>> {
    let load = load.map_or(String::new(), |load| format!(", load {load} before"));
    let origin = origin()?;
    Ok(format!(
        "the median of {rounds} rounds of {seconds} s, and from where to where they went. \
         {origin}{load}."
    ))
}

/// Prints a table and, to keep it, puts it between its markers in the document.
pub fn publish(name: &str, text: &str, keep: bool) -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout(), "{text}")?;
    if !keep {
        return Ok(());
    }
    let (begin, end) = (format!("<!-- bench:{name} -->"), "<!-- /bench -->");
    let document = fs::read_to_string(DOCUMENT)?;
    let (before, rest) = document.split_once(&begin).ok_or("the document has no such marker")?;
    let (_, after) = rest.split_once(end).ok_or("a marker without its end")?;
    Ok(fs::write(DOCUMENT, format!("{before}{begin}\n{text}{end}{after}"))?)
}

/// When, of what, and where.
fn origin() -> Result<String, Box<dyn Error>> {
    let date = says("date", &["-u", "+%F"])?;
    let commit = says("git", &["rev-parse", "--short=10", "HEAD"])?;
    let changed = says("git", &["status", "--porcelain", "--", "../chat/src", "src"])?;
    let changed = if changed.is_empty() { "" } else { " with changes" };
    let kernel = says("uname", &["-sr"])?;
    let cores = thread::available_parallelism()?;
    Ok(format!("Measured on {date} at {commit}{changed}: {cores} cores, {kernel}"))
}

fn says(program: &str, args: &[&str]) -> Result<String, Box<dyn Error>> {
    let here = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(program).args(args).current_dir(here).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
