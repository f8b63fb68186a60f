//! What the flight recorder costs: the same program with it and without it, in turns.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use crate::load::Load;
use crate::server::{self, Server};

/// How many times the CPU of a server without it is aimed at.
const AIM: f64 = 1.05;

const SECONDS: f64 = 2.0;

/// Measures so many rounds, and prints the median of the ratios within a round.
pub fn measure(rounds: usize) -> Result<(), Box<dyn Error>> {
    let chat = server::build()?;
    let mut out = io::stdout();
    for load in Load::recorder() {
        let mut ratios = Vec::new();
        for round in 0..rounds {
            // Whoever comes first may find another computer than whoever comes second.
            let (on, off) = match round % 2 {
                0 => (with(&chat, &load, "on")?, with(&chat, &load, "off")?),
                _ => {
                    let off = with(&chat, &load, "off")?;
                    (with(&chat, &load, "on")?, off)
                }
            };
            let title = load.title;
            writeln!(
                out,
                "{title}, round {}: {on:.4} us a delivery with the recorder, {off:.4} without",
                round + 1
            )?;
            ratios.push(on / off);
        }
        ratios.sort_by(f64::total_cmp);
        let (median, least) = (ratios[ratios.len() / 2], ratios[0]);
        let most = ratios[ratios.len() - 1];
        writeln!(
            out,
            "{}: {median:.3} times ({least:.3} to {most:.3}), at most {AIM} is the aim",
            load.title
        )?;
    }
    Ok(())
}

/// The server's CPU for a delivery, with the recorder on or off.
fn with(chat: &Path, load: &Load, flight: &str) -> Result<f64, Box<dyn Error>> {
    Ok(Server::Ours.measure_with(chat, load, SECONDS, &["--flight", flight])?.cpu)
}
