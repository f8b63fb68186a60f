//! JSON lines: another format is a function.

use std::io;
use std::sync::{Mutex, PoisonError};

use trace::{Event, Tracer, Value, from_fn, trace, with};

/// A tracer that writes one object per event and line.
///
/// In front of a `Background`, have losses told in the same language, by `with_report`.
fn json(w: impl io::Write + Send) -> impl Tracer {
    let w = Mutex::new(w);
    from_fn(move |event| {
        // Made before the lock: what is displayed may trace, too.
        let line = object(event);
        // Tracing cannot fail. Who wants to know of losses counts them here.
        let _ = w.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    })
}

fn object(event: &Event<'_>) -> String {
    let mut object = format!("{{\"message\":{}", string(&event.message().to_string()));
    for (key, value) in event.fields() {
        let value = match value {
            Value::Bool(_) | Value::I64(_) | Value::U64(_) => value.to_string(),
            Value::F64(number) if number.is_finite() => value.to_string(),
            text => string(&text.to_string()),
        };
        object += &format!(",{}:{value}", string(key));
    }
    object + "}\n"
}

fn string(text: &str) -> String {
    let mut string = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => string.extend(['\\', c]),
            '\0'..' ' | '\x7f'..'\u{a0}' => string += &format!("\\u{:04x}", u32::from(c)),
            c => string.push(c),
        }
    }
    string + "\""
}

fn main() {
    let mut lines = Vec::new();
    let tracer = with(json(&mut lines), "room", "the \"lobby\"");
    trace!(tracer, "joined"; client = 7, late = false);
    trace!(tracer, "said {}", "\x1b[2J\n"; seconds = 0.25, load = f64::NAN);
    drop(tracer);

    let expected = r#"{"message":"joined","room":"the \"lobby\"","client":7,"late":false}
{"message":"said \u001b[2J\u000a","room":"the \"lobby\"","seconds":0.25,"load":"NaN"}
"#;
    assert_eq!(String::from_utf8_lossy(&lines), expected);
}

#[test]
fn it_does_what_it_says() {
    main();
}
