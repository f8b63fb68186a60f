use super::*;

/// A queue of ten bytes whose worker does what `phase` says.
fn queue(phase: Phase) -> Queue {
    let mut queue = Queue::new(Batch::default(), 10);
    queue.phase = phase;
    queue
}

/// The text of the next batch, and how many lines were lost after it.
fn take(queue: &mut Queue) -> (String, u64) {
    let mut batch = Batch::default();
    queue.take(&mut batch);
    (String::from_utf8(batch.bytes).unwrap(), batch.lost)
}

#[test]
fn lines_come_out_as_they_went_in() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"one\n");
    queue.push(b"two\n");
    assert_eq!(take(&mut queue), ("one\ntwo\n".to_owned(), 0));
    assert_eq!(take(&mut queue), (String::new(), 0));
    assert_eq!((queue.writing, queue.lost), (0, 0));
}

#[test]
fn a_batch_knows_its_lines() {
    let mut queue = queue(Phase::Busy);
    let mut batch = Batch::default();
    assert!(batch.is_empty());
    queue.push(b"one\n");
    queue.push(b"no end");
    queue.push(b"full");
    queue.flush();
    queue.take(&mut batch);
    assert_eq!((batch.ends.as_slice(), batch.lines(), batch.lost), (&[4, 10][..], 2, 1));
    assert_eq!((batch.flush, queue.writing), (true, 2));
    assert!(!batch.is_empty());
    // It is used again, and holds nothing any more.
    queue.take(&mut batch);
    queue.take(&mut batch);
    assert!(batch.is_empty() && batch.bytes.is_empty());
    assert!(!Batch { ends: vec![1], ..Batch::default() }.is_empty());
    assert!(!Batch { lost: 1, ..Batch::default() }.is_empty());
    assert!(!Batch { flush: true, ..Batch::default() }.is_empty());
}

#[test]
fn it_holds_its_capacity_and_no_more() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"123456789\n");
    queue.push(b"\n");
    assert_eq!(take(&mut queue), ("123456789\n".to_owned(), 1));
    queue.push(b"1234567890\n");
    assert_eq!(take(&mut queue), (String::new(), 1));
    assert_eq!(queue.lost, 2);
}

#[test]
fn a_gap_is_in_one_piece() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"1234\n");
    queue.push(b"too long\n");
    queue.push(b"fits\n");
    assert_eq!(take(&mut queue), ("1234\n".to_owned(), 2));
    queue.push(b"fits\n");
    assert_eq!(take(&mut queue), ("fits\n".to_owned(), 0));
}

#[test]
fn nothing_is_not_a_line() {
    let mut queue = queue(Phase::Sleeps);
    assert!(!queue.push(b""));
    queue.push(b"much too long");
    queue.push(b"");
    assert_eq!(take(&mut queue), (String::new(), 1));
}

#[test]
fn a_busy_worker_is_not_woken() {
    let mut queue = queue(Phase::Busy);
    assert_eq!([&b"12345678\n"[..], b"lost\n"].map(|line| queue.push(line)), [false; 2]);
}

#[test]
fn a_sleeping_worker_is_woken_once_for_anything() {
    let mut queue = queue(Phase::Sleeps);
    assert_eq!([queue.push(b"a\n"), queue.push(b"b\n")], [true, false]);
}

#[test]
fn a_lingering_worker_is_woken_for_what_cannot_wait() {
    let mut lingering = queue(Phase::Lingers);
    let woken = [&b"1234\n"[..], b"6", b"7"].map(|line| lingering.push(line));
    assert_eq!(woken, [false, true, false], "more than half full");
    assert!(queue(Phase::Lingers).push(b"much too long"));
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
    queue.push(b"much too long");
    assert_eq!(queue.rest(), Phase::Busy);
    take(&mut queue);
    queue.flush();
    assert_eq!(queue.rest(), Phase::Busy);
    take(&mut queue);
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
    let one = queue.flush();
    assert!(queue.flushed(one).is_none());
    take(&mut queue);
    let two = queue.flush();
    assert!(queue.flushed(one).is_none());
    assert!(queue.wrote(Ok(())));
    assert!(queue.flushed(one).is_some_and(|end| end.is_ok()));
    assert!(queue.flushed(two).is_none(), "asked after the batch was taken");
    take(&mut queue);
    assert!(queue.wrote(Err(io::ErrorKind::StorageFull)));
    let error = queue.flushed(two).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    // What there was no need to write is written too.
    take(&mut queue);
    let three = queue.flush();
    take(&mut queue);
    assert!(queue.wrote(Ok(())));
    assert!(queue.flushed(three).is_some_and(|end| end.is_ok()));
}

#[test]
fn a_worker_told_to_close_ends_when_all_is_written() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"a\n");
    take(&mut queue);
    queue.close();
    assert!(queue.wrote(Ok(())));
    take(&mut queue);
    assert!(!queue.wrote(Ok(())));
}

#[test]
fn a_closed_pipe_ends_the_worker() {
    let mut queue = queue(Phase::Busy);
    assert!(queue.wrote(Err(io::ErrorKind::StorageFull)));
    assert!(!queue.wrote(Err(io::ErrorKind::BrokenPipe)));
}

#[test]
fn lines_that_were_not_written_are_lost() {
    let mut queue = queue(Phase::Busy);
    queue.push(b"a\n");
    queue.push(b"b\n");
    take(&mut queue);
    queue.step(1);
    assert_eq!((queue.lost, queue.steps), (0, 1));
    queue.wrote(Err(io::ErrorKind::Other));
    assert_eq!(queue.lost, 1);
    queue.push(b"c\n");
    take(&mut queue);
    queue.step(0);
    queue.wrote(Err(io::ErrorKind::Other));
    assert_eq!((queue.lost, queue.steps), (2, 2));
    take(&mut queue);
    queue.wrote(Ok(()));
    assert_eq!(queue.lost, 2);
}

#[test]
fn after_the_end_everything_is_lost() {
    let mut queue = queue(Phase::Lingers);
    queue.push(b"ab\n");
    queue.push(b"cd\n");
    take(&mut queue);
    queue.step(1);
    for _ in 0..5 {
        queue.push(b"ab\n");
    }
    assert_eq!(queue.lost, 2, "no room for two");
    queue.end();
    assert_eq!((queue.phase, queue.lost), (Phase::Gone, 6), "all but the one that was out");
    assert!(!queue.push(b"g\n"));
    assert_eq!(queue.lost, 7);
    let flush = queue.flush();
    let error = queue.flushed(flush).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(queue.batch.bytes.capacity(), 0, "the memory is given back");
}
