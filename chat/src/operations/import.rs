//! `chat import`: what was exported, into a file of its own.

use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::check::contents;
use super::error::OperationError;
use super::line::{Line, Said};
use super::progress::{Indexing, Progress};
use crate::history::{HistoryError, Import, Imported, NotTaken};
use crate::limits::IMPORT_LINE_BYTES;

/// Reads lines from stdin; if one of them is wrong the file stays as it was.
pub(super) fn import(path: &Path) -> Result<(), OperationError> {
    let file = |source| OperationError::File { verb: "import into", path: path.into(), source };
    let mut import = Import::begin(path).map_err(file)?;
    let read = lines(&mut io::stdin().lock(), &mut import);
    if let Err(error) = read {
        import.undo().map_err(file)?;
        return Err(match error {
            Wrong::Line(number, why) => OperationError::Line { number, why },
            Wrong::Read(error) => OperationError::Stdin(error),
            Wrong::File(error) => file(error),
        });
    }
    let indexing = Indexing::new(Arc::new(trace::off()));
    let finished = import.finish(&indexing);
    indexing.over();
    let Imported { rooms, inboxes, entries, members, closed_up } = finished.map_err(file)?;
    let contents = contents(entries, rooms, inboxes, members);
    let mut told = format!("{} has {contents}\n", path.display());
    if closed_up > 0 {
        told += &format!("{closed_up} were missing; what came behind them moved up\n");
    }
    OperationError::stdout(io::stdout().lock().write_all(told.as_bytes()))
}

enum Wrong {
    Line(u64, String),
    Read(io::Error),
    File(HistoryError),
}

fn lines(from: &mut impl BufRead, import: &mut Import) -> Result<(), Wrong> {
    let mut progress = Progress::new("importing", None);
    let (mut number, mut line, mut ended) = (0, Vec::new(), false);
    loop {
        line.clear();
        number += 1;
        let most = IMPORT_LINE_BYTES as u64 + 1;
        if from.take(most).read_until(b'\n', &mut line).map_err(Wrong::Read)? == 0 {
            break;
        }
        let wrong = |why| Wrong::Line(number, why);
        if line.len() as u64 == most {
            return Err(wrong(format!("it has more than {IMPORT_LINE_BYTES} bytes")));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let said = Line::read(line.trim_ascii_end()).map_err(wrong)?;
        if matches!(said, Said::Begin) != (number == 1) {
            let begin = String::from_utf8_lossy(&Line::begin().text()).trim_end().to_owned();
            return Err(wrong(format!("an export begins with {begin}, and only there")));
        }
        if ended {
            return Err(wrong("it comes behind the end".into()));
        }
        let taken = match said {
            Said::Begin => Ok(()),
            Said::Member(kept) => import.keep(&kept),
            Said::Entry(key, entry) => {
                progress.step();
                import.put(&key, &entry)
            }
            Said::End(count) if count == import.entries() => {
                ended = true;
                Ok(())
            }
            Said::End(count) => {
                let came = import.entries();
                return Err(wrong(format!("messages: {came} came before it, and not {count}")));
            }
        };
        match taken {
            Ok(()) => {}
            Err(NotTaken::Storage(error)) => return Err(Wrong::File(error.into())),
            Err(why) => return Err(wrong(why.to_string())),
        }
    }
    match ended {
        true => Ok(()),
        false => Err(Wrong::Line(number, "the input ends before the end of the export".into())),
    }
}
