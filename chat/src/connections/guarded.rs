//! A stream under a guard: it reads and writes like any other, and fails when something is due.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};

use crate::clock;
use crate::guard::{Due, Guard};

/// A stream whose reads and writes fail with an [`End`](crate::End) when one is due, and whose
/// reads wait when too much was read.
pub(super) struct Guarded<S> {
    stream: S,
    guard: Guard,
    /// What was read before and is to be read again.
    unread: Bytes,
    /// Runs while nothing is read because too much was.
    rest: Option<Pin<Box<Sleep>>>,
    // One for each direction: they may wait in different tasks.
    reading: Alarm,
    writing: Alarm,
}

impl<S> Guarded<S> {
    pub(super) fn new(stream: S, guard: Guard) -> Self {
        let (reading, writing) = (Alarm::default(), Alarm::default());
        Self { stream, guard, unread: Bytes::new(), rest: None, reading, writing }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    pub(super) fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }

    /// Reads these bytes again before anything new.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        self.unread = match self.unread.is_empty() {
            true => bytes,
            false => [bytes, self.unread.split_off(0)].concat().into(),
        };
    }

    fn wrote<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.guard.wrote(clock::now(), false);
            return poll;
        }
        self.guard.blocked(clock::now());
        self.writing.watch(&mut self.guard, cx).map(Err)
    }
}

/// Rings when the guard has something due.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    fn watch(&mut self, guard: &mut Guard, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let Some(next) = guard.next() else {
                self.0 = None;
                return Poll::Pending;
            };
            ready!(self.poll(next, cx));
            if let Some(Due::End(end)) = guard.due(clock::now()) {
                return Poll::Ready(end.into());
            }
            self.0 = None;
        }
    }

    /// Rings at `at` or before: a deadline that moved on is noticed when it rings.
    fn poll(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at.into())));
        if sleep.deadline().into_std() > at {
            sleep.as_mut().reset(at.into());
        }
        sleep.as_mut().poll(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.unread.has_remaining() {
            let count = this.unread.len().min(buf.remaining());
            buf.put_slice(&this.unread.split_to(count));
            return Poll::Ready(Ok(()));
        }
        if let Some(rest) = &mut this.rest {
            if rest.as_mut().poll(cx).is_pending() {
                return this.reading.watch(&mut this.guard, cx).map(Err);
            }
            this.rest = None;
        }
        let before = buf.filled().len();
        if Pin::new(&mut this.stream).poll_read(cx, buf)?.is_pending() {
            return this.reading.watch(&mut this.guard, cx).map(Err);
        }
        let (now, count) = (clock::now(), buf.filled().len() - before);
        if count > 0 {
            let rest = this.guard.took(now, count);
            this.rest = (!rest.is_zero()).then(|| Box::pin(sleep_until((now + rest).into())));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(cx, poll)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Instant, interval, timeout};

    use super::*;
    use crate::end::End;
    use crate::guard::Quiet;
    use crate::limits::Limits;

    fn guarded(limits: &Limits, bytes: usize) -> (Guarded<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(bytes);
        (Guarded::new(ours, Guard::opening(Arc::new(limits.clone()), clock::now())), theirs)
    }

    /// One that is served, where quiet is no reason to end.
    fn open(limits: &Limits, bytes: usize) -> (Guarded<DuplexStream>, DuplexStream) {
        let (mut ours, theirs) = guarded(limits, bytes);
        ours.guard().opened(clock::now(), Quiet::Allowed);
        (ours, theirs)
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_stops_is_given_up() {
        let (mut ours, _theirs) = open(&Limits::default(), 8);
        let start = Instant::now();
        let error = ours.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!((error.kind(), End::of(&error)), (io::ErrorKind::TimedOut, End::Stalled));
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_slow_is_not() {
        let (mut ours, mut theirs) = open(&Limits::default(), 8);
        let reader = async {
            let (mut got, mut every) = ([0; 8], interval(Duration::from_secs(4)));
            for _ in 0..5 {
                every.tick().await;
                theirs.read_exact(&mut got).await.unwrap();
            }
        };
        let writer = async { ours.write_all(&[0; 40]).await.unwrap() };
        tokio::join!(writer, reader);
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_and_who_does_not_finish_have_their_own_time() {
        let (mut ours, _theirs) = guarded(&Limits::default(), 8);
        let start = Instant::now();
        let error = ours.read_u8().await.unwrap_err();
        assert_eq!((End::of(&error), start.elapsed().as_secs()), (End::Silent, 60));

        let (mut ours, mut theirs) = guarded(&Limits::default(), 8);
        theirs.write_u8(1).await.unwrap();
        ours.read_u8().await.unwrap();
        let start = Instant::now();
        let error = ours.read_u8().await.unwrap_err();
        assert_eq!((End::of(&error), start.elapsed().as_secs()), (End::Late, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_rested_from_has_no_more_time_to_finish() {
        let limits = Limits { bytes_per_second: 1, bytes_at_once: 1, ..Limits::default() };
        let (mut ours, mut theirs) = guarded(&limits, 100);
        theirs.write_all(&[7; 100]).await.unwrap();
        ours.read_exact(&mut [0; 50]).await.unwrap();
        let start = Instant::now();
        let error = ours.read_u8().await.unwrap_err();
        assert_eq!((End::of(&error), start.elapsed().as_secs()), (End::Late, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn no_timer_is_left_to_who_may_be_quiet() {
        let (mut ours, mut theirs) = guarded(&Limits::default(), 8);
        let ended = timeout(Duration::from_secs(1), ours.read_u8()).await;
        assert!(ended.is_err() && ours.reading.0.is_some());
        ours.guard().opened(clock::now(), Quiet::Allowed);
        let ended = timeout(Duration::from_secs(24 * 3600), ours.read_u8()).await;
        assert!(ended.is_err() && ours.reading.0.is_none());
        theirs.write_u8(1).await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_the_budget_is_read_in_its_time() {
        let limits = Limits { bytes_per_second: 10, bytes_at_once: 10, ..Limits::default() };
        let (mut ours, mut theirs) = open(&limits, 1_000);
        theirs.write_all(&[7; 110]).await.unwrap();
        let (start, mut read) = (Instant::now(), [0; 10]);
        for _ in 0..11 {
            ours.read_exact(&mut read).await.unwrap();
        }
        // The first ten were there to be had, and the last are rested for when more is asked.
        assert_eq!(start.elapsed().as_secs(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_put_back_is_read_first_in_its_order() {
        let (mut ours, mut theirs) = guarded(&Limits::default(), 8);
        theirs.write_all(b"f").await.unwrap();
        ours.unread(Bytes::from_static(b"de"));
        ours.unread(Bytes::from_static(b"abc"));
        for byte in b"abcdef" {
            assert_eq!(ours.read_u8().await.unwrap(), *byte);
        }
        drop(theirs);
        assert_eq!(ours.read(&mut [0]).await.unwrap(), 0);
    }
}
