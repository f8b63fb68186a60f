//! The trace as the tests' clock and snapshot.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trace::{Recorder, trace, with};

#[test]
fn clones_share_what_they_keep() {
    let seen = Recorder::new();
    assert_eq!(seen.to_string(), "");
    trace!(seen.clone(), "one"; text = "a b");
    trace!(seen, "two");
    assert_eq!(seen.to_string(), "one text=\"a b\"\ntwo\n");
    assert!(format!("{seen:?}").starts_with("Recorder"));
}

#[test]
fn lanes_keep_order_inside_and_leave_out_the_rest() {
    let seen = Recorder::new();
    let (ann, bob) = (with(&seen, "client", 1), with(&seen, "client", 2));
    trace!(bob, "joined");
    trace!(ann, "joined");
    trace!(seen, "tick");
    trace!(bob, "left");
    assert_eq!(seen.by("client"), "[1]\njoined client=1\n[2]\njoined client=2\nleft client=2\n");
    assert_eq!(seen.by("room"), "");
}

#[test]
fn lanes_are_sorted_by_size_then_text() {
    let seen = Recorder::new();
    for value in ["b", "10", "9", "-1", "2.5", "a c", "", "10"] {
        trace!(seen, "x"; k = value);
    }
    let lanes = seen.by("k");
    let headings: Vec<_> = lanes.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(headings, ["[-1]", "[2.5]", "[9]", "[10]", "[\"\"]", "[\"a c\"]", "[b]"]);
    assert_eq!(lanes.matches("k=10").count(), 2);
}

#[test]
fn a_lane_is_named_by_the_innermost_field() {
    let seen = Recorder::new();
    trace!(with(&seen, "client", 1), "moved"; client = 2);
    assert_eq!(seen.by("client"), "[2]\nmoved client=1 client=2\n");
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn saw_looks_at_the_past() {
    let seen = Recorder::new();
    trace!(seen, "Client left"; client = 7);
    let mut waiting = pin!(seen.saw("left client=7"));
    assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
}

#[test]
fn saw_is_woken_by_what_comes() {
    let seen = Recorder::new();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let mut waiting = pin!(seen.saw("two"));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    trace!(seen, "one");
    assert_eq!(wakes.0.load(Relaxed), 1);
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    trace!(seen, "two");
    assert_eq!(wakes.0.load(Relaxed), 2);
    assert!(waiting.as_mut().poll(&mut cx).is_ready());
}

#[test]
fn saw_wakes_everyone_who_waits() {
    let seen = Recorder::new();
    let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
    let wakers = wakes.clone().map(Waker::from);
    let (mut one, mut two) = (pin!(seen.saw("x")), pin!(seen.saw("x")));
    assert!(one.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_pending());
    assert!(two.as_mut().poll(&mut Context::from_waker(&wakers[1])).is_pending());
    trace!(seen, "x");
    assert_eq!(wakes.map(|wakes| wakes.0.load(Relaxed)), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_times_out_at_once() {
    let seen = Recorder::new();
    trace!(seen, "something else");
    let waited = tokio::time::timeout(Duration::from_secs(3600), seen.saw("never")).await;
    assert!(waited.is_err());
}
