//! What the program does besides serving, as the command line names it.

use std::path::PathBuf;

use clap::Subcommand;

use super::measure::BenchFlags;
use super::remote::RemoteCommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print every setting and where it came from
    Config,
    /// Say what is damaged or missing in the file of --data
    ///
    /// Nothing in it is changed, and a server may have it meanwhile. What is damaged is on stdout, a
    /// line each, with its room and number, and the exit code is 0 if there is nothing, 1 if there
    /// is, 4 if the file cannot be used.
    Check {
        /// Another file than that of --data
        file: Option<PathBuf>,
    },
    /// Copy the file of --data into another, while a server goes on
    ///
    /// As it is at one moment, and checked like `chat check`. Nothing is overwritten. The copy is
    /// readable by its owner only.
    Backup {
        /// The file of the copy; there must be none yet
        file: PathBuf,
    },
    /// Write everything in the file of --data to stdout, a JSON object a line
    ///
    /// Rooms, inboxes, edits, deletions, and members with the hashes of their tokens, as they are at
    /// one moment; a server may have the file meanwhile. What is damaged is left out and named on
    /// stderr, and the exit code is 1.
    Export {
        /// Another file than that of --data
        file: Option<PathBuf>,
    },
    /// Read from stdin what was exported into a new file: all, or nothing
    ///
    /// The file of --data, which may not be there yet or has to be empty. A line that is wrong is
    /// named by its number.
    Import {
        /// Another file than that of --data
        file: Option<PathBuf>,
    },
    /// Show a trace that was saved in the X-ray page
    ///
    /// A file of --trace with --trace-format json, of `chat trace --json`, or one that the flight
    /// recorder wrote. It is served on a free port of this computer until Ctrl-C; lines that are not
    /// understood are counted.
    Xray {
        /// The file
        file: PathBuf,
    },
    #[command(flatten)]
    Remote(RemoteCommand),
    /// Measure what delivering to everyone costs on this computer
    ///
    /// Clients connect to a server that is started for it, in a process of its own, and publish; each
    /// must get every message exactly once and in order. The server keeps nothing and bounds as
    /// little as possible, unless other options say so.
    Bench(Box<BenchFlags>),
    /// Say what on this computer bounds how many can connect, and how to raise it
    Doctor,
    /// Serve until stdin ends: whoever started it is gone
    #[command(hide = true)]
    Attached,
}
