use super::*;

/// A queue of ten bytes whose worker does what `phase` says.
fn queue(phase: Phase) -> Queue {
    let mut queue = Queue::new(Batch::default(), 10);
    queue.phase = phase;
    queue
}

fn take(queue: &mut Queue) -> (String, u64, Orders) {
    let mut batch = Batch::default();
    let orders = queue.take(&mut batch);
    (String::from_utf8(batch.bytes).unwrap(), batch.lost, orders)
}

const NOTHING: Orders = Orders { flushes: 0, flush: false, close: false };

#[test]
fn lines_come_out_as_they_went_in() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"one\n");
    queue.push(b"two\n");
    assert_eq!(take(&mut queue), ("one\ntwo\n".to_owned(), 0, NOTHING));
    assert_eq!(take(&mut queue), (String::new(), 0, NOTHING));
    assert_eq!(queue.lost(), 0);
}

#[test]
fn a_batch_knows_its_lines() {
    let mut queue = queue(Phase::Busy);
    let mut batch = Batch::default();
    assert!(batch.is_empty());
    queue.push(b"one\n");
    queue.push(b"no end");
    queue.push(b"full");
    queue.take(&mut batch);
    assert_eq!((batch.ends.as_slice(), batch.lines(), batch.lost), (&[4, 10][..], 2, 1));
    assert!(!batch.is_empty());
    queue.take(&mut batch);
    assert!(batch.is_empty() && batch.bytes.is_empty() && batch.ends.is_empty());
    batch.lost = 1;
    assert!(!batch.is_empty());
}

#[test]
fn it_holds_its_capacity_and_no_more() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"123456789\n");
    queue.push(b"\n");
    assert_eq!(take(&mut queue), ("123456789\n".to_owned(), 1, NOTHING));
    queue.push(b"1234567890\n");
    assert_eq!(take(&mut queue), (String::new(), 1, NOTHING));
    assert_eq!(queue.lost(), 2);
}

#[test]
fn a_gap_is_in_one_piece() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"1234\n");
    queue.push(b"too long\n");
    queue.push(b"fits\n");
    assert_eq!(take(&mut queue), ("1234\n".to_owned(), 2, NOTHING));
    queue.push(b"fits\n");
    assert_eq!(take(&mut queue), ("fits\n".to_owned(), 0, NOTHING));
}

#[test]
fn nothing_is_not_a_line() {
    let mut queue = queue(Phase::Sleeps);
    assert!(!queue.push(b""));
    queue.push(b"much too long");
    queue.push(b"");
    assert_eq!(take(&mut queue), (String::new(), 1, NOTHING));
}

#[test]
fn a_busy_worker_is_not_woken() {
    let mut queue = queue(Phase::Busy);
    let woken = [queue.push(b"12345678\n"), queue.push(b"lost\n"), queue.flush().1, queue.close()];
    assert_eq!(woken, [false; 4]);
}

#[test]
fn a_sleeping_worker_is_woken_once_for_anything() {
    let mut sleeping = queue(Phase::Sleeps);
    assert_eq!(
        [sleeping.push(b"a\n"), sleeping.push(b"b\n"), sleeping.flush().1],
        [true, false, false]
    );
    assert!(queue(Phase::Sleeps).flush().1);
    assert!(queue(Phase::Sleeps).close());
}

#[test]
fn a_lingering_worker_is_woken_for_what_cannot_wait() {
    let mut lingering = queue(Phase::Lingers);
    let woken = [&b"1234\n"[..], b"6", b"7"].map(|line| lingering.push(line));
    assert_eq!(woken, [false, true, false], "more than half full");
    let mut lingering = queue(Phase::Lingers);
    assert!(lingering.push(b"much too long"));
    assert!(queue(Phase::Lingers).flush().1);
    assert!(queue(Phase::Lingers).close());
}

#[test]
fn the_worker_rests_when_nothing_is_urgent() {
    let mut queue = queue(Phase::Busy);
    assert_eq!(queue.rest(), Phase::Lingers);
    queue.push(b"1234\n");
    assert_eq!(queue.rest(), Phase::Lingers);
    queue.push(b"6");
    assert_eq!(queue.rest(), Phase::Busy);
    take(&mut queue);
    assert_eq!(queue.rest(), Phase::Lingers);
    queue.flush();
    assert_eq!(queue.rest(), Phase::Busy);
    let (_, _, orders) = take(&mut queue);
    queue.wrote(&Batch::default(), orders, 0, Ok(()));
    assert_eq!(queue.rest(), Phase::Lingers);
    queue.close();
    assert_eq!(queue.rest(), Phase::Busy);
}

#[test]
fn the_worker_sleeps_only_after_silence() {
    let mut queue = queue(Phase::Busy);
    for _ in 0..SILENT {
        assert_eq!(queue.rest(), Phase::Lingers);
        take(&mut queue);
    }
    assert_eq!(queue.rest(), Phase::Sleeps);
    queue.push(b"a\n");
    assert_eq!(queue.rest(), Phase::Lingers, "something came before it slept");
    take(&mut queue);
    take(&mut queue);
    assert_eq!(queue.rest(), Phase::Lingers, "it was silent again only once");
}

#[test]
fn taking_makes_the_worker_busy() {
    let mut queue = queue(Phase::Lingers);
    take(&mut queue);
    assert_eq!(queue.phase, Phase::Busy);
}

#[test]
fn a_flush_is_answered_after_its_batch() {
    let mut queue = queue(Phase::Busy);
    let (one, _) = queue.flush();
    assert!(queue.flushed(one).is_none());
    let (_, _, orders) = take(&mut queue);
    assert_eq!(orders, Orders { flushes: 1, flush: true, close: false });
    let (two, _) = queue.flush();
    assert!(queue.wrote(&Batch::default(), orders, 0, Ok(())));
    assert!(queue.flushed(one).is_some_and(|end| end.is_ok()));
    assert!(queue.flushed(two).is_none(), "asked after the batch was taken");
    let (_, _, orders) = take(&mut queue);
    queue.wrote(&Batch::default(), orders, 0, Err(io::ErrorKind::StorageFull));
    let error = queue.flushed(two).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(take(&mut queue).2, Orders { flushes: 2, flush: false, close: false });
}

#[test]
fn a_worker_told_to_close_ends() {
    let mut queue = queue(Phase::Busy);
    queue.close();
    let (_, _, orders) = take(&mut queue);
    assert!(orders.close);
    assert!(!queue.wrote(&Batch::default(), orders, 0, Ok(())));
}

#[test]
fn a_closed_pipe_ends_the_worker() {
    let mut queue = queue(Phase::Busy);
    assert!(!queue.wrote(&Batch::default(), NOTHING, 0, Err(io::ErrorKind::BrokenPipe)));
}

/// Writes a batch of one line, of which `out` got out.
fn wrote_one(queue: &mut Queue, out: u64, result: Result<(), io::ErrorKind>) -> bool {
    queue.push(b"a\n");
    let mut batch = Batch::default();
    let orders = queue.take(&mut batch);
    queue.wrote(&batch, orders, out, result)
}

#[test]
fn only_failures_in_a_row_end_the_worker() {
    let full = Err(io::ErrorKind::StorageFull);
    let mut queue = queue(Phase::Busy);
    for end in [(1, full), (0, Ok(()))] {
        for _ in 1..FAILURES {
            assert!(wrote_one(&mut queue, 0, full));
        }
        assert!(wrote_one(&mut queue, end.0, end.1));
    }
    for _ in 1..FAILURES {
        assert!(wrote_one(&mut queue, 0, full));
    }
    assert!(!wrote_one(&mut queue, 0, full));
}

#[test]
fn lines_that_were_not_written_are_lost() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"a\n");
    queue.push(b"b\n");
    let mut batch = Batch::default();
    let orders = queue.take(&mut batch);
    assert!(queue.wrote(&batch, orders, 1, Err(io::ErrorKind::Other)));
    assert_eq!(queue.lost(), 1);
    assert!(wrote_one(&mut queue, 0, Err(io::ErrorKind::Other)));
    assert_eq!(queue.lost(), 2);
}

#[test]
fn after_the_end_everything_is_lost() {
    let mut queue = queue(Phase::Lingers);
    assert!(wrote_one(&mut queue, 0, Err(io::ErrorKind::Other)));
    for _ in 0..5 {
        queue.push(b"ab\n");
    }
    assert_eq!(queue.lost(), 1 + 2, "failed, and no room for two");
    assert!(!queue.is_gone());
    queue.end(1);
    assert!(queue.is_gone());
    assert_eq!(queue.lost(), 6 - 1, "all but the one that was out");
    assert!(!queue.push(b"c\n") && !queue.close());
    assert_eq!(queue.lost(), 6);
    let (flush, wake) = queue.flush();
    assert!(!wake);
    let error = queue.flushed(flush).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(queue.batch.bytes.capacity(), 0, "the memory is given back");
}
