//! Files that cannot be used: the program says so in one line with its cause and what to try, ends
//! with 4, and leaves them as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::measured;
use super::people::Person;
use super::program::{Folder, Program, program};
use super::recording::is_kept;

/// The bytes of every file there that a start reads.
fn files(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
    let files = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
    let kept = files.filter(|(name, _)| is_kept(name));
    let read = kept.map(|(name, path)| (name, fs::read(path).unwrap_or_default()));
    // Of nothing that waits beside a file nothing is read.
    read.filter(|(name, bytes)| !name.ends_with("-wal") || !bytes.is_empty()).collect()
}

#[track_caller]
fn is_refused(folder: &Folder, data: &Path, because: &str) {
    let before = files(folder);
    let Err((said, status)) = Program::start(program(&[], data, &[])) else {
        panic!("it started: {because}");
    };
    assert_eq!(status.code(), Some(4), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    let error = format!("error: cannot keep what is said in {}", data.display());
    assert_eq!(lines[0], error, "{said}");
    assert!(lines[1].starts_with(&format!("  because: {because}")), "{said}");
    assert!(lines.last().unwrap().starts_with("  Try: "), "{said}");
    assert!(lines.len() <= 4, "{said}");
    assert!(files(folder) == before, "it was changed: {because}");
}

/// A file with messages, as a kill leaves it: some of it waits beside it.
fn used(data: &Path) {
    let running = Program::start(program(&[], data, &[])).unwrap();
    super::injected::say(&mut Person::new("ann"), running.port, 1..=20);
    running.kill();
}

pub fn every_file_that_cannot_be_used() {
    let folder = Folder::new("refused");
    let data = folder.file("chat.db");
    used(&data);
    assert!(fs::metadata(folder.file("chat.db-wal")).unwrap().len() > 0);

    let newer = folder.file("newer.db");
    copy(&data, &newer);
    change(&newer, "PRAGMA user_version = 99");
    is_refused(&folder, &newer, "it has version 99 and this chat knows versions up to ");

    let without = folder.file("without.db");
    copy(&data, &without);
    change(&without, "DROP INDEX mids");
    is_refused(&folder, &without, "it is damaged: its tables are not those of its version");

    let wrong = folder.file("wrong.db");
    copy(&data, &wrong);
    change(&wrong, "UPDATE logs SET head = head - 1");
    is_refused(&folder, &wrong, "it is damaged: what is known of log 1");

    let older = folder.file("older.db");
    copy(&wrong, &older);
    change(&older, "DROP TABLE words; PRAGMA user_version = 1");
    is_refused(&folder, &older, "it is damaged: what is known of log 1");

    let other = folder.file("other.db");
    change(&other, "CREATE TABLE songs (title TEXT)");
    is_refused(&folder, &other, "it is not a history of chat");

    let text = folder.file("notes.txt");
    fs::write(&text, "to do: buy milk. ".repeat(1_000)).unwrap();
    is_refused(&folder, &text, "it is not a history of chat");

    // Its first page is whole, and one of the others is not.
    let broken = folder.file("broken.db");
    copy(&data, &broken);
    change(&broken, "PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = fs::read(&broken).unwrap();
    bytes[2 * 4096..3 * 4096].fill(0x5a);
    fs::write(&broken, &bytes).unwrap();
    is_refused(&folder, &broken, "it is damaged: ");

    let cut = folder.file("cut.db");
    fs::write(&cut, &fs::read(&other).unwrap()[..1_000]).unwrap();
    is_refused(&folder, &cut, "it is ");

    let directory = folder.file("directory");
    fs::create_dir(&directory).unwrap();
    is_refused(&folder, &directory, "it cannot be opened");
    is_refused(&folder, &folder.file("nowhere/chat.db"), "it cannot be opened");
    is_refused(&folder, &text.join("chat.db"), "it cannot be opened");

    is_unreadable(&folder, &data);

    // Of two that want it the first has it.
    let first = Program::start(program(&[], &data, &[])).unwrap();
    is_refused(&folder, &data, "another chat is using it");
    let (_, stored) = Person::new("judge").hear_all(first.port, "lobby");
    assert_eq!(stored.len(), 20);
    assert_eq!(first.stop().0, Some(0));
    measured("12 files refused, each in its words, and left as they were");
}

/// Who may do everything is refused nothing.
#[cfg(unix)]
fn is_unreadable(folder: &Folder, data: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let closed = folder.file("closed.db");
    copy(data, &closed);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&closed).is_err() {
        is_refused(folder, &closed, "it cannot be opened");
    }
}

#[cfg(not(unix))]
fn is_unreadable(_: &Folder, _: &Path) {}

/// The file and what waits beside it.
fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    let beside = |path: &Path| format!("{}-wal", path.display());
    // Gone once something else has been in it.
    fs::copy(beside(from), beside(to)).ok();
}

/// What somebody else does to a file; what waits beside it is in it then.
fn change(path: &Path, how: &str) {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(how).unwrap();
}
