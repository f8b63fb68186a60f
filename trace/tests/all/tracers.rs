//! Every tracer made of another one hands on all three calls, and nobody is asked in vain.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use trace::{Event, Recorder, Tracer, from_fn, new, off, trace, with};

#[derive(Default)]
struct Probe {
    disabled: AtomicBool,
    traced: AtomicUsize,
    flushed: AtomicUsize,
}

impl Tracer for Probe {
    fn trace(&self, _: &Event<'_>) {
        self.traced.fetch_add(1, Relaxed);
    }

    fn enabled(&self) -> bool {
        !self.disabled.load(Relaxed)
    }

    fn flush(&self) {
        self.flushed.fetch_add(1, Relaxed);
    }
}

/// `tracer` ends in `probe`.
#[track_caller]
fn check_hands_on(tracer: impl Tracer, probe: &Probe) {
    let (traced, flushed) = (probe.traced.load(Relaxed), probe.flushed.load(Relaxed));
    assert!(tracer.enabled());
    trace!(tracer, "one");
    assert_eq!(probe.traced.load(Relaxed), traced + 1, "trace");
    tracer.flush();
    assert_eq!(probe.flushed.load(Relaxed), flushed + 1, "flush");
    probe.disabled.store(true, Relaxed);
    assert!(!tracer.enabled(), "enabled");
    probe.disabled.store(false, Relaxed);
}

#[test]
fn pointers_hand_on() {
    let probe = Arc::new(Probe::default());
    check_hands_on(&*probe, &probe);
    check_hands_on(&*probe as &dyn Tracer, &probe);
    check_hands_on(Box::new(&*probe), &probe);
    check_hands_on(Box::new(&*probe) as Box<dyn Tracer + '_>, &probe);
    check_hands_on(Arc::clone(&probe), &probe);
    check_hands_on(Arc::clone(&probe) as Arc<dyn Tracer>, &probe);
}

#[test]
fn context_and_options_hand_on() {
    let probe = Probe::default();
    check_hands_on(with(&probe, "client", 7), &probe);
    check_hands_on(Some(&probe), &probe);
}

#[test]
fn a_tee_hands_on_to_both() {
    let probe = Probe::default();
    check_hands_on((&probe, off()), &probe);
    check_hands_on((off(), &probe), &probe);
    let (left, right) = (Probe::default(), Probe::default());
    trace!((&left, &right), "one");
    (&left, &right).flush();
    let seen = [&left.traced, &right.traced, &left.flushed, &right.flushed];
    assert_eq!(seen.map(|count| count.load(Relaxed)), [1, 1, 1, 1]);
}

#[test]
fn a_tee_keeps_the_event_from_its_disabled_half() {
    let (left, right) = (Probe::default(), Probe::default());
    left.disabled.store(true, Relaxed);
    trace!((&left, &right), "one");
    trace!((&right, &left), "two");
    assert_eq!((left.traced.load(Relaxed), right.traced.load(Relaxed)), (0, 2));
}

#[test]
fn none_is_off() {
    let none: Option<&Probe> = None;
    assert!(!none.enabled());
    none.flush();
    // Even when told in spite of it.
    trace!(from_fn(|event| none.trace(event)), "nobody");
}

#[test]
fn off_is_off() {
    static OFF: &dyn Tracer = &off();
    let copy = off();
    let (one, two) = (copy, copy);
    assert!(!one.enabled() && !two.enabled() && !OFF.enabled());
    one.flush();
    trace!(from_fn(|event| two.trace(event)), "nobody");
}

#[test]
fn nothing_is_evaluated_when_off() {
    let touched = Cell::new(0_u64);
    let touch = || {
        touched.set(touched.get() + 1);
        touched.get()
    };
    trace!(off(), "{}", touch(); value = touch());
    trace!(&off() as &dyn Tracer, "{}", touch(); value = touch());
    trace!(None::<Recorder>, "{}", touch(); value = touch());
    assert_eq!(touched.get(), 0);
    trace!(Recorder::new(), "{}", touch(); value = touch());
    assert_eq!(touched.get(), 2);
}

#[test]
fn the_tracer_is_evaluated_once() {
    let seen = Recorder::new();
    let asked = Cell::new(0);
    let tracer = || {
        asked.set(asked.get() + 1);
        &seen
    };
    trace!(tracer(), "one");
    trace!(if asked.get() == 1 { Some(off()) } else { None }, "two");
    assert_eq!((asked.get(), seen.to_string().as_str()), (1, "one\n"));
}

#[test]
fn a_function_sees_every_event() {
    let seen = Recorder::new();
    let tracer = from_fn(|event| seen.trace(event));
    assert!(tracer.enabled());
    tracer.flush();
    trace!(tracer, "one"; n = 1);
    assert_eq!(seen.to_string(), "one n=1\n");
}

#[test]
fn flush_reaches_the_writer() {
    let mut file = std::io::BufWriter::new(Vec::new());
    let tracer = new(&mut file);
    trace!(tracer, "one");
    tracer.flush();
    drop(tracer);
    assert_eq!((file.buffer(), file.get_ref().as_slice()), (&b""[..], &b"one\n"[..]));
}

#[test]
fn a_component_with_a_tracer_can_be_debugged() {
    #[derive(Debug)]
    #[allow(dead_code, reason = "read by Debug")]
    struct Room {
        tracer: Arc<dyn Tracer>,
    }
    let room = Room { tracer: Arc::new(off()) };
    assert_eq!(format!("{room:?}"), "Room { tracer: Tracer }");
}

/// Compiles as long as the trait can be behind a pointer.
const _: fn(&dyn Tracer) = |_| {};
