//! What a library says to `tracing`, seen in the trace of the program that uses it.
//!
//! `cargo run --features tracing --example third_party`

use std::{io, thread};

use trace::{Recorder, from_tracing, new, trace, with};

/// Somebody else's crate, which knows nothing of this one.
mod boiler {
    pub(crate) fn heat(degrees: i64) {
        tracing::debug!(degrees, "heating");
        if degrees > 90 {
            tracing::warn!(target: "boiler::valve", "steam");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seen = Recorder::new();
    let tracer = (new(io::stdout()), seen.clone());
    // The one global of `tracing` is set where all of a program's decisions are made: in main.
    tracing::subscriber::set_global_default(from_tracing(with(tracer, "by", "tracing")))?;

    trace!(seen, "kettle is on");
    boiler::heat(80);
    thread::spawn(|| boiler::heat(95)).join().map_err(|_| "the boiler panicked")?;

    let expected = "\
kettle is on
heating by=tracing level=DEBUG target=third_party::boiler degrees=80
heating by=tracing level=DEBUG target=third_party::boiler degrees=95
steam by=tracing level=WARN target=boiler::valve
";
    assert_eq!(seen.to_string(), expected);
    Ok(())
}

#[test]
fn it_does_what_it_says() {
    main().unwrap();
}
