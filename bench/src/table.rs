//! From what was measured to the tables.

use crate::Rounds;
use crate::load::Load;
use crate::peers::Peer;
use crate::server::{Figures, Server};

/// The figures of everybody, and how ours compare with the targets.
pub fn tables(servers: &[Server], loads: &[Load], rounds: &Rounds) -> String {
    let of = |server: Server, load: usize, round: usize| -> Option<Figures> {
        let at = servers.iter().position(|one| *one == server)?;
        rounds[round][at][load]
    };
    format!("{}\n{}", figures(servers, loads, rounds.len(), of), targets(loads, rounds.len(), of))
}

fn figures(
    servers: &[Server],
    loads: &[Load],
    rounds: usize,
    of: impl Fn(Server, usize, usize) -> Option<Figures>,
) -> String {
    let mut text = String::from("| server |");
    for load in loads {
        text += &format!(" {} |", load.title);
    }
    text += " resident KiB per idle connection |\n|---|";
    text += &"---:|".repeat(loads.len() + 1);
    text += "\n";
    // Most clients tell best what one of them takes.
    let most = (0..loads.len()).max_by_key(|at| loads[*at].clients).unwrap_or_default();
    for server in servers {
        text += &format!("| {} |", server.title());
        for load in 0..loads.len() {
            let cpu = (0..rounds).filter_map(|round| Some(of(*server, load, round)?.cpu));
            text += &format!(" {} |", spread(cpu, 3));
        }
        let resident = (0..rounds).filter_map(|round| Some(of(*server, most, round)?.resident));
        text += &format!(" {} |\n", spread(resident, 1));
    }
    text
}

fn targets(
    loads: &[Load],
    rounds: usize,
    of: impl Fn(Server, usize, usize) -> Option<Figures>,
) -> String {
    let mut text = String::from("| `chat` | target | measured | |\n|---|---|---:|---|\n");
    let mut row = |what: String, most: f64, at_most: bool, ratios: Vec<f64>| {
        let (word, middle) = (if at_most { "at most" } else { "at least" }, median(&ratios));
        let met = if at_most { middle <= most } else { middle >= most };
        let met = if met { "met" } else { "**missed**" };
        text += &format!("| {what} | {word} {most} | {} | {met} |\n", spread(ratios, 2));
    };
    let best = |peers: [Peer; 2], load: usize, round: usize| {
        let seen = peers.into_iter().filter_map(|peer| of(Server::Peer(peer), load, round));
        seen.map(|figures| figures.cpu).min_by(f64::total_cmp)
    };
    let ours = |load, round| Some(of(Server::Ours, load, round)?.cpu);
    for (at, load) in loads.iter().enumerate() {
        let floor = |round| Some(of(Server::Peer(Peer::Floor), at, round)?.cpu);
        let ratios = (0..rounds).filter_map(|round| Some(ours(at, round)? / floor(round)?));
        let what = format!("{}: times the floor", load.title);
        row(what, load.of_the_floor, true, ratios.collect());
    }
    for (name, peers, least) in [
        ("textbook", [Peer::Textbook, Peer::TextbookNodelay], 5.0),
        ("`broadcast`", [Peer::Broadcast, Peer::BroadcastNodelay], 8.0),
    ] {
        for (at, load) in loads.iter().enumerate().filter(|(_, load)| load.is_flat_out) {
            let ratios =
                (0..rounds).filter_map(|round| Some(best(peers, at, round)? / ours(at, round)?));
            let what = format!("{}: times less than the better {name}", load.title);
            row(what, least, false, ratios.collect());
        }
    }
    if let Some(at) = (0..loads.len()).max_by_key(|at| loads[*at].clients) {
        let resident = (0..rounds).filter_map(|round| Some(of(Server::Ours, at, round)?.resident));
        let what = format!("KiB per idle guest, of {}", loads[at].clients);
        row(what, 2.0, true, resident.collect());
    }
    text
}

/// The middle one, and from where to where they go.
pub fn spread(samples: impl IntoIterator<Item = f64>, digits: usize) -> String {
    let mut sorted: Vec<_> = samples.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(least), Some(most)) => {
            let middle = median(&sorted);
            format!("{middle:.digits$} ({least:.digits$}-{most:.digits$})")
        }
        _ => "-".into(),
    }
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
