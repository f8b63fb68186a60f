//! Lines on a bare connection: `nc`, and programs that write JSON without WebSocket.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use futures_util::{Stream, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use trace::trace;

use crate::end::End;
use crate::limits::READ_BUFFER_BYTES;
use crate::name::RoomName;
use crate::session::Inbound;
use crate::sessions::{Place, Sessions};
use crate::wire::{Lines, Wire};

/// Starts a session in the lobby for a client that speaks lines.
pub(crate) fn start(
    sessions: &Arc<Sessions>,
    wire: Wire,
    place: Place,
    read: impl AsyncRead + Send + Unpin + 'static,
    write: impl AsyncWrite + Send + Unpin + 'static,
) {
    let session = sessions.open(wire, RoomName::lobby());
    let (client, peer) = (session.client().0, place.peer());
    trace!(sessions.tracers().tracer, "Connection accepted"; event = "accepted", client = client, wire = wire.as_str(), peer = format_args!("{peer}"));
    let lines = Lines::new(sessions.limits().frame_bytes);
    let input = Input { read, lines, over: false };
    let run = session.run(Box::pin(input.inbound()), write);
    sessions.spawn(async move {
        run.await;
        drop(place);
    });
}

/// The lines of a client. The end of its input is a goodbye; what it said last needs no newline.
struct Input<R> {
    read: R,
    lines: Lines,
    over: bool,
}

impl<R: AsyncRead + Send + Unpin> Input<R> {
    fn inbound(self) -> impl Stream<Item = Inbound> + Send {
        stream::unfold(self, |mut input| async move {
            let inbound = input.next().await?;
            Some((inbound, input))
        })
    }

    async fn next(&mut self) -> Option<Inbound> {
        if self.over {
            // What still comes is read and dropped until the client closes, so that our own last
            // bytes are not cut off by a reset.
            tokio::io::copy(&mut self.read, &mut tokio::io::sink()).await.ok();
            return None;
        }
        let end = loop {
            match self.lines.next() {
                Some(Ok(line)) => return Some(Inbound::Message(line)),
                Some(Err(_)) => break End::TooBig,
                None => {}
            }
            match read_some(&mut self.read, |bytes| self.lines.push(bytes)).await {
                Ok(1..) => {}
                Ok(0) => match self.lines.rest() {
                    Some(Ok(last)) => return Some(Inbound::Message(last)),
                    Some(Err(_)) => break End::TooBig,
                    None => break End::Closed,
                },
                Err(error) => break End::of(&error),
            }
        };
        self.over = true;
        Some(Inbound::End(end))
    }
}

/// Reads what there is. The buffer is on the stack, so that none belongs to who says nothing.
pub(crate) async fn read_some(
    read: &mut (impl AsyncRead + Unpin),
    mut take: impl FnMut(&[u8]),
) -> io::Result<usize> {
    poll_fn(|cx| {
        let mut buffer = [0; READ_BUFFER_BYTES];
        let mut buffer = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut *read).poll_read(cx, &mut buffer))?;
        take(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use super::*;
    use crate::limits::Limits;

    struct Fails;

    impl AsyncRead for Fails {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(End::Stalled.into()))
        }
    }

    #[tokio::test]
    async fn whoever_watches_the_connection_says_why_it_ends() {
        let lines = Lines::new(Limits::default().frame_bytes);
        let mut input = Input { read: Fails, lines, over: false };
        assert!(matches!(input.next().await, Some(Inbound::End(End::Stalled))));
    }
}
