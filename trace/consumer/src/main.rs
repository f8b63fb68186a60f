//! Everything that `trace` has by default, used from outside its workspace.

#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;

use trace::{Background, Recorder, Tracer, from_fn, new, off, trace, with};

struct Door {
    tracer: Arc<dyn Tracer>,
}

impl Door {
    fn open(&self, by: &str) {
        trace!(self.tracer, "opened"; by = by);
    }
}

fn door(tracer: impl Tracer + 'static) -> Door {
    Door { tracer: Arc::new(tracer) }
}

fn main() -> io::Result<()> {
    door(off()).open("nobody");

    let seen = Recorder::new();
    let loud =
        from_fn(|event| assert_eq!(event.get("by").map(|by| by.to_string()), Some("ann".into())));
    door((with(seen.clone(), "door", 1), loud)).open("ann");
    assert_eq!(seen.to_string(), "opened door=1 by=ann\n");

    let mut lines = Vec::new();
    trace!(new(&mut lines), "closed {}", 1);
    assert_eq!(lines, b"closed 1\n");

    door(new(Background::new(io::stdout(), 4 << 10)?)).open("ann");
    Ok(())
}
