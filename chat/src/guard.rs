//! The deadlines and the budget of one connection. Pure: whoever owns the bytes tells it the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bucket::Bucket;
use crate::end::End;
use crate::limits::{Limits, STALLED};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// To ask whether the client is still there.
    Ping,
    /// To tell that the client has taken nothing for [`STALLED`].
    Stalled,
    /// To end the session.
    End(End),
}

/// What it means that nothing comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// The client is asked, and has gone if it does not answer.
    Asked,
    /// It has gone, unless something is written to it instead.
    Gone,
    /// Nothing: somebody may only be reading, or is watched by others.
    Allowed,
}

/// What a connection has to do by when.
#[derive(Debug)]
pub struct Guard {
    limits: Arc<Limits>,
    quiet: Quiet,
    heard: Instant,
    wrote: Instant,
    pinged: bool,
    blocked: Option<Instant>,
    /// Whether it was told that it is blocked.
    stalled: bool,
    opening: Option<Opening>,
    /// Until when the client has to say its name.
    nameless: Option<Instant>,
    bytes: Bucket,
    messages: Bucket,
    refused: usize,
}

/// Until when the client has to say what it wants, and why it ends if it does not.
#[derive(Clone, Copy, Debug)]
struct Opening {
    by: Instant,
    end: End,
}

impl Guard {
    /// For a session that opens now; `login` if its client has to say a name first.
    pub fn new(limits: Arc<Limits>, now: Instant, login: bool, quiet: Quiet) -> Self {
        Self {
            quiet,
            heard: now,
            wrote: now,
            pinged: false,
            blocked: None,
            stalled: false,
            opening: None,
            nameless: login.then(|| now + limits.hello),
            bytes: Bucket::new(limits.bytes_per_second.into(), limits.bytes_at_once.into()),
            messages: Bucket::new(
                limits.messages_per_second.into(),
                limits.messages_at_once.into(),
            ),
            refused: 0,
            limits,
        }
    }

    /// For a bare connection that was accepted now, whose client has said nothing yet.
    pub fn opening(limits: Arc<Limits>, now: Instant) -> Self {
        let opening = Some(Opening { by: now + limits.silence, end: End::Silent });
        Self { opening, ..Self::new(limits, now, false, Quiet::Allowed) }
    }

    /// The client has said what it wants; from now on this is what it means that nothing comes.
    pub fn opened(&mut self, now: Instant, quiet: Quiet) {
        self.opening = None;
        self.quiet = quiet;
        self.heard(now);
    }

    /// So many bytes came from the client, and how long it may not be listened to for that.
    pub fn took(&mut self, now: Instant, bytes: usize) -> Duration {
        self.heard(now);
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.end == End::Silent) {
            *opening = Opening { by: now + self.limits.handshake, end: End::Late };
        }
        self.bytes.spend(now, bytes as u64)
    }

    /// Something came from the client.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = false;
    }

    /// The client has said its name.
    pub fn named(&mut self) {
        self.nameless = None;
    }

    /// A request came; for how long the client is to wait if they come too fast.
    pub fn asked(&mut self, now: Instant) -> Option<Duration> {
        self.messages.take(now, 1).err()
    }

    /// A request was granted.
    pub fn granted(&mut self) {
        self.refused = 0;
    }

    /// A request was refused.
    pub fn refused(&mut self) -> Option<End> {
        self.refused += 1;
        (self.refused >= self.limits.refused_in_a_row).then_some(End::Refused)
    }

    /// Bytes wait for the client, who takes none.
    pub fn blocked(&mut self, now: Instant) {
        self.blocked.get_or_insert(now);
    }

    /// Whether bytes wait for the client, who takes none.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// The client took bytes; `waiting` if there are more.
    pub fn wrote(&mut self, now: Instant, waiting: bool) {
        self.wrote = now;
        self.blocked = waiting.then_some(now);
        self.stalled = false;
    }

    /// When to ask again what is due; never, if nothing is.
    pub fn next(&self) -> Option<Instant> {
        let blocked = self.blocked.map(|since| since + self.limits.blocked_write);
        let stalled = self.blocked.filter(|_| !self.stalled).map(|since| since + STALLED);
        let opening = self.opening.map(|opening| opening.by);
        [blocked, stalled, opening, self.nameless, self.quiet_until()].into_iter().flatten().min()
    }

    fn quiet_until(&self) -> Option<Instant> {
        match self.quiet {
            Quiet::Asked if !self.pinged => Some(self.heard + self.limits.ping),
            Quiet::Asked => Some(self.heard + self.limits.idle),
            Quiet::Gone => Some(self.heard.max(self.wrote) + self.limits.idle),
            Quiet::Allowed => None,
        }
    }

    /// What is due now, the worst first.
    pub fn due(&mut self, now: Instant) -> Option<Due> {
        if self.blocked.is_some_and(|since| now >= since + self.limits.blocked_write) {
            return Some(Due::End(End::Stalled));
        }
        if let Some(opening) = self.opening.filter(|opening| now >= opening.by) {
            return Some(Due::End(opening.end));
        }
        if self.nameless.is_some_and(|by| now >= by) {
            return Some(Due::End(End::Nameless));
        }
        if !self.stalled && self.blocked.is_some_and(|since| now >= since + STALLED) {
            self.stalled = true;
            return Some(Due::Stalled);
        }
        if self.quiet_until().is_none_or(|by| now < by) {
            return None;
        }
        if self.quiet == Quiet::Asked && now < self.heard + self.limits.idle {
            self.pinged = true;
            return Some(Due::Ping);
        }
        Some(Due::End(End::Silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(guard: &Guard, start: Instant) -> u64 {
        (guard.next().unwrap() - start).as_secs()
    }

    #[test]
    fn a_quiet_client_is_pinged_once_then_ended() {
        let (limits, t) = (Arc::new(Limits::default()), Instant::now());
        let mut guard = Guard::new(Arc::clone(&limits), t, false, Quiet::Asked);
        assert_eq!(at(&guard, t), 30);
        assert_eq!(guard.due(t + limits.ping - Duration::from_millis(1)), None);
        assert_eq!(guard.due(t + limits.ping), Some(Due::Ping));
        assert_eq!(guard.due(t + limits.ping), None);
        assert_eq!(at(&guard, t), 75);
        assert_eq!(guard.due(t + limits.idle), Some(Due::End(End::Silent)));
        guard.heard(t + limits.idle);
        assert_eq!(guard.due(t + limits.idle), None);
        assert_eq!(at(&guard, t), 75 + 30);
    }

    #[test]
    fn a_blocked_write_ends_unless_bytes_move() {
        let (limits, t) = (Arc::new(Limits::default()), Instant::now());
        let mut guard = Guard::new(Arc::clone(&limits), t, false, Quiet::Asked);
        guard.blocked(t);
        guard.blocked(t + Duration::from_secs(4));
        assert_eq!(at(&guard, t), 1);
        assert_eq!(guard.due(t + Duration::from_millis(999)), None);
        assert_eq!(guard.due(t + STALLED), Some(Due::Stalled));
        assert_eq!(guard.due(t + STALLED), None);
        assert_eq!(at(&guard, t), 5);
        guard.wrote(t + Duration::from_secs(4), true);
        assert_eq!(at(&guard, t), 5);
        assert_eq!(guard.due(t + Duration::from_secs(5)), Some(Due::Stalled));
        assert_eq!(at(&guard, t), 9);
        assert_eq!(guard.due(t + Duration::from_secs(9)), Some(Due::End(End::Stalled)));
        guard.wrote(t + Duration::from_secs(9), false);
        assert_eq!(guard.due(t + Duration::from_secs(20)), None);
    }

    #[test]
    fn a_name_is_waited_for_only_so_long() {
        let limits = Arc::new(Limits { hello: Duration::from_secs(10), ..Limits::default() });
        let t = Instant::now();
        let mut guard = Guard::new(Arc::clone(&limits), t, true, Quiet::Asked);
        assert_eq!(at(&guard, t), 10);
        assert_eq!(guard.due(t + limits.hello), Some(Due::End(End::Nameless)));
        guard.named();
        assert_eq!(guard.due(t + limits.hello), None);
    }

    #[test]
    fn who_only_errs_is_ended() {
        let limits = Arc::new(Limits { refused_in_a_row: 2, ..Limits::default() });
        let mut guard = Guard::new(Arc::clone(&limits), Instant::now(), false, Quiet::Asked);
        assert_eq!(guard.refused(), None);
        guard.granted();
        assert_eq!(guard.refused(), None);
        assert_eq!(guard.refused(), Some(End::Refused));
    }

    #[test]
    fn who_is_only_listening_is_never_due() {
        let (limits, t) = (Arc::new(Limits::default()), Instant::now());
        let mut guard = Guard::new(Arc::clone(&limits), t, false, Quiet::Allowed);
        assert_eq!(guard.next(), None);
        assert_eq!(guard.due(t + 1_000 * limits.idle), None);
        guard.blocked(t);
        assert_eq!(guard.due(t + STALLED), Some(Due::Stalled));
        assert_eq!(at(&guard, t), 5);
    }

    #[test]
    fn an_opening_has_two_deadlines_and_then_none() {
        let (limits, t) = (Arc::new(Limits::default()), Instant::now());
        let mut guard = Guard::opening(Arc::clone(&limits), t);
        assert_eq!(at(&guard, t), 60);
        assert_eq!(guard.due(t + limits.silence), Some(Due::End(End::Silent)));
        let first = t + Duration::from_secs(59);
        assert_eq!(guard.took(first, 1), Duration::ZERO);
        assert_eq!(at(&guard, t), 64);
        guard.took(first + Duration::from_secs(4), 1);
        assert_eq!(at(&guard, t), 64, "more bytes give no more time");
        assert_eq!(guard.due(first + limits.handshake), Some(Due::End(End::Late)));
        guard.opened(first, Quiet::Allowed);
        assert_eq!(guard.next(), None);
    }

    #[test]
    fn quiet_in_both_directions_is_the_end_where_nobody_asks() {
        let (limits, t) = (Arc::new(Limits::default()), Instant::now());
        let mut guard = Guard::opening(Arc::clone(&limits), t);
        guard.opened(t, Quiet::Gone);
        assert_eq!(at(&guard, t), 75);
        guard.wrote(t + Duration::from_secs(10), false);
        assert_eq!(at(&guard, t), 85);
        guard.took(t + Duration::from_secs(20), 1);
        assert_eq!(at(&guard, t), 95);
        assert_eq!(guard.due(t + Duration::from_secs(94)), None);
        assert_eq!(guard.due(t + Duration::from_secs(95)), Some(Due::End(End::Silent)));
    }

    #[test]
    fn who_sends_too_much_is_rested_from() {
        let limits =
            Arc::new(Limits { bytes_per_second: 1_000, bytes_at_once: 500, ..Limits::default() });
        let t = Instant::now();
        let mut guard = Guard::opening(Arc::clone(&limits), t);
        assert_eq!(guard.took(t, 500), Duration::ZERO);
        assert_eq!(guard.took(t, 250), Duration::from_millis(250));
    }
}
