//! Measures what telling everyone costs, in `chat` and in what people usually write, and writes
//! the tables of docs/performance.md.
//!
//! The servers take turns, so that a busy moment of the computer meets all of them alike, and what
//! is compared are medians of ratios within one round. All are measured by `chat bench`.

mod load;
mod pairs;
mod peers;
mod report;
mod rooms;
mod server;
mod table;

use std::error::Error;
use std::io::{self, Write};

use load::Load;
use peers::Peer;
use server::{Figures, Server};

/// Of each round, each server and each load what was measured, if it could be.
type Rounds = Vec<Vec<Vec<Option<Figures>>>>;

const HELP: &str = "\
cargo run --release --manifest-path bench/Cargo.toml
  -- --rounds N      so many rounds, of one second and not of two
  -- --check         print the tables and write nothing
  -- --quick         one short round, to see that it works
  -- --pairs         what one thing more costs: tracing, storing, a client who reads nothing
  -- --rooms         what joining a crowd costs, and what a flood costs another room
  -- --guard         compare with the textbook only, and fail if that is too near
  -- peer NAME       serve like one of those that are compared with, until it is stopped
";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (keep, rounds, seconds) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => (true, 5, 2.0),
        ["--rounds", rounds] => (true, rounds.parse()?, 1.0),
        ["--check"] => (false, 5, 2.0),
        ["--quick"] => (false, 1, 0.5),
        ["--pairs"] => return pairs(),
        ["--rooms"] => return rooms(),
        ["--guard"] => return guard(),
        ["peer", name] => match Peer::ALL.into_iter().find(|peer| peer.name() == name) {
            Some(peer) => return peers::serve(peer),
            None => return Err(format!("no peer is called {name}").into()),
        },
        _ => {
            io::stderr().write_all(HELP.as_bytes())?;
            std::process::exit(2);
        }
    };
    let chat = server::build()?;
    let servers: Vec<_> = Peer::ALL.into_iter().map(Server::Peer).chain([Server::Ours]).collect();
    let loads = load::possible()?;
    let before = report::load();
    let mut measured = Rounds::new();
    for round in 0..rounds {
        let mut by_server = vec![Vec::new(); servers.len()];
        for load in &loads {
            for (server, seen) in servers.iter().zip(&mut by_server) {
                let name = server.name();
                writeln!(io::stderr(), "round {} of {rounds}: {}, {name}", round + 1, load.title)?;
                seen.push(match server.measure(&chat, load, seconds) {
                    Ok(figures) => Some(figures),
                    Err(error) => {
                        writeln!(io::stderr(), "  {name}: {error}")?;
                        None
                    }
                });
            }
        }
        measured.push(by_server);
    }
    let tables = table::tables(&servers, &loads, &measured);
    let what = "Microseconds of the server's CPU for each delivery";
    let text = format!("{tables}\n{what}: {}\n", report::how(rounds, seconds, before)?);
    report::publish("peers", &text, keep)
}

/// Measures what one thing more costs, and writes it into the document.
fn pairs() -> Result<(), Box<dyn Error>> {
    let (rounds, seconds, before) = (9, 1.0, report::load());
    rlimit::increase_nofile_limit(u64::MAX)?;
    let table = pairs::table(&server::build()?, rounds, seconds)?;
    let how = report::how(rounds, seconds, before)?;
    report::publish("pairs", &format!("{table}\nEach is {how}\n"), true)
}

/// Measures crowds that join and rooms beside each other, and writes it into the document.
fn rooms() -> Result<(), Box<dyn Error>> {
    let (rounds, seconds, before) = (5, 2.0, report::load());
    rlimit::increase_nofile_limit(u64::MAX)?;
    let chat = server::build()?;
    let (joining, flood) = (rooms::joining(&chat, rounds)?, rooms::flood(&chat, rounds, seconds)?);
    let how = report::how(rounds, seconds, before)?;
    report::publish("rooms", &format!("{joining}\n{flood}\nEach is {how}\n"), true)
}

/// How many times less CPU per delivery than the textbook's a regression may leave.
const LEAST: f64 = 3.0;

/// Ends well as soon as one round is good enough: a busy computer can make a good server look bad,
/// but not a bad one good, since both have their turn in the same moment.
fn guard() -> Result<(), Box<dyn Error>> {
    let chat = server::build()?;
    let load = Load::guard();
    let mut best = 0.0_f64;
    for round in 1..=5 {
        let textbook = Server::Peer(Peer::TextbookNodelay).measure(&chat, &load, 0.5)?;
        let ours = Server::Ours.measure(&chat, &load, 0.5)?;
        let (textbook, ours) = (textbook.cpu, ours.cpu);
        best = best.max(textbook / ours);
        writeln!(
            io::stdout(),
            "round {round}: {ours:.3} us per delivery, the textbook {textbook:.3}: {:.1} times",
            textbook / ours
        )?;
        if best >= LEAST {
            return Ok(());
        }
    }
    Err(format!("{best:.1} times less CPU than the textbook at best, and not {LEAST:.1}").into())
}
