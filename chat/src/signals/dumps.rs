//! The flight recorder as a file: on SIGUSR1, and when something panics.

use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chat::{Config, Flight, Limits};

/// Where a flight is written, and how often for a panic.
#[derive(Debug)]
pub(crate) struct Dumps {
    flight: Flight,
    folder: PathBuf,
    panics: AtomicUsize,
}

impl Dumps {
    pub(crate) fn new(flight: Flight, config: &Config) -> Self {
        // Of a mere name the parent is empty.
        let folder = config.data.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        Self { flight, folder: folder.into(), panics: AtomicUsize::new(0) }
    }

    /// Watches for SIGUSR1 and for panics, of the whole process.
    ///
    /// # Errors
    /// The system does not let us have the signal.
    pub(crate) fn watch(self) -> io::Result<()> {
        let dumps = Arc::new(self);
        let (of_panics, before) = (Arc::clone(&dumps), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            before(panic);
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            of_panics.panicked(&place, io::stderr());
        }));
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut asked = signal(SignalKind::user_defined1())?;
            tokio::spawn(async move {
                while asked.recv().await.is_some() {
                    let dumps = Arc::clone(&dumps);
                    let write = move || {
                        let dumped = dumps.flight.dump(&dumps.folder);
                        dumps.tell("asked for", dumped, io::stderr());
                    };
                    tokio::task::spawn_blocking(write).await.ok();
                }
            });
        }
        Ok(())
    }

    fn panicked(&self, place: &str, stderr: impl Write) {
        if self.panics.fetch_add(1, Ordering::Relaxed) < Limits::PANIC_DUMPS {
            let dumped = self.flight.dump_panic(&self.folder, place);
            self.tell("after a panic", dumped, stderr);
        }
    }

    /// Says where it is.
    fn tell(&self, why: &str, dumped: io::Result<PathBuf>, mut stderr: impl Write) {
        // Whether anybody reads it changes nothing.
        let _ = match dumped {
            Ok(path) => writeln!(stderr, "flight recorder, {why}: {}", path.display()),
            Err(error) => writeln!(
                stderr,
                "flight recorder, {why}: cannot write it into {}: {error}",
                self.folder.display()
            ),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_panics_are_written_and_no_more() {
        let folder = std::env::temp_dir().join(format!("chat-dumps-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let panics = AtomicUsize::new(0);
        let dumps = Dumps { flight: Flight::new(false), folder: folder.clone(), panics };
        let mut said = Vec::new();
        for _ in 0..Limits::PANIC_DUMPS + 2 {
            dumps.panicked("a.rs:1:2", &mut said);
        }
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said.lines().count(), Limits::PANIC_DUMPS, "{said}");
        for line in said.lines() {
            let path = line.strip_prefix("flight recorder, after a panic: ").unwrap();
            assert!(Path::new(path).starts_with(&folder) && Path::new(path).exists(), "{line}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
        let mut said = Vec::new();
        dumps.tell("asked for", dumps.flight.dump(&dumps.folder), &mut said);
        let why = "flight recorder, asked for: cannot write it into ";
        assert!(String::from_utf8(said).unwrap().starts_with(why));
    }
}
