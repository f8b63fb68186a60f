//! The flags of `chat bench`, and the run that they describe.

use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};

use super::addr::{Addr, Host};
use super::error::Wrong;
use super::layer::Layer;
use crate::bench::{Plan, Target};
use crate::limits::MOST_BODY_BYTES;
use crate::wire::Wire;

/// Descriptors of the bench that are not clients.
const OTHER_DESCRIPTORS: u64 = 32;

#[derive(Debug, Args)]
#[command(next_help_heading = "What is measured")]
pub(super) struct BenchFlags {
    /// Clients in the lobby
    #[arg(short = 'n', long, value_name = "N", default_value = "1000", value_parser = value_parser!(u32).range(1..=1_000_000))]
    clients: u32,

    /// How many of them publish
    #[arg(short, long, value_name = "N", default_value = "1", value_parser = value_parser!(u32).range(1..=10_000))]
    publishers: u32,

    /// Further clients who come in and then read nothing
    #[arg(long, value_name = "N", hide_short_help = true, default_value = "0",
        value_parser = value_parser!(u32).range(0..=1_000_000))]
    stalled: u32,

    /// Messages a second, of all publishers together [default: as fast as they are delivered]
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u32).range(1..=10_000_000))]
    rate: Option<u32>,

    /// How long messages are published
    #[arg(short, long, value_name = "S", default_value = "3", value_parser = seconds)]
    seconds: f64,

    /// Messages to end with, if they come first
    #[arg(long, value_name = "N", hide_short_help = true, value_parser = value_parser!(u32).range(1..))]
    messages: Option<u32>,

    /// Bytes of each text
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = value_parser!(u32).range(Plan::LEAST_BYTES as i64..=MOST_BODY_BYTES as i64))]
    size: u32,

    /// How the clients speak: body (/room), pool (/ws), chat.v1, chat.v1-lines, text, text-lines
    #[arg(short, long, value_name = "FORMAT", default_value = "body", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(Wire::ALL.map(Wire::as_str)))]
    format: String,

    /// Messages on their way at once, of all publishers together
    #[arg(long, value_name = "N", hide_short_help = true, value_parser = value_parser!(u32).range(1..=1_000_000))]
    window: Option<u32>,

    /// A server that runs already, instead of one of its own
    #[arg(long, value_name = "ADDR")]
    to: Option<Addr>,

    /// Its process, to know what it uses
    #[arg(long, value_name = "PID", requires = "to", hide_short_help = true)]
    pid: Option<u32>,

    /// It may be on another computer: its owner agrees to be flooded
    #[arg(long, requires = "to", hide_short_help = true)]
    anywhere: bool,

    /// Report as a JSON object
    #[arg(long)]
    json: bool,

    /// Draw a chart of it as well
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number from 0.01 to 86400".into()),
    }
}

impl BenchFlags {
    /// Whether it is for a server of its own.
    pub(super) fn starts_server(&self) -> bool {
        self.to.is_none()
    }

    /// The run, of a server with the settings of `flags` and of `file`, which is at `config`.
    pub(super) fn plan(
        self,
        flags: &Layer,
        file: &Layer,
        config: Option<&Path>,
        descriptors: Option<u64>,
    ) -> Result<Plan, Wrong> {
        let (clients, publishers) = (self.clients as usize, self.publishers as usize);
        let stalled = self.stalled as usize;
        if publishers > clients {
            return Err(wrong(
                "publishers",
                format!("{publishers} of {clients} clients cannot publish"),
            ));
        }
        let needed = u64::from(self.clients) + u64::from(self.stalled) + OTHER_DESCRIPTORS;
        if let Some(most) = descriptors.filter(|most| needed > *most) {
            return Err(wrong(
                "clients",
                format!(
                    "{clients} need {needed} open files, and a process may have {most} here; chat doctor says how to raise that"
                ),
            ));
        }
        let bytes = self.size as usize;
        let target = match &self.to {
            Some(addr) => {
                let addr = resolved(addr)?;
                if !addr.ip().is_loopback() && !self.anywhere {
                    return Err(wrong(
                        "to",
                        format!(
                            "{addr} is another computer; if its owner agrees to be flooded, say so with --anywhere"
                        ),
                    ));
                }
                Target::Running { addr, pid: self.pid }
            }
            None => Target::Own(server(clients + stalled, flags, file, config)?),
        };
        Ok(Plan {
            clients,
            stalled,
            publishers,
            rate: self.rate,
            bytes,
            time: Duration::from_secs_f64(self.seconds),
            messages: self.messages,
            format: Wire::ALL
                .into_iter()
                .find(|wire| wire.as_str() == self.format)
                .unwrap_or(Wire::Body),
            window: self.window.map_or_else(|| Plan::window_for(bytes), |window| window as usize),
            target,
            json: self.json,
            svg: self.svg,
        })
    }
}

/// The arguments of a server for so many clients, which bounds nothing that is measured: what was
/// given, and for the rest as much as can be.
fn server(
    clients: usize,
    flags: &Layer,
    file: &Layer,
    config: Option<&Path>,
) -> Result<Vec<OsString>, Wrong> {
    if flags.get("addr").is_some() {
        let why = "chat bench starts a server at a free port; --to names one that runs";
        return Err(wrong("addr", why.into()));
    }
    let mut args = vec![OsString::from("--addr=127.0.0.1:0")];
    let connections = (clients + 64).to_string();
    let raised = [
        ("data", "off"),
        ("max-connections", &connections),
        ("max-handshakes", "1000000"),
        ("max-messages", "4294967295"),
        ("max-bytes", "1073741824"),
        ("max-message-bytes", "65536"),
    ];
    for (key, value) in raised {
        if flags.get(key).or(file.get(key)).is_none() {
            args.push(format!("--{key}={value}").into());
        }
    }
    for (key, value) in flags.each() {
        args.push(format!("--{key}={value}").into());
    }
    if let Some(path) = config {
        args.extend(["--config".into(), path.into()]);
    }
    Ok(args)
}

fn resolved(addr: &Addr) -> Result<SocketAddr, Wrong> {
    let found = match &addr.host {
        Host::Every | Host::Localhost => return Ok(([127, 0, 0, 1], addr.port).into()),
        Host::Ip(ip) => return Ok((*ip, addr.port).into()),
        Host::Name(name) => (name.as_str(), addr.port).to_socket_addrs(),
    };
    let found = found.ok().and_then(|mut addrs| addrs.next());
    found.ok_or_else(|| wrong("to", format!("{} has no address", addr)))
}

fn wrong(flag: &str, why: String) -> Wrong {
    Wrong::Usage(format!("--{flag}: {why}"))
}
