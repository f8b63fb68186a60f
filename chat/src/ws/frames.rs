//! The frames of a client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::end::End;
use crate::limits::{FRAME_BUFFER_BYTES, Limits, READ_BUFFER_BYTES};
use crate::session::Inbound;

/// The messages of a client.
pub(crate) async fn inbound<R: AsyncRead + Unpin>(
    read: R,
    limits: &Limits,
) -> impl Stream<Item = Inbound> + use<R> {
    let config = WebSocketConfig::default()
        .read_buffer_size(FRAME_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(limits.frame_bytes))
        .max_frame_size(Some(limits.frame_bytes));
    let stream =
        WebSocketStream::from_raw_socket(ReadOnly::new(read), Role::Server, Some(config)).await;
    Frames { stream, over: false }
}

/// The frames of a client, up to the last one that counts.
struct Frames<R> {
    stream: WebSocketStream<ReadOnly<R>>,
    over: bool,
}

impl<R: AsyncRead + Unpin> Stream for Frames<R> {
    type Item = Inbound;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Inbound>> {
        // What still comes is read and dropped until the client closes, so that our own last
        // bytes are not cut off by a reset.
        while self.over {
            let mut dropped = [0; READ_BUFFER_BYTES];
            let mut dropped = ReadBuf::new(&mut dropped);
            let read = ready!(Pin::new(self.stream.get_mut()).poll_read(cx, &mut dropped));
            if read.is_err() || dropped.filled().is_empty() {
                return Poll::Ready(None);
            }
        }
        let inbound = loop {
            break match ready!(self.stream.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => Inbound::Message(text.into()),
                Some(Ok(Message::Binary(bytes))) => Inbound::Binary(bytes),
                Some(Ok(Message::Ping(payload))) => Inbound::Ping(payload),
                Some(Ok(Message::Pong(payload))) => Inbound::Pong(payload),
                Some(Ok(Message::Frame(_))) => continue,
                // A code that nobody may send is told as this one.
                Some(Ok(Message::Close(Some(close)))) if close.code == CloseCode::Protocol => {
                    Inbound::End(End::Malformed)
                }
                Some(Ok(Message::Close(_))) => Inbound::End(End::Closed),
                Some(Err(error)) => Inbound::End(end(&error)),
                None => Inbound::End(End::Gone),
            };
        };
        self.over = matches!(inbound, Inbound::End(_));
        Poll::Ready(Some(inbound))
    }
}

fn end(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::TooBig,
        Error::Utf8(_) => End::NotText,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) => End::Malformed,
        Error::Io(error) => End::of(error),
        _ => End::Gone,
    }
}

/// A stream that reads, and takes writes for done. What it read ahead is given back as soon as it
/// is taken, so that nothing belongs to who says nothing.
struct ReadOnly<R> {
    read: R,
    ahead: Bytes,
}

impl<R> ReadOnly<R> {
    fn new(read: R) -> Self {
        Self { read, ahead: Bytes::new() }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for ReadOnly<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ahead.is_empty() {
            let mut piece = [0; READ_BUFFER_BYTES];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut this.read).poll_read(cx, &mut piece))?;
            let (now, ahead) = piece.filled().split_at(piece.filled().len().min(buf.remaining()));
            buf.put_slice(now);
            this.ahead = Bytes::copy_from_slice(ahead);
            return Poll::Ready(Ok(()));
        }
        let count = this.ahead.len().min(buf.remaining());
        buf.put_slice(&this.ahead.split_to(count));
        if this.ahead.is_empty() {
            this.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: Unpin> AsyncWrite for ReadOnly<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_watches_the_connection_says_why_it_ends() {
        assert_eq!(end(&Error::Io(End::Stalled.into())), End::Stalled);
        assert_eq!(end(&Error::Io(io::ErrorKind::ConnectionReset.into())), End::Gone);
    }
}
