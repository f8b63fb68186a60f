//! The power cut at any moment, by replaying what a run of the program wrote and synced.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chat::Durability;
use serde_json::json;

use super::disk::Disk;
use super::program::Folder;
use super::reading::{House, Told, read_all};
use super::recording::Did;
use super::talk::{Client, Known, Recorded, record};
use super::{Lot, measured, times};

/// What somebody who comes back finds.
#[derive(Default)]
struct Found {
    acked: usize,
    lost: usize,
    resets: usize,
}

/// Compares what everybody knew with what the file still has for one of them, who comes back.
async fn judge(
    path: &Path,
    durability: Durability,
    clients: &BTreeMap<&str, Client>,
    one: usize,
) -> Result<Found, String> {
    let house = House::open(path, durability).map_err(|error| format!("refused: {error}"))?;
    let mut found = Found::default();
    let known = clients.values().filter(|client| !client.name.is_empty());
    if let Some(client) = known.clone().nth(one % known.clone().count().max(1)) {
        // All of it for every fourth, of the others the end, where loss is likely.
        let last = if one.is_multiple_of(4) { 1_000_000 } else { 40 };
        let mut visitor = house.visit();
        let read =
            read_all(&mut visitor, &client.name, &client.token, &["lobby", "@"], last).await?;
        visitor.leave().await;
        let mut gone = Vec::new();
        for (room, log) in &client.logs {
            let told = &read.told[room];
            let everybodys = known.clone().map(|client| &client.logs[room]);
            let logs = if room == "lobby" { everybodys.collect() } else { vec![log] };
            for log in &logs {
                found.acked += log.acked.len();
                found.lost += lost(log, told)?;
            }
            // Where nothing was said there is nothing to come back to.
            if told.epoch != log.epoch && log.last() > 0 {
                gone.push(room);
            }
        }
        if !gone.is_empty() {
            found.resets += gone.len();
            is_told_of_it(&house, client, read.known, &gone).await?;
        }
    }
    house.close().await;
    Ok(found)
}

/// How much of what was acknowledged is gone; an error if somebody who comes back cannot tell.
fn lost(known: &Known, told: &Told) -> Result<usize, String> {
    if !told.missing.is_empty() {
        return Err(format!("damaged: {:?}", told.missing));
    }
    let there = |(seq, body): &(&u64, &String)| {
        **seq < told.first
            || told.entries.get(seq).is_some_and(|entry| entry["body"] == body.as_str())
    };
    let gone = known.acked.iter().filter(|it| !there(it)).count();
    let unseen = known.seen.iter().filter(|it| !there(it)).count();
    if gone + unseen > 0 && told.epoch == known.epoch {
        return Err(format!("{gone} acknowledged and {unseen} seen are gone, and nobody said so"));
    }
    Ok(gone)
}

/// Who comes back to places that are no more hears so, of each before anything else of that room.
async fn is_told_of_it(
    house: &House,
    client: &Client,
    known: bool,
    gone: &[&String],
) -> Result<(), String> {
    let places = gone.iter().map(|room| {
        let log = &client.logs[*room];
        (room.to_string(), json!({ "epoch": log.epoch, "after": log.last() }))
    });
    let places: serde_json::Map<_, _> = places.collect();
    // Who was lost as well has another name by now.
    let name = if known { client.name.clone() } else { format!("{}-back", client.name) };
    let token = known.then_some(&client.token);
    let mut visitor = house.visit();
    let hello = json!({ "type": "hello", "name": name, "token": token, "rooms": places });
    visitor.say(&hello).await;
    let mut untold: Vec<&str> = gone.iter().map(|room| room.as_str()).collect();
    while !untold.is_empty() {
        let heard = visitor.hear().await.ok_or("the session ended")?;
        let room = heard["room"].as_str().unwrap_or("@");
        match heard["type"].as_str() {
            Some("reset") if heard["why"] == "epoch" => untold.retain(|it| *it != room),
            Some("welcome" | "presence") => {}
            Some("message") if !untold.contains(&room) => {}
            _ => return Err(format!("no reset of {untold:?} but {heard}")),
        }
    }
    visitor.leave().await;
    Ok(())
}

/// The power was off: it is another boot that finds the file.
fn boot_again(path: &Path) {
    let db = rusqlite::Connection::open(path).unwrap();
    // Unless the cut came before there was anything.
    db.execute("UPDATE state SET boot = 'another'", []).ok();
}

struct Cuts {
    count: usize,
    /// Cuts after which something acknowledged was gone.
    losing: usize,
    acked: usize,
    lost: usize,
    resets: usize,
    wrong: Vec<String>,
}

async fn cut(name: &str, durability: Durability, closed: bool, count: usize) -> Cuts {
    let folder = Folder::new(name);
    let called = if durability == Durability::Power { "power" } else { "process" };
    let Recorded { before, calls } = record(&folder, called, closed);
    let images = Folder::in_memory(&format!("images of {name}"));
    let last = calls.iter().map(|call| call.ended).max().unwrap();
    let mut moments: Vec<(usize, bool, usize)> = calls
        .iter()
        .enumerate()
        .flat_map(|(number, call)| [(call.began, false, number), (call.ended, true, number)])
        .collect();
    moments.sort_unstable();
    let mut moments = moments.into_iter().peekable();

    let mut lot = Lot::new(3);
    let mut at: Vec<usize> = (0..count).map(|_| lot.below(last + 2)).collect();
    at.sort_unstable();
    let (mut disk, mut clients) = (Disk::new(&before), BTreeMap::<&str, Client>::new());
    let mut cuts = Cuts { count, losing: 0, acked: 0, lost: 0, resets: 0, wrong: vec![] };
    for (number, at) in at.into_iter().enumerate() {
        while let Some((_, ended, number)) = moments.next_if(|moment| moment.0 < at) {
            let call = &calls[number];
            if ended {
                disk.end(number, call);
                continue;
            }
            disk.begin(number, call);
            if let Did::Said { to, bytes } = &call.did {
                clients.entry(to).or_default().hear(bytes);
            }
        }
        let image = images.file(&number.to_string());
        fs::create_dir(&image).unwrap();
        disk.image(&mut lot, &image);
        let path = image.join("chat.db");
        if path.exists() {
            boot_again(&path);
        }
        match judge(&path, durability, &clients, number).await {
            Ok(found) => {
                cuts.acked += found.acked;
                cuts.lost += found.lost;
                cuts.losing += usize::from(found.lost > 0);
                cuts.resets += found.resets;
            }
            Err(why) => cuts.wrong.push(format!("before call {at} of {last}: {why}")),
        }
        fs::remove_dir_all(&image).unwrap();
    }
    cuts
}

fn run(name: &str, durability: Durability, closed: bool, count: usize) -> Cuts {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cuts = runtime.block_on(cut(name, durability, closed, count));
    let Cuts { count, losing, acked, lost, resets, wrong } = &cuts;
    measured(&format!(
        "{name}: {count} cuts, {acked} times something acknowledged, {lost} times lost (in \
         {losing} cuts), {resets} resets, {} wrong",
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    cuts
}

pub fn nothing_is_lost_at_power() {
    let count = times("CHAT_TEST_CUTS", 1_000);
    let cuts = run("cuts at power", Durability::Power, false, count);
    assert_eq!((cuts.lost, cuts.resets), (0, 0));
}

/// Without syncs there is loss, which shows that the cuts cut; and it is told.
pub fn something_is_lost_at_process_and_told() {
    let count = times("CHAT_TEST_CUTS", 1_000) / 10;
    for (name, closed) in [("cuts at process", false), ("cuts at process, again", true)] {
        let cuts = run(name, Durability::Process, closed, count);
        assert!(cuts.losing > 0 && cuts.resets > 0, "the cuts do not cut");
    }
}
