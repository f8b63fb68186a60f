//! `chat backup FILE`: a copy, also while a server goes on.

use std::path::Path;

use super::check::check;
use super::error::OperationError;
use crate::history::Archive;

/// Copies the file and checks the copy, which says on stdout what is in it.
pub(super) fn backup(path: &Path, to: &Path) -> Result<(), OperationError> {
    let file = |source| OperationError::File { verb: "back up", path: path.into(), source };
    let archive = Archive::open(path).map_err(file)?;
    let copy = |source| OperationError::Backup { to: to.into(), source };
    archive.backup(to).map_err(copy)?;
    check(to)
}
