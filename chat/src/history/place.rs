//! The files that belong to a history, and who has them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::HistoryError;

/// One process at a time: by a file of its own, because SQLite's locks are let go when any handle
/// of the process on the file is.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// For as long as this is there.
    ///
    /// # Errors
    /// [`HistoryError::InUse`], or there cannot be such a file.
    pub(super) fn take(data: &Path) -> Result<Self, HistoryError> {
        let path = beside(data, "-lock");
        loop {
            let file = private(&path, false).map_err(HistoryError::Open)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(HistoryError::InUse),
                Err(TryLockError::Error(error)) => return Err(HistoryError::Open(error)),
            }
            let lock = Self { file, path: path.clone() };
            if lock.is_there() {
                return Ok(lock);
            }
        }
    }

    /// Takes the file away: there is nothing left to have.
    pub(super) fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    /// Whether the next one meets it: whoever had it before may have taken it away.
    #[cfg(unix)]
    fn is_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let id = |file: io::Result<std::fs::Metadata>| file.ok().map(|it| (it.dev(), it.ino()));
        id(self.file.metadata()) == id(std::fs::metadata(&self.path))
    }

    /// Where it could not be taken away while somebody has it open.
    #[cfg(not(unix))]
    fn is_there(&self) -> bool {
        self.file.metadata().is_ok()
    }
}

/// One of the files that belong to it.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(end);
    beside.into()
}

/// The file, made for its owner alone if there is none; `new` if there has to be none.
pub(super) fn private(path: &Path, new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).create_new(new).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
