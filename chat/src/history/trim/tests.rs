use rusqlite::StatementStatus;

use super::super::archive::Archive;
use super::super::sample::{ANN, Sample, Writing, room, target};
use super::super::store::{Proposal, Work};
use super::*;
use crate::entry::{Content, Sender};
use crate::name::{Name, RoomName};

const DAY: u64 = 24 * 3600 * 1000;

fn days(days: u32) -> Retention {
    Retention { age: Some(Duration::from_secs(u64::from(days) * DAY / 1000)), bytes: None }
}

/// Posts a message of that time to each room.
fn post(writing: &mut Writing, at: u64, body: &str, rooms: &[&str]) {
    let from = Name::new("zoe").unwrap();
    let proposals: Vec<_> = rooms
        .iter()
        .map(|name| Proposal {
            targets: vec![match *name {
                "@" => target(Key::Inbox(ANN), false),
                name => room(name),
            }],
            at: Timestamp(at),
            sender: Sender::Name(from.clone()),
            from: from.clone(),
            mid: None,
            content: Content::Post { body: body.into(), reply: None },
            to: (*name == "@").then(|| [Name::new("ann").unwrap()].into()),
        })
        .collect();
    let work: Vec<_> = proposals.iter().map(Work::Post).collect();
    assert!(writing.commit(&work).iter().all(Result::is_ok));
}

impl Writing {
    fn trim(&mut self, keep: &Retention, now: u64) -> Vec<Trimmed> {
        let mut commits = Commits { db: &mut self.file.db, catalog: &self.catalog };
        commits.trim(keep, Timestamp(now), Duration::MAX).unwrap()
    }

    /// One at a time, as if nothing else came to be done.
    fn trim_slowly(&mut self, keep: &Retention, now: u64) -> u64 {
        let mut times = 0;
        loop {
            let mut commits = Commits { db: &mut self.file.db, catalog: &self.catalog };
            let trimmed = commits.trim(keep, Timestamp(now), Duration::ZERO).unwrap();
            if trimmed.is_empty() {
                return times;
            }
            assert!(matches!(&trimmed[..], [Trimmed { entries: 1, .. }]), "{trimmed:?}");
            times += 1;
        }
    }
}

fn gone(room: &str, oldest: u64, entries: u64) -> Trimmed {
    let key = match room {
        "@" => Key::Inbox(ANN),
        room => Key::Room(RoomName::new(room).unwrap()),
    };
    Trimmed { key, oldest: Seq(oldest), entries }
}

/// The numbers that are whole; and that nothing is damaged or missing.
fn kept(sample: &Sample) -> u64 {
    let mut damage = Vec::new();
    let archive = Archive::open(&sample.path()).unwrap();
    let checked = archive.check(true, |step| {
        if let super::super::Step::Damage(what) = step {
            damage.push(what.to_string());
        }
        true
    });
    assert_eq!(damage, [""; 0]);
    checked.unwrap().entries
}

#[test]
fn what_goes_slowly_goes_as_well() {
    let sample = Sample::new();
    let mut writing = sample.open();
    writing.keep(ANN, "ann", None);
    for day in 0..10 {
        post(&mut writing, day * DAY, "hi", &["lobby", "tea", "@"]);
    }
    assert_eq!(writing.trim_slowly(&days(6), 10 * DAY), 12);
    assert_eq!(writing.trim(&days(6), 10 * DAY), []);
    assert_eq!(kept(&sample), 18);
    writing.file.close().unwrap();
}

#[test]
fn what_is_too_old_goes_wherever_it_is() {
    let sample = Sample::new();
    let mut writing = sample.open();
    writing.keep(ANN, "ann", None);
    for day in 0..10 {
        post(&mut writing, day * DAY, "hi", &["lobby", "tea", "@"]);
    }
    assert_eq!(writing.trim(&Retention::default(), 99 * DAY), []);
    assert_eq!(writing.trim(&days(30), 10 * DAY), []);
    let now = 10 * DAY;
    let mut trimmed = writing.trim(&days(6), now);
    trimmed.sort_by_key(|trimmed| format!("{:?}", trimmed.key));
    assert_eq!(trimmed, [gone("@", 5, 4), gone("lobby", 5, 4), gone("tea", 5, 4)]);
    assert_eq!(writing.trim(&days(6), now), []);
    assert_eq!(kept(&sample), 18);

    let found = |writing: &Writing| {
        let count = "SELECT count(*) FROM words WHERE words MATCH 'hi'";
        writing.file.db.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(found(&writing), 12);

    // All of it: the numbers go on.
    writing.trim(&days(1), 99 * DAY);
    assert_eq!((kept(&sample), found(&writing)), (0, 0));
    writing.file.close().unwrap();
    let mut writing = sample.open();
    post(&mut writing, 99 * DAY, "hi", &["tea"]);
    let stand = writing.catalog.stand(&gone("tea", 0, 0).key).unwrap();
    assert_eq!((stand.oldest, stand.head), (Seq(11), Seq(11)));
    writing.file.close().unwrap();
    assert_eq!(kept(&sample), 1);
}

#[test]
fn what_is_old_goes_a_few_at_a_time() {
    let sample = Sample::new();
    let mut writing = sample.open();
    for _ in 0..TRIM_ENTRIES {
        post(&mut writing, 0, "hi", &["lobby", "tea"]);
    }
    let half = TRIM_ENTRIES as u64;
    let mut counts = Vec::new();
    loop {
        let trimmed = writing.trim(&days(1), 2 * DAY);
        counts.push(trimmed.iter().map(|trimmed| trimmed.entries).sum::<u64>());
        // Whatever is gone, the rest is whole.
        assert_eq!(kept(&sample), 2 * half - counts.iter().sum::<u64>());
        if trimmed.is_empty() {
            break;
        }
    }
    assert_eq!(counts, [half, half, 0]);
}

#[test]
fn what_is_too_much_goes_by_its_age_in_all_rooms() {
    let sample = Sample::new();
    let mut writing = sample.open();
    let body = "x".repeat(1_000);
    for n in 0..2_000 {
        post(&mut writing, n, &body, &[["lobby", "tea", "den"][n as usize % 3]]);
    }
    let bytes = 1 << 20;
    let keep = Retention { age: None, bytes: Some(bytes) };
    assert!(used(&writing.file.db).unwrap() > 2 * bytes);
    while !writing.trim(&keep, 0).is_empty() {}
    let used = used(&writing.file.db).unwrap();
    assert!((bytes * 8 / 10..=bytes).contains(&used), "{used}");
    // The newest of all rooms are left.
    let count = kept(&sample);
    let stands = ["lobby", "tea", "den"].map(|name| {
        let stand = writing.catalog.stand(&gone(name, 0, 0).key).unwrap();
        stand.head.0 - stand.oldest.0 + 1
    });
    assert_eq!(stands.iter().sum::<u64>(), count);
    assert!(stands.iter().all(|n| n.abs_diff(count / 3) <= 1), "{stands:?}");
}

#[test]
fn the_oldest_are_found_without_looking_at_the_rest() {
    let steps = |each: u64| {
        let sample = Sample::new();
        let mut writing = sample.open();
        for n in 0..each {
            post(&mut writing, n, "hi", &["lobby", "tea"]);
        }
        let mut statement = writing.file.db.prepare(OLDEST).unwrap();
        assert_eq!(statement.query_map([9], |_| Ok(())).unwrap().count(), 2);
        statement.get_status(StatementStatus::VmStep)
    };
    assert_eq!(steps(500), steps(5));
}

#[test]
fn words_are_taken_back_before_the_commit() {
    let sample = Sample::new();
    let mut writing = sample.open();
    post(&mut writing, 0, "one two three", &["lobby"]);
    let index = |db: &Connection| {
        let sum = "SELECT group_concat(hex(block)) FROM words_data";
        db.query_row(sum, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let log = writing.catalog.log(&gone("lobby", 0, 0).key).unwrap();
    let tx = writing.file.db.transaction().unwrap();
    let before = index(&tx);
    words::unsaid(&tx, log.id, Seq(1), Seq(2)).unwrap();
    let taken_back = index(&tx);
    tx.commit().unwrap();
    assert_ne!(before, taken_back);
    assert_eq!(index(&writing.file.db), taken_back);
}

#[test]
fn what_is_damaged_holds_nothing_up() {
    let sample = Sample::new();
    let mut writing = sample.open();
    for day in 0..10 {
        post(&mut writing, day * DAY, "hi", &["lobby"]);
    }
    writing.file.close().unwrap();
    sample.sql(
        "DELETE FROM entries WHERE seq IN (1, 4); UPDATE entries SET body = 'x' WHERE seq = 3",
    );
    let mut writing = sample.open();
    assert_eq!(writing.trim(&days(4), 10 * DAY), [gone("lobby", 7, 4)]);
    assert_eq!(kept(&sample), 4);
}
