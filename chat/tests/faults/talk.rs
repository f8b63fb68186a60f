//! A talk with the recorded program, and what its clients knew at any moment of it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;

use serde_json::Value;

use super::people::{Publisher, Stage, is_direct, mid};
use super::program::{Folder, Program, program};
use super::recording::{Call, Did, is_kept, recorded, recorder};

const PEOPLE: usize = 3;

/// Acknowledgements before the program is told to stop. Enough that the log of what was written is
/// moved into the file, and begun again, twice.
const ACKED: usize = 1_100;

/// What the program does while people talk, each waiting for an answer.
pub struct Recorded {
    /// The files when it started, as they surely are on the disk.
    pub before: BTreeMap<String, Vec<u8>>,
    pub calls: Vec<Call>,
}

/// Records it, with no file to begin with or with one that was closed.
pub fn record(folder: &Folder, durability: &str, closed: bool) -> Recorded {
    let (data, trace) = (folder.file("recorded"), folder.file("trace"));
    fs::create_dir(&data).unwrap();
    let program =
        |tool: &[&str]| program(tool, &data.join("chat.db"), &["--durability", durability]);
    let mut before = BTreeMap::new();
    if closed {
        talk(program(&[]), 10);
        for file in fs::read_dir(&data).unwrap().map(Result::unwrap) {
            let name = file.file_name().into_string().unwrap();
            if is_kept(&name) {
                before.insert(name, fs::read(file.path()).unwrap());
            }
        }
    }
    talk(program(&recorder(&trace)), ACKED);
    let calls = recorded(&trace, &data);
    let began = |call: &&Call| matches!(&call.did, Did::Wrote { file, at: 0, .. } if file.ends_with("-wal"));
    let began = calls.iter().filter(began).count();
    assert!(began > 2, "what was written was moved {} times", began - 1);
    Recorded { before, calls }
}

fn talk(program: Command, acked: usize) {
    let program = Program::start(program).unwrap();
    let stage = &Stage::default();
    thread::scope(|scope| {
        for n in 0..PEOPLE {
            scope.spawn(move || Publisher::new(&format!("pub{n}"), 1).run(stage));
        }
        stage.started(program.port);
        stage.wait_for(acked);
        stage.over();
    });
    let (code, said) = program.stop();
    assert_eq!(code, Some(0), "{said}");
}

/// What was said on a connection, up to some moment.
#[derive(Default)]
pub struct Client {
    bytes: Vec<u8>,
    pub name: String,
    pub token: String,
    /// By room.
    pub logs: BTreeMap<String, Known>,
}

/// What somebody knows of a log: its epoch, and what is in it by number.
#[derive(Default)]
pub struct Known {
    pub epoch: String,
    pub acked: BTreeMap<u64, String>,
    pub seen: BTreeMap<u64, String>,
}

impl Known {
    /// The position to come back to.
    pub fn last(&self) -> u64 {
        self.acked.keys().chain(self.seen.keys()).copied().max().unwrap_or(0)
    }
}

impl Client {
    pub fn hear(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            self.understand(&serde_json::from_slice(&line).unwrap());
        }
    }

    /// What was acknowledged, by what it is called.
    pub fn acked(&self) -> impl Iterator<Item = &String> {
        self.logs.values().flat_map(|log| log.acked.values())
    }

    fn understand(&mut self, heard: &Value) {
        let seq = || heard["seq"].as_u64().unwrap();
        match heard["type"].as_str().unwrap() {
            "welcome" => {
                self.name = heard["name"].as_str().unwrap().into();
                self.token = heard["token"].as_str().unwrap().into();
                for (room, at) in heard["rooms"].as_object().unwrap() {
                    let epoch = at["epoch"].as_str().unwrap().into();
                    self.logs.insert(room.clone(), Known { epoch, ..Known::default() });
                }
            }
            "ok" => {
                let id = heard["id"].as_u64().unwrap();
                let room = if is_direct(id) { "@" } else { "lobby" };
                let (called, _) = self.name.split_once('-').unwrap();
                self.logs.get_mut(room).unwrap().acked.insert(seq(), mid(called, id));
            }
            "message" => {
                let room = heard["room"].as_str().unwrap_or("@");
                let body = heard["body"].as_str().unwrap();
                self.logs.get_mut(room).unwrap().seen.insert(seq(), body.into());
            }
            _ => {}
        }
    }
}
