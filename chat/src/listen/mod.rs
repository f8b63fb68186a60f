//! From the addresses asked for to bound listeners, and what to try when one cannot be had.

mod error;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket};

pub use error::ListenError;

use error::Why;

use crate::config::{Addr, Host};
use crate::limits::{KEEPALIVE, KEEPALIVE_PROBES, LISTEN_BACKLOG, SEND_BUFFER_BYTES};

/// How many addresses of one name are listened on.
const NAME_ADDRESSES: usize = 16;

/// How often another free port is tried, when a port is free on one loopback and taken on the
/// other.
const FREE_PORT_TRIES: usize = 8;

/// Bound listeners, ready to be served.
#[derive(Debug, Default)]
pub struct Listening {
    /// The listeners; several for one address that means several interfaces.
    pub listeners: Vec<TcpListener>,
    /// The addresses as they were asked for, each with the port that it got.
    pub addrs: Vec<Addr>,
    /// The port that the first 0 became.
    free: Option<u16>,
}

/// Listens on every address, in order.
///
/// `localhost` is both loopbacks and is content with one on a computer without the other. A port
/// 0 becomes a free port, the same for all addresses that leave it open, as far as it is free
/// there too.
///
/// Accepted connections inherit the send buffer of 64 KiB, and the probes by which a network that
/// is gone is noticed, where the system does that (Linux).
///
/// # Errors
/// The first address that cannot be had; nothing stays bound.
pub async fn listen(addrs: &[Addr]) -> Result<Listening, ListenError> {
    let mut listening = Listening::default();
    for addr in addrs {
        let added = listening.add(addr).await;
        added.map_err(|why| ListenError { addr: addr.clone(), why })?;
    }
    Ok(listening)
}

impl Listening {
    /// Whether only this computer can connect to `addr`, one of [`addrs`](Listening::addrs).
    #[must_use]
    pub fn only_here(&self, addr: &Addr) -> bool {
        match &addr.host {
            Host::Every => false,
            Host::Localhost => true,
            Host::Ip(ip) => ip.is_loopback(),
            Host::Name(_) => self
                .listeners
                .iter()
                .filter_map(|listener| listener.local_addr().ok())
                .filter(|at| at.port() == addr.port)
                .all(|at| at.ip().is_loopback()),
        }
    }

    async fn add(&mut self, addr: &Addr) -> Result<(), Why> {
        let ips = interfaces(&addr.host).await.map_err(Why::Unresolved)?;
        let (first, again) = match addr.port {
            0 => (self.free.unwrap_or(0), FREE_PORT_TRIES),
            port => (port, 0),
        };
        let mut bound = self.bind(&addr.host, &ips, first);
        for _ in 0..again {
            if bound.as_ref().is_err_and(|error| error.kind() == ErrorKind::AddrInUse) {
                bound = self.bind(&addr.host, &ips, 0);
            }
        }
        let (listeners, port) = bound.map_err(|error| self.why(addr, error))?;
        self.listeners.extend(listeners);
        self.addrs.push(addr.with_port(port));
        if addr.port == 0 {
            self.free.get_or_insert(port);
        }
        Ok(())
    }

    /// Listeners on all of `ips`, at one port. An interface that does not exist is left out as
    /// long as another one does; one that we listen on already is not listened on twice.
    fn bind(
        &self,
        host: &Host,
        ips: &[IpAddr],
        mut port: u16,
    ) -> io::Result<(Vec<TcpListener>, u16)> {
        let mut bound: Vec<TcpListener> = Vec::new();
        let mut ours = false;
        let mut missing = None;
        for ip in ips {
            let at = SocketAddr::new(*ip, port);
            if self.has(at) {
                ours = true;
                continue;
            }
            match bind(at) {
                Ok(listener) => {
                    port = listener.local_addr()?.port();
                    bound.push(listener);
                }
                // Where IPv6 listens for IPv4 too, the second interface is taken by the first.
                Err(Unbound::Failed(error))
                    if *host == Host::Every
                        && !bound.is_empty()
                        && error.kind() == ErrorKind::AddrInUse => {}
                Err(Unbound::Missing(error)) => missing = Some(error),
                Err(Unbound::Failed(error)) => return Err(error),
            }
        }
        match missing {
            Some(error) if bound.is_empty() && !ours => Err(error),
            _ => Ok((bound, port)),
        }
    }

    fn has(&self, at: SocketAddr) -> bool {
        self.listeners.iter().any(|listener| listener.local_addr().is_ok_and(|ours| ours == at))
    }

    fn why(&self, addr: &Addr, error: io::Error) -> Why {
        match error.kind() {
            ErrorKind::AddrInUse => match self.addrs.iter().find(|ours| ours.port == addr.port) {
                Some(ours) => Why::Overlaps(ours.clone()),
                None => Why::InUse,
            },
            ErrorKind::PermissionDenied => Why::NotAllowed,
            ErrorKind::AddrNotAvailable => Why::NotOurs,
            _ => Why::Failed(error),
        }
    }
}

/// The addresses that a host stands for. IPv6 comes first for every interface, because it may
/// bring IPv4 with it; last for localhost, because it is the one that may be missing.
async fn interfaces(host: &Host) -> io::Result<Vec<IpAddr>> {
    match host {
        Host::Every => Ok(vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()]),
        Host::Localhost => Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
        Host::Ip(ip) => Ok(vec![*ip]),
        Host::Name(name) => {
            let mut ips: Vec<IpAddr> = Vec::new();
            for at in tokio::net::lookup_host((name.as_str(), 0)).await?.take(NAME_ADDRESSES) {
                if !ips.contains(&at.ip()) {
                    ips.push(at.ip());
                }
            }
            match ips.is_empty() {
                true => Err(io::Error::new(ErrorKind::NotFound, "the name has no address")),
                false => Ok(ips),
            }
        }
    }
}

enum Unbound {
    /// This computer has no such address, or not that version of IP at all.
    Missing(io::Error),
    Failed(io::Error),
}

fn bind(at: SocketAddr) -> Result<TcpListener, Unbound> {
    let socket = match at {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
    .map_err(Unbound::Missing)?;
    let listen = || {
        // Elsewhere than on Unix this would let another program take over a port in use.
        if cfg!(unix) {
            socket.set_reuseaddr(true)?;
        }
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        let probes = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_PROBES);
        let options = SockRef::from(&socket);
        options.set_tcp_keepalive(&probes)?;
        #[cfg(target_os = "linux")]
        options.set_tcp_user_timeout(Some(crate::limits::UNACKNOWLEDGED))?;
        socket.bind(at)
    };
    let bound = listen().and_then(|()| socket.listen(LISTEN_BACKLOG));
    bound.map_err(|error| match error.kind() {
        ErrorKind::AddrNotAvailable => Unbound::Missing(error),
        _ => Unbound::Failed(error),
    })
}

#[cfg(test)]
mod tests;
