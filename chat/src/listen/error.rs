//! Why an address cannot be listened on, and what to try.

use std::fmt;
use std::io;

use crate::config::{Addr, Host};

/// An address that cannot be listened on. `Display` says why in the words of the address;
/// [`hint`](ListenError::hint) says what to try.
#[derive(Debug)]
pub struct ListenError {
    pub(super) addr: Addr,
    pub(super) why: Why,
}

#[derive(Debug)]
pub(super) enum Why {
    InUse,
    /// Another address of the same command line has it.
    Overlaps(Addr),
    NotAllowed,
    NotOurs,
    Unresolved(io::Error),
    Failed(io::Error),
}

impl ListenError {
    /// What to try instead.
    #[must_use]
    pub fn hint(&self) -> String {
        let ListenError { addr, why } = self;
        let free = "or any free port: chat --addr localhost:0";
        match why {
            Why::InUse => {
                let next = addr.with_port(addr.port.checked_add(1).unwrap_or(8080));
                format!("It may be another chat.   Try: chat --addr {next}     {free}")
            }
            Why::Overlaps(ours) => {
                format!("Give only one of them: chat --addr {}", wider(ours, addr))
            }
            Why::NotAllowed if addr.port < 1024 => format!(
                "Ports below 1024 need a privilege.   Try: chat --addr {}{}",
                addr.with_port(8080),
                match cfg!(target_os = "linux") {
                    true => ", or once: sudo setcap cap_net_bind_service=+ep $(command -v chat)",
                    false => "",
                }
            ),
            Why::NotAllowed => {
                format!("Try: chat --addr {}     {free}", addr.with_port(8080))
            }
            Why::NotOurs => format!(
                "Try: chat --addr localhost:{port} (only this computer can connect) \
                 or chat --addr :{port} (every interface)",
                port = addr.port
            ),
            Why::Unresolved(_) => format!(
                "Try an address instead of the name: chat --addr localhost:{port} \
                 or chat --addr :{port}",
                port = addr.port
            ),
            Why::Failed(_) => format!("Try: chat --addr localhost:8080     {free}"),
        }
    }
}

/// Of two addresses that overlap, the one that includes the other.
fn wider<'a>(a: &'a Addr, b: &'a Addr) -> &'a Addr {
    match b.host {
        Host::Every => b,
        Host::Ip(ip) if ip.is_unspecified() => b,
        _ => a,
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListenError { addr, why } = self;
        match why {
            Why::InUse => write!(f, "port {} is already in use", addr.port),
            Why::Overlaps(ours) => write!(f, "--addr {ours} and --addr {addr} overlap"),
            Why::NotAllowed if addr.port < 1024 => {
                write!(f, "not allowed to listen on port {}", addr.port)
            }
            Why::NotAllowed => write!(f, "not allowed to listen on {addr}"),
            Why::NotOurs => write!(f, "{addr} is not an address of this computer"),
            Why::Unresolved(_) => write!(f, "cannot find the address of {addr}"),
            Why::Failed(_) => write!(f, "cannot listen on {addr}"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            Why::Unresolved(source) | Why::Failed(source) => Some(source),
            _ => None,
        }
    }
}
