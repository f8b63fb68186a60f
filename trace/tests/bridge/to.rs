//! From `trace!` to a subscriber.

use std::cell::Cell;
use std::thread;

use trace::{Tracer, to_tracing, trace, with};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::with_default;

use crate::alone;
use crate::capture::Capture;

/// What a subscriber is told when this is traced.
#[track_caller]
fn check(act: impl Fn(&dyn Tracer), expected: &str) {
    let _alone = alone();
    let seen = Capture::new();
    with_default(seen.clone(), || act(&to_tracing()));
    assert_eq!(seen.text(), format!("{expected}\n"));
}

#[test]
fn fields_keep_their_names_and_types() {
    check(|t| trace!(t, "joined"), "message:debug=joined");
    check(
        |t| trace!(t, "took {}", 5; ok = true, off = -1, bytes = 2_u8, share = 0.5, who = "ann lee", of = format_args!("{:?}", Some(7))),
        "message:debug=took 5 ok:bool=true off:i64=-1 bytes:u64=2 share:f64=0.5 who:str=\"ann lee\" of:debug=Some(7)",
    );
}

#[test]
fn a_name_is_handed_on_as_it_is() {
    check(|t| trace!(t, "m"; type = 1), "message:debug=m type:i64=1");
    check(|t| trace!(t, "m"; r#fn = 1, größe = 2), "message:debug=m r#fn:i64=1 größe:i64=2");
    check(
        |t| trace!(with(t, "a", 1), "m"; message = 2, context = 3, x = 4, x = 5),
        "message:debug=m message:i64=2 context:i64=3 x:i64=4 x:i64=5 context:str=\"a=1\"",
    );
}

#[test]
fn any_number_of_fields_arrives() {
    let tail = (4..40).map(|n| format!(" x:i64={n}")).collect::<String>();
    check(
        |t| {
            trace!(t, "m"; a = 1, b = 2, c = 3, x = 4, x = 5, x = 6, x = 7, x = 8, x = 9, x = 10,
                x = 11, x = 12, x = 13, x = 14, x = 15, x = 16, x = 17, x = 18, x = 19, x = 20,
                x = 21, x = 22, x = 23, x = 24, x = 25, x = 26, x = 27, x = 28, x = 29, x = 30,
                x = 31, x = 32, x = 33, x = 34, x = 35, x = 36, x = 37, x = 38, x = 39);
        },
        &format!("message:debug=m a:i64=1 b:i64=2 c:i64=3{tail}"),
    );
}

#[test]
fn context_is_one_field_of_text() {
    check(
        |t| {
            let room = with(t, "room", "the lobby");
            trace!(with(&room, "client", 7), "received"; bytes = 5);
        },
        r#"message:debug=received bytes:i64=5 context:str="room=\"the lobby\" client=7""#,
    );
}

#[test]
fn an_event_has_its_place_in_the_program() {
    let _alone = alone();
    let (seen, line) = (Capture::new(), line!() + 1);
    with_default(seen.clone(), || trace!(to_tracing(), "here"));
    let (m, module) = (seen.last(), module_path!());
    assert_eq!((m.name(), *m.level(), m.is_event()), ("trace::event", Level::TRACE, true));
    assert_eq!((m.target(), m.module_path()), (module, Some(module)));
    assert_eq!((m.file(), m.line()), (Some(file!()), Some(line)));
}

#[test]
fn a_site_registers_once() {
    let _alone = alone();
    let seen = Capture::new();
    with_default(seen.clone(), || {
        seen.registered();
        for n in 0..3 {
            trace!(to_tracing(), "one"; n = n);
        }
        assert_eq!(seen.registered(), 1);
        trace!(to_tracing(), "two");
        assert_eq!(seen.registered(), 1);
    });
    assert_eq!(seen.text().lines().count(), 4);
}

fn traced_while_registering() {
    trace!(to_tracing(), "the same site");
}

#[test]
fn a_subscriber_may_trace_while_a_site_registers() {
    let _alone = alone();
    let seen = Capture::up_to(LevelFilter::TRACE, traced_while_registering);
    with_default(seen.clone(), traced_while_registering);
    assert_eq!(seen.text(), "message:debug=the same site\n");
}

#[test]
fn a_subscriber_is_asked_about_each_event() {
    let _alone = alone();
    let seen = Capture::new();
    with_default(seen.clone(), || {
        for shut in [true, false, true] {
            seen.shut(shut);
            trace!(to_tracing(), "one"; shut = shut);
        }
        seen.shut(false);
        trace!(to_tracing(), "two"; refused = 1);
    });
    assert_eq!(seen.text(), "message:debug=one shut:bool=false\n");
}

#[test]
fn a_thread_without_subscriber_spoils_nothing() {
    let _alone = alone();
    let say = || trace!(to_tracing(), "heard");
    let seen = Capture::new();
    with_default(seen.clone(), || {
        thread::spawn(say).join().unwrap();
        say();
    });
    assert_eq!(seen.text(), "message:debug=heard\n");
}

#[test]
fn it_is_off_unless_somebody_listens_to_that_level() {
    let _alone = alone();
    let touched = Cell::new(0);
    for (level, expected) in [(LevelFilter::DEBUG, 0), (LevelFilter::TRACE, 1)] {
        with_default(Capture::up_to(level, || {}), || {
            trace!(to_tracing(), "{}", touched.replace(touched.get() + 1));
        });
        assert_eq!(touched.get(), expected, "at {level}");
    }
}
