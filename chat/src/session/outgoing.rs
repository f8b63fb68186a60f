//! The write side of one connection: the only owner of what is on its way to the client.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::limits::REPLY_OVERHEAD_BYTES;

/// Frames one write takes at most; the kernel takes no more than 1,024 buffers.
const SLICES: usize = 64;

/// Whole frames in the order in which they are written; a frame in progress is always finished
/// before another begins.
#[derive(Default)]
pub(super) struct Outgoing {
    write: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Whether it takes several frames at once.
    vectored: bool,
    frames: VecDeque<Frame>,
    /// Frames of the batch that are not yet written.
    batch: usize,
    batch_bytes: usize,
    /// What the replies among the frames cost.
    replies: usize,
}

/// What is left of a frame.
struct Frame {
    left: Bytes,
    /// What it costs as a reply; nothing if it belongs to the batch, whose bytes are shared.
    cost: usize,
}

impl Outgoing {
    pub(super) fn new(write: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let vectored = write.is_write_vectored();
        Self { write: Some(Box::new(write)), vectored, ..Self::default() }
    }

    /// Puts something said to this client alone behind what waits.
    pub(super) fn push_reply(&mut self, left: Bytes) {
        if !left.is_empty() {
            let cost = left.len() + REPLY_OVERHEAD_BYTES;
            self.replies += cost;
            self.frames.push_back(Frame { left, cost });
        }
    }

    /// Puts a part of the batch behind what waits.
    pub(super) fn push_batch(&mut self, left: Bytes) {
        if !left.is_empty() {
            self.batch += 1;
            self.batch_bytes += left.len();
            self.frames.push_back(Frame { left, cost: 0 });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What the replies that wait cost, in bytes.
    pub(super) fn replies(&self) -> usize {
        self.replies
    }

    /// The bytes of the batch; 0 once it is written.
    pub(super) fn batch_bytes(&self) -> usize {
        self.batch_bytes
    }

    /// Writes what the client takes now, at least a byte. Cancelling it loses nothing.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_write(cx)).await
    }

    /// As [`Outgoing::write`].
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(write) = &mut self.write else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let write = Pin::new(write);
        let written = match self.frames.front() {
            // Most often there is one, and then the kernel has less to look at.
            Some(frame) if self.frames.len() == 1 || !self.vectored => {
                ready!(write.poll_write(cx, &frame.left))?
            }
            _ => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let mut count = 0;
                for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                    *slice = IoSlice::new(&frame.left);
                    count += 1;
                }
                ready!(write.poll_write_vectored(cx, &slices[..count]))?
            }
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(frame) = self.frames.front_mut() {
            if written < frame.left.len() {
                frame.left.advance(written);
                return;
            }
            written -= frame.left.len();
            self.replies -= frame.cost;
            if frame.cost == 0 {
                self.batch -= 1;
            }
            self.frames.pop_front();
            if self.batch == 0 {
                self.batch_bytes = 0;
            }
        }
        // Nothing belongs to who waits for nothing.
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
    }

    /// Writes everything and says that nothing follows.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        while !self.is_empty() {
            self.write().await?;
        }
        match &mut self.write {
            Some(write) => write.shutdown().await,
            None => Ok(()),
        }
    }
}
