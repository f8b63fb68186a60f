//! From the `tracing` of other crates to a tracer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{fmt, thread};

use trace::{Event, Recorder, Tracer, Value, from_fn, from_tracing, to_tracing, trace, with};
use tracing::subscriber::with_default;
use tracing::{Metadata, Span, Subscriber, field, info, info_span, warn};

use crate::alone;
use crate::capture::Capture;

/// The line that a recorder has of what is said to `tracing`.
#[track_caller]
fn check(act: impl Fn(), expected: &str) {
    let _alone = alone();
    let seen = Recorder::new();
    with_default(from_tracing(seen.clone()), act);
    assert_eq!(seen.to_string(), expected);
}

#[test]
fn an_event_becomes_a_line() {
    check(|| info!(target: "lib", "hello {}", 1), "hello 1 level=INFO target=lib\n");
    check(
        || warn!(target: "lib", bytes = 5, who = ?Some("ann"), "got it"),
        "got it level=WARN target=lib bytes=5 who=\"Some(\\\"ann\\\")\"\n",
    );
    check(|| info!("here"), &format!("here level=INFO target={}\n", module_path!()));
    check(|| info!(target: "lib", n = 1), " level=INFO target=lib n=1\n");
}

#[test]
fn names_are_handed_on_as_they_are() {
    check(
        || info!(target: "lib", { peer.addr = 1, größe = 2, level = 3, none = field::Empty }, "m"),
        "m level=INFO target=lib peer.addr=1 größe=2 level=3\n",
    );
    check(|| info!(target: "lib", message = 7), " level=INFO target=lib message=7\n");
    check(|| info!(target: "lib", message = "a b"), "a b level=INFO target=lib\n");
}

#[test]
fn an_event_stays_one_line() {
    check(|| info!(target: "a\nb", "x\ny\u{1b}"), "x\\ny\\u{1b} level=INFO target=\"a\\nb\"\n");
}

#[test]
fn values_keep_their_type() {
    let _alone = alone();
    let typed = from_fn(|event| {
        let own: Vec<_> = event.fields().skip(2).map(|(_, value)| value).collect();
        assert!(matches!(
            own[..],
            [
                Value::Bool(true),
                Value::I64(-1),
                Value::U64(2),
                Value::F64(0.5),
                Value::Str("text"),
                Value::Str("Some(1)"),
                Value::Str("170141183460469231731687303715884105727"),
                Value::Str("[6f 6b]"),
                Value::Str("an error occurred when formatting an argument"),
            ]
        ));
    });
    let seen = Recorder::new();
    with_default(from_tracing((typed, seen.clone())), || {
        let failed: &(dyn std::error::Error + 'static) = &fmt::Error;
        let (big, bytes) = (i128::MAX, &b"ok"[..]);
        info!(a = true, b = -1, c = 2_u8, d = 0.5, e = "text", f = ?Some(1), g = big, h = bytes, i = failed);
    });
    assert_eq!(seen.to_string().lines().count(), 1);
}

#[test]
fn a_value_that_fails_cuts_only_itself_short() {
    struct Broken;
    impl fmt::Debug for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half").and(Err(fmt::Error))
        }
    }
    check(|| info!(target: "lib", a = ?Broken, b = 2, "m"), "m level=INFO target=lib a=half b=2\n");
}

#[test]
fn an_event_has_its_place_in_the_program() {
    let _alone = alone();
    let (seen, line) = (Recorder::new(), line!() + 7);
    let told = seen.clone();
    let place = from_fn(move |event: &Event<'_>| {
        assert_eq!((event.module(), event.file(), event.line()), ("lib", file!(), line));
        told.trace(event);
    });
    with_default(from_tracing(place), || {
        info!(target: "lib", "here");
    });
    assert_eq!(seen.to_string().lines().count(), 1);
}

#[test]
fn context_comes_first() {
    let _alone = alone();
    let seen = Recorder::new();
    let tracer = with(seen.clone(), "room", "lobby");
    with_default(from_tracing(tracer), || info!(target: "lib", "m"));
    assert_eq!(seen.to_string(), "m room=lobby level=INFO target=lib\n");
}

/// A site of its own, which the thread that reaches it first decides about.
fn say() {
    info!(target: "lib", "said");
}

#[test]
fn a_thread_without_subscriber_spoils_nothing() {
    let _alone = alone();
    let seen = Recorder::new();
    with_default(from_tracing(seen.clone()), || {
        thread::spawn(say).join().unwrap();
        say();
    });
    assert_eq!(seen.to_string(), "said level=INFO target=lib\n");
}

/// What the tracer is, now and later.
struct Switch(AtomicBool, Recorder);

impl Tracer for Switch {
    fn trace(&self, event: &Event<'_>) {
        self.1.trace(event);
    }
    fn enabled(&self) -> bool {
        self.0.load(Relaxed)
    }
}

#[test]
fn the_tracer_is_asked_about_each_event() {
    let _alone = alone();
    let switch = Arc::new(Switch(AtomicBool::new(false), Recorder::new()));
    with_default(from_tracing(Arc::clone(&switch)), || {
        for (n, on) in [false, true, false].into_iter().enumerate() {
            switch.0.store(on, Relaxed);
            info!(target: "lib", "{}", if on { n } else { unreachable!("evaluated when off") });
        }
    });
    assert_eq!(switch.1.to_string(), "1 level=INFO target=lib\n");
}

#[test]
fn spans_are_not_taken_and_their_events_are() {
    check(
        || {
            let span = info_span!("request", path = "/");
            assert!(span.is_disabled());
            span.in_scope(|| info!(target: "lib", "inside"));
        },
        "inside level=INFO target=lib\n",
    );
}

/// A callsite that was made for somebody else.
fn place() -> &'static Metadata<'static> {
    let place = || info_span!(target: "lib", "place", n = 1).metadata();
    with_default(Capture::new(), place).unwrap()
}

#[test]
fn a_span_made_unasked_does_no_harm() {
    let _alone = alone();
    let seen = Recorder::new();
    let place = place();
    with_default(from_tracing(seen.clone()), || {
        let [one, two] = [place; 2].map(|place| Span::new(place, &place.fields().value_set(&[])));
        one.record("n", 2).follows_from(&two);
        one.in_scope(|| info!(target: "lib", "inside"));
        drop(one.clone());
    });
    assert_eq!(seen.to_string(), "inside level=INFO target=lib\n");
}

#[test]
fn what_came_from_here_is_not_told_again() {
    let _alone = alone();
    let seen = Recorder::new();
    with_default(from_tracing(seen.clone()), || {
        trace!((to_tracing(), seen.clone()), "once"; n = 1);
    });
    assert_eq!(seen.to_string(), "once n=1\n");
}

#[test]
fn what_came_from_there_is_not_sent_back() {
    let _alone = alone();
    let there = Capture::new();
    let place = place();
    with_default(there.clone(), || {
        let values = place.fields().value_set(&[]);
        let event = tracing::Event::new(place, &values);
        from_tracing(to_tracing()).event(&event);
        there.event(&event);
    });
    assert_eq!(there.text(), "\n");
}
