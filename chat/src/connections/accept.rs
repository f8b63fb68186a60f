//! The accept loop of one listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::{sleep, timeout};
use trace::trace;

use super::Door;
use super::connection::Connection;
use super::net::{TcpListener, TcpStream};
use crate::limits::{ACCEPT_PAUSE, ACCEPT_PAUSE_MOST, REFUSAL};

/// Accepts until it is cancelled. An error backs off and never ends it.
pub(super) async fn accept<S: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    door: Arc<Door>,
    serve: Arc<impl Fn(Connection) -> S>,
) {
    let mut pause = ACCEPT_PAUSE;
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if of_the_client(&error) => continue,
            Err(error) => {
                let ms = pause.as_millis() as u64;
                trace!(door.tracers.tracer, "Cannot accept"; event = "accept_failed", error = format_args!("{error}"), pause_ms = ms);
                sleep(pause).await;
                pause = (pause * 2).min(ACCEPT_PAUSE_MOST);
                continue;
            }
        };
        pause = ACCEPT_PAUSE;
        match door.admission.admit(peer) {
            Ok(place) => {
                while let Err(wait) = door.let_in() {
                    sleep(wait).await;
                }
                door.spawn(serve(Connection::new(
                    stream,
                    place,
                    Arc::clone(&door.limits),
                    door.stopping.clone(),
                )));
            }
            Err(full) => {
                door.tracers.connection_refused(full.code(), peer);
                refuse(&door, stream, peer);
            }
        }
    }
}

/// Lets some of those who get no place be told so; the others are closed.
fn refuse(door: &Arc<Door>, stream: TcpStream, peer: SocketAddr) {
    let (Some(refuse), Some(turn)) = (&door.refuse, door.admission.refusal(peer)) else { return };
    let connection = Connection::new(stream, turn, Arc::clone(&door.limits), door.stopping.clone());
    let refusal = refuse(connection);
    door.spawn(async move {
        timeout(REFUSAL, refusal).await.ok();
    });
}

/// The connection failed, not the listener.
fn of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
