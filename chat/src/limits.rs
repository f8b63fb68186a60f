//! Every bound of the server, named once, with its default and its reason.

mod asking;
mod fixed;

use std::time::Duration;

pub use self::asking::*;
pub use self::fixed::*;

/// Descriptors of a process that are neither connections nor refusals: listeners, the runtime, the
/// trace, the files of the program.
const OTHER_DESCRIPTORS: usize = 60;

/// Connections at most that follow from the descriptors: if all of them stall they take 3 GB, and
/// who has the memory for more says so.
const DERIVED_CONNECTIONS: usize = 10_000;

/// Bytes that JSON needs for one at worst: `\u0001`.
const ESCAPED: usize = 6;

/// Bytes that are left for what a request has besides a text: rooms, recipients, a `mid`.
const BESIDES_BYTES: usize = 4 << 10;

/// The bounds a server runs with; `Limits::default()` is what `chat` uses.
///
/// More bounds will come: write `Limits { rooms: 10, ..Limits::default() }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, of any kind: with those that are refused and the files of the server
    /// they fit the 1,024 descriptors that a process usually gets. 900; the program takes
    /// [`Limits::connections_for`] the descriptors it gets.
    pub connections: usize,
    /// Connections at once from one address, loopback exempt: an office behind one router fits. 100.
    pub connections_per_address: usize,
    /// Connections over the limit that may wait to be told so. 64.
    pub refusals: usize,
    /// Connections that are let in a second; the rest wait their turn in the backlog of the kernel,
    /// so that a herd does not keep those waiting who are in. 1,000.
    pub handshakes_per_second: u32,
    /// Connections that are let in at once: a crowd that comes back together. 2,000.
    pub handshakes_at_once: u32,
    /// Bytes that are read of one connection in a second: more than people and programs have to
    /// say. 1 MiB.
    pub bytes_per_second: u32,
    /// Bytes that are read of one connection at once; a frame passes without a rest. 1 MiB.
    pub bytes_at_once: u32,
    /// How long a new connection may say nothing: browsers open some in advance. 60 s.
    pub silence: Duration,
    /// From the first byte of a request to the end of its head: a slow sender holds a place. 5 s.
    pub handshake: Duration,
    /// From the end of a request's head to the end of its body: a slow sender holds a place. 10 s.
    pub request_body: Duration,
    /// From the upgrade to an accepted `hello`: somebody may be choosing another name. 60 s.
    pub hello: Duration,
    /// A client not heard for this long is pinged. 30 s.
    pub ping: Duration,
    /// A client not heard for this long is gone: two pings unanswered. 75 s.
    pub idle: Duration,
    /// A write that makes no progress for this long ends its session. 5 s.
    pub blocked_write: Duration,
    /// From the signal to stop until the last session is cut. 8 s.
    pub drain: Duration,
    /// One WebSocket message, frame or line from a client: [`Limits::frame_bytes_for`] the body of
    /// a message. 64 KiB.
    pub frame_bytes: usize,
    /// The body of one message: a frame holds it even when every character is escaped. 10 KiB.
    pub body_bytes: usize,
    /// Replies waiting for one client, each with an overhead of 64 bytes; a session that cannot
    /// write them stops reading. 64 KiB.
    pub reply_bytes: usize,
    /// Slots one batch takes from a room at most. 64.
    pub batch_slots: usize,
    /// Bytes after which a batch takes nothing further from any room. 64 KiB.
    pub batch_bytes: usize,
    /// Newest entries a room keeps in memory. 4,096.
    pub log_entries: usize,
    /// Memory that the log of a room may take, encoded bytes included: with all rooms full, 1 GiB.
    /// 4 MiB.
    pub log_bytes: usize,
    /// Newest direct messages an inbox keeps. 256.
    pub inbox_entries: usize,
    /// Memory that an inbox may take; there may be one for every name that is held or reserved.
    /// 64 KiB.
    pub inbox_bytes: usize,
    /// A reader further behind than this many slots gets one snapshot instead of notices. 2,048.
    pub notices_behind: usize,
    /// Rooms in memory: a name costs nothing to invent, and a log does. 250.
    pub rooms: usize,
    /// Rooms one session may be in. 16.
    pub rooms_per_session: usize,
    /// An empty room leaves memory after this long. 10 min.
    pub room_empty: Duration,
    /// Sessions one member may have at once: tabs, phone and laptop. 8.
    pub sessions_per_member: usize,
    /// A member who holds a token is shown as gone this long after its last session. 5 s.
    pub leave_grace: Duration,
    /// A name with a token stays reserved this long after its last session. 7 days.
    pub reserved: Duration,
    /// Names reserved for members who are away; beyond it the one away longest is given up. 10,000.
    pub reservations: usize,
    /// A room with more members than this is counted, not listed. 500.
    pub presence_names: usize,
    /// Requests a client may make in a second, over time: a person makes a few. Over HTTP a client
    /// is an address, or a connection of this computer. 50.
    pub messages_per_second: u32,
    /// Requests a client may make at once: what waited while it was away, or was pasted. 200.
    pub messages_at_once: u32,
    /// Refused requests in a row before a session ends: a client that only errs learns nothing. 32.
    pub refused_in_a_row: usize,
}

impl Limits {
    /// What the program says on stderr, waiting for a reader that is slow; the rest is lost.
    pub const STDERR_BYTES: usize = 64 << 10;

    /// Files that the program writes of its flight because something panicked; a panic in a loop does
    /// not fill the disk.
    pub const PANIC_DUMPS: usize = 3;

    /// What a frame or line has to hold for bodies of so many bytes: all of them escaped, and 4 KiB
    /// for what is said besides.
    #[must_use]
    pub fn frame_bytes_for(body_bytes: usize) -> usize {
        body_bytes * ESCAPED + BESIDES_BYTES
    }

    /// Connections for a process that may have so many descriptors open: what refusals and the
    /// files of the server leave, at most 10,000. Of very few descriptors half are connections.
    #[must_use]
    pub fn connections_for(descriptors: u64) -> usize {
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let kept = (OTHER_DESCRIPTORS + Self::default().refusals).min(descriptors / 2);
        (descriptors - kept).clamp(1, DERIVED_CONNECTIONS)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 900,
            connections_per_address: 100,
            refusals: 64,
            handshakes_per_second: 1_000,
            handshakes_at_once: 2_000,
            bytes_per_second: 1 << 20,
            bytes_at_once: 1 << 20,
            silence: Duration::from_secs(60),
            handshake: Duration::from_secs(5),
            request_body: Duration::from_secs(10),
            hello: Duration::from_secs(60),
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            blocked_write: Duration::from_secs(5),
            drain: Duration::from_secs(8),
            frame_bytes: 64 << 10,
            body_bytes: 10 << 10,
            reply_bytes: 64 << 10,
            batch_slots: 64,
            batch_bytes: 64 << 10,
            log_entries: 4_096,
            log_bytes: 4 << 20,
            inbox_entries: 256,
            inbox_bytes: 64 << 10,
            notices_behind: 2048,
            rooms: 250,
            rooms_per_session: 16,
            room_empty: Duration::from_secs(600),
            sessions_per_member: 8,
            leave_grace: Duration::from_secs(5),
            reserved: Duration::from_secs(7 * 24 * 3600),
            reservations: 10_000,
            presence_names: 500,
            messages_per_second: 50,
            messages_at_once: 200,
            refused_in_a_row: 32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_what_the_descriptors_leave() {
        for (descriptors, connections) in [
            (0, 1),
            (1, 1),
            (2, 1),
            (40, 20),
            (248, 124),
            (249, 125),
            (256, 132),
            (1_024, 900),
            (4_096, 3_972),
            (10_123, 9_999),
            (10_124, 10_000),
            (1 << 30, 10_000),
            (u64::MAX, 10_000),
        ] {
            assert_eq!(Limits::connections_for(descriptors), connections, "{descriptors}");
        }
    }

    #[test]
    fn the_default_is_for_the_usual_descriptors() {
        assert_eq!(Limits::connections_for(1_024), Limits::default().connections);
    }

    #[test]
    fn a_frame_holds_the_longest_message() {
        let Limits { body_bytes, frame_bytes, .. } = Limits::default();
        assert_eq!(Limits::frame_bytes_for(body_bytes), frame_bytes);
    }

    #[test]
    fn more_descriptors_are_never_fewer_connections() {
        let counts: Vec<_> = (0..12_000).map(Limits::connections_for).collect();
        assert!(counts.is_sorted());
        let fits = |(descriptors, count): (usize, &usize)| *count <= descriptors.max(1);
        assert!(counts.iter().enumerate().all(fits));
    }
}
