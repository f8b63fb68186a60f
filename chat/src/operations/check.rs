//! `chat check`: is everything in the file as it was written?

use std::io::{self, Write};
use std::path::Path;

use super::error::OperationError;
use super::progress::Progress;
use crate::history::{Archive, Checked, Step};

/// Says on stdout what is damaged, a line each, and what is whole.
pub(super) fn check(path: &Path) -> Result<(), OperationError> {
    let file = |source| OperationError::File { verb: "check", path: path.into(), source };
    let archive = Archive::open(path).map_err(file)?;
    let mut progress = Progress::new("checking", Some(archive.entries()));
    let mut stdout = io::stdout().lock();
    let mut told = Ok(());
    let checked = archive.check(true, |step| {
        match step {
            Step::Damage(damage) => told = writeln!(stdout, "{damage}"),
            Step::Entry(..) => progress.step(),
            Step::Member(_) => {}
        }
        told.is_ok()
    });
    drop(progress);
    let checked = checked.map_err(file)?;
    let told = told.and_then(|()| stdout.write_all(summary(path, &checked).as_bytes()));
    OperationError::stdout(told.and_then(|()| stdout.flush()))?;
    match checked.damaged {
        0 => Ok(()),
        places => Err(OperationError::Damaged { path: path.into(), places }),
    }
}

fn summary(path: &Path, checked: &Checked) -> String {
    let Checked { rooms, inboxes, entries, members, damaged } = *checked;
    let whole = contents(entries, rooms, inboxes, members);
    match damaged {
        0 => format!("{} is whole: {whole}\n", path.display()),
        _ => format!("whole are {whole}\n"),
    }
}

/// What there is, in words.
pub(super) fn contents(entries: u64, rooms: u64, inboxes: u64, members: u64) -> String {
    let (messages, rooms) = (count(entries, "message", "messages"), count(rooms, "room", "rooms"));
    let inboxes = count(inboxes, "inbox", "inboxes");
    let members = count(members, "member", "members");
    format!("{messages} in {rooms} and {inboxes}, {members}")
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
