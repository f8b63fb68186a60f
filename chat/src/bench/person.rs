//! One client: its socket, and what is half read and half written.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mio::net::TcpStream;
use socket2::{Domain, Socket, Type};

use super::fault::Fault;

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Connecting,
    /// The head of the answer to its handshake is due.
    Head,
    /// Its welcome is due.
    Login,
    In,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) stream: TcpStream,
    pub(super) stage: Stage,
    /// The beginning of something that is not whole yet.
    half: Vec<u8>,
    /// What is still to be written.
    pub(super) out: Vec<u8>,
    written: usize,
}

/// Clients that share a source address: fewer than a system has ports for.
const PER_SOURCE: usize = 10_000;

impl Person {
    /// Begins to connect.
    pub(super) fn connect(number: usize, to: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = source(number, to) {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        match socket.connect(&to.into()) {
            Err(error) if !in_progress(&error) => return Err(error),
            _ => {}
        }
        let stream = TcpStream::from_std(socket.into());
        let (half, out) = (Vec::new(), Vec::new());
        Ok(Self { stream, stage: Stage::Connecting, half, out, written: 0 })
    }

    /// Reads what there is into `buffer`, behind what was left of before, and hands all of it to
    /// `take`, which says how much of it was whole. `to_the_end`: until there is nothing, and not
    /// only until less came than fits.
    ///
    /// # Errors
    /// Those of `take`; the connection ended or broke; something does not fit into `buffer`.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        to_the_end: bool,
        mut take: impl FnMut(&mut Self, &[u8]) -> Result<usize, Fault>,
    ) -> Result<(), Fault> {
        loop {
            let before = self.half.len();
            buffer[..before].copy_from_slice(&self.half);
            let space = buffer.len() - before;
            let come = match self.stream.read(&mut buffer[before..]) {
                Ok(0) => return Err(Fault::Ended),
                Ok(come) => come,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Io(error)),
            };
            let all = &buffer[..before + come];
            let whole = take(self, all)?;
            self.half.clear();
            self.half.extend_from_slice(&all[whole..]);
            if self.half.len() == buffer.len() {
                return Err(Fault::Long);
            }
            // A socket that had less is empty, and tells when that changes.
            if come < space && !to_the_end && cfg!(unix) {
                return Ok(());
            }
        }
    }

    /// Writes as much as the kernel takes of what is to be written. Says whether that was all.
    pub(super) fn write(&mut self) -> Result<bool, Fault> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Io(error)),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(true)
    }
}

/// Where a client comes from, where that is ours to choose: every address of 127.0.0.0/8 is this
/// computer, and each of them has ports of its own. The first is what everybody has.
fn source(number: usize, to: SocketAddr) -> Option<IpAddr> {
    let block = u32::try_from(number / PER_SOURCE).ok().filter(|block| *block > 0)?;
    let first = u32::from(Ipv4Addr::LOCALHOST);
    (to.is_ipv4() && to.ip().is_loopback()).then(|| Ipv4Addr::from(first + block).into())
}

fn in_progress(error: &io::Error) -> bool {
    // `ErrorKind::InProgress` is not stable yet.
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(IN_PROGRESS)
}

/// EINPROGRESS.
const IN_PROGRESS: i32 = if cfg!(target_os = "linux") { 115 } else { 36 };
