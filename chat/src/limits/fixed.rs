//! The bounds that nobody has to change.

use std::time::Duration;

/// Connections the kernel may hold for us before `accept`: with the usual 128, a herd of 2,000
/// clients waits a second for its SYN to be sent again.
pub const LISTEN_BACKLOG: u32 = 4096;

/// Kernel send buffer of one connection. Left alone it grows to 4 MiB behind a reader that
/// stopped, and that memory is charged to nobody we could see.
pub const SEND_BUFFER_BYTES: u32 = 64 << 10;

/// Trace lines waiting for a slow output; beyond it they are lost and counted.
pub const TRACE_BUFFER_BYTES: usize = 256 << 10;

/// What the flight recorder remembers of its steps, as bytes: some 9,000 of them, which are minutes
/// of a busy server and hours of a quiet one.
pub const FLIGHT_BYTES: usize = 1 << 20;

/// What it remembers for those who watch, as long as somebody does: each message is a step for
/// everybody who gets it, and 1,000 of them take 70 KiB.
pub const FLIGHT_WATCHED_BYTES: usize = 4 << 20;

/// Bytes of one event in the flight recorder at most; they are on the stack of whoever traces.
pub const FLIGHT_EVENT_BYTES: usize = 1 << 10;

/// What is copied out of the flight recorder at once, while those who trace wait: a microsecond.
pub const FLIGHT_READ_BYTES: usize = 16 << 10;

/// Who may watch at once: a few people, and nobody can keep the recorder busy with many.
pub const WATCHERS: usize = 8;

/// How long who watches rests when there is nothing new: nobody who traces has to wake anybody, and
/// people see no difference.
pub const WATCH_PAUSE: Duration = Duration::from_millis(50);

/// Bytes of the end of a saved trace that are shown: more events than anybody looks at.
pub const XRAY_FILE_BYTES: u64 = 32 << 20;

/// Changes of presence wait this long, so that a crowd that arrives together is one notice.
pub const PRESENCE_WINDOW: Duration = Duration::from_millis(250);

/// First pause after a failed `accept`; it doubles up to [`ACCEPT_PAUSE_MOST`].
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(5);

/// Longest pause after a failed `accept`.
pub const ACCEPT_PAUSE_MOST: Duration = Duration::from_secs(1);

/// Characters of a member's name at most.
pub const NAME_CHARS: usize = 32;

/// Characters of a room's name at most.
pub const ROOM_CHARS: usize = 64;

/// Bytes of a client's own name for a message at most.
pub const MID_BYTES: usize = 64;

/// Characters of a message that a trace shows; a line is for reading.
pub const TRACED_CHARS: usize = 200;

/// How long a client takes nothing until the trace says so; less is how a network is.
pub const STALLED: Duration = Duration::from_secs(1);

/// Bytes of a request's head at most.
pub const HEAD_BYTES: usize = 16 << 10;

/// Bytes of the first line of a connection at most, by which its protocol is told.
pub const OPENING_BYTES: usize = 8 << 10;

/// Bytes read from a client at once, into a buffer that lasts as long as the read.
pub const READ_BUFFER_BYTES: usize = 4 << 10;

/// Bytes that tungstenite takes at once of what was read: it holds such a buffer for every
/// connection, and what people say fits.
pub const FRAME_BUFFER_BYTES: usize = 128;

/// Bytes of slots that the pump of a room reads at once, or about as many: 340 short messages. Their
/// bytes are put together for all who get them, so that many cost no more calls than one.
pub const PUMP_BYTES: usize = 64 << 10;

/// Bytes of slots that are put together at most; those of more, which a wire made longer, are
/// written as they are. A client who takes nothing may hold as much, besides what the system has.
pub const TOGETHER_BYTES: usize = 128 << 10;

/// Readers to whom the pump of a room writes until others have their turn: a write takes some
/// microseconds, so that is well below a millisecond.
pub const PUMP_TURN: usize = 64;

/// What a reply costs besides its bytes, so that many small ones are bounded as well.
pub const REPLY_OVERHEAD_BYTES: usize = 64;

/// How long a connection over the limit may take to ask something and to read why it got nothing.
pub const REFUSAL: Duration = Duration::from_secs(1);

/// Bytes of a request's body that are read, beyond those that are taken, before the client is told
/// that it is too long: one that is still writing would see a reset instead of the answer.
pub const TOO_MUCH_BYTES: usize = 1 << 20;

/// Members that one direct message may be for.
pub const RECIPIENTS: usize = 16;

/// Entries that one answer to a question for history has at most.
pub const HISTORY_ENTRIES: usize = 200;

/// Bytes of text after which an answer to a question for history ends: as JSON it is six times
/// that at worst.
pub const HISTORY_BYTES: usize = 32 << 10;

/// Entries and members that wait to be stored: 40 MiB of the longest messages.
pub const HISTORY_INBOX: usize = 4_096;

/// What one commit stores at most; what waits longer is not stored faster.
pub const HISTORY_BATCH: usize = 256;

/// Pages of history that are asked for and not taken yet, in the whole server: so many turns of
/// readers who catch up are before that of anybody else. Who wants one more waits.
pub const HISTORY_PAGES: usize = 64;

/// Entries that are dropped at once when they are not to be kept any longer: more than one commit
/// stores, and as many as are looked at again if there is no time for them.
pub const TRIM_ENTRIES: usize = 2 * HISTORY_BATCH;

/// How long dropping goes on until it is committed and others have their turn: about as long as a
/// sync of a slow disk. In that time go 50 messages of one room, and 2 to 10 where a hundred rooms
/// have said the same words; what a crowd says faster than that goes when it is quieter.
pub const TRIM_HOLD: Duration = Duration::from_millis(10);

/// Logs that lose entries at once.
pub const TRIM_LOGS: usize = 64;

/// How often it is looked for what is not to be kept any longer.
pub const TRIM_PAUSE: Duration = Duration::from_secs(1);

/// Entries that are read at once where all of a log are: 16 MiB of the longest.
pub const HISTORY_WALK: usize = 256;

/// The longest message that can be chosen to be taken: up to what a few hundred readers who stop
/// leave in memory at once; what is longer is a file.
pub const MOST_BODY_BYTES: usize = 64 << 10;

/// Bytes of a line that is imported: the longest message, escaped in the worst case, and what
/// goes with it.
pub const IMPORT_LINE_BYTES: usize = 6 * MOST_BODY_BYTES + (64 << 10);

/// How often a command that takes long says how far it is.
pub const PROGRESS: Duration = Duration::from_secs(1);

/// Messages that one answer to a search has at most.
pub const SEARCH_HITS: usize = 50;

/// Characters that a search has at most.
pub const SEARCH_CHARS: usize = 256;

/// Searches that wait in the whole server; one more is told to come again.
pub const SEARCHES: usize = 16;

/// Memory for pages of the file, in KiB, of each of its three connections.
pub const HISTORY_CACHE_KIB: i64 = 8 << 10;

/// Pages of the file that wait beside it, in its write-ahead log, until they are written into it:
/// 8 MiB. A hundred who write in rooms of their own change the same pages again and again; with
/// SQLite's 1,000 those are written twice as often. With more, a start after a kill reads more.
pub const HISTORY_WAL_PAGES: i64 = 2_000;

/// How long another program, a backup for instance, may lock the file before that is a failure.
pub const HISTORY_LOCKED: Duration = Duration::from_secs(5);

/// How much longer than [`Limits::drain`](super::Limits::drain) a server that stops waits in all,
/// for the file of its history to be closed.
pub const HISTORY_CLOSE: Duration = Duration::from_secs(1);

/// Messages of one client that wait to be stored; one that has as many is not read from.
pub const POSTS_WAITING: usize = 16;

/// Milliseconds after which a server that has too much to store is asked again.
pub const BUSY_MS: u64 = 500;

/// Addresses, and connections of this computer, whose requests over HTTP are counted: more than
/// come by in the seconds until a count is done with, in about 1 MiB.
pub const ASKERS: usize = 10_000;

/// A session shows that it is writing once in this time at most.
pub const TYPING_PAUSE: Duration = Duration::from_secs(2);

/// How long a session that ends may take to be told so, and then to close.
pub const LINGER: Duration = Duration::from_secs(1);

/// Shortest time, in milliseconds, before a client is to come back.
pub const RETURN_MS: u64 = 500;

/// The time, in milliseconds, over which returning clients are spread.
pub const RETURN_SPREAD_MS: u64 = 4_000;

/// Numbers tried behind a name that is taken before one is drawn by lot.
pub const SUGGESTIONS: u64 = 9;

/// A connection on which nothing moves for this long is probed by the system: of a client that
/// speaks lines nothing else tells that its network is gone.
pub const KEEPALIVE: Duration = Duration::from_secs(45);

/// The time between such probes.
pub const KEEPALIVE_PROBES: Duration = Duration::from_secs(10);

/// A connection on which a probe, or anything else, is not acknowledged for this long is broken;
/// the system's own patience is two hours for the one and a quarter of an hour for the other.
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(75);

/// Times that are kept of what was written to a reader, and as many of what it said it has. Older
/// ones are not known any more; a row of a report asks for little more than the last minute.
pub const MARKS: usize = 16;

/// Gaps that are kept of a reader. Who has more of them gets next to nothing anyway.
pub const GAPS_KEPT: usize = 8;

/// Rows of a delivery report at most: with the longest names they are 56 KiB, and fit a frame.
pub const REPORT_ROWS: usize = 200;

/// Lines of a report about those who were not there; of the rest it says how many they are.
pub const AWAY_LINES: usize = 3;

/// Readers whom a report asks until others have their turn.
pub const REPORT_TURN: usize = 256;

/// Sessions that have left a room and that reports still know; with their times about 1 KiB each.
pub const DEPARTED: usize = 10_000;

/// How long reports know a session that has ended.
pub const DEPARTED_KEPT: Duration = Duration::from_secs(600);

/// Direct messages of which it is known where their copies are; about 500 bytes each.
pub const COPIES_KEPT: usize = 1_000;

/// Posts that were refused and whose `mid` is still known; about 200 bytes each.
pub const REFUSALS_KEPT: usize = 1_000;

/// Of these, those of one sender.
pub const REFUSALS_EACH: usize = 16;
