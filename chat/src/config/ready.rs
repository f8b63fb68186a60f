//! Every setting, checked.

use std::net::IpAddr;
use std::path::PathBuf;

use super::error::Wrong;
use super::pick::Pick;
use super::{Config, TraceFormat, TraceTo, nearest, site};
use crate::history::Durability;
use crate::limits::Limits;

/// The most that `--max-connections` takes: more than one computer has ports and memory for.
const MOST_CONNECTIONS: usize = 10_000_000;

pub(super) fn ready(pick: &mut Pick, descriptors: Option<u64>) -> Result<Config, Wrong> {
    let limits = Limits::default();
    let derived = descriptors.map_or(limits.connections, Limits::connections_for);
    let addrs = pick.all("addr", &["localhost:8080"], str::parse)?;
    if addrs.is_empty() {
        return Err(pick.refuse("addr", "give at least one address"));
    }
    let hosts = pick.all("host", &[], site::host)?;
    let origins = pick.all("allow-origin", &[], site::origin)?;
    let proxies = pick.all("trust-proxy", &[], proxy)?;
    let max_connections = pick.one("max-connections", &derived.to_string(), connections)?;
    let max_connections_per_address = pick.one(
        "max-connections-per-address",
        &limits.connections_per_address.to_string(),
        connections,
    )?;
    let max_messages =
        pick.one("max-messages", &limits.messages_per_second.to_string(), messages)?;
    let data = pick.one("data", "chat.db", data)?;
    let durability = pick.one("durability", "power", |text| {
        word(text, [("power", Durability::Power), ("process", Durability::Process)])
    })?;
    let trace = pick.one("trace", "off", TraceTo::parse)?;
    let trace_format = pick.one("trace-format", "text", |text| {
        word(text, [("text", TraceFormat::Text), ("json", TraceFormat::Json)])
    })?;
    #[cfg(feature = "tracing")]
    if (&trace, trace_format) == (&TraceTo::Tracing, TraceFormat::Json) {
        return Err(pick.refuse("trace-format", "--trace tracing has a format of its own"));
    }
    let bodies = if trace == TraceTo::Stdout { "show" } else { "hide" };
    let trace_bodies =
        pick.one("trace-bodies", bodies, |text| word(text, [("show", true), ("hide", false)]))?;
    Ok(Config {
        addrs,
        hosts,
        origins,
        proxies,
        max_connections,
        max_connections_per_address,
        max_messages,
        data,
        durability,
        trace,
        trace_format,
        trace_bodies,
    })
}

fn proxy(text: &str) -> Result<IpAddr, String> {
    let not = || format!("{text:?} is no IP address; write the one that the proxy connects from");
    text.parse().map_err(|_| not())
}

fn connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=MOST_CONNECTIONS) => Ok(number),
        _ => Err(format!("{text:?} is not a number from 1 to {MOST_CONNECTIONS}")),
    }
}

fn data(text: &str) -> Result<Option<PathBuf>, &'static str> {
    match text {
        "" => Err("name a file, or off"),
        "off" => Ok(None),
        path => Ok(Some(path.into())),
    }
}

fn messages(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(format!("{text:?} is not a number from 1 to {}", u32::MAX)),
    }
}

fn word<T>(text: &str, words: [(&str, T); 2]) -> Result<T, String> {
    let [(first, a), (second, b)] = words;
    if text == first {
        return Ok(a);
    }
    if text == second {
        return Ok(b);
    }
    let near = nearest::nearest(text, [first, second]);
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Err(format!("{text:?} is neither {first} nor {second}{near}"))
}
