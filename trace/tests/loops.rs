//! Both ways plugged into each other: every event is told, and told once.
//!
//! A program's own subscriber, unlike one for a while, does not keep `tracing` from going round in
//! circles. It is set once, so this test is alone in its process.

use trace::{Recorder, from_tracing, to_tracing, trace};

#[test]
fn a_loop_ends() {
    let seen = Recorder::new();
    let tracer = || (to_tracing(), seen.clone());
    let subscriber = from_tracing(tracer());
    tracing::subscriber::set_global_default(subscriber).expect("nobody else sets it");
    trace!(tracer(), "from here"; n = 1);
    tracing::info!(target: "lib", n = 2, "from there");
    assert_eq!(seen.to_string(), "from here n=1\nfrom there level=INFO target=lib n=2\n");
}
