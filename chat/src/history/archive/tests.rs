use std::fs;

use super::super::sample::{Sample, room};
use super::*;
use crate::entry::Content;

/// What a check says, and what it counts.
fn check(sample: &Sample) -> (Vec<String>, Checked) {
    let mut told = Vec::new();
    let checked = Archive::open(&sample.path()).unwrap().check(true, |step| {
        if let Step::Damage(damage) = step {
            told.push(damage.to_string());
        }
        true
    });
    (told, checked.unwrap())
}

#[track_caller]
fn finds(sql: &str, damage: &[&str]) {
    let sample = Sample::filled();
    sample.sql(sql);
    let (told, checked) = check(&sample);
    assert_eq!(told, damage, "{sql}");
    assert_eq!(checked.damaged, damage.len() as u64);
}

const WHOLE: Checked = Checked { rooms: 2, inboxes: 2, entries: 8, members: 2, damaged: 0 };

#[test]
fn what_is_whole_is_counted() {
    assert_eq!(check(&Sample::filled()), (vec![], WHOLE));
    let empty = Sample::new();
    empty.open().file.close().unwrap();
    assert_eq!(check(&empty), (vec![], Checked::default()));
}

#[test]
fn what_is_damaged_is_told_by_room_and_number() {
    let at = "at 2026-11-18T11:06:40.000Z";
    let text = "UPDATE entries SET body = 'other' WHERE log = 1 AND seq = 2";
    finds(text, &[&format!("room lobby: seq 2 {at}: its checksum is wrong")]);
    let kind = "UPDATE entries SET body = x'00ff' WHERE log = 1 AND seq = 2";
    finds(kind, &[&format!("room lobby: seq 2 {at}: its checksum is wrong")]);
    finds(
        "DELETE FROM entries WHERE log = 1 AND seq IN (2, 3)",
        &["room lobby: seq 2 to 3: missing"],
    );
    finds("DELETE FROM entries WHERE log = 1 AND seq = 1", &["room lobby: seq 1: missing"]);
    finds("DELETE FROM entries WHERE log = 1 AND seq > 3", &["room lobby: seq 4 to 5: missing"]);
    finds("DELETE FROM entries WHERE log = 2", &["room tea: seq 1: missing"]);
    finds("DELETE FROM entries WHERE log = 4", &["inbox of ann: seq 1: missing"]);
    finds(
        "UPDATE members SET name = 'eve' WHERE name = 'ann'",
        &["member 255: what is known of it"],
    );
    finds(
        "UPDATE logs SET oldest = 2 WHERE id = 1",
        &["log 1: what is known of it", "log 1: 1 entry that is not its own"],
    );
    finds("UPDATE logs SET room = 'ten' WHERE id = 2", &["log 2: what is known of it"]);
    finds("DELETE FROM logs WHERE id = 1", &["log 1: 5 entries that are not its own"]);
}

#[test]
fn a_damaged_index_of_words_is_told_and_made_anew() {
    let found = |db: &Connection, word: &str| {
        let count = "SELECT count(*) FROM words WHERE words MATCH ?";
        db.query_row(count, [word], |row| row.get::<_, i64>(0))
    };
    finds("DELETE FROM words_docsize", &["the index of words: 3 messages are not in it"]);
    for sql in [
        "UPDATE words_data SET block = zeroblob(40) WHERE id > 10",
        "UPDATE words_data SET block = x'00' || block WHERE id > 10",
        "DELETE FROM words_data WHERE id > 10",
        "DELETE FROM words_data WHERE id = 10",
    ] {
        let sample = Sample::filled();
        sample.sql(sql);
        let (damage, checked) = check(&sample);
        let told = |line: &String| line.contains("inverted index") || line.contains("fts5");
        assert!(damage.iter().any(told), "{sql}: {damage:?}");
        assert_eq!(checked.entries, WHOLE.entries);
        // A server that met it has ended with an error.
        sample.sql("UPDATE state SET clean = 0");
        let mut writing = sample.open();
        for (word, messages) in [("one", 1), ("two", 1), ("secret", 0), ("茶", 1), ("you", 0)] {
            assert_eq!(found(&writing.file.db, word), Ok(messages), "{sql}: {word}");
        }
        let body = "three".into();
        writing.post(&[room("tea")], None, "zoe", None, Content::Post { body, reply: None });
        assert_eq!(found(&writing.file.db, "three"), Ok(1));
        writing.file.close().unwrap();
        assert_eq!(check(&sample).0, [""; 0]);
    }
}

#[test]
fn who_has_heard_enough_hears_no_more() {
    let sample = Sample::filled();
    sample.sql("UPDATE entries SET body = 'other'");
    let mut told = 0;
    let archive = Archive::open(&sample.path()).unwrap();
    let checked = archive.check(true, |step| {
        told += u64::from(matches!(step, Step::Damage(_)));
        told < 3
    });
    assert_eq!((told, checked.unwrap().damaged), (3, 3));
}

#[test]
fn a_page_of_the_file_that_is_broken_hides_no_more_than_itself() {
    let sample = Sample::new();
    let mut writing = sample.open();
    for n in 0..2_000 {
        let body = format!("{n} {}", "x".repeat(100)).into();
        writing.post(&[room("lobby")], None, "zoe", None, Content::Post { body, reply: None });
    }
    writing.file.close().unwrap();
    let mut bytes = fs::read(sample.path()).unwrap();
    let at = bytes.windows(5).position(|window| window == b"1000 ").unwrap();
    let page = at / 4_096 * 4_096;
    bytes[page..page + 4_096].fill(0);
    fs::write(sample.path(), &bytes).unwrap();

    let (told, checked) = check(&sample);
    let unread: Vec<_> = told.iter().filter(|line| line.starts_with("room lobby: ")).collect();
    assert_eq!(unread.len(), 1, "{told:?}");
    assert!(unread[0].ends_with(": cannot be read"), "{told:?}");
    assert!((1_900..2_000).contains(&checked.entries), "{checked:?}");
    assert!(told.len() > 1, "SQLite's structure is told as well: {told:?}");
}

#[test]
fn looking_changes_nothing_and_leaves_nothing() {
    let sample = Sample::filled();
    let (before, files) = (fs::read(sample.path()).unwrap(), sample.files());
    assert_eq!(files, ["chat.db", "chat.db-lock"]);
    check(&sample);
    assert_eq!((fs::read(sample.path()).unwrap(), sample.files()), (before, files));
}

#[test]
fn what_a_server_that_was_killed_left_is_read_and_left() {
    let sample = Sample::filled();
    let mut writing = sample.open();
    let body = "late".into();
    writing.post(&[room("tea")], None, "zoe", None, Content::Post { body, reply: None });
    // It goes without a word: what it said last is beside the file.
    let copies = ["chat.db", "chat.db-wal"].map(|name| fs::read(sample.file(name)).unwrap());
    drop(writing);
    for (name, copy) in ["chat.db", "chat.db-wal"].iter().zip(&copies) {
        fs::write(sample.file(name), copy).unwrap();
    }
    assert_eq!(check(&sample), (vec![], Checked { entries: 9, ..WHOLE }));
    for (name, copy) in ["chat.db", "chat.db-wal"].iter().zip(&copies) {
        assert!(fs::read(sample.file(name)).unwrap() == *copy, "{name} was changed");
    }
}

#[test]
fn a_server_may_have_it_meanwhile() {
    let sample = Sample::filled();
    let mut writing = sample.open();
    let post = || Content::Post { body: "late".into(), reply: None };
    writing.post(&[room("tea")], None, "zoe", None, post());
    assert_eq!(check(&sample), (vec![], Checked { entries: 9, ..WHOLE }));
    writing.post(&[room("tea")], None, "zoe", None, post());
    writing.file.close().unwrap();
    assert_eq!(check(&sample), (vec![], Checked { entries: 10, ..WHOLE }));
}

#[test]
fn what_is_no_history_is_not_looked_at() {
    let sample = Sample::new();
    let open = || Archive::open(&sample.path()).map(|_| ()).unwrap_err();
    assert!(matches!(open(), HistoryError::Open(_)));
    assert_eq!(sample.files(), [""; 0]);
    fs::write(sample.path(), "").unwrap();
    assert!(matches!(open(), HistoryError::NotOurs));
    fs::write(sample.path(), "x".repeat(10_000)).unwrap();
    assert!(matches!(open(), HistoryError::NotOurs));
    fs::remove_file(sample.path()).unwrap();
    sample.sql("CREATE TABLE theirs (a)");
    assert!(matches!(open(), HistoryError::NotOurs));
    let newer = Sample::filled();
    newer.sql("PRAGMA user_version = 9");
    let error = Archive::open(&newer.path()).map(|_| ()).unwrap_err();
    assert!(matches!(error, HistoryError::Newer { found: 9, .. }));
}

#[test]
fn a_copy_is_whole_private_and_known_as_a_copy() {
    let sample = Sample::filled();
    let mut writing = sample.open();
    let epoch = || {
        let db = rusqlite::Connection::open(sample.file("copy.db")).unwrap();
        db.query_row("SELECT epoch FROM logs", [], |row| row.get::<_, String>(0)).unwrap()
    };
    let archive = Archive::open(&sample.path()).unwrap();
    archive.backup(&sample.file("copy.db")).unwrap();
    // While a server goes on.
    let body = "late".into();
    writing.post(&[room("tea")], None, "zoe", None, Content::Post { body, reply: None });
    drop((archive, writing));
    let copy = Archive::open(&sample.file("copy.db")).unwrap();
    assert_eq!(copy.check(true, |_| true).unwrap(), WHOLE);
    drop(copy);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(sample.file("copy.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let left: Vec<_> = sample.files().into_iter().filter(|name| name.starts_with("copy")).collect();
    assert_eq!(left, ["copy.db"]);
    assert_eq!(epoch(), "k3f9");
    let file =
        super::super::file::File::open(&sample.file("copy.db"), Default::default(), &trace::off());
    file.unwrap().close().unwrap();
    assert_ne!(epoch(), "k3f9", "nobody reads on in it as if nothing was missing");
}

#[test]
fn a_copy_overwrites_nothing() {
    let sample = Sample::filled();
    let archive = Archive::open(&sample.path()).unwrap();
    fs::write(sample.file("mine"), "mine").unwrap();
    assert!(matches!(archive.backup(&sample.file("mine")), Err(BackupError::Exists)));
    assert!(matches!(archive.backup(&sample.path()), Err(BackupError::Exists)));
    assert_eq!(fs::read(sample.file("mine")).unwrap(), b"mine");
    assert!(matches!(archive.backup(&sample.file("no/copy")), Err(BackupError::Write(_))));
    drop(archive);
    assert_eq!(sample.files(), ["chat.db", "chat.db-lock", "mine"]);
}
