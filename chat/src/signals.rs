//! SIGINT and SIGTERM: the first asks the server to stop, the second ends it at once. SIGUSR1 and
//! panics: what happened before is written into a file.

mod dumps;

use std::io::{self, Write};
use std::pin::pin;
use std::thread;

use chat::{Config, Error, Flight};
use tokio::sync::oneshot::{self, Receiver};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use self::dumps::Dumps;

/// Has `flight` written beside the file of `config` when somebody asks or something panics.
pub(crate) fn dumps(config: &Config, flight: Option<Flight>) -> io::Result<()> {
    flight.map_or(Ok(()), |flight| Dumps::new(flight, config).watch())
}

/// The signals that end this process. While it exists they do nothing else.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Ends with stdin, which is a signal once.
    stdin: Option<Receiver<()>>,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn new(attached: bool) -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            stdin: attached.then(stdin).transpose()?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn new(attached: bool) -> io::Result<Signals> {
        Ok(Signals { stdin: attached.then(stdin).transpose()? })
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
            () = ended(&mut self.stdin) => {}
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        tokio::select! {
            () = ended(&mut self.stdin) => {}
            Ok(()) = tokio::signal::ctrl_c() => {}
            else => std::future::pending().await,
        }
    }
}

/// Something that ends with stdin.
fn stdin() -> io::Result<Receiver<()>> {
    let (open, ended) = oneshot::channel();
    // It waits where nobody else does, and is left there.
    let read = move || {
        io::copy(&mut io::stdin().lock(), &mut io::sink()).ok();
        drop(open);
    };
    thread::Builder::new().name("stdin".into()).spawn(read)?;
    Ok(ended)
}

async fn ended(stdin: &mut Option<Receiver<()>>) {
    match stdin {
        Some(open) => open.await.unwrap_or_default(),
        None => std::future::pending().await,
    }
    *stdin = None;
}
