use super::*;
use crate::command::Range;
use crate::entry::{Content, Encoded, MemberId, News, Notice, Sender, Timestamp};
use crate::name::{Name, RoomName};

const BOUNDS: Bounds = Bounds { entries: 8, bytes: 1 << 20, notices_behind: 3 };

fn log(bounds: Bounds) -> Log {
    Log::new(Epoch::new("e"), bounds)
}

fn entry(log: &mut Log, body: &str) {
    let (prev, encoded) = (log.head(), log.encoded());
    log.append(Slot::Entry(Arc::new(Entry {
        room: RoomName::lobby(),
        direct: None,
        seq: prev.next(),
        prev,
        at: Timestamp(0),
        shown: None,
        sender: Sender::Member(MemberId(1)),
        from: Name::new("ann").unwrap(),
        mid: None,
        content: Content::Post { body: body.into(), reply: None },
        encoded,
    })));
}

fn notice(log: &mut Log) {
    tell(log, false);
}

fn tell(log: &mut Log, refresh: bool) {
    log.append(Slot::Notice(Arc::new(Notice {
        room: RoomName::lobby(),
        news: News::Presence { count: 1, joined: vec![], left: vec![], refresh },
        encoded: Encoded::default(),
    })));
}

/// The numbers of the entries a cursor reads, `n` for a notice, then what else was said.
#[track_caller]
fn reads(log: &Log, cursor: &mut Cursor, expected: &str) {
    let mut text = String::new();
    loop {
        let mut out = vec![];
        let read = log.read(cursor, Position(u64::MAX), 2, usize::MAX, &mut out);
        for slot in &out {
            text += &slot.seq().map_or("n".into(), |seq| seq.to_string());
            text += " ";
        }
        match read {
            Read::Gap { after, next } => text += &format!("gap({after},{next}) "),
            Read::Snapshot => text += "snapshot ",
            Read::Stored { first, last } => {
                text += &format!("stored({first},{last}) ");
                cursor.took(last);
            }
            Read::Slots if out.is_empty() => break,
            Read::Slots => {}
        }
    }
    assert_eq!(text.trim(), expected);
}

#[test]
fn every_cursor_reads_the_same_run() {
    let mut log = log(BOUNDS);
    let mut first = log.at_head();
    reads(&log, &mut first, "snapshot");
    entry(&mut log, "a");
    notice(&mut log);
    entry(&mut log, "b");
    let mut second = log.at_head();
    reads(&log, &mut first, "1 n 2");
    reads(&log, &mut second, "snapshot");
    entry(&mut log, "c");
    reads(&log, &mut first, "3");
    reads(&log, &mut second, "3");
}

#[test]
fn what_no_longer_fits_is_handed_back() {
    let mut log = log(Bounds { entries: 2, ..BOUNDS });
    entry(&mut log, "a");
    entry(&mut log, "b");
    assert_eq!(log.oldest(), Seq(1));
    entry(&mut log, "c");
    assert_eq!((log.oldest(), log.head(), log.end()), (Seq(2), Seq(3), Position(3)));
}

#[test]
fn bytes_are_bounded_but_the_newest_always_stays() {
    let mut log = log(Bounds { bytes: 2_500, ..BOUNDS });
    for _ in 0..5 {
        entry(&mut log, &"x".repeat(200));
    }
    assert_eq!((log.oldest(), log.slots.len()), (Seq(4), 2));
    entry(&mut log, &"x".repeat(10_000));
    assert_eq!((log.oldest(), log.slots.len()), (Seq(6), 1));
}

#[test]
fn encoded_bytes_count_as_long_as_they_are_kept() {
    let mut log = log(Bounds { bytes: 5_000, ..BOUNDS });
    let encode = |log: &Log, seq| {
        let entry = Arc::clone(log.find(Seq(seq)).unwrap());
        entry.encoded.get_or_encode(0, || vec![0; 3_000].into());
        entry.encoded.get_or_encode(0, || vec![0; 3_000].into());
    };
    entry(&mut log, "a");
    encode(&log, 1);
    entry(&mut log, "b");
    assert_eq!((log.oldest(), log.encoded.bytes()), (Seq(1), 3_000));
    encode(&log, 2);
    entry(&mut log, "c");
    assert_eq!((log.oldest(), log.encoded.bytes()), (Seq(2), 3_000));
}

#[test]
fn pages_are_what_was_asked_for_and_bounded() {
    let mut log = log(BOUNDS);
    for body in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        entry(&mut log, body);
        notice(&mut log);
    }
    let seqs = |range, most, bytes| {
        let page = log.page(range, most, bytes);
        assert_eq!((page.oldest, page.head), (Seq(3), Seq(10)));
        page.entries.iter().map(|entry| entry.seq.0).collect::<Vec<_>>()
    };
    assert_eq!(seqs(Range::Newest, 3, 99), [8, 9, 10]);
    assert_eq!(seqs(Range::Before(Seq(8)), 3, 99), [5, 6, 7]);
    assert_eq!(seqs(Range::Before(Seq(4)), 3, 99), [3]);
    assert_eq!(seqs(Range::Before(Seq(3)), 3, 99), [0; 0]);
    assert_eq!(seqs(Range::After(Seq(8)), 3, 99), [9, 10]);
    assert_eq!(seqs(Range::After(Seq(0)), 2, 99), [3, 4]);
    assert_eq!(seqs(Range::After(Seq(10)), 2, 99), [0; 0]);
    assert_eq!(seqs(Range::Newest, 99, 4), [9, 10]);
    assert_eq!(seqs(Range::After(Seq(0)), 99, 0), [3]);
    assert_eq!(seqs(Range::Newest, 0, 99), [0; 0]);
}

#[test]
fn a_blank_keeps_its_place_and_gives_its_bytes_back() {
    let mut log = log(BOUNDS);
    entry(&mut log, "a");
    entry(&mut log, &"x".repeat(500));
    let (end, bytes) = (log.end(), log.bytes);
    log.blank(Seq(2));
    assert_eq!((log.end(), log.bytes), (end, bytes - 500));
    let bodies: Vec<_> = log.entries().map(|entry| (entry.seq.0, entry.content.body())).collect();
    assert_eq!(bodies, [(1, "a"), (2, "")]);
    reads(&log, &mut log.at_reset().0, "1 2 snapshot");
}

#[test]
fn a_reader_that_fell_out_is_told_its_gap() {
    let mut log = log(BOUNDS);
    let mut cursor = log.at_head();
    entry(&mut log, "a");
    reads(&log, &mut cursor, "1 snapshot");
    for _ in 0..10 {
        entry(&mut log, "b");
    }
    reads(&log, &mut cursor, "gap(1,4) 4 5 6 7 8 9 10 11 snapshot");
    entry(&mut log, "c");
    reads(&log, &mut cursor, "12");
}

#[test]
fn a_reader_that_lost_only_notices_has_no_gap() {
    let mut log = log(BOUNDS);
    let mut cursor = log.at_head();
    for _ in 0..9 {
        notice(&mut log);
    }
    entry(&mut log, "a");
    reads(&log, &mut cursor, "1 snapshot");
}

#[test]
fn a_reader_far_behind_steps_over_notices() {
    let mut log = log(BOUNDS);
    let mut cursor = log.at_head();
    entry(&mut log, "a");
    notice(&mut log);
    notice(&mut log);
    notice(&mut log);
    entry(&mut log, "b");
    reads(&log, &mut cursor, "1 2 snapshot");
}

#[test]
fn notices_push_no_entry_out() {
    let mut log = log(Bounds { entries: 2, ..BOUNDS });
    let mut cursor = log.at_head();
    entry(&mut log, "a");
    for _ in 0..100 {
        notice(&mut log);
    }
    entry(&mut log, "b");
    assert_eq!((log.oldest(), log.slots.len()), (Seq(1), 2 + BOUNDS.notices_behind - 1));
    reads(&log, &mut cursor, "1 2 snapshot");
    assert_eq!(log.bytes, log.slots.iter().map(|(_, slot)| slot.cost()).sum::<usize>());
}

#[test]
fn a_notice_can_ask_for_a_snapshot() {
    let mut log = log(BOUNDS);
    let mut cursor = log.at_head();
    reads(&log, &mut cursor, "snapshot");
    tell(&mut log, true);
    reads(&log, &mut cursor, "n snapshot");
    tell(&mut log, false);
    reads(&log, &mut cursor, "n");
}

#[test]
fn the_last_n_and_everything_after() {
    let mut log = log(BOUNDS);
    assert_eq!(log.at_last(5).1, 0);
    assert_eq!(log.at_after(Seq(0)).map(|(_, n)| n), Some(0));
    for _ in 0..3 {
        notice(&mut log);
        entry(&mut log, "a");
    }
    for (n, replay, text) in [(0, 0, ""), (1, 1, "3"), (2, 2, "2 3"), (9, 3, "1 2 3")] {
        let (mut cursor, entries) = log.at_last(n);
        assert_eq!(entries, replay);
        reads(&log, &mut cursor, format!("{text} snapshot").trim());
    }
    let after = |seq| log.at_after(Seq(seq)).map(|(_, n)| n);
    assert_eq!([after(0), after(2), after(3), after(4)], [Some(3), Some(1), Some(0), None]);
}

#[test]
fn what_is_gone_cannot_be_resumed() {
    let mut log = log(Bounds { entries: 2, ..BOUNDS });
    for _ in 0..5 {
        entry(&mut log, "a");
    }
    let after = |seq| log.at_after(Seq(seq)).map(|(_, n)| n);
    assert_eq!([after(2), after(3), after(5)], [None, Some(2), Some(0)]);
    let (mut cursor, entries) = log.at_reset();
    assert_eq!(entries, 2);
    reads(&log, &mut cursor, "4 5 snapshot");
}

#[test]
fn what_only_history_has_is_said() {
    let bounds = Bounds { entries: 3, ..BOUNDS };
    let mut log = Log::stored(Epoch::new("e"), bounds, Seq(3), Seq(5));
    assert_eq!((log.oldest(), log.head()), (Seq(3), Seq(5)));
    let (mut cursor, replay) = log.at_reset();
    assert_eq!(replay, 3);
    assert!(log.at_after(Seq(1)).is_none() && log.at_after(Seq(6)).is_none());
    let (mut behind, replay) = log.at_after(Seq(4)).unwrap();
    assert_eq!((replay, log.at_last(2).1, log.at_last(99).1), (1, 2, 3));
    let mut head = log.at_head();
    for text in ["a", "b", "c", "d", "e"] {
        entry(&mut log, text);
    }
    let here = log.slots.front().and_then(|(_, slot)| slot.seq()).unwrap();
    let stored = |first: u64| format!("stored({first},{})", here.before());
    let rest = (here.0..=10).map(|seq| seq.to_string()).collect::<Vec<_>>().join(" ");
    reads(&log, &mut cursor, &format!("{} {rest} snapshot", stored(3)));
    reads(&log, &mut behind, &format!("{} {rest} snapshot", stored(5)));
    reads(&log, &mut head, &format!("{} {rest} snapshot", stored(6)));
}

#[test]
fn what_is_forgotten_is_told_as_a_gap() {
    let mut log = Log::stored(Epoch::new("e"), BOUNDS, Seq(1), Seq(2));
    for _ in 0..4 {
        notice(&mut log);
        entry(&mut log, "a");
    }
    let (mut before, mut among, mut head) =
        (log.at_last(99).0, log.at_after(Seq(3)).unwrap().0, log.at_head());
    let gone = log.forget_before(Seq(5));
    assert_eq!(gone.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [3, 4]);
    assert_eq!((log.oldest(), log.head(), log.entries), (Seq(5), Seq(6), 2));
    assert!(log.at_after(Seq(3)).is_none() && log.at_after(Seq(4)).is_some());
    reads(&log, &mut before, "gap(0,5) 5 6 snapshot");
    reads(&log, &mut among, "gap(3,5) 5 6 snapshot");
    reads(&log, &mut head, "snapshot");
    // All of it, and some that only history had.
    let mut behind = log.at_after(Seq(5)).unwrap().0;
    assert_eq!(log.forget_before(Seq(7)).len(), 2);
    assert_eq!((log.oldest(), log.head(), log.bytes), (Seq(7), Seq(6), 0));
    reads(&log, &mut behind, "gap(5,7) snapshot");
    entry(&mut log, "b");
    reads(&log, &mut head, "7");
    // What was told before is no news.
    assert!(log.forget_before(Seq(2)).is_empty());
    assert_eq!(log.oldest(), Seq(7));
}

#[test]
fn who_stands_where_another_began_follows_it() {
    let mut log = log(BOUNDS);
    let mut pump = log.at_head();
    reads(&log, &mut pump, "snapshot");
    let (mut here, mut stale) = (pump.clone(), log.at_head());
    entry(&mut log, "a");
    let mut late = log.at_head();
    reads(&log, &mut late, "snapshot");
    let before = pump.clone();
    entry(&mut log, "b");
    reads(&log, &mut pump, "1 2");
    assert!(here.follow(&before, &pump));
    assert!(!here.follow(&before, &pump) && !late.follow(&before, &pump));
    assert!(!stale.follow(&before, &pump), "it needs a snapshot");
    entry(&mut log, "c");
    reads(&log, &mut here, "3");
    reads(&log, &mut late, "2 3");
    reads(&log, &mut stale, "1 2 3 snapshot");
}

#[test]
fn a_snapshot_before_the_head_has_what_notices_up_to_it_tell() {
    let mut log = log(BOUNDS);
    let mut cursor = log.at_head();
    entry(&mut log, "a");
    let until = log.end();
    notice(&mut log);
    entry(&mut log, "b");
    let mut out = vec![];
    assert_eq!(log.read(&mut cursor, until, 9, usize::MAX, &mut out), Read::Snapshot);
    assert_eq!(out.len(), 1);
    assert_eq!(log.read(&mut cursor, until, 9, usize::MAX, &mut out), Read::Slots);
    assert_eq!(out.len(), 1, "not beyond");
    reads(&log, &mut cursor, "2");
}
