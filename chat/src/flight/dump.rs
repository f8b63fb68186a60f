//! A flight as a file, for when something went wrong.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::TryLockError;
use std::thread;

use trace::trace;

use super::Flight;
use crate::clock;

/// How often a recorder that is busy is asked again: whoever asks may have panicked in the middle
/// of it.
const TRIES: usize = 1000;

/// Files that are tried for one second.
const NAMES: usize = 10;

impl Flight {
    /// Writes what is remembered into a new file of `folder`, `chat-flight-UNIXTIME.ndjson`, which
    /// only its owner may read; the file. Nothing is overwritten.
    ///
    /// # Errors
    /// The file cannot be made or written; then there is none.
    pub fn dump(&self, folder: &Path) -> io::Result<PathBuf> {
        self.free()?;
        let (path, file) = new_file(folder)?;
        self.fill(&path, file)?;
        Ok(path)
    }

    /// Writes into a new file, and takes it away if not all of it fits.
    pub(super) fn fill(&self, path: &Path, file: File) -> io::Result<()> {
        let mut file = BufWriter::new(file);
        let filled = self.write_to(&mut file).and_then(|()| file.flush());
        if filled.is_err() {
            // What is still in the buffer is not to be written, and Windows removes no open file.
            drop(file.into_parts());
            fs::remove_file(path).ok();
        }
        filled
    }

    /// The same in a panic hook; the last event is then `panicked`, at `place`.
    ///
    /// # Errors
    /// As [`Flight::dump`].
    pub fn dump_panic(&self, folder: &Path, place: &str) -> io::Result<PathBuf> {
        self.free()?;
        let tracer = self;
        trace!(tracer, "Panicked"; event = "panicked", place = place);
        self.dump(folder)
    }

    /// Whether nobody who panicked holds it: he would wait for himself.
    fn free(&self) -> io::Result<()> {
        match (0..TRIES).all(|_| self.is_busy()) {
            true => Err(io::ErrorKind::ResourceBusy.into()),
            false => Ok(()),
        }
    }

    fn is_busy(&self) -> bool {
        let busy = matches!(self.0.rings.try_lock(), Err(TryLockError::WouldBlock));
        if busy {
            thread::yield_now();
        }
        busy
    }
}

fn new_file(folder: &Path) -> io::Result<(PathBuf, File)> {
    let seconds = clock::wall().0 / 1000;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut taken = io::ErrorKind::AlreadyExists.into();
    for n in 1..=NAMES {
        let again = if n > 1 { format!("-{n}") } else { String::new() };
        let path = folder.join(format!("chat-flight-{seconds}{again}.ndjson"));
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}
