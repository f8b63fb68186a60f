//! A disk that fails at a call, by strace, and one that is full until something is removed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::people::{Person, mid};
use super::program::{Folder, Program, Talker, program};
use super::{measured, times};

/// Messages that are tried while the disk fails.
const MESSAGES: u64 = 12;

/// What came of what one person said.
#[derive(Default)]
pub struct Said {
    acked: BTreeMap<u64, Value>,
    refused: usize,
    /// Whether the server ended the connection, or said that it stores nothing any more.
    ended: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Came {
    /// It did not start, with a reason.
    unstarted: usize,
    /// It ended, with a reason.
    stopped: usize,
    /// It went on.
    went_on: usize,
    acked: usize,
    refused: usize,
}

/// Says these messages, one after the other, until it is sent away.
pub fn say(person: &mut Person, port: u16, messages: impl IntoIterator<Item = u64>) -> Said {
    let mut said = Said::default();
    let talk = || -> io::Result<()> {
        let mut talker = Talker::connect(port)?;
        person.enter(&mut talker, &json!({ "lobby": {} }))?;
        for id in messages {
            let mid = mid("ann", id);
            talker.say(&json!({ "type": "post", "id": id, "mid": mid, "body": mid }))?;
            let answer = loop {
                let heard = talker.hear()?;
                if heard["id"] == id {
                    break heard;
                }
                if heard["type"] == "bye" {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            };
            match (answer["type"].as_str(), answer["code"].as_str()) {
                (Some("ok"), _) => _ = said.acked.insert(id, answer["seq"].clone()),
                (_, Some("storage_full")) => said.refused += 1,
                (_, Some("not_stored")) => {
                    said.refused += 1;
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                _ => panic!("{answer}"),
            }
        }
        Ok(())
    };
    said.ended = talk().is_err();
    said
}

/// Everything that was acknowledged is there, in its place, and whatever is said again is there
/// once.
fn is_all_there(data: &Path, mut person: Person, said: &Said) {
    let program = Program::start(program(&[], data, &[])).unwrap();
    let again = say(&mut person, program.port, 1..=MESSAGES);
    assert_eq!(again.acked.len() as u64, MESSAGES, "refused by a disk that works");
    for (id, seq) in &said.acked {
        assert_eq!(again.acked.get(id), Some(seq), "lost, or moved");
    }
    let (_, stored) = Person::new("judge").hear_all(program.port, "lobby");
    let own = stored.iter().filter(|entry| entry["body"].as_str().unwrap().starts_with("ann."));
    assert_eq!(own.count() as u64, MESSAGES, "lost, or twice");
    assert_eq!(program.stop().0, Some(0));
}

/// What an end with an error says.
fn says_why(code: Option<i32>, said: &str, expected: i32, what: &str) {
    assert_eq!(code, Some(expected), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(said.contains(what), "{said}");
}

/// Runs the program while this call fails with this error, the `at`th time.
fn fail(call: &str, error: &str, at: usize, data: &Path, came: &mut Came) {
    let trace = data.with_extension("trace");
    let (calls, inject) =
        (format!("trace={call}"), format!("inject={call}:error={error}:when={at}"));
    let tool = ["strace", "-f", "-o", trace.to_str().unwrap(), "-e", &calls, "-e", &inject];
    let running = match Program::start(program(&tool, data, &[])) {
        Ok(running) => running,
        Err((said, status)) => {
            says_why(status.code(), &said, 4, "cannot keep what is said in");
            came.unstarted += 1;
            return is_all_there(data, Person::new("ann"), &Said::default());
        }
    };
    let mut ann = Person::new("ann");
    let said = say(&mut ann, running.port, 1..=MESSAGES);
    let (code, words) = if said.ended { running.end() } else { running.stop() };
    if said.ended || code != Some(0) {
        says_why(code, &words, 1, "nothing can be stored any more");
        came.stopped += 1;
    } else {
        came.went_on += 1;
    }
    came.acked += said.acked.len();
    came.refused += said.refused;
    is_all_there(data, ann, &said);
}

/// A file that was in use and was closed, so that a start writes little.
fn closed(folder: &Folder) -> PathBuf {
    let data = folder.file("closed.db");
    let running = Program::start(program(&[], &data, &[])).unwrap();
    say(&mut Person::new("bob"), running.port, []);
    assert_eq!(running.stop().0, Some(0));
    data
}

fn sweep(call: &str, error: &str, usual: usize, new: bool) {
    let folder = Folder::new(&format!("sweep-{error}"));
    let (closed, calls) = (closed(&folder), times("CHAT_TEST_CALLS", usual));
    let mut came = Came::default();
    for at in 1..=calls {
        let data = folder.file(&format!("{at}.db"));
        if !new {
            fs::copy(&closed, &data).unwrap();
        }
        fail(call, error, at, &data, &mut came);
    }
    measured(&format!("{error} at each of {calls} calls of {call}: {came:?}"));
    assert!(came.unstarted > 0 && came.stopped + came.went_on > 0 && came.refused > 0, "{came:?}");
}

pub fn a_sync_fails() {
    sweep("fsync", "EIO", 20, true);
}

pub fn a_write_finds_no_space() {
    sweep("pwrite64", "ENOSPC", 40, false);
}

pub fn a_write_fails() {
    sweep("pwrite64", "EIO", 40, false);
}

/// The words before a program that has a small disk of its own; nothing if that cannot be had.
pub fn small_disk(at: &Path) -> Option<Vec<String>> {
    let mount = format!("mount -t tmpfs -o size=1m none {} && exec \"$@\"", at.display());
    ["unshare -m sh -c", "unshare -r -m sh -c"].into_iter().find_map(|words| {
        let mut words: Vec<String> = words.split(' ').map(Into::into).collect();
        words.extend([mount.clone(), "sh".into()]);
        let tried = Command::new(&words[0]).args(&words[1..]).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success()).then_some(words)
    })
}

pub fn a_disk_fills_and_is_freed() {
    let folder = Folder::new("full");
    let disk = folder.file("disk");
    fs::create_dir(&disk).unwrap();
    let words = small_disk(&disk).expect("a small disk: unshare -m, mount -t tmpfs");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let running = Program::start(program(&words, &disk.join("chat.db"), &[])).unwrap();
    // Its disk, as we see it.
    let seen = PathBuf::from(format!("/proc/{}/root{}", running.own_id(), disk.display()));
    let mut ann = Person::new("ann");
    let before = say(&mut ann, running.port, 1..=3);
    assert_eq!((before.acked.len(), before.refused), (3, 0));

    let ballast = seen.join("ballast");
    let filled = io::copy(&mut io::repeat(0), &mut fs::File::create(&ballast).unwrap());
    assert_eq!(filled.unwrap_err().kind(), io::ErrorKind::StorageFull);
    let full = say(&mut ann, running.port, 1..=MESSAGES);
    assert!(full.refused > 0 && !full.ended, "{}", full.refused);

    fs::remove_file(&ballast).unwrap();
    let freed = say(&mut ann, running.port, 1..=MESSAGES);
    assert_eq!((freed.acked.len() as u64, freed.refused), (MESSAGES, 0));
    for (id, seq) in before.acked.iter().chain(&full.acked) {
        assert_eq!(freed.acked.get(id), Some(seq), "lost, or moved");
    }
    let (_, stored) = Person::new("judge").hear_all(running.port, "lobby");
    assert_eq!(stored.len() as u64, MESSAGES, "lost, or twice");
    measured(&format!("a full disk: {} refused, and stored once there was room", full.refused));
    assert_eq!(running.stop().0, Some(0));
}
