//! Connections: accepted, admitted or refused.

use std::io;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use trace::trace;

use super::admission::Admission;
use super::protocols::{refuse, serve};
use crate::limits::{ACCEPT_PAUSE, ACCEPT_PAUSE_MOST, REFUSAL};
use crate::sessions::Sessions;

/// Accepts until the sessions are told to stop. An error backs off and never ends it.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    admission: Arc<Admission>,
    sessions: Arc<Sessions>,
) {
    let tracer = Arc::clone(&sessions.tracers().tracer);
    let mut connections = JoinSet::new();
    let mut pause = ACCEPT_PAUSE;
    loop {
        let accepted = tokio::select! {
            () = sessions.stopping().cancelled() => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if of_the_client(&error) => continue,
            Err(error) => {
                let ms = pause.as_millis() as u64;
                trace!(tracer, "Cannot accept"; event = "accept_failed", error = format_args!("{error}"), pause_ms = ms);
                sleep(pause).await;
                pause = (pause * 2).min(ACCEPT_PAUSE_MOST);
                continue;
            }
        };
        pause = ACCEPT_PAUSE;
        stream.set_nodelay(true).ok();
        match admission.admit(peer) {
            Ok(place) => {
                let (router, sessions) = (router.clone(), Arc::clone(&sessions));
                connections.spawn(serve(stream, router, place, sessions));
            }
            Err(full) => {
                sessions.tracers().connection_refused(full.code(), peer.ip());
                if let Some(turn) = admission.refusal() {
                    connections.spawn(async move {
                        timeout(REFUSAL, refuse(stream)).await.ok();
                        drop(turn);
                    });
                }
            }
        }
    }
    drop(listener);
    // Those that are served go on until the sessions have ended.
    while connections.join_next().await.is_some() {}
}

/// The connection failed, not the listener.
fn of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
