//! The write side of one connection: the only owner of what is on its way to the client.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Frames one write takes at most; the kernel takes no more than 1,024 buffers.
const SLICES: usize = 64;

/// Whole frames in the order in which they are written; a frame in progress is always finished
/// before another begins.
pub(super) struct Outgoing<W> {
    write: W,
    frames: VecDeque<Bytes>,
    waiting: usize,
    /// Bytes up to the end of the batch in progress.
    batch: usize,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    pub(super) fn new(write: W) -> Self {
        Self { write, frames: VecDeque::new(), waiting: 0, batch: 0 }
    }

    pub(super) fn push(&mut self, frame: Bytes) {
        if !frame.is_empty() {
            self.waiting += frame.len();
            self.frames.push_back(frame);
        }
    }

    /// Everything pushed so far is a batch, of which [`Outgoing::write`] tells the end.
    pub(super) fn end_batch(&mut self) {
        self.batch = self.waiting;
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn in_batch(&self) -> bool {
        self.batch > 0
    }

    /// Writes what the client takes now, at least a byte. Cancelling it loses nothing.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_write(cx)).await
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, frame) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(frame);
            count += 1;
        }
        let write = Pin::new(&mut self.write);
        let written = match write.is_write_vectored() {
            true => ready!(write.poll_write_vectored(cx, &slices[..count]))?,
            false => ready!(write.poll_write(cx, &slices[0]))?,
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.waiting -= written;
        self.batch = self.batch.saturating_sub(written);
        while let Some(frame) = self.frames.front_mut() {
            if written < frame.len() {
                frame.advance(written);
                return;
            }
            written -= frame.len();
            self.frames.pop_front();
        }
    }

    /// Writes everything and says that nothing follows.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        while self.waiting > 0 {
            self.write().await?;
        }
        self.write.shutdown().await
    }
}
