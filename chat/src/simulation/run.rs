//! One run: the server, its clients, and what happens to them.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;
use tokio::sync::Notify;
use trace::Tracer;
use turmoil::Sim;

use super::audit::all;
use super::line::SERVER;
use super::model::{Counts, Model};
use super::person::{Person, ROOMS};
use super::plan::{Plan, Trouble};
use crate::connections::TcpListener;
use crate::history::Disk;
use crate::seeded::{self, Lot};
use crate::server::Server;
use crate::tracers::Tracers;
use crate::web::Access;

/// Time passes in steps of this; what happens within one happens at once.
const STEP: Duration = Duration::from_millis(10);

/// What is sent arrives within this.
const LATENCY: Duration = Duration::from_millis(60);

/// When nothing happens any more, everybody has everything within this.
const SETTLED: Duration = Duration::from_secs(30);

/// How a run ended.
pub(super) struct Ended {
    pub(super) counts: Counts,
    pub(super) wrong: Option<String>,
    /// What everybody was told, and what the server traced.
    pub(super) story: Vec<String>,
}

struct Run {
    plan: Plan,
    model: Rc<RefCell<Model>>,
    disk: Option<Arc<Disk>>,
    stop: Arc<Notify>,
    /// What the server traces; nothing while it is dropped.
    lines: Arc<Mutex<Option<Vec<String>>>>,
    folder: PathBuf,
}

/// Runs what follows from a seed.
pub(super) fn run(seed: u64) -> Ended {
    seeded::begin(seed);
    let plan = Plan::new(seed);
    let folder =
        std::env::temp_dir().join(format!("chat-run-{}-{seed}-{:p}", std::process::id(), &plan));
    fs::create_dir(&folder).expect("a folder for a run can be made");
    let durability = plan.kept.durability();
    let disk = durability.map(|durability| Disk::new(folder.join("chat.db"), durability, !seed));
    let model = Rc::new(RefCell::new(Model::new(plan.kept, plan.limits.log_entries)));
    let lines = Arc::new(Mutex::new(Some(Vec::new())));
    let run = Run { plan, model: Rc::clone(&model), disk, stop: Arc::default(), lines, folder };
    let traced = run.go(seed);
    fs::remove_dir_all(&run.folder).ok();
    let mut model = model.borrow_mut();
    let mut story = std::mem::take(&mut model.story);
    story.extend(traced);
    Ended { counts: model.counts, wrong: model.wrong.take(), story }
}

impl Run {
    fn go(&self, seed: u64) -> Vec<String> {
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(STEP)
            .simulation_duration(Duration::from_secs(3_600))
            .max_message_latency(LATENCY)
            .tcp_capacity(self.plan.buffer)
            .build();
        let lines = Arc::clone(&self.lines);
        let tracer: Arc<dyn Tracer> = Arc::new(trace::from_fn(move |event| {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.iter_mut().for_each(|lines| lines.push(event.to_string()));
        }));
        self.host(&mut sim, tracer);
        let mut lot = Lot::new(seed ^ 0xc11e);
        for number in 0..self.plan.clients {
            let (model, quiet, lot) =
                (Rc::clone(&self.model), self.plan.quiet, Lot::new(lot.draw()));
            sim.client(client(number), async move {
                Person::new(client(number), lot, model, quiet).live().await;
                Ok(())
            });
        }
        if let Err(error) = self.happen(&mut sim) {
            self.model.borrow_mut().wrong(format!("the run broke: {error}"));
        }
        if self.model.borrow().wrong.is_none() {
            self.audit(&mut sim);
        }
        let lines = self.lines().take();
        drop(sim);
        lines.unwrap_or_default()
    }

    fn lines(&self) -> MutexGuard<'_, Option<Vec<String>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn host(&self, sim: &mut Sim<'_>, tracer: Arc<dyn Tracer>) {
        let (limits, disk, stop) =
            (self.plan.limits.clone(), self.disk.clone(), Arc::clone(&self.stop));
        let model = Rc::clone(&self.model);
        sim.host(SERVER.0, move || {
            let (limits, disk, stop) = (limits.clone(), disk.clone(), Arc::clone(&stop));
            let (tracer, model) = (Arc::clone(&tracer), Rc::clone(&model));
            async move {
                model.borrow_mut().started();
                let mut server =
                    Server::new(limits, Access::default(), Tracers::all(Arc::clone(&tracer)));
                if let Some(disk) = disk {
                    server = server.with_history(disk.open(tracer)?);
                }
                let listener = TcpListener::bind(("0.0.0.0", SERVER.1)).await?;
                server.serve(vec![listener], stop.notified()).await?;
                Ok(())
            }
        });
    }

    /// Lets everything happen that is planned, until every client has said and heard everything.
    fn happen(&self, sim: &mut Sim<'_>) -> turmoil::Result {
        let mut troubles = self.plan.troubles.iter().peekable();
        loop {
            let now = sim.elapsed();
            seeded::elapsed(now);
            self.model.borrow_mut().at(now);
            while let Some((_, trouble)) = troubles.next_if(|(at, _)| **at <= now) {
                self.model.borrow_mut().tell(format!("{trouble:?}"));
                self.happens(sim, *trouble);
            }
            if sim.step()? || self.model.borrow().wrong.is_some() {
                return Ok(());
            }
            if now > self.plan.quiet + SETTLED {
                return Err("clients still wait for something".into());
            }
        }
    }

    fn happens(&self, sim: &mut Sim<'_>, trouble: Trouble) {
        match trouble {
            Trouble::Hold(number) => sim.hold(client(number), SERVER.0),
            Trouble::Release(number) => sim.release(client(number), SERVER.0),
            Trouble::Part(number) => sim.partition(client(number), SERVER.0),
            Trouble::Deafen(number) => sim.partition_oneway(SERVER.0, client(number)),
            Trouble::Repair(number) => sim.repair(client(number), SERVER.0),
            Trouble::Drain => self.stop.notify_one(),
            Trouble::Kill => self.crash(sim, false),
            Trouble::Cut => {
                self.model.borrow_mut().cut();
                self.crash(sim, true);
            }
            // One that was told to stop may have taken longer.
            Trouble::Start => {
                self.crash(sim, false);
                // What that one was told and did not hear is not for the next.
                self.stop.notified().now_or_never();
                self.ends(sim, |sim| sim.bounce(SERVER.0));
            }
        }
    }

    fn crash(&self, sim: &mut Sim<'_>, power: bool) {
        if !sim.is_host_running(SERVER.0) {
            return;
        }
        let image = self.disk.as_ref().map(|disk| disk.crash(power));
        self.ends(sim, |sim| sim.crash(SERVER.0));
        if let (Some(disk), Some(image)) = (&self.disk, image) {
            disk.restore(&image);
        }
    }

    /// Ends all that the server does. Tokio drops tasks in an order that depends on what else the
    /// process has run, so that nothing may: what the drops trace, and when what they send arrives.
    fn ends(&self, sim: &mut Sim<'_>, end: impl FnOnce(&mut Sim<'_>)) {
        let lines = self.lines().take();
        for number in 0..self.plan.clients {
            sim.set_link_latency(client(number), SERVER.0, Duration::ZERO);
        }
        end(sim);
        for number in 0..self.plan.clients {
            sim.set_link_max_message_latency(client(number), SERVER.0, LATENCY);
        }
        *self.lines() = lines;
    }

    /// Hears everything that is left and compares it with what was told.
    fn audit(&self, sim: &mut Sim<'_>) {
        for room in ROOMS {
            self.audit_of(sim, room, room.into(), format!("auditor of {room}"), None);
        }
        let known = self.model.borrow().known.clone();
        for (who, (name, token)) in known {
            self.audit_of(sim, "@", format!("@{who}"), name, Some(token));
        }
    }

    /// The same of one place, as whoever may read it.
    fn audit_of(
        &self,
        sim: &mut Sim<'_>,
        room: &'static str,
        place: String,
        name: String,
        token: Option<Value>,
    ) {
        let heard = Rc::new(RefCell::new(None));
        let hears = Rc::clone(&heard);
        sim.client(format!("auditor-of-{}", place.replace('@', "inbox-")), async move {
            *hears.borrow_mut() = Some(all(room, &name, token).await?);
            Ok(())
        });
        let until = sim.elapsed() + SETTLED;
        while heard.borrow().is_none() && sim.elapsed() < until {
            seeded::elapsed(sim.elapsed());
            if let Err(error) = sim.step() {
                return self.model.borrow_mut().wrong(format!("nothing is left: {error}"));
            }
        }
        let mut model = self.model.borrow_mut();
        match heard.take() {
            Some((epoch, all)) => model.end(&place, &epoch, &all),
            None => model.wrong(format!("{place} is not to be had")),
        }
    }
}

fn client(number: usize) -> &'static str {
    ["ann", "bob", "cid", "dan", "eve"][number]
}
