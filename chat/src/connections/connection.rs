//! One connection: its bytes under one guard, and what is given back when it is dropped.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::guarded::Guarded;
use super::net::{TcpStream, reset};
use crate::clock;
use crate::guard::{Guard, Quiet};
use crate::limits::Limits;
use crate::sessions::Place;

/// An accepted connection.
///
/// It reads and writes like a `TcpStream`, and what happens is seen as what it is: the end of the
/// input is a read of 0 bytes (the other side may still be reading), a connection that broke is
/// its own error, and a deadline that passed is an error of the kind `TimedOut` that
/// [`End::of`](crate::End::of) tells apart. `shutdown` ends the output alone.
///
/// Until it is [`opened`](Self::opened) or [`kept`](Self::kept), its client has
/// [`Limits::silence`] for the first byte and from then on [`Limits::handshake`]. A write that
/// makes no progress has [`Limits::blocked_write`], and no more than [`Limits::bytes_per_second`] a
/// second are read. Dropping it closes it and gives its place back; what its client did not take
/// is then dropped as well, and the client sees a reset.
pub struct Connection {
    stream: Guarded<TcpStream>,
    place: Place,
    stopping: CancellationToken,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        place: Place,
        limits: Arc<Limits>,
        stopping: CancellationToken,
    ) -> Self {
        stream.set_nodelay(true).ok();
        let guard = Guard::opening(limits, clock::now());
        Self { stream: Guarded::new(stream, guard), place, stopping }
    }

    /// Where it comes from.
    pub fn peer(&self) -> SocketAddr {
        self.place.peer()
    }

    /// Its place among all, which stays taken for as long as a clone of it is kept.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Is cancelled when the server is told to stop; who has not ended within [`Limits::drain`]
    /// is cut.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// The client has said what it wants: from now on it ends when for [`Limits::idle`] no byte
    /// moves in either direction.
    pub fn opened(&mut self) {
        self.stream.guard().opened(clock::now(), Quiet::Gone);
    }

    /// The client has said what it wants, and may then be quiet for as long as it likes: its
    /// protocol has a way of its own to know whether it is there.
    pub fn kept(&mut self) {
        self.stream.guard().opened(clock::now(), Quiet::Allowed);
    }

    /// Puts bytes back, to be read again before anything new.
    pub fn unread(&mut self, bytes: impl Into<Bytes>) {
        self.stream.unread(bytes.into());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Otherwise the kernel keeps for minutes what it could not send to who takes nothing.
        if self.stream.guard().is_blocked() {
            reset(self.stream.get_ref());
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer()).finish_non_exhaustive()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
