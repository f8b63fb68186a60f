//! What the program does besides serving: looking after the file that keeps what is said.

mod backup;
mod check;
mod error;
mod export;
mod import;
mod line;
mod progress;
mod xray;

use std::path::PathBuf;

pub use self::error::OperationError;
pub(crate) use self::progress::Indexing;
use crate::bench;
use crate::config::{Asked, Config};
use crate::error::Error;

/// One of them, on a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Whether everything in it is as it was written.
    Check(PathBuf),
    /// What is in it, as lines.
    Export(PathBuf),
    /// Such lines, into it.
    Import(PathBuf),
    /// A copy of it.
    Backup { path: PathBuf, to: PathBuf },
    /// A saved trace, in the X-ray page.
    Xray(PathBuf),
}

/// Does what the command line of this process asks for, with its answer on stdout and how far it
/// is on stderr, if that is a terminal. If it asks to serve nothing is done, and this is with which
/// configuration. `descriptors` is what [`raise_descriptors`](crate::raise_descriptors) returned.
///
/// # Errors
/// [`Error::Config`]: what is wrong is named with where it was written and what to write instead.
/// [`Error::Operation`]: it could not be done, or the file is damaged. [`Error::Remote`]: a server
/// that runs could not be asked, or said no.
pub fn asked(descriptors: Option<u64>) -> Result<Option<Config>, Error> {
    match Asked::from_process(descriptors)? {
        Some(Asked::Serve(config)) => Ok(Some(*config)),
        Some(Asked::Operation(operation)) => Ok(operation.run().map(|()| None)?),
        Some(Asked::Remote(remote)) => Ok(remote.run().map(|()| None)?),
        Some(Asked::Bench(plan)) => Ok(bench::bench(&plan).map(|()| None)?),
        Some(Asked::Listing(_)) | None => Ok(None),
    }
}

impl Operation {
    fn run(&self) -> Result<(), OperationError> {
        match self {
            Self::Check(path) => check::check(path),
            Self::Export(path) => export::export(path),
            Self::Import(path) => import::import(path),
            Self::Backup { path, to } => backup::backup(path, to),
            Self::Xray(path) => xray::xray(path),
        }
    }
}
