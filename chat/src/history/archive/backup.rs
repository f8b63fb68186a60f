//! A copy of the file.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use rusqlite::{Connection, OpenFlags};

use super::super::place::{beside, private};
use super::Archive;
use crate::random::random_text;

/// Why there is no copy.
#[derive(Debug)]
pub enum BackupError {
    /// There is such a file.
    Exists,
    /// The copy cannot be written.
    Write(io::Error),
    /// The file cannot be read, or the copy cannot be written.
    Copy(rusqlite::Error),
}

impl Archive {
    /// Copies everything, as it is at one moment, into a file that there is not yet, readable by its
    /// owner only. Whoever opens the copy first gives every log a new epoch: what was said after the
    /// copy is not in it, so no client may read on in it as if it were.
    pub(crate) fn backup(&self, to: &Path) -> Result<(), BackupError> {
        if to.exists() {
            return Err(BackupError::Exists);
        }
        let part = Part(beside(to, &format!("-part-{}", random_text(4))));
        private(&part.0, true).map_err(BackupError::Write)?;
        // SQLite takes paths as text.
        let text = part.0.to_str().ok_or(io::ErrorKind::InvalidFilename.into());
        let text = text.map_err(BackupError::Write)?;
        self.db().execute("VACUUM INTO ?", [text]).map_err(BackupError::Copy)?;
        mark(&part.0).map_err(BackupError::Copy)?;
        let synced = fs::File::open(&part.0).and_then(|copy| copy.sync_all());
        synced.map_err(BackupError::Write)?;
        // Whoever came between is not overwritten.
        private(to, true).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists,
            _ => BackupError::Write(error),
        })?;
        fs::rename(&part.0, to).and_then(|()| sync_folder(to)).map_err(BackupError::Write)
    }
}

/// A copy that is not whole yet: gone when this is, unless it has another name by then.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// Lets whoever opens it know that it is a copy.
fn mark(copy: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(copy, flags)?;
    // One file, that can be moved.
    db.pragma_update(None, "journal_mode", "DELETE")?;
    db.execute("UPDATE state SET copied = 1", [])?;
    db.close().map_err(|(_, error)| error)
}

/// A new name is safe from a power cut once its folder is.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match cfg!(unix) {
        true => fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all(),
        false => Ok(()),
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("there is such a file already"),
            Self::Write(error) => error.fmt(f),
            Self::Copy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BackupError {}
