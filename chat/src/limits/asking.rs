//! The bounds of `chat trace`, `chat send` and `chat why`, which ask a server that may be anybody.

use std::time::Duration;

/// Bytes of one line from a server, or of one answer over HTTP: the longest message, escaped in the
/// worst case, is less than half of it.
pub const ANSWER_BYTES: usize = 1 << 20;

/// Lines of the head of an answer over HTTP; a server has some six and a proxy adds a few.
pub const ANSWER_HEAD_LINES: usize = 100;

/// How long an answer may take, with connecting where that comes before: a commit that takes
/// longer is a broken disk, and a server that says nothing for so long is none.
pub const ANSWER_TIME: Duration = Duration::from_secs(30);

/// Shortest pause, in milliseconds, before a server that is busy is asked again, whatever it says.
pub const AGAIN_MS_LEAST: u64 = 100;

/// Longest pause before that: whoever waits for it wants to know.
pub const AGAIN_MS_MOST: u64 = 60_000;

/// How often one message is said again to a server that is busy; with the pauses that a server of
/// chat asks for that is most of a minute.
pub const SAID_AGAIN: u32 = 100;

/// How long `chat send` waits for a message that is stored already, to acknowledge it, and in the
/// end until the server has read that: a server that goes on reading takes milliseconds.
pub const FAREWELL: Duration = Duration::from_secs(2);
