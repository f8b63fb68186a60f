//! A stream under hyper that notices when its client leaves while it is told events.
//!
//! A client that has said its last may still be listening, so hyper does not look at the input
//! while it answers. But an answer without an end of its own is to end with the input.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose flush fails when the input has ended under an endless answer.
pub(super) struct Watched<S> {
    stream: S,
    /// The answer on its way has no end.
    endless: Arc<AtomicBool>,
    /// What was read to see that there is more.
    ahead: Option<u8>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, endless: Arc<AtomicBool>) -> Self {
        Self { stream, endless, ahead: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() > 0
            && let Some(byte) = self.ahead.take()
        {
            buf.put_slice(&[byte]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
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

    /// Asked whenever hyper has done what there was to do.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.endless.load(Ordering::Relaxed) && self.ahead.is_none() {
            let mut byte = [0];
            let mut byte = ReadBuf::new(&mut byte);
            if Pin::new(&mut self.stream).poll_read(cx, &mut byte)?.is_ready() {
                match byte.filled() {
                    [byte, ..] => self.ahead = Some(*byte),
                    [] => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                }
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn an_endless_answer_ends_with_the_input_and_loses_none_of_it() {
        let endless = Arc::new(AtomicBool::new(false));
        let (ours, mut theirs) = duplex(8);
        let mut ours = Watched::new(ours, Arc::clone(&endless));
        endless.store(true, Ordering::Relaxed);
        ours.flush().await.unwrap();
        theirs.write_all(b"ab").await.unwrap();
        ours.flush().await.unwrap();
        ours.flush().await.unwrap();
        let mut heard = [0; 2];
        ours.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ab");
        theirs.shutdown().await.unwrap();
        endless.store(false, Ordering::Relaxed);
        ours.flush().await.unwrap();
        endless.store(true, Ordering::Relaxed);
        assert_eq!(ours.flush().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        // And still the answer could be written.
        ours.write_all(b"bye").await.unwrap();
    }
}
