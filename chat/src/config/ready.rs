//! Every setting, checked.

use std::net::IpAddr;
use std::path::PathBuf;

use super::error::Wrong;
use super::pick::Pick;
use super::{Config, bounds, inside, nearest, retention, site};
use crate::history::Durability;

pub(super) fn ready(pick: &mut Pick, descriptors: Option<u64>) -> Result<Config, Wrong> {
    let addrs = pick.all("addr", &["localhost:8080"], str::parse)?;
    if addrs.is_empty() {
        return Err(pick.refuse("addr", "give at least one address"));
    }
    let hosts = pick.all("host", &[], site::host)?;
    let origins = pick.all("allow-origin", &[], site::origin)?;
    let proxies = pick.all("trust-proxy", &[], proxy)?;
    let limits = bounds::chosen(pick, descriptors)?;
    let data = pick.one("data", "chat.db", data)?;
    let durability = pick.one("durability", "power", |text| {
        word(text, [("power", Durability::Power), ("process", Durability::Process)])
    })?;
    let keep = retention::chosen(pick)?;
    let inside = inside::chosen(pick)?;
    Ok(Config {
        addrs,
        hosts,
        origins,
        proxies,
        limits,
        data,
        durability,
        keep,
        trace: inside.trace,
        trace_format: inside.trace_format,
        trace_bodies: inside.trace_bodies,
        xray: inside.xray,
        flight: inside.flight,
        flight_bodies: inside.flight_bodies,
        attached: false,
    })
}

fn proxy(text: &str) -> Result<IpAddr, String> {
    let not = || format!("{text:?} is no IP address; write the one that the proxy connects from");
    text.parse().map_err(|_| not())
}

fn data(text: &str) -> Result<Option<PathBuf>, &'static str> {
    match text {
        "" => Err("name a file, or off"),
        "off" => Ok(None),
        path => Ok(Some(path.into())),
    }
}

/// What one of some words stands for.
pub(super) fn word<T, const N: usize>(text: &str, words: [(&str, T); N]) -> Result<T, String> {
    let known = words.each_ref().map(|(word, _)| *word);
    if let Some((_, value)) = words.into_iter().find(|(word, _)| *word == text) {
        return Ok(value);
    }
    let near = nearest::nearest(text, known);
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Err(match known.as_slice() {
        [first, second] => format!("{text:?} is neither {first} nor {second}{near}"),
        words => format!("{text:?} is none of {}{near}", words.join(", ")),
    })
}
