//! What the macro accepts and what an event then holds.

use trace::{Recorder, Tracer, Value, from_fn, trace, with};

/// What one `trace!` to a recorder leaves.
#[track_caller]
fn check(act: impl Fn(&dyn Tracer), line: &str) {
    let seen = Recorder::new();
    act(&seen);
    assert_eq!(seen.to_string(), format!("{line}\n"));
}

#[test]
fn messages_are_formatted() {
    let name = "ann";
    check(|t| trace!(t, "plain"), "plain");
    check(|t| trace!(t, "{name} said {:>3}{}", 7, "!"), "ann said   7!");
    check(|t| trace!(t, "{0} {0}", name), "ann ann");
    check(|t| trace!(t, "trailing {}", 1,), "trailing 1");
}

#[test]
fn fields_follow_the_message() {
    check(|t| trace!(t, "joined"; client = 7), "joined client=7");
    check(|t| trace!(t, "joined"; client = 7, room = "lobby",), "joined client=7 room=lobby");
    check(|t| trace!(t, "got {}", 5, ; of = 6), "got 5 of=6");
    check(|t| trace!(t, "typed"; type = "post"), "typed type=post");
}

#[test]
fn values_come_from_the_usual_types() {
    let text = String::from("owned");
    let signed =
        |t: &dyn Tracer| trace!(t, "i"; a = -1_i8, b = -2_i16, c = -3, d = -4_i64, e = -5_isize);
    check(signed, "i a=-1 b=-2 c=-3 d=-4 e=-5");
    let unsigned =
        |t: &dyn Tracer| trace!(t, "u"; a = 1_u8, b = 2_u16, c = 3_u32, d = u64::MAX, e = 5_usize);
    check(unsigned, "u a=1 b=2 c=3 d=18446744073709551615 e=5");
    check(|t| trace!(t, "o"; a = true, b = 0.5, c = &text), "o a=true b=0.5 c=owned");
    check(|t| trace!(t, "a"; who = format_args!("{:?}", Some(7))), "a who=Some(7)");
}

#[test]
fn values_keep_their_type() {
    let typed = from_fn(|event| {
        let values: Vec<_> = event.fields().map(|(_, value)| value).collect();
        assert!(matches!(
            values[..],
            [
                Value::Args(_),
                Value::Bool(true),
                Value::I64(-1),
                Value::U64(2),
                Value::F64(0.5),
                Value::Str("text"),
                Value::Args(_),
            ]
        ));
        let texts: Vec<_> = values.iter().map(Value::to_string).collect();
        assert_eq!(texts, ["lobby", "true", "-1", "2", "0.5", "text", "a \"b\""]);
    });
    let typed = with(typed, "room", "lobby");
    let said = "a \"b\"";
    trace!(typed, "all"; a = true, b = -1, c = 2_u8, d = 0.5, e = "text", f = format_args!("{said}"));
}

#[test]
fn context_comes_first_and_outermost_first() {
    let seen = Recorder::new();
    let room = with(&seen, "room", "lobby");
    let session = with(&room, "client", 7);
    trace!(room, "opened");
    trace!(session, "received"; bytes = 5);
    trace!(room, "closed"; why = "empty");
    assert_eq!(
        seen.to_string(),
        "opened room=lobby\nreceived room=lobby client=7 bytes=5\nclosed room=lobby why=empty\n",
    );
}

#[test]
fn get_finds_the_innermost() {
    let tracer = from_fn(|event| {
        let get = |key| event.get(key).map(|value| value.to_string());
        assert_eq!(get("room").as_deref(), Some("lobby"));
        assert_eq!(get("client").as_deref(), Some("9"));
        assert_eq!(get("bytes"), None);
    });
    let tracer = with(with(with(tracer, "client", 7), "room", "lobby"), "client", 8);
    trace!(tracer, "moved"; client = 9);
}

#[test]
fn an_event_knows_where_it_was_traced() {
    let place = std::sync::Mutex::new(None);
    let tracer = from_fn(|event| {
        *place.lock().unwrap() = Some((event.module(), event.file(), event.line()))
    });
    let line = line!() + 1;
    trace!(tracer, "here");
    let place = place.lock().unwrap().unwrap();
    assert_eq!(place, (module_path!(), file!(), line));
}

#[test]
fn an_event_is_displayed_as_its_line() {
    let tracer = from_fn(|event| {
        assert_eq!(event.message().to_string(), "a\nb");
        assert_eq!(event.to_string(), "a\\nb c=\"d e\"");
        assert!(format!("{event:?}").contains("c"));
    });
    trace!(tracer, "a{}b", '\n'; c = "d e");
}
