//! Ctrl-C and SIGTERM, for a loop that looks now and then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Whether somebody wants the run to end.
#[derive(Clone, Debug)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on a signal does nothing else, until there is a second one, which ends the process.
    pub(super) fn watch() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let stop = Self(Arc::clone(&asked));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // It is there until the process ends.
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                while signal().await.is_ok() {
                    if asked.swap(true, Ordering::Relaxed) {
                        std::process::exit(1);
                    }
                }
            });
        })?;
        Ok(stop)
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
