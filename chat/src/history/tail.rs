//! The end of what waits beside the file, after a start that was not expected: SQLite takes from its
//! write-ahead log what is whole and leaves out the rest without a word. That is right for what was
//! being written when the end came, and wrong for what is damaged. The layout is that of the WAL
//! file format of SQLite's documentation.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::place::beside;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// Whether something is left out that was committed: behind the first frame that is not whole there
/// is one that is, and a commit between them. Each commit is on the disk before the next is written,
/// so only the last can be torn.
pub(super) fn is_cut_short(data: &Path) -> io::Result<bool> {
    match File::open(beside(data, "-wal")) {
        Ok(wal) => scan(BufReader::new(wal)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn scan(mut wal: impl Read) -> io::Result<bool> {
    let mut header = [0; HEADER];
    if !filled(&mut wal, &mut header)? {
        return Ok(false);
    }
    let (magic, page) = (word(&header, 0), word(&header, 8));
    if !(512..=65_536).contains(&page) {
        return Ok(false);
    }
    let sums = Sums { big: magic & 1 == 1 };
    let mut said = (word(&header, 24), word(&header, 28));
    let is_whole = magic & !1 == MAGIC && sums.of((0, 0), &header[..24]) == said;
    // Behind what is whole: whether there was a commit. The beginning of a log is on the disk before
    // its first frame is written.
    let mut behind = (!is_whole).then_some(true);
    let mut frame = vec![0; FRAME_HEADER + page as usize];
    while filled(&mut wal, &mut frame)? {
        // Of this log, and not of one that was here before.
        let is_ours = word(&frame, 0) != 0 && frame[8..16] == header[16..24];
        let sum = sums.of(sums.of(said, &frame[..8]), &frame[FRAME_HEADER..]);
        // Each goes on from what the one before it says of itself, be that right or wrong.
        said = (word(&frame, 16), word(&frame, 20));
        let commits = is_ours && word(&frame, 4) != 0;
        behind = match (behind, is_ours && sum == said) {
            (None, true) => None,
            (Some(true), true) => return Ok(true),
            (before, _) => Some(before == Some(true) || commits),
        };
    }
    Ok(false)
}

/// `false` if there is not as much left.
fn filled(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// SQLite's checksum: two sums of words, in the order of bytes of the computer that began the log.
struct Sums {
    big: bool,
}

impl Sums {
    fn of(&self, before: (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let word = |four: &[u8]| {
            let four = four.try_into().expect("four bytes");
            if self.big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        bytes.chunks_exact(8).fold(before, |(one, two), eight| {
            let one = one.wrapping_add(word(&eight[..4])).wrapping_add(two);
            (one, two.wrapping_add(word(&eight[4..])).wrapping_add(one))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::sample::{ANN, Sample, room};
    use super::super::tables::logs;
    use super::*;
    use crate::entry::{Content, Seq};
    use crate::history::file::File as History;
    use crate::history::{Durability, HistoryError};

    const POSTS: u64 = 12;

    /// What a process that was killed leaves: the file, and what waits beside it.
    fn killed() -> (Vec<u8>, Vec<u8>) {
        let sample = Sample::new();
        let mut writing = sample.open();
        writing.keep(ANN, "ann", None);
        for n in 1..=POSTS {
            let content = Content::Post { body: format!("number {n}").into(), reply: None };
            writing.post(&[room("lobby")], Some(ANN), "ann", None, content);
        }
        (fs::read(sample.path()).unwrap(), fs::read(sample.file("chat.db-wal")).unwrap())
    }

    /// What the next start makes of it: the newest entry, and whether the log is the same.
    fn started(file: &[u8], wal: &[u8]) -> Result<Option<(u64, bool)>, HistoryError> {
        let sample = Sample::new();
        fs::write(sample.path(), file).unwrap();
        fs::write(sample.file("chat.db-wal"), wal).unwrap();
        let history = History::open(&sample.path(), Durability::Process, &trace::off())?;
        let room = room("lobby");
        let log = logs(&history.db)?.remove(&room.key);
        Ok(log.map(|log| (log.stand.head.0, log.stand.epoch == room.epoch)))
    }

    #[test]
    fn what_was_being_written_is_nobodys_loss() {
        let (file, wal) = killed();
        assert_eq!(started(&file, &wal).unwrap(), Some((POSTS, true)));
        let mut heads = Vec::new();
        for end in (HEADER..wal.len()).step_by(3_001) {
            if let Some((head, same)) = started(&file, &wal[..end]).unwrap() {
                assert!(same, "cut off at {end}");
                heads.push(head);
            }
        }
        heads.dedup();
        assert!(heads.len() as u64 >= POSTS - 1 && heads.is_sorted(), "{heads:?}");
    }

    #[test]
    fn what_is_left_out_because_it_is_damaged_is_told() {
        let (file, wal) = killed();
        let mut told = 0;
        for at in (12..wal.len()).step_by(1_499) {
            // Where a log says which one it is, nobody can tell it from the one before.
            if (16..24).contains(&at) {
                continue;
            }
            let mut wal = wal.clone();
            wal[at] ^= 4;
            // The last commit could be one that was being written.
            match started(&file, &wal) {
                Ok(Some((POSTS, true))) | Err(_) => {}
                Ok(Some((head, true))) => assert_eq!(Seq(head), Seq(POSTS - 1), "byte {at}"),
                Ok(_) => told += 1,
            }
        }
        assert!(told > 20, "{told}");
    }
}
