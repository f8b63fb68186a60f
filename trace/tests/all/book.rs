//! The first tests of the tutorial that this tracer comes from.

use trace::{new, off, trace};

#[test]
fn new_writes_the_line() {
    let mut buf = Vec::new();
    let tracer = new(&mut buf);
    trace!(tracer, "Hello trace package.");
    drop(tracer);
    assert_eq!(buf, b"Hello trace package.\n");
}

#[test]
fn off_says_nothing() {
    trace!(off(), "something");
}
