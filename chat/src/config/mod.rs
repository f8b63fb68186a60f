//! The configuration: flags, then `CHAT_*` variables, then a file, then defaults; read as text
//! with its source (raw), then checked once into [`Config`] (ready).

mod addr;
mod bounds;
mod commands;
mod error;
mod file;
mod flags;
mod inside;
mod layer;
mod measure;
mod nearest;
mod pick;
mod ready;
mod remote;
mod retention;
mod site;
mod trace_to;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use clap::error::ErrorKind;

pub use addr::{Addr, AddrError, Host};
pub use error::ConfigError;
pub use trace_to::{TraceFormat, TraceTo};

use commands::Command;
use error::Wrong;
use flags::Flags;
use layer::Layer;
use pick::Pick;

use crate::bench::Plan;
use crate::doctor::doctor;
use crate::history::{Durability, Retention};
use crate::limits::Limits;
use crate::operations::Operation;
use crate::remote::Remote;
use crate::web::{Access, Xray};

/// Everything from outside, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen; never empty. Default `localhost:8080`.
    pub addrs: Vec<Addr>,
    /// Host names to serve besides IP addresses, `localhost` and this computer's name, in lower
    /// case. Default none.
    pub hosts: Vec<String>,
    /// Origins of pages from elsewhere that may connect, as browsers write them. Default none.
    pub origins: Vec<String>,
    /// Proxies that are believed when they say for whom they ask. Default none.
    pub proxies: Vec<IpAddr>,
    /// The bounds of the server. By default those of [`Limits`], with
    /// [`Limits::connections_for`] the descriptors of the process, where these are known.
    pub limits: Limits,
    /// The file that keeps what is said; `None` keeps it in memory only. Default `chat.db`.
    pub data: Option<PathBuf>,
    /// What an acknowledged message survives. Default [`Durability::Power`].
    pub durability: Durability,
    /// How much of what is said is kept. Default: all of it.
    pub keep: Retention,
    /// Where the trace goes. Default [`TraceTo::Off`].
    pub trace: TraceTo,
    /// How a trace line looks. Default [`TraceFormat::Text`].
    pub trace_format: TraceFormat,
    /// Whether what people write is in the trace. Default: only when it goes to stdout.
    pub trace_bodies: bool,
    /// Who may look inside over HTTP. Default [`Xray::Loopback`].
    pub xray: Xray,
    /// Whether there is a flight recorder. Default yes.
    pub flight: bool,
    /// Whether it has what people write. Default no, also where the trace has it by default.
    pub flight_bodies: bool,
    /// Whether the end of stdin is a signal to stop. Default no.
    pub attached: bool,
}

/// What a command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    Serve(Box<Config>),
    Operation(Operation),
    Remote(Box<Remote>),
    Bench(Box<Plan>),
    Listing(String),
}

impl From<Operation> for Asked {
    fn from(operation: Operation) -> Asked {
        Asked::Operation(operation)
    }
}

impl Asked {
    /// Of this process, by its arguments, its environment and the file that they name. `None`: it
    /// was help, the version or the settings, and the answer is on stdout.
    pub(crate) fn from_process(descriptors: Option<u64>) -> Result<Option<Asked>, ConfigError> {
        let flags = match Flags::try_parse_from(std::env::args_os()) {
            Ok(flags) => flags,
            Err(error) if error.exit_code() == 0 => return answered(error.print()),
            Err(error) => return Err(usage(&error).into()),
        };
        match ask(flags, |name| std::env::var_os(name), descriptors)? {
            Asked::Listing(text) => answered(io::stdout().lock().write_all(text.as_bytes())),
            asked => Ok(Some(asked)),
        }
    }
}

impl Config {
    /// The hosts that are served and the origins that may connect, with this computer's name
    /// among the hosts.
    #[must_use]
    pub fn access(&self) -> Access {
        let mut hosts = self.hosts.clone();
        hosts.extend(this_computer().filter(|name| !self.hosts.contains(name)));
        Access {
            hosts,
            origins: self.origins.clone(),
            proxies: self.proxies.clone(),
            xray: self.xray,
        }
    }
}

/// This computer's name in lower case, as others on its network may know it.
pub(crate) fn this_computer() -> Option<String> {
    let name = gethostname::gethostname().to_string_lossy().to_lowercase();
    Some(name).filter(|name| !name.is_empty())
}

fn ask(
    flags: Flags,
    env: impl Fn(&str) -> Option<OsString>,
    descriptors: Option<u64>,
) -> Result<Asked, Wrong> {
    let config = flags.config.clone();
    let (command, flags) = flags.split();
    // What starts no server has no settings of one, and needs none to be right.
    let no_server = |otherwise: &str| {
        let first = flags.each().next().map(|(key, _)| key);
        match first.or(config.as_ref().map(|_| "config")) {
            Some(flag) => {
                Err(Wrong::Usage(format!("--{flag}: no server is started here{otherwise}")))
            }
            None => Ok(()),
        }
    };
    match command {
        Some(Command::Doctor) => {
            no_server("")?;
            Ok(Asked::Listing(doctor(descriptors)))
        }
        Some(Command::Xray { file }) => {
            no_server("")?;
            Ok(Operation::Xray(file).into())
        }
        Some(Command::Remote(remote)) => {
            no_server("; --server names one that runs")?;
            Ok(Asked::Remote(remote.remote()?.into()))
        }
        Some(Command::Bench(bench)) => {
            if !bench.starts_server() {
                no_server("")?;
            }
            // Its server is given what the command line says, wherever it is run, and all of that
            // has to be right.
            let file = file::named(config.as_deref(), |_| None)?;
            let plan = bench.plan(&flags, &file, config.as_deref(), descriptors)?;
            ready::ready(&mut Pick::new(flags, Layer::default(), file), descriptors)?;
            Ok(Asked::Bench(plan.into()))
        }
        command => {
            let file = file::named(config.as_deref(), &env)?;
            configured(command, Pick::new(flags, Layer::from_env(env)?, file), descriptors)
        }
    }
}

/// What is asked of a server, or of the file that it has.
fn configured(
    command: Option<Command>,
    mut pick: Pick,
    descriptors: Option<u64>,
) -> Result<Asked, Wrong> {
    let mut config = ready::ready(&mut pick, descriptors)?;
    config.attached = matches!(command, Some(Command::Attached));
    Ok(match command {
        Some(Command::Config) => Asked::Listing(pick.listing()),
        Some(Command::Check { file }) => Operation::Check(kept(file, config.data)?).into(),
        Some(Command::Export { file }) => Operation::Export(kept(file, config.data)?).into(),
        Some(Command::Backup { file: to }) => {
            Operation::Backup { path: kept(None, config.data)?, to }.into()
        }
        Some(Command::Import { file }) => Operation::Import(kept(file, config.data)?).into(),
        _ => Asked::Serve(config.into()),
    })
}

/// The file of an operation: the one that was named, or the one that a server has.
fn kept(named: Option<PathBuf>, data: Option<PathBuf>) -> Result<PathBuf, Wrong> {
    named.or(data).ok_or(Wrong::NoFile)
}

/// A reader that has gone (`chat --help | head`) has what it wanted.
fn answered(written: io::Result<()>) -> Result<Option<Asked>, ConfigError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Wrong::Stdout(error).into()),
        _ => Ok(None),
    }
}

fn usage(error: &clap::Error) -> Wrong {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    Wrong::Usage(match error.kind() {
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".into(),
        _ => text.into(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
