//! The flags of what talks to a server that runs, and what they ask for.

use std::io::{self, IsTerminal};

use clap::{Args, Subcommand};

use super::addr::{Addr, Host};
use super::error::Wrong;
use crate::name::{Name, RoomName};
use crate::remote::{Remote, Send, Target, Trace, Why};

/// What talks to a server that runs.
#[derive(Debug, Subcommand)]
pub(super) enum RemoteCommand {
    /// Tell what happens inside a server that runs
    ///
    /// First what its flight recorder remembers, then all that happens, until Ctrl-C. The server
    /// shows it on its own computer, and elsewhere if it was started with --xray all.
    Trace(TraceFlags),
    /// Say something in a room of a server that runs
    ///
    /// Each message is waited for until it is stored, and its number is on stdout then. The exit code
    /// is 1 if the server cannot be reached or refuses one.
    Send(SendFlags),
    /// Ask a server that runs who has a message, who has not, and why
    Why(WhyFlags),
}

impl RemoteCommand {
    pub(super) fn remote(self) -> Result<Remote, Wrong> {
        Ok(match self {
            Self::Trace(flags) => Remote::Trace(flags.trace()?),
            Self::Send(flags) => Remote::Send(flags.send()?),
            Self::Why(flags) => Remote::Why(flags.why()?),
        })
    }
}

/// Which server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which server")]
pub(super) struct ServerFlags {
    /// Where it is: localhost:8080, :8081, http://chat.example.org:8080/rooms/tea
    #[arg(short, long, value_name = "URL", default_value = "http://localhost:8080")]
    server: String,

    /// The room, instead of that of the URL or the lobby
    #[arg(short, long, value_name = "ROOM")]
    room: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is told")]
pub(super) struct TraceFlags {
    #[command(flatten)]
    server: ServerFlags,

    /// Only of this client, by its number
    #[arg(long, value_name = "N")]
    client: Option<u64>,

    /// As JSON, an object a line, which `chat xray` reads
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is said")]
pub(super) struct SendFlags {
    #[command(flatten)]
    server: ServerFlags,

    /// Under which name [default: that of whoever runs this, or one like it that is free]
    #[arg(short, long, value_name = "NAME")]
    name: Option<String>,

    /// To this member alone; repeat it for several
    #[arg(long, value_name = "NAME")]
    to: Vec<String>,

    /// What to say; without it each line of stdin is a message
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Which message")]
pub(super) struct WhyFlags {
    #[command(flatten)]
    server: ServerFlags,

    /// The number of the message in its room
    #[arg(value_name = "SEQ", value_parser = seq)]
    seq: u64,

    /// The answer as JSON
    #[arg(long)]
    json: bool,
}

impl ServerFlags {
    /// The server, and the room that was named.
    fn target(self) -> Result<(Target, Option<RoomName>), Wrong> {
        let (addr, path) = place(&self.server)?;
        let bad = |flag, why: &dyn std::fmt::Display| wrong(flag, why.to_string());
        let room = match (self.room.as_deref(), path) {
            (Some(room), _) => Some(RoomName::new(room).map_err(|why| bad("room", &why))?),
            (None, "") => None,
            (None, path) => match path.strip_prefix("rooms/") {
                Some(room) if !room.contains(['/', '%', '?', '#']) => {
                    Some(RoomName::new(room).map_err(|why| bad("server", &why))?)
                }
                _ => {
                    let why = format!(
                        "{path:?} is no room; write http://HOST:PORT/rooms/ROOM, or --room ROOM"
                    );
                    return Err(wrong("server", why));
                }
            },
        };
        Ok((target(&addr), room))
    }
}

/// An address and the path behind it, of a URL or of an address alone.
fn place(text: &str) -> Result<(Addr, &str), Wrong> {
    let rest = match text.split_once("://") {
        Some(("http", rest)) => rest,
        Some((scheme, _)) => {
            return Err(wrong(
                "server",
                format!("{scheme}: is not spoken; write http://HOST:PORT"),
            ));
        }
        None => text,
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let addr = host.parse().map_err(|why: super::AddrError| wrong("server", why.to_string()))?;
    Ok((addr, path))
}

fn target(addr: &Addr) -> Target {
    let host = match &addr.host {
        Host::Every | Host::Localhost => "localhost".into(),
        Host::Ip(ip) if ip.is_unspecified() => "localhost".into(),
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.clone(),
    };
    Target { host, port: addr.port }
}

impl TraceFlags {
    fn trace(self) -> Result<Trace, Wrong> {
        let (target, room) = self.server.target()?;
        Ok(Trace { target, room, client: self.client, json: self.json })
    }
}

impl SendFlags {
    fn send(self) -> Result<Send, Wrong> {
        let (target, room) = self.server.target()?;
        let name = |flag, name: &String| {
            Name::new(name).map_err(|why| wrong(flag, format!("{name:?}: {why}")))
        };
        let to = self.to.iter().map(|to| name("to", to)).collect::<Result<_, _>>()?;
        let said = self.name.as_ref().map(|said| name("name", said)).transpose()?;
        let text = (!self.text.is_empty()).then(|| self.text.join(" "));
        if text.is_none() && io::stdin().is_terminal() {
            return Err(Wrong::Usage("say what: chat send TEXT, or lines on stdin".into()));
        }
        let room = room.unwrap_or_else(RoomName::lobby);
        Ok(Send {
            target,
            room,
            is_named: said.is_some(),
            name: said.unwrap_or_else(own_name),
            to,
            text,
        })
    }
}

/// What the system calls whoever runs this, if that can be a name.
fn own_name() -> Name {
    let told =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let known = told.and_then(|name| Name::new(&name).ok());
    known.unwrap_or_else(|| Name::new("somebody").expect("it is one"))
}

impl WhyFlags {
    fn why(self) -> Result<Why, Wrong> {
        let (target, room) = self.server.target()?;
        let room = room.unwrap_or_else(RoomName::lobby);
        Ok(Why { target, room, seq: self.seq, json: self.json })
    }
}

fn seq(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "a message is asked for by its number, which chat send prints as seq=")
}

fn wrong(flag: &str, why: String) -> Wrong {
    Wrong::Usage(format!("--{flag}: {why}"))
}
