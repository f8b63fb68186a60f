//! SIGINT and SIGTERM: the first asks the server to stop, the second ends it at once.

use std::io::{self, Write};
use std::pin::pin;

use chat::Error;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The signals that end this process. While it exists they do nothing else.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> io::Result<Signals> {
        Ok(Signals {})
    }

    /// Runs `serve`, which is to end once what it is handed ends: the first signal does that, and
    /// says so on `stderr`; the second waits no longer.
    pub(crate) async fn watch<T, F: Future<Output = T>>(
        mut self,
        serve: impl FnOnce(WaitForCancellationFutureOwned) -> F,
        mut stderr: impl Write,
    ) -> Result<T, Error> {
        let stop = CancellationToken::new();
        let mut serving = pin!(serve(stop.clone().cancelled_owned()));
        tokio::select! {
            biased;
            served = &mut serving => return Ok(served),
            () = self.next() => {}
        }
        // Whether anybody reads it changes nothing.
        let _ = writeln!(stderr, "stopping: everyone is told to come back; again to stop at once");
        stop.cancel();
        tokio::select! {
            biased;
            served = &mut serving => Ok(served),
            () = self.next() => Err(Error::CutShort),
        }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
