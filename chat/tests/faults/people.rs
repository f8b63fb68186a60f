//! Who talks and who listens while the program is killed again and again, and what they remember.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::program::{PATIENCE, Talker};

/// The last message of all, after which nobody listens any more.
pub const LAST: &str = "the last word";

/// What those who talk and who listen know of the program.
#[derive(Default)]
pub struct Stage {
    scene: Mutex<Scene>,
    changed: Condvar,
}

#[derive(Default)]
pub struct Scene {
    /// Counts starts, so that nobody tries a port twice that nobody listens on.
    starts: usize,
    port: u16,
    pub acked: usize,
    over: bool,
}

impl Stage {
    pub fn started(&self, port: u16) {
        let mut scene = self.scene();
        scene.starts += 1;
        scene.port = port;
        self.changed.notify_all();
    }

    pub fn over(&self) {
        self.scene().over = true;
        self.changed.notify_all();
    }

    /// Waits until so many messages have been acknowledged.
    pub fn wait_for(&self, acked: usize) {
        let scene = self.scene();
        let waited = self.changed.wait_timeout_while(scene, PATIENCE, |scene| scene.acked < acked);
        assert!(!waited.unwrap().1.timed_out(), "no acknowledgement in time");
    }

    pub fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap()
    }

    fn is_over(&self) -> bool {
        self.scene().over
    }

    /// The port of a start that was not tried yet.
    fn next_port(&self, tried: &mut usize) -> u16 {
        let scene = self.scene();
        let waited =
            self.changed.wait_timeout_while(scene, PATIENCE, |scene| scene.starts == *tried);
        let (scene, timed_out) = waited.unwrap();
        assert!(!timed_out.timed_out(), "no start in time");
        *tried = scene.starts;
        scene.port
    }

    fn acked(&self) {
        self.scene().acked += 1;
        self.changed.notify_all();
    }
}

/// A name and how to come back to it.
pub struct Person {
    called: String,
    tries: usize,
    token: Option<Value>,
}

impl Person {
    pub fn new(called: &str) -> Self {
        Self { called: called.into(), tries: 0, token: None }
    }

    /// Comes in, and says what `welcome` said.
    pub fn enter(&mut self, talker: &mut Talker, rooms: &Value) -> io::Result<Value> {
        loop {
            let name = format!("{}-{}", self.called, self.tries);
            let mut hello = json!({ "type": "hello", "name": name, "rooms": rooms });
            if let Some(token) = &self.token {
                hello["token"] = token.clone();
            }
            talker.say(&hello)?;
            let heard = talker.hear()?;
            match heard["type"].as_str() {
                Some("welcome") => {
                    self.token = Some(heard["token"].clone());
                    return Ok(heard);
                }
                // Whoever was killed before its first welcome has a name and no token for it.
                Some("error") if heard["code"] == "name_taken" => self.tries += 1,
                _ => panic!("{heard}"),
            }
        }
    }

    /// Every entry there is of these rooms, in the order in which they were told.
    pub fn hear_all(&mut self, port: u16, room: &str) -> (String, Vec<Value>) {
        let mut talker = Talker::connect(port).unwrap();
        let welcome = self.enter(&mut talker, &json!({ room: { "last": 10_000_000 } })).unwrap();
        let at = &welcome["rooms"][room];
        let replay = at["replay"].as_u64().unwrap();
        assert_eq!(replay, at["head"].as_u64().unwrap(), "{welcome}");
        let mut entries = Vec::new();
        while (entries.len() as u64) < replay {
            let heard = talker.hear().unwrap();
            match heard["type"].as_str() {
                Some("message") => entries.push(heard),
                Some("presence") => {}
                _ => panic!("{heard}"),
            }
        }
        (at["epoch"].as_str().unwrap().into(), entries)
    }
}

/// What was acknowledged: under this number of this log.
#[derive(Clone, Debug)]
pub struct Acked {
    pub mid: String,
    pub room: &'static str,
    pub seq: u64,
    pub epoch: String,
}

/// A message until it is acknowledged.
struct Said {
    id: u64,
    direct: bool,
}

/// Somebody who talks, and sends again what was not acknowledged.
pub struct Publisher {
    pub person: Person,
    called: String,
    /// Messages that may wait for their acknowledgement.
    in_flight: usize,
    last: u64,
    unconfirmed: VecDeque<Said>,
    pub acked: Vec<Acked>,
    pub resent: usize,
}

impl Publisher {
    pub fn new(called: &str, in_flight: usize) -> Self {
        let person = Person::new(called);
        let (unconfirmed, acked) = (VecDeque::new(), Vec::new());
        Self { person, called: called.into(), in_flight, last: 0, unconfirmed, acked, resent: 0 }
    }

    /// Until it is over and everything is acknowledged.
    pub fn run(mut self, stage: &Stage) -> Self {
        let mut tried = 0;
        loop {
            let port = stage.next_port(&mut tried);
            let talked = Talker::connect(port).and_then(|talker| self.talk(talker, stage));
            if talked.is_ok() {
                return self;
            }
        }
    }

    fn talk(&mut self, mut talker: Talker, stage: &Stage) -> io::Result<()> {
        let welcome = self.person.enter(&mut talker, &json!({ "lobby": {}, "@": {} }))?;
        self.resent += self.unconfirmed.len();
        for at in 0..self.unconfirmed.len() {
            talker.say(&self.post(&self.unconfirmed[at], &welcome))?;
        }
        loop {
            while self.unconfirmed.len() < self.in_flight && !stage.is_over() {
                self.last += 1;
                let said = Said { id: self.last, direct: is_direct(self.last) };
                talker.say(&self.post(&said, &welcome))?;
                self.unconfirmed.push_back(said);
            }
            if self.unconfirmed.is_empty() {
                return Ok(());
            }
            let heard = talker.hear()?;
            match heard["type"].as_str() {
                Some("ok") => {
                    let said = self.unconfirmed.pop_front().unwrap();
                    assert_eq!(heard["id"], said.id, "answers come in the order of requests");
                    let room = if said.direct { "@" } else { "lobby" };
                    let epoch = welcome["rooms"][room]["epoch"].as_str().unwrap().into();
                    let seq = heard["seq"].as_u64().unwrap();
                    self.acked.push(Acked { mid: self.mid(said.id), room, seq, epoch });
                    stage.acked();
                }
                Some("message" | "presence" | "typing") => {}
                _ => panic!("{heard}"),
            }
        }
    }

    fn mid(&self, id: u64) -> String {
        mid(&self.called, id)
    }

    fn post(&self, said: &Said, welcome: &Value) -> Value {
        let mid = self.mid(said.id);
        let mut post = json!({ "type": "post", "id": said.id, "body": mid, "mid": mid });
        if said.direct {
            post["to"] = json!([welcome["name"]]);
        }
        post
    }
}

/// What somebody calls a message; one is never the beginning of another.
pub fn mid(called: &str, id: u64) -> String {
    format!("{called}.{id:06}")
}

/// Whether a message is for its own sender, as every fifth is.
pub fn is_direct(id: u64) -> bool {
    id.is_multiple_of(5)
}

/// Somebody who listens, and comes back to where it was.
pub struct Listener {
    person: Person,
    pub epoch: Option<String>,
    pub heard: Vec<String>,
}

impl Listener {
    pub fn new(called: &str) -> Self {
        Self { person: Person::new(called), epoch: None, heard: Vec::new() }
    }

    /// Until it hears the last word.
    pub fn run(mut self, stage: &Stage) -> Self {
        let mut tried = 0;
        loop {
            let port = stage.next_port(&mut tried);
            let listened = Talker::connect(port).and_then(|talker| self.listen(talker));
            if listened.is_ok() {
                return self;
            }
        }
    }

    fn listen(&mut self, mut talker: Talker) -> io::Result<()> {
        let from = match &self.epoch {
            Some(epoch) => json!({ "epoch": epoch, "after": self.heard.len() }),
            None => json!({ "last": 10_000_000 }),
        };
        let welcome = self.person.enter(&mut talker, &json!({ "lobby": from }))?;
        let epoch = welcome["rooms"]["lobby"]["epoch"].as_str().unwrap();
        assert_eq!(self.epoch.get_or_insert(epoch.into()), epoch, "the log is another one");
        loop {
            let heard = talker.hear()?;
            match heard["type"].as_str() {
                Some("message") => {
                    let before = self.heard.len() as u64;
                    assert_eq!(
                        (&heard["seq"], &heard["prev"]),
                        (&json!(before + 1), &json!(before))
                    );
                    self.heard.push(heard["body"].as_str().unwrap().into());
                    if heard["body"] == LAST {
                        return Ok(());
                    }
                }
                Some("presence") => {}
                _ => panic!("{heard}"),
            }
        }
    }
}
