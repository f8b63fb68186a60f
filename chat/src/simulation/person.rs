//! A client as they should be: it remembers where it was and what is not confirmed, and comes back.

mod hearing;
mod saying;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use self::saying::Said;
use super::line::{Line, text};
use super::model::Model;
use crate::seeded::Lot;

/// A server that does not answer for this long is given up.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The rooms that are talked in.
pub(super) const ROOMS: [&str; 2] = ["lobby", "den"];

/// What is said to somebody alone comes there.
const INBOX: &str = "@";

/// All that a client reads.
const PLACES: [&str; 3] = [ROOMS[0], ROOMS[1], INBOX];

pub(super) struct Person {
    who: &'static str,
    /// What it is called, which is who it is while that is free.
    name: String,
    lot: Lot,
    /// What it speaks over.
    websocket: bool,
    model: Rc<RefCell<Model>>,
    token: Option<Value>,
    /// By room: the log, and the newest message it has.
    seen: BTreeMap<&'static str, (String, u64)>,
    /// By room: the log that this server has.
    logs: BTreeMap<&'static str, String>,
    /// What was said and not yet acknowledged, by its number.
    unconfirmed: BTreeMap<u64, Said>,
    /// What it said in rooms: where, in which log, at which place.
    own: Vec<(&'static str, String, u64)>,
    said: u64,
    quiet: Duration,
    begin: Instant,
}

/// Why a visit ended.
enum Left {
    /// The connection broke, or was given up.
    Broken,
    /// Everything is said and heard.
    Done,
}

impl From<io::Error> for Left {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

impl Person {
    pub(super) fn new(
        who: &'static str,
        mut lot: Lot,
        model: Rc<RefCell<Model>>,
        quiet: Duration,
    ) -> Self {
        let websocket = lot.once_in(2);
        Self {
            who,
            name: who.into(),
            lot,
            websocket,
            model,
            token: None,
            seen: BTreeMap::new(),
            logs: BTreeMap::new(),
            unconfirmed: BTreeMap::new(),
            own: Vec::new(),
            said: 0,
            quiet,
            begin: Instant::now(),
        }
    }

    /// Comes and goes until everything is said and heard.
    pub(super) async fn live(mut self) {
        self.begin = Instant::now();
        loop {
            if let Left::Done = self.visit().await.unwrap_err() {
                return;
            }
            self.model.borrow_mut().tell(format!("{} is away", self.who));
            let away =
                if self.lot.once_in(5) { self.lot.ms(500, 2_000) } else { self.lot.ms(5, 300) };
            sleep(away).await;
        }
    }

    async fn visit(&mut self) -> Result<(), Left> {
        let mut line =
            timeout(PATIENCE, Line::open(self.websocket)).await.map_err(|_| Left::Broken)??;
        self.model.borrow_mut().counts.visits += 1;
        self.greet(&mut line).await?;
        for (number, said) in self.unconfirmed.clone() {
            self.post(&mut line, number, &said).await?;
        }
        // Some visits are short.
        let ends =
            Instant::now() + if self.lot.once_in(3) { self.lot.ms(50, 2_000) } else { self.quiet };
        let (mut heard, mut speaks) = (Instant::now(), Instant::now() + self.pause());
        loop {
            let now = Instant::now();
            let quiet = self.begin.elapsed() >= self.quiet;
            if !quiet && now >= ends {
                return Err(Left::Broken);
            }
            if quiet && self.is_done() {
                return Err(Left::Done);
            }
            // What was said has to be answered, and a broken connection says nothing.
            if !self.unconfirmed.is_empty() && now >= heard + PATIENCE {
                return Err(Left::Broken);
            }
            if quiet && now >= heard + PATIENCE {
                return Err(Left::Broken);
            }
            if !quiet && now >= speaks {
                speaks = now + self.pause();
                self.speak(&mut line).await?;
            }
            if self.lot.once_in(300) {
                // Whoever carries it sleeps.
                let nap = self.lot.ms(50, 2_500);
                sleep(nap).await;
            }
            match timeout(Duration::from_millis(20), line.next()).await {
                Ok(Ok(value)) => {
                    heard = Instant::now();
                    self.take(&value)?;
                }
                Ok(Err(_)) => return Err(Left::Broken),
                Err(_) => {}
            }
        }
    }

    fn pause(&mut self) -> Duration {
        self.lot.ms(5, 200)
    }

    async fn greet(&mut self, line: &mut Line) -> Result<(), Left> {
        let rooms: serde_json::Map<_, _> = PLACES
            .iter()
            .map(|room| {
                let from = self.seen.get(room).map_or(
                    json!({ "last": 3 }),
                    |(epoch, seq)| json!({ "epoch": epoch, "after": seq }),
                );
                (room.to_string(), from)
            })
            .collect();
        let mut hello = json!({ "type": "hello", "id": 0, "name": self.name, "rooms": rooms });
        if let Some(token) = &self.token {
            hello["token"] = token.clone();
        }
        line.say(&hello).await?;
        let welcome = timeout(PATIENCE, line.next()).await.map_err(|_| Left::Broken)??;
        if welcome["code"] == "name_taken" {
            // Its own, but the welcome that brought the token never came, or a crash was faster
            // than the note of it: nothing of it is stored.
            (self.name, self.token) = (text(&welcome["suggest"]), None);
            return Err(Left::Broken);
        }
        if welcome["type"] != "welcome" {
            if welcome["type"] != "bye" {
                self.wrong(format!("was greeted with {welcome}"));
            }
            return Err(Left::Broken);
        }
        self.token = Some(welcome["token"].clone());
        self.model.borrow_mut().welcomed(self.who, &self.name, &welcome["token"]);
        for room in PLACES {
            let at = &welcome["rooms"][room];
            let (epoch, head) = (text(&at["epoch"]), at["head"].as_u64().unwrap_or(0));
            let before = head - at["replay"].as_u64().unwrap_or(0);
            // If it was here before it is where it was, or a reset follows and says where it is.
            self.seen.entry(room).or_insert((epoch, before));
            self.model.borrow_mut().tell(format!("{} enters {room}: {at}", self.who));
            self.logs.insert(room, text(&at["epoch"]));
        }
        // What was to be edited may not be there any more, and another message may be in its place.
        for (number, said) in std::mem::take(&mut self.unconfirmed) {
            match &said {
                Said::Edit(room, log, _) if self.logs[room] != *log => {
                    self.model.borrow_mut().given_up(room, &self.mid(number));
                }
                _ => _ = self.unconfirmed.insert(number, said),
            }
        }
        Ok(())
    }

    fn mid(&self, number: u64) -> String {
        format!("{}-{number}", self.who)
    }

    fn wrong(&self, what: String) {
        self.model.borrow_mut().wrong(format!("{} {what}", self.who));
    }

    fn is_done(&self) -> bool {
        let model = self.model.borrow();
        let has = |at: &str| self.seen[at].1 >= model.newest(&self.place(at), &self.logs[at]);
        self.unconfirmed.is_empty() && PLACES.into_iter().all(has)
    }
}
