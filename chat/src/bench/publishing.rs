//! Who publishes when: at a rate, or as fast as it is delivered.

use std::time::{Duration, Instant};

use super::crowd::{Crowd, wrong};
use super::error::BenchError;
use super::format;
use super::plan::Plan;

/// One time of publishing.
#[derive(Debug)]
pub(super) struct Publishing {
    publishers: usize,
    rate: Option<u32>,
    begun: Instant,
    time: Duration,
    /// Messages that it ends with.
    most: u64,
    sent: u64,
    late: Duration,
    over: bool,
    text: Vec<u8>,
}

/// Bytes that one publisher writes at once.
const BYTES: usize = 64 << 10;

impl Publishing {
    pub(super) fn new(plan: &Plan, now: Instant, time: Duration, most: Option<u32>) -> Self {
        Self {
            publishers: plan.publishers,
            rate: plan.rate,
            begun: now,
            time,
            most: most.map_or(u64::MAX, u64::from),
            sent: 0,
            late: Duration::ZERO,
            over: false,
            text: Vec::new(),
        }
    }

    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// How far behind its rate it was at most.
    pub(super) fn late(&self) -> Duration {
        self.late
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Nothing more is published.
    pub(super) fn stop(&mut self) {
        self.over = true;
    }

    /// Publishes what is due, as far as the window allows. Says how long nothing more will be.
    pub(super) fn write(
        &mut self,
        crowd: &mut Crowd,
        now: Instant,
    ) -> Result<Duration, BenchError> {
        if now - self.begun >= self.time || self.sent >= self.most {
            self.over = true;
        }
        if self.over {
            return Ok(Duration::MAX);
        }
        match self.rate {
            Some(rate) => self.paced(crowd, now, rate),
            None => {
                for publisher in 0..self.publishers {
                    let most = usize::try_from(self.most - self.sent).unwrap_or(usize::MAX);
                    self.sent += self.post(crowd, publisher, most, now)? as u64;
                }
                Ok(Duration::MAX)
            }
        }
    }

    /// The publishers take turns.
    fn paced(
        &mut self,
        crowd: &mut Crowd,
        now: Instant,
        rate: u32,
    ) -> Result<Duration, BenchError> {
        loop {
            let due = Duration::from_secs_f64(self.sent as f64 / f64::from(rate));
            let elapsed = now - self.begun;
            if due > elapsed || self.sent >= self.most {
                return Ok(due.saturating_sub(elapsed));
            }
            let publisher = (self.sent % self.publishers as u64) as usize;
            self.late = self.late.max(elapsed - due);
            if self.post(crowd, publisher, 1, now)? == 0 {
                // Until something on the way has arrived.
                return Ok(Duration::MAX);
            }
            self.sent += 1;
        }
    }

    /// Lets one publish as much as it may, and says how many messages that were.
    fn post(
        &mut self,
        crowd: &mut Crowd,
        publisher: usize,
        most: usize,
        now: Instant,
    ) -> Result<usize, BenchError> {
        let client = &mut crowd.clients[publisher];
        if !client.out.is_empty() {
            return Ok(0);
        }
        let mut count = 0;
        while count < most.min(crowd.verifier.room(publisher)) && client.out.len() < BYTES {
            let said = crowd.verifier.send(publisher, now);
            crowd.text.write(said, &mut self.text);
            format::post(crowd.format, &self.text, &mut client.out);
            count += 1;
        }
        client.write().map_err(|fault| wrong(publisher, &fault))?;
        Ok(count)
    }
}
