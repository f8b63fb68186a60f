//! A WebSocket on a connection, for other protocols than the chat's.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::response::IntoResponse;
use futures_util::{Stream, StreamExt};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::protocols::http1;
use crate::connections::Connection;
use crate::end::End;
use crate::limits::{LINGER, Limits};
use crate::session::Inbound;
use crate::wire::frame;
use crate::ws::Handshake;

/// A WebSocket on a [`Connection`]: it reads, bounds and writes frames as the chat does.
pub struct WebSocket {
    inbound: Pin<Box<dyn Stream<Item = Inbound> + Send>>,
    write: Pin<Box<dyn AsyncWrite + Send>>,
    stopping: CancellationToken,
}

impl WebSocket {
    /// Answers requests until one is a handshake; nothing if the connection ends before. Any
    /// address will do, and pages of any origin. A client that says nothing for [`Limits::idle`]
    /// while nothing is written to it is then gone.
    pub async fn accept(mut connection: Connection, limits: &Limits) -> Option<Self> {
        connection.opened();
        let stopping = connection.stopping().clone();
        // Held to put one in and to take it out.
        let agreed = Arc::new(Mutex::new(None));
        let agree = Arc::clone(&agreed);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let response = Handshake::of(&mut request).map(|handshake| {
                let response = handshake.response(None);
                *agree.lock().unwrap_or_else(PoisonError::into_inner) = Some(handshake);
                response
            });
            ready(Ok::<_, Infallible>(response.unwrap_or_else(IntoResponse::into_response)))
        });
        let serving = http1(limits).serve_connection(TokioIo::new(connection), service);
        stopping.run_until_cancelled(serving.with_upgrades()).await?.ok()?;
        let handshake = agreed.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let (inbound, write) = handshake.socket(limits).await.ok()?;
        Some(Self { inbound: Box::pin(inbound), write: Box::pin(write), stopping })
    }

    /// What comes next. Cancelling it loses nothing; after an end nothing comes.
    pub async fn next(&mut self) -> Inbound {
        match self.stopping.run_until_cancelled(self.inbound.next()).await {
            Some(next) => next.unwrap_or(Inbound::End(End::Gone)),
            None => Inbound::End(End::Drain),
        }
    }

    /// Writes a text, which has to be UTF-8.
    ///
    /// # Errors
    /// The connection broke, or a deadline passed: [`End::of`] tells.
    pub async fn text(&mut self, text: &[u8]) -> io::Result<()> {
        self.write.write_all(&frame::text(text)).await
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// As [`WebSocket::text`].
    pub async fn binary(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write.write_all(&frame::binary(bytes)).await
    }

    /// Answers a ping.
    ///
    /// # Errors
    /// As [`WebSocket::text`].
    pub async fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        self.write.write_all(&frame::pong(payload)).await
    }

    /// Says why it ends, and waits a second at most for the client to close.
    ///
    /// # Errors
    /// As [`WebSocket::text`].
    pub async fn close(mut self, end: End) -> io::Result<()> {
        if end != End::Gone {
            self.write.write_all(&frame::close(end.close_code(), end.as_str())).await?;
        }
        self.write.shutdown().await?;
        // So that what was said is not cut off by a reset.
        timeout(LINGER, async { while self.inbound.next().await.is_some() {} }).await.ok();
        Ok(())
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}
