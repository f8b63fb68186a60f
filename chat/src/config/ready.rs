//! Every setting, checked.

use std::net::IpAddr;
use std::path::PathBuf;

use super::error::Wrong;
use super::pick::Pick;
use super::{Config, TraceFormat, TraceTo, bounds, nearest, retention, site};
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
        limits,
        data,
        durability,
        keep,
        trace,
        trace_format,
        trace_bodies,
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
