use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::{future, mem};

use crate::line::Line;
use crate::{Event, Tracer};

/// A tracer for tests: it keeps everything, and its clones share what they keep.
///
/// Displayed, it is every line in the order of tracing. That order is worth asserting when one
/// task traces; where several do, assert [`by`](Recorder::by) instead, and wait with
/// [`saw`](Recorder::saw), never with a sleep.
///
/// ```
/// use trace::{Recorder, trace, with};
///
/// let seen = Recorder::new();
/// let (ann, bob) = (with(&seen, "client", 1), with(&seen, "client", 2));
/// trace!(ann, "joined");
/// trace!(bob, "joined");
/// trace!(ann, "left");
///
/// assert_eq!(seen.to_string(), "joined client=1\njoined client=2\nleft client=1\n");
/// assert_eq!(seen.by("client"), "[1]\njoined client=1\nleft client=1\n[2]\njoined client=2\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Tape>>);

#[derive(Debug, Default)]
struct Tape {
    records: Vec<Record>,
    waiting: Vec<Waker>,
}

#[derive(Debug)]
struct Record {
    line: String,
    /// Of several fields of one name, the last.
    fields: HashMap<&'static str, String>,
}

impl Recorder {
    /// A recorder that has seen nothing.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// The lines in lanes, one for each value of the field `key`: what every client saw, say,
    /// whatever the order between clients was.
    ///
    /// A lane is the heading `[value]` and its lines in the order of tracing. Lanes are sorted by
    /// value, numbers by size and before everything else. Lines without the field are left out.
    pub fn by(&self, key: &str) -> String {
        let tape = self.tape();
        let lines = tape.records.iter();
        let lines = lines.filter_map(|record| Some((record.fields.get(key)?, &record.line)));
        let mut lines: Vec<_> = lines.collect();
        lines.sort_by(|(a, _), (b, _)| rank(a).total_cmp(&rank(b)).then(a.cmp(b)));
        let mut text = String::new();
        for lane in lines.chunk_by(|(a, _), (b, _)| a == b) {
            text += &format!("[{}]\n", lane[0].0);
            lane.iter().for_each(|(_, line)| text += &format!("{line}\n"));
        }
        text
    }

    /// Waits until a line contains `text`. A line that is there already counts, so there is no
    /// race between what is tested and the test that begins to wait.
    ///
    /// It needs no particular runtime. Wait with a timeout: under tokio's paused time, one for
    /// something that cannot happen any more ends at once.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trace::{Recorder, trace};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let seen = Recorder::new();
    /// let tracer = seen.clone();
    /// tokio::spawn(async move { trace!(tracer, "Client left"; client = 7) });
    /// tokio::time::timeout(Duration::from_secs(5), seen.saw("left client=7")).await.unwrap();
    /// # }
    /// ```
    pub async fn saw(&self, text: &str) {
        let mut looked_at = 0;
        future::poll_fn(|cx| {
            let mut tape = self.tape();
            if tape.records[looked_at..].iter().any(|record| record.line.contains(text)) {
                return Poll::Ready(());
            }
            looked_at = tape.records.len();
            tape.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        // No foreign code runs under the lock, so nothing can leave the tape half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers by size, then everything else.
fn rank(value: &str) -> f64 {
    value.parse().unwrap_or(f64::INFINITY)
}

impl Tracer for Recorder {
    fn trace(&self, event: &Event<'_>) {
        let line = event.to_string();
        let text = |value| {
            let mut text = Line::new();
            text.value(value);
            text.text().into_owned()
        };
        let fields = event.fields().map(|(key, value)| (key, text(value))).collect();
        let mut tape = self.tape();
        tape.records.push(Record { line, fields });
        let waiting = mem::take(&mut tape.waiting);
        drop(tape);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tape = self.tape();
        tape.records.iter().try_for_each(|record| writeln!(f, "{}", record.line))
    }
}
