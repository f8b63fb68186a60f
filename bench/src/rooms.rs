//! What a crowd costs who joins it, and what one room's flood costs another room.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{self, Running};
use crate::table::spread;

/// Members of one room, all of `chat.v1`; each half of the next.
const CROWDS: [u32; 3] = [2_500, 5_000, 10_000];

/// Clients of the room that is flooded.
const FLOODED: &str = "500";

/// Between one post to the other room and the next.
const PAUSE: Duration = Duration::from_millis(5);

/// What is posted before this does not count: the others are coming in, and buffers grow.
const BEFORE: Duration = Duration::from_secs(2);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What each member is told until all are in. Were it quadratic in all, it would double.
pub fn joining(chat: &Path, rounds: usize) -> Result<String, Box<dyn Error>> {
    let mut text = String::from(
        "| members who join one room | bytes told to each until all are in | resident KiB for each \
         | connections/s |\n|---:|---:|---:|---:|\n",
    );
    for members in CROWDS {
        let mut figures = [const { Vec::new() }; 3];
        for round in 1..=rounds {
            writeln!(io::stderr(), "round {round} of {rounds}: {members} members join")?;
            let members = members.to_string();
            let args = ["--format", "chat.v1", "--rate", "1", "--clients", &members];
            let report = server::bench(chat, &args, 0.5)?;
            let of = |name: &str| report[name].as_f64().ok_or("this needs /proc, as on Linux");
            figures[0].push(of("joining_bytes_per_client")?);
            figures[1].push(of("resident_kib_per_connection")?);
            figures[2].push(of("connects_per_second")?);
        }
        let [told, resident, connects] = figures;
        let (told, resident) = (spread(told, 0), spread(resident, 1));
        text += &format!("| {members} | {told} | {resident} | {} |\n", spread(connects, 0));
    }
    Ok(text)
}

/// How long it takes until who posts to a room hears it, in calm and while another is flooded.
pub fn flood(chat: &Path, rounds: usize, seconds: f64) -> Result<String, Box<dyn Error>> {
    let mut times = [[const { Vec::new() }; 3], [const { Vec::new() }; 3]];
    for round in 1..=rounds {
        writeln!(io::stderr(), "round {round} of {rounds}: a post to another room")?;
        for (flooded, times) in [false, true].into_iter().zip(&mut times) {
            let (_server, addr) = start(chat)?;
            let mut there = Vec::new();
            let over = AtomicBool::new(!flooded);
            thread::scope(|scope| -> Result<(), Box<dyn Error>> {
                let flood = flooded.then(|| {
                    scope.spawn(|| {
                        let args = ["--clients", FLOODED, "--to", &addr];
                        let report = server::bench(chat, &args, seconds + BEFORE.as_secs_f64());
                        over.store(true, Ordering::Relaxed);
                        report.map_err(|error| error.to_string())
                    })
                });
                there = posts(&addr, Duration::from_secs_f64(seconds))?;
                let went_on = flooded && over.load(Ordering::Relaxed);
                if let Some(flood) = flood {
                    flood.join().map_err(|_| "the flood panicked")??;
                }
                if went_on { Err("the flood ended first".into()) } else { Ok(()) }
            })?;
            there.sort_by(f64::total_cmp);
            let of = |part: usize| there[(there.len() - 1) * part / 100];
            for (times, part) in times.iter_mut().zip([50, 95, 100]) {
                times.push(of(part));
            }
        }
    }
    let mut text = String::from(
        "| a post to another room is back after | 50 of 100 | 95 of 100 | all |\n|---|---:|---:|---:|\n",
    );
    for (name, times) in ["in calm", "while 500 clients of the lobby are flooded"].iter().zip(times)
    {
        let [half, most, all] = times.map(|times| spread(times, 2));
        text += &format!("| {name} | {half} ms | {most} ms | {all} ms |\n");
    }
    Ok(text)
}

/// A server that bounds nobody, and where it is. It ends with its stdin.
fn start(chat: &Path) -> Result<(Running, String), Box<dyn Error>> {
    let mut command = Command::new(chat);
    command.args(["attached", "--addr", "127.0.0.1:0", "--data", "off", "--trace", "off"]);
    command.args(["--max-messages", "10000000", "--max-bytes", "1000000000"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = Running(command.spawn()?);
    let mut banner = String::new();
    BufReader::new(running.0.stderr.take().ok_or("no stderr")?).read_line(&mut banner)?;
    let url = banner.split(' ').find_map(|word| word.strip_prefix("url=http://"));
    let addr = url.ok_or_else(|| format!("chat does not say where it is: {banner}"))?;
    let addr = addr.trim_end_matches('/').to_owned();
    Ok((running, addr))
}

/// Posts to a room of its own at a steady rate, and says how many milliseconds those of so long a
/// time took to come back: from when each was due, so that one that is late makes the next late.
#[expect(clippy::disallowed_methods, reason = "nothing else says when a post is due")]
fn posts(addr: &str, time: Duration) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut hear = |kind: &str| -> Result<(), Box<dyn Error>> {
        loop {
            let line = lines.next().ok_or("the server hung up")??;
            let told: Value = serde_json::from_str(&line)?;
            match told["type"].as_str() {
                Some("error" | "bye") => return Err(line.into()),
                Some(told) if told == kind => return Ok(()),
                _ => {}
            }
        }
    };
    stream.write_all(b"{\"type\":\"hello\",\"name\":\"calm\",\"rooms\":{\"calm\":{}}}\n")?;
    hear("welcome")?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    let mut due = begun;
    while due < begun + BEFORE + time {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.write_all(b"{\"type\":\"post\",\"room\":\"calm\",\"body\":\"hi\"}\n")?;
        hear("message")?;
        if due >= begun + BEFORE {
            times.push(due.elapsed().as_secs_f64() * 1e3);
        }
        due += PAUSE;
    }
    Ok(times)
}
