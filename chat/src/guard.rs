//! The deadlines of one connection. Pure: whoever owns the socket tells it the time.

use std::time::{Duration, Instant};

use crate::bucket::Bucket;
use crate::end::End;
use crate::limits::Limits;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// To ask whether the client is still there.
    Ping,
    /// To end the session.
    End(End),
}

/// What a connection has to do by when.
#[derive(Debug)]
pub struct Guard {
    limits: Limits,
    heard: Instant,
    pinged: bool,
    blocked: Option<Instant>,
    /// Until when the client has to say its name.
    nameless: Option<Instant>,
    /// Whether a living client answers pings.
    pings: bool,
    messages: Bucket,
    refused: usize,
}

impl Guard {
    /// For a connection that opens now; `login` if its client has to say a name first, `pings` if
    /// it answers pings.
    pub fn new(limits: &Limits, now: Instant, login: bool, pings: bool) -> Self {
        Self {
            limits: limits.clone(),
            heard: now,
            pinged: false,
            blocked: None,
            nameless: login.then(|| now + limits.hello),
            pings,
            messages: Bucket::new(
                limits.messages_per_second.into(),
                limits.messages_at_once.into(),
            ),
            refused: 0,
        }
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

    /// The client took bytes; `waiting` if there are more.
    pub fn wrote(&mut self, now: Instant, waiting: bool) {
        self.blocked = waiting.then_some(now);
    }

    /// When to ask again what is due.
    pub fn next(&self) -> Instant {
        let alive = self.heard + if self.pinged { self.limits.idle } else { self.limits.ping };
        let blocked = self.blocked.map(|since| since + self.limits.blocked_write);
        [blocked, self.nameless].into_iter().flatten().fold(alive, Instant::min)
    }

    /// What is due now, the worst first.
    pub fn due(&mut self, now: Instant) -> Option<Due> {
        if self.blocked.is_some_and(|since| now >= since + self.limits.blocked_write) {
            return Some(Due::End(End::Stalled));
        }
        if self.nameless.is_some_and(|by| now >= by) {
            return Some(Due::End(End::Nameless));
        }
        if !self.pings {
            // Nobody asked, so nobody is silent: somebody may only be reading.
            self.heard = self.heard.max(now);
            return None;
        }
        if now >= self.heard + self.limits.idle {
            return Some(Due::End(End::Silent));
        }
        if !self.pinged && now >= self.heard + self.limits.ping {
            self.pinged = true;
            return Some(Due::Ping);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(guard: &Guard, start: Instant) -> u64 {
        (guard.next() - start).as_secs()
    }

    #[test]
    fn a_quiet_client_is_pinged_once_then_ended() {
        let (limits, t) = (Limits::default(), Instant::now());
        let mut guard = Guard::new(&limits, t, false, true);
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
        let (limits, t) = (Limits::default(), Instant::now());
        let mut guard = Guard::new(&limits, t, false, true);
        guard.blocked(t);
        guard.blocked(t + Duration::from_secs(4));
        assert_eq!(at(&guard, t), 5);
        guard.wrote(t + Duration::from_secs(4), true);
        assert_eq!(at(&guard, t), 9);
        assert_eq!(guard.due(t + Duration::from_secs(5)), None);
        assert_eq!(guard.due(t + Duration::from_secs(9)), Some(Due::End(End::Stalled)));
        guard.wrote(t + Duration::from_secs(9), false);
        assert_eq!(guard.due(t + Duration::from_secs(20)), None);
    }

    #[test]
    fn a_name_is_waited_for_only_so_long() {
        let limits = Limits { hello: Duration::from_secs(10), ..Limits::default() };
        let t = Instant::now();
        let mut guard = Guard::new(&limits, t, true, true);
        assert_eq!(at(&guard, t), 10);
        assert_eq!(guard.due(t + limits.hello), Some(Due::End(End::Nameless)));
        guard.named();
        assert_eq!(guard.due(t + limits.hello), None);
    }

    #[test]
    fn who_only_errs_is_ended() {
        let limits = Limits { refused_in_a_row: 2, ..Limits::default() };
        let mut guard = Guard::new(&limits, Instant::now(), false, true);
        assert_eq!(guard.refused(), None);
        guard.granted();
        assert_eq!(guard.refused(), None);
        assert_eq!(guard.refused(), Some(End::Refused));
    }
}
