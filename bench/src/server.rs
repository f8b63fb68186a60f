//! One server in a process of its own, and what `chat bench` says of it.

use std::error::Error;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::load::Load;
use crate::peers::Peer;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");

/// Whom a round measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Peer(Peer),
    Ours,
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Microseconds of the server's CPU for each delivery.
    pub cpu: f64,
    /// KiB of the server's memory for each idle connection.
    pub resident: f64,
}

/// Ends when it is dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Builds `chat` as people get it, and says where it is.
pub fn build() -> Result<PathBuf, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--package", "chat", "--bin", "chat"]);
    command.args(["--manifest-path", ROOT, "--message-format", "json-render-diagnostics"]);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("chat does not build".into());
    }
    let lines = String::from_utf8(output.stdout)?;
    let mut executable = lines.lines().filter_map(|line| {
        let built: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(built["executable"].as_str()?))
    });
    Ok(executable.next_back().ok_or("cargo does not say where it put chat")?)
}

impl Server {
    pub fn name(self) -> &'static str {
        match self {
            Self::Peer(peer) => peer.name(),
            Self::Ours => "chat",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Peer(peer) => peer.title(),
            Self::Ours => "**`chat`**",
        }
    }

    /// Starts it, measures it for so many seconds, and ends it.
    pub fn measure(
        self,
        chat: &Path,
        load: &Load,
        seconds: f64,
    ) -> Result<Figures, Box<dyn Error>> {
        let mut args = load.args.iter().map(|arg| arg.to_string()).collect::<Vec<_>>();
        let mut running = None;
        if let Self::Peer(peer) = self {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["peer", peer.name()]).stdin(Stdio::null()).stdout(Stdio::piped());
            let Running(child) = running.insert(Running(command.spawn()?));
            let mut port = String::new();
            let stdout = child.stdout.take().ok_or("no stdout")?;
            BufReader::new(stdout).read_line(&mut port)?;
            args.extend(["--to".into(), format!("127.0.0.1:{}", port.trim())]);
            args.extend(["--pid".into(), child.id().to_string()]);
        }
        let report = bench(chat, &args, seconds);
        drop(running);
        Figures::of(&report?)
    }
}

/// Lets `chat bench` do some work, and hands back its report.
pub fn bench(
    chat: &Path,
    args: &[impl AsRef<OsStr>],
    seconds: f64,
) -> Result<Value, Box<dyn Error>> {
    let mut bench = Command::new(chat);
    bench.args(["bench", "--json", "--seconds", &seconds.to_string()]).args(args);
    let output = bench.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

impl Figures {
    pub fn of(report: &Value) -> Result<Self, Box<dyn Error>> {
        let figure = |name: &str| report[name].as_f64().ok_or("this needs /proc, as on Linux");
        Ok(Self {
            cpu: figure("cpu_us_per_delivery")?,
            resident: figure("resident_kib_per_connection")?,
        })
    }
}
