//! Single bits of a closed file that changed while nobody looked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chat::Durability;
use serde_json::{Value, json};

use super::program::Folder;
use super::reading::{House, Told, Visitor, read_all, read_pages};
use super::{Lot, measured, times};

const ROOMS: [&str; 3] = ["lobby", "tea", "@"];

/// Says hello, and what its token is.
async fn enter(house: &House, name: &str) -> (Visitor, String) {
    let mut visitor = house.visit();
    let rooms = json!({ "lobby": {}, "tea": {}, "@": {} });
    visitor.say(&json!({ "type": "hello", "id": 0, "name": name, "rooms": rooms })).await;
    let welcome = visitor.answer(0).await.unwrap();
    (visitor, welcome["token"].as_str().unwrap().into())
}

/// A hundred messages of all kinds, in a file that was closed; and the token of ann, who has
/// them all.
async fn fill(path: &Path) -> String {
    let house = House::open(path, Durability::Process).unwrap();
    let (mut ann, token) = enter(&house, "ann").await;
    let (mut bob, _) = enter(&house, "bob").await;
    for n in 1..=60u64 {
        let text = format!("{n} {}", "what is said ".repeat(n as usize % 13));
        let room = if n % 3 == 0 { "tea" } else { "lobby" };
        let said = match n % 10 {
            3 => json!({ "type": "post", "id": n, "to": ["bob"], "body": text }),
            5 => {
                json!({ "type": "post", "id": n, "to": ["ann", "bob"], "mid": format!("b{n}"), "body": text })
            }
            _ => {
                json!({ "type": "post", "id": n, "room": room, "mid": format!("m{n}"), "body": text })
            }
        };
        let (by, other) = if n % 10 == 5 { (&mut bob, &mut ann) } else { (&mut ann, &mut bob) };
        by.say(&said).await;
        let ok = by.answer(n).await.unwrap();
        assert_eq!(ok["type"], "ok", "{ok}");
        let seq = &ok["seq"];
        let change = match n % 20 {
            7 => {
                json!({ "type": "edit", "id": 1_000, "room": room, "of": seq, "body": "corrected" })
            }
            14 => json!({ "type": "delete", "id": 1_000, "room": room, "of": seq }),
            _ => json!({ "type": "post", "id": 1_000, "room": room, "body": "yes", "reply": seq }),
        };
        let by = if n % 20 == 7 || n % 20 == 14 { by } else { other };
        by.say(&change).await;
        let ok = by.answer(1_000).await.unwrap();
        assert_eq!(ok["type"], "ok", "{ok}");
    }
    ann.leave().await;
    bob.leave().await;
    house.close().await;
    token
}

/// What the damaged file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Refused,
    Whole,
    Told,
}

/// What ann is told of all she knows.
async fn everything(house: &House, token: &str) -> Result<BTreeMap<String, Told>, String> {
    let mut ann = house.visit();
    let mut read = read_all(&mut ann, "ann", token, &ROOMS, 1_000_000).await?;
    if !read.known {
        return Err("ann was forgotten, and nobody said so".into());
    }
    if read.ended {
        return Err("ann was sent away, and will be again".into());
    }
    read_pages(&mut ann, &mut read.told).await?;
    ann.leave().await;
    Ok(read.told)
}

/// What must not be: a row that is wrong, or one that is missing and nobody said so.
async fn judge(
    path: &Path,
    bytes: &[u8],
    token: &str,
    truth: &BTreeMap<String, Told>,
) -> Result<Came, String> {
    let house = match House::open(path, Durability::Process) {
        Ok(house) => house,
        Err(error) if fs::read(path).unwrap() != bytes => {
            return Err(format!("it was refused ({error}), and changed"));
        }
        Err(_) => return Ok(Came::Refused),
    };
    let told = everything(&house, token).await;
    let said = still_serves(&house).await;
    house.close().await;
    said?;
    let told = told?;
    let mut missing = 0;
    for (room, truth) in truth {
        let Told { head, entries, missing: holes, .. } = &told[room];
        if *head != truth.head {
            return Err(format!("{room} ends at {head}, not at {}", truth.head));
        }
        for (seq, entry) in &truth.entries {
            match entries.get(seq) {
                Some(told) if told == entry => {}
                Some(told) => return Err(format!("wrong: {told} instead of {entry}")),
                None if holes.contains(seq) => missing += 1,
                None => return Err(format!("missing and unsaid: {entry}")),
            }
        }
    }
    Ok(if missing == 0 { Came::Whole } else { Came::Told })
}

/// Whatever is broken, who posts is answered.
async fn still_serves(house: &House) -> Result<(), String> {
    let mut eve = house.visit();
    eve.say(&json!({ "type": "hello", "id": 1, "name": "eve" })).await;
    eve.say(&json!({ "type": "post", "id": 2, "body": "still there?", "mid": "e1" })).await;
    let answer: Option<Value> = eve.answer(2).await;
    eve.leave().await;
    answer.map(|_| ()).ok_or_else(|| "a post was not answered".into())
}

pub fn every_one_is_refused_or_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(flip());
}

async fn flip() {
    let folder = Folder::new("flips");
    let whole = folder.file("whole.db");
    let token = fill(&whole).await;
    let bytes = fs::read(&whole).unwrap();
    let house = House::open(&whole, Durability::Process).unwrap();
    let truth = everything(&house, &token).await.unwrap();
    assert!(truth.values().all(|told| told.missing.is_empty() && told.head > 10), "{truth:?}");
    house.close().await;

    let mut lot = Lot::new(2);
    let (flips, mut wrong, mut came) = (times("CHAT_TEST_FLIPS", 1_000), vec![], BTreeMap::new());
    for flip in 0..flips {
        let (at, bit) = (lot.below(bytes.len()), lot.below(8));
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << bit;
        let path = folder.file(&format!("{flip}.db"));
        fs::write(&path, &damaged).unwrap();
        match judge(&path, &damaged, &token, &truth).await {
            Ok(what) => *came.entry(what).or_insert(0) += 1,
            Err(why) => wrong.push(format!("byte {at}, bit {bit}: {why}")),
        }
        for beside in ["", "-wal", "-shm", "-lock"] {
            fs::remove_file(folder.file(&format!("{flip}.db{beside}"))).ok();
        }
    }
    measured(&format!("{flips} flips of {} bytes: {came:?}, {} wrong", bytes.len(), wrong.len()));
    assert!(wrong.is_empty(), "{} of {flips}:\n{}", wrong.len(), wrong.join("\n"));
}
