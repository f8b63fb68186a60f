//! `chat export`: everything in the file, as lines.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::error::OperationError;
use super::line::Line;
use super::progress::Progress;
use crate::history::{Archive, Key, Step};

/// Writes it to stdout, and says on stderr what is damaged and so left out.
pub(super) fn export(path: &Path) -> Result<(), OperationError> {
    let file = |source| OperationError::File { verb: "export", path: path.into(), source };
    let archive = Archive::open(path).map_err(file)?;
    let mut progress = Progress::new("exporting", Some(archive.entries()));
    let mut stdout = BufWriter::new(io::stdout().lock());
    let (mut members, mut count) = (HashSet::new(), 0);
    let mut told = stdout.write_all(&Line::begin().text());
    let checked = archive.check(false, |step| {
        match step {
            Step::Member(kept) => {
                members.insert(kept.id);
                told = stdout.write_all(&Line::member(kept).text());
            }
            // Nobody can read what was for somebody who is no more.
            Step::Entry(Key::Inbox(member), _) if !members.contains(member) => {}
            Step::Entry(key, entry) => {
                progress.step();
                count += 1;
                told = stdout.write_all(&Line::entry(key, entry).text());
            }
            Step::Damage(damage) => {
                // Whether anybody sees it changes nothing: the exit code tells as well.
                writeln!(io::stderr(), "left out: {damage}").ok();
            }
        }
        told.is_ok()
    });
    drop(progress);
    let checked = checked.map_err(file)?;
    let told = told.and_then(|()| stdout.write_all(&Line::end(count).text()));
    OperationError::stdout(told.and_then(|()| stdout.flush()))?;
    match checked.damaged {
        0 => Ok(()),
        places => Err(OperationError::Damaged { path: path.into(), places }),
    }
}
