//! A run: let everybody in, wait until it is quiet, publish, and look at what it cost.

use std::time::Duration;

use super::crowd::{Crowd, wrong};
use super::error::BenchError;
use super::fault::Fault;
use super::plan::Plan;
use super::progress::Progress;
use super::publishing::Publishing;
use super::report::Report;
use super::server::Server;
use super::stop::Stop;
use super::text::Text;
use super::times::Times;
use super::usage::{Cpu, Process, load, sockets};
use super::verifier::Verifier;
use crate::clock;

/// Clients that are connecting at once.
const CONNECTING: usize = 256;

/// How long nothing may happen while something is due.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it is looked for something to happen before it is looked whether to stop.
const TURN: Duration = Duration::from_millis(50);

/// Nothing came for this long: everybody has heard who is here.
const QUIET: Duration = Duration::from_millis(300);

/// The longest that is waited for that.
const NOT_QUIET: Duration = Duration::from_secs(15);

/// Publishing before it counts: until buffers have grown and caches are warm.
const WARM_UP: Duration = Duration::from_millis(500);

/// A run that has everything it needs.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) server: Server,
    pub(super) stop: Stop,
    pub(super) progress: Progress,
}

impl Run<'_> {
    pub(super) fn go(&mut self) -> Result<Report, BenchError> {
        let plan = self.plan;
        let load = load();
        let window = (plan.window / plan.publishers).max(1);
        let verifier = Verifier::new(plan.clients, plan.publishers, window, clock::now());
        let text = Text::new(std::process::id(), plan.bytes);
        let resident = || self.server.process.and_then(Process::resident);
        let (resident_before, sockets_before) = (resident(), sockets());
        let mut crowd = Crowd::new(self.server.addr, plan.clients, plan.format, text, verifier)?;
        let connecting = self.connect(&mut crowd)?;
        self.settle(&mut crowd)?;
        let resident = || self.server.process.and_then(Process::resident);
        let all = (plan.clients + plan.stalled) as f64;
        let grown = |before: Option<u64>, after: Option<u64>| {
            Some(after?.saturating_sub(before?) as f64 / all)
        };
        let joining = crowd.bytes as f64 / all;
        let resident = grown(resident_before, resident());
        let sockets = grown(sockets_before, sockets());

        let warm_up = WARM_UP.min(plan.time / 5);
        self.publish(
            &mut crowd,
            warm_up,
            plan.messages.map(|messages| messages / 5),
            "warming up",
        )?;
        (crowd.times, crowd.deliveries) = (Times::default(), 0);
        let ourselves = Process(std::process::id());
        let readers = ourselves.cpu();
        let cpu_before = self.server.process.and_then(Process::cpu);
        let (messages, took, late) =
            self.publish(&mut crowd, plan.time, plan.messages, "publishing")?;
        let cpu = self.server.process.and_then(Process::cpu);
        let used = |after: Option<Cpu>, before| Some(after?.since(&before?));
        let (cpu, readers) = (used(cpu, cpu_before), used(ourselves.cpu(), readers));
        if let Some(client) = crowd.verifier.disordered() {
            return Err(wrong(client, &Fault::Order));
        }
        if crowd.deliveries == 0 {
            return Err(BenchError::Stopped);
        }
        let Crowd { times, deliveries, .. } = crowd;
        Ok(Report {
            messages,
            deliveries,
            took,
            late,
            times,
            cpu,
            resident,
            sockets,
            connecting,
            joining,
            readers,
            load,
        })
    }

    /// Lets everybody in, and says how long it took.
    fn connect(&mut self, crowd: &mut Crowd) -> Result<Duration, BenchError> {
        let clients = self.plan.clients + self.plan.stalled;
        let begun = clock::now();
        let mut last = (0, begun);
        while crowd.present < clients {
            while crowd.clients.len() < clients && crowd.clients.len() - crowd.present < CONNECTING
            {
                crowd.connect()?;
            }
            self.turn(crowd, TURN)?;
            let now = clock::now();
            if self.stop.is_asked() {
                return Err(BenchError::Stopped);
            }
            if crowd.present > last.0 {
                last = (crowd.present, now);
            } else if now - last.1 > PATIENCE {
                return Err(BenchError::Stuck { present: crowd.present, clients });
            }
            self.progress
                .show(now, || format!("connecting: {} of {clients} clients", crowd.present));
        }
        Ok(clock::now() - begun)
    }

    /// Waits until everybody has heard who is here.
    fn settle(&mut self, crowd: &mut Crowd) -> Result<(), BenchError> {
        let begun = clock::now();
        let mut heard = begun;
        loop {
            self.turn(crowd, TURN)?;
            let now = clock::now();
            if crowd.heard {
                heard = now;
            }
            if now - heard >= QUIET || now - begun >= NOT_QUIET || self.stop.is_asked() {
                return Ok(());
            }
            self.progress.show(now, || "waiting until it is quiet".into());
        }
    }

    /// Publishes for so long, or so many, and waits until everybody has it. Says how many that
    /// were, how long it took, and how far behind its rate it was at most.
    fn publish(
        &mut self,
        crowd: &mut Crowd,
        time: Duration,
        most: Option<u32>,
        doing: &str,
    ) -> Result<(u64, Duration, Duration), BenchError> {
        let mut publishing = Publishing::new(self.plan, clock::now(), time, most);
        let mut progressed = (crowd.deliveries, clock::now());
        loop {
            let now = clock::now();
            if self.stop.is_asked() {
                publishing.stop();
            }
            let wait = publishing.write(crowd, now)?;
            if publishing.is_over() && crowd.verifier.on_the_way() == 0 {
                return Ok((
                    publishing.sent(),
                    clock::now() - publishing.begun(),
                    publishing.late(),
                ));
            }
            self.turn(crowd, wait.min(TURN))?;
            if crowd.deliveries != progressed.0 || crowd.verifier.on_the_way() == 0 {
                progressed = (crowd.deliveries, now);
            } else if now - progressed.1 > PATIENCE
                && let Some((client, fault)) = crowd.verifier.missing()
            {
                return Err(wrong(client, &fault));
            }
            self.progress.show(now, || {
                let of = time.as_secs_f64();
                let at = (now - publishing.begun()).as_secs_f64().min(of);
                format!("{doing}: {at:.1} of {of:.1} s, {} deliveries", crowd.deliveries)
            });
        }
    }

    fn turn(&mut self, crowd: &mut Crowd, wait: Duration) -> Result<(), BenchError> {
        // A server that ended is why its clients were hung up on.
        crowd.turn(wait).map_err(|error| self.server.ended().unwrap_or(error))
    }
}
