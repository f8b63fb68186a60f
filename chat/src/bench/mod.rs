//! `chat bench`: what delivering a message to everyone costs, and whether everyone gets it.
//!
//! All clients are on one thread, with sockets that never block, one buffer for all of them and
//! frames that are read where they lie: they share the computer with the server, and what they use
//! it does not get.

mod chart;
mod crowd;
mod error;
mod fault;
mod format;
mod person;
mod plan;
mod progress;
mod publishing;
mod report;
mod run;
mod server;
mod stop;
mod text;
mod times;
mod usage;
mod verifier;

use std::fs;
use std::io::{self, Write};

pub use self::error::BenchError;
pub(crate) use self::plan::{Plan, Target};
use self::progress::Progress;
use self::run::Run;
use self::server::Server;
use self::stop::Stop;
pub(crate) use self::usage::page;

/// Measures, with the report on stdout and how far it is on stderr.
pub(crate) fn bench(plan: &Plan) -> Result<(), BenchError> {
    let stop = Stop::watch().map_err(BenchError::System)?;
    let server = Server::start(&plan.target)?;
    let mut report = Run { plan, server, stop, progress: Progress::new() }.go();
    if let (Err(BenchError::Client { bounded, .. }), Target::Own(_)) = (&mut report, &plan.target) {
        *bounded = false;
    }
    let report = report?;
    let text = match plan.json {
        true => format!("{}\n", report.json(plan)),
        false => report.text(plan),
    };
    let printed = match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(BenchError::Stdout(error)),
        _ => Ok(()),
    };
    if let Some(path) = &plan.svg {
        let drawn = fs::write(path, chart::chart(&report, plan));
        drawn.map_err(|source| BenchError::Chart { path: path.clone(), source })?;
    }
    printed
}
