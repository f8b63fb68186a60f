//! Whether every client gets every message exactly once and in order.

use std::time::Instant;

use super::fault::Fault;
use super::text::Said;

/// What was sent, and what came where.
#[derive(Debug)]
pub(super) struct Verifier {
    clients: usize,
    /// The number that is due next, for each client and publisher.
    due: Vec<u32>,
    /// For each client what became of the order of all that came.
    orders: Vec<u64>,
    publishers: Vec<Publisher>,
    on_the_way: usize,
}

/// The messages of one publisher that are not yet with every client, in rings.
#[derive(Debug)]
struct Publisher {
    /// The number of the next message.
    next: u32,
    /// The first that is not yet with every client.
    first: u32,
    /// How many clients have it.
    reached: Vec<u32>,
    sent: Vec<Instant>,
}

impl Verifier {
    /// For so many clients and publishers, each of whom has at most `window` messages on the way.
    pub(super) fn new(clients: usize, publishers: usize, window: usize, now: Instant) -> Self {
        let publisher =
            || Publisher { next: 0, first: 0, reached: vec![0; window], sent: vec![now; window] };
        Self {
            clients,
            due: vec![0; clients * publishers],
            orders: vec![0; clients],
            publishers: (0..publishers).map(|_| publisher()).collect(),
            on_the_way: 0,
        }
    }

    /// Messages that are not yet with every client.
    pub(super) fn on_the_way(&self) -> usize {
        self.on_the_way
    }

    /// How many messages a publisher may send now.
    pub(super) fn room(&self, publisher: usize) -> usize {
        let Publisher { next, first, reached, .. } = &self.publishers[publisher];
        reached.len() - (next - first) as usize
    }

    /// The next message of a publisher, which has [room](Verifier::room) for it, is sent now.
    pub(super) fn send(&mut self, publisher: usize, now: Instant) -> Said {
        let by = &mut self.publishers[publisher];
        let (number, at) = (by.next, by.next as usize % by.reached.len());
        by.reached[at] = 0;
        by.sent[at] = now;
        by.next += 1;
        self.on_the_way += 1;
        Said { publisher: publisher as u32, number }
    }

    /// A message has come to a client. Says when it was sent, if this is the last one that it
    /// comes to.
    ///
    /// # Errors
    /// It came before, or before another one, or nobody sent it.
    #[inline]
    pub(super) fn came(&mut self, client: usize, said: Said) -> Result<Option<Instant>, Fault> {
        let count = self.publishers.len();
        let publisher = said.publisher as usize;
        let Some(by) = self.publishers.get_mut(publisher).filter(|by| said.number < by.next) else {
            return Err(Fault::Unknown { said });
        };
        let due = &mut self.due[client * count + publisher];
        if said.number != *due {
            return Err(match said.number < *due {
                true => Fault::Again { said },
                false => Fault::Early { said, due: *due },
            });
        }
        *due += 1;
        let order = &mut self.orders[client];
        *order =
            (order.rotate_left(5) ^ u64::from(said.publisher)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = said.number as usize % by.reached.len();
        by.reached[at] += 1;
        if by.reached[at] as usize != self.clients {
            return Ok(None);
        }
        // Every client has those before it, so it is the first.
        by.first += 1;
        self.on_the_way -= 1;
        Ok(Some(by.sent[at]))
    }

    /// A client that lacks something, and what.
    pub(super) fn missing(&self) -> Option<(usize, Fault)> {
        let count = self.publishers.len();
        let missing = |at: usize| self.due[at] < self.publishers[at % count].next;
        let at = (0..self.due.len()).find(|at| missing(*at))?;
        let said = Said { publisher: (at % count) as u32, number: self.due[at] };
        Some((at / count, Fault::Missing { said }))
    }

    /// A client that saw another order than the first one, once everything is with everybody.
    pub(super) fn disordered(&self) -> Option<usize> {
        self.orders.iter().position(|order| *order != self.orders[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// Two clients and two publishers, each of whom has said three things.
    fn three_each() -> Verifier {
        let mut verifier = Verifier::new(2, 2, 4, clock::now());
        for publisher in [0, 0, 0, 1, 1, 1] {
            verifier.send(publisher, clock::now());
        }
        verifier
    }

    /// What the last of these deliveries to the first client comes to.
    #[track_caller]
    fn check(came: &[(u32, u32)], expected: &str) {
        let mut verifier = three_each();
        let (last, before) = came.split_last().unwrap();
        let said = |&(publisher, number)| Said { publisher, number };
        for came in before {
            verifier.came(0, said(came)).unwrap();
        }
        let fault = verifier.came(0, said(last)).unwrap_err();
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn a_message_that_comes_twice_is_seen() {
        check(&[(0, 0), (0, 0)], "message 0 of publisher 0 came twice, or late");
        check(&[(0, 0), (1, 0), (0, 1), (1, 0)], "message 0 of publisher 1 came twice, or late");
    }

    #[test]
    fn a_message_that_is_lost_or_overtaken_is_seen() {
        let expected = "message 2 of publisher 0 came where 1 was due, which was lost or overtaken";
        check(&[(0, 0), (1, 0), (0, 2)], expected);
        let expected = "message 1 of publisher 1 came where 0 was due, which was lost or overtaken";
        check(&[(1, 1)], expected);
    }

    #[test]
    fn a_message_that_nobody_wrote_is_seen() {
        check(&[(0, 3)], "message 3 of publisher 0 came, which nobody wrote");
        check(&[(2, 0)], "message 0 of publisher 2 came, which nobody wrote");
    }

    #[test]
    fn the_last_message_may_be_missing() {
        let mut verifier = three_each();
        assert!(verifier.missing().is_some());
        for number in 0..3 {
            for (client, publisher) in [(0, 0), (0, 1), (1, 0)] {
                verifier.came(client, Said { publisher, number }).unwrap();
            }
        }
        verifier.came(1, Said { publisher: 1, number: 0 }).unwrap();
        let (client, fault) = verifier.missing().unwrap();
        let expected = "message 1 of publisher 1 is missing, and nothing more came";
        assert_eq!((client, fault.to_string()), (1, expected.into()));
    }

    #[test]
    fn another_order_than_the_first_clients_is_seen() {
        for (second, expected) in [([0, 1, 0], None), ([0, 0, 1], Some(1)), ([1, 0, 0], Some(1))] {
            let mut verifier = three_each();
            for (client, publishers) in [(0, [0, 1, 0]), (1, second)] {
                let mut numbers = [0, 0];
                for publisher in publishers {
                    let number = numbers[publisher as usize];
                    numbers[publisher as usize] += 1;
                    verifier.came(client, Said { publisher, number }).unwrap();
                }
            }
            assert_eq!(verifier.disordered(), expected, "{second:?}");
        }
    }

    #[test]
    fn the_last_client_ends_the_way_of_a_message() {
        let begun = clock::now();
        let mut verifier = Verifier::new(3, 1, 2, begun);
        for number in 0..10 {
            assert_eq!((verifier.room(0), verifier.on_the_way()), (2, 0));
            let said = verifier.send(0, begun);
            assert_eq!(said, Said { publisher: 0, number });
            assert_eq!((verifier.room(0), verifier.on_the_way()), (1, 1));
            for client in [2, 0] {
                assert!(matches!(verifier.came(client, said), Ok(None)));
            }
            assert!(matches!(verifier.came(1, said), Ok(Some(sent)) if sent == begun));
            assert!(verifier.missing().is_none());
        }
    }
}
