//! The server that is measured: ours in a process of its own, or one that runs.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::error::BenchError;
use super::plan::Target;
use super::usage::Process;

/// A server to connect to. One of our own ends with it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    /// Whose figures are read, if that is known.
    pub(super) process: Option<Process>,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    /// Holds the other end of its stdin, with which it ends however we end.
    child: Child,
    /// What it says is kept for when it fails; there is little of it.
    stderr: BufReader<ChildStderr>,
}

impl Server {
    pub(super) fn start(target: &Target) -> Result<Self, BenchError> {
        let args = match target {
            Target::Running { addr, pid } => {
                return Ok(Self { addr: *addr, process: pid.map(Process), own: None });
            }
            Target::Own(args) => args,
        };
        let mut command = Command::new(std::env::current_exe().map_err(BenchError::Start)?);
        // What is measured is what the command line says, wherever it is run.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CHAT_") {
                command.env_remove(name);
            }
        }
        command.arg("attached").args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Ctrl-C is for us.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(BenchError::Start)?;
        let stderr =
            child.stderr.take().ok_or_else(|| BenchError::Start(io::Error::other("no stderr")))?;
        let mut own = Own { child, stderr: BufReader::new(stderr) };
        let mut banner = String::new();
        own.stderr.read_line(&mut banner).map_err(BenchError::Start)?;
        let url = banner.split(' ').find_map(|word| word.strip_prefix("url="));
        let port = url.and_then(|url| url.rsplit(':').next()).and_then(|port| port.parse().ok());
        let Some(port) = port else {
            own.stderr.read_to_string(&mut banner).ok();
            return Err(BenchError::Server(banner.trim_end().to_owned()));
        };
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self { addr, process: Some(Process(own.child.id())), own: Some(own) })
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<BenchError> {
        let own = self.own.as_mut()?;
        let status = own.child.try_wait().ok().flatten()?;
        let mut said = String::new();
        own.stderr.read_to_string(&mut said).ok();
        Some(BenchError::Server(format!("it ended with {status}\n{said}").trim_end().to_owned()))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // It has ended already, or does now.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
