use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::catalog::Key;
use super::finder::{Hunt, find};
use super::sample::{ANN, BOB, Sample, room, target};
use super::store::{Proposal, Target, Work};
use super::{Durability, History};
use crate::entry::{Content, MemberId, Sender, Timestamp};
use crate::name::Name;
use crate::refused::Refused;
use crate::search::Search;

fn proposal(targets: Vec<Target>) -> Proposal {
    let from = Name::new("zoe").unwrap();
    Proposal {
        targets,
        at: Timestamp(1),
        sender: Sender::Name(from.clone()),
        from,
        mid: None,
        content: Content::Post { body: "late".into(), reply: None },
        to: None,
    }
}

#[tokio::test]
async fn a_writer_that_panics_is_told_and_takes_nothing_more() {
    let sample = Sample::new();
    let tracer = Arc::new(trace::off());
    let history = History::open(&sample.path(), Durability::Process, tracer).unwrap();
    let post = |apply| history.post(proposal(vec![room("lobby")]), apply, false);
    let (first, second) = (post(Box::new(|_, _| panic!("on purpose"))), post(Box::new(|_, _| ())));
    assert_eq!(first.wait().await, Err(Refused::NotStored));
    assert_eq!(second.wait().await, Err(Refused::NotStored));
    let failed = timeout(Duration::from_secs(60), history.failed()).await.unwrap();
    assert_eq!(failed.to_string(), "who writes it panicked");
}

#[test]
fn a_message_to_who_is_forgotten_at_that_moment_is_refused() {
    let sample = Sample::filled();
    let mut writing = sample.open();
    let late = proposal(vec![target(Key::Inbox(BOB), false)]);
    let seen = writing.commit(&[Work::Forget(BOB), Work::Post(&late)]);
    assert_eq!(seen[1], Err(Refused::NotStored));
    let next = proposal(vec![target(Key::Inbox(ANN), false)]);
    assert!(writing.commit(&[Work::Post(&next)])[0].is_ok());
}

#[test]
fn a_message_that_is_missing_costs_no_other_hit() {
    let sample = Sample::filled();
    sample.sql("DELETE FROM entries WHERE log = 1 AND seq = 1");
    let writing = sample.open();
    let log = writing.catalog.log(&room("lobby").key).unwrap();
    let (key, search) = (room("lobby").key, Search::new("one two").unwrap());
    let hunt =
        |search| Hunt { key: key.clone(), log: log.id, search, last: log.stand.head, most: 9 };
    assert!(find(&writing.file.db, &hunt(search)).unwrap().entries.is_empty());
    let hits = find(&writing.file.db, &hunt(Search::new("two").unwrap())).unwrap();
    assert_eq!(hits.entries.len(), 1);
    assert!(find(&writing.file.db, &hunt(Search::new("one").unwrap())).unwrap().entries.is_empty());
}

#[test]
fn an_inbox_without_a_token_ends_with_its_member() {
    let guest = MemberId(77);
    for killed in [false, true] {
        let sample = Sample::filled();
        let mut writing = sample.open();
        let inboxes = vec![target(Key::Inbox(guest), true), target(Key::Inbox(ANN), false)];
        writing.commit(&[Work::Post(&proposal(inboxes))]);
        match killed {
            true => drop(writing),
            false => writing.file.close().unwrap(),
        }
        let again = sample.open();
        assert!(again.catalog.log(&Key::Inbox(guest)).is_none(), "killed: {killed}");
        assert!(again.catalog.log(&Key::Inbox(ANN)).is_some(), "killed: {killed}");
        let left = "SELECT count(*) FROM entries WHERE body = 'late'";
        let left: i64 = again.file.db.query_row(left, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "hers");
    }
}
