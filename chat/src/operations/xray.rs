//! `chat xray FILE`: a trace that was saved, in the X-ray page.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::Ipv4Addr;
use std::path::Path;

use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;

use super::error::OperationError;
use crate::limits::XRAY_FILE_BYTES;
use crate::web;

/// Serves it on a free port of this computer until Ctrl-C, and says on stdout where.
pub(super) fn xray(path: &Path) -> Result<(), OperationError> {
    let read = |source| OperationError::Trace { path: path.into(), source };
    let saved = Saved::read(&mut File::open(path).map_err(read)?, XRAY_FILE_BYTES).map_err(read)?;
    if saved.events == 0 {
        return Err(OperationError::NoTrace { path: path.into() });
    }
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().map_err(OperationError::Serve)?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(OperationError::Serve)?;
        let port = listener.local_addr().map_err(OperationError::Serve)?.port();
        let told = format!("{}http://localhost:{port}/xray\n", saved.told(path));
        let mut stdout = io::stdout().lock();
        OperationError::stdout(stdout.write_all(told.as_bytes()).and_then(|()| stdout.flush()))?;
        tokio::select! {
            served = async { axum::serve(listener, web::saved(saved.lines)).await } => served,
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
        .map_err(OperationError::Serve)
    })
}

/// What is in a file.
#[derive(Debug, Default)]
struct Saved {
    /// All lines but empty ones, each without anything that could end it.
    lines: Vec<Bytes>,
    events: usize,
    /// The others, and which line was the first of them.
    unread: usize,
    first: usize,
    /// Bytes at the beginning that were too many.
    skipped: u64,
}

impl Saved {
    /// Of its last bytes, as many as may be.
    fn read(file: &mut (impl Read + Seek), most: u64) -> io::Result<Self> {
        let skipped = file.seek(SeekFrom::End(0))?.saturating_sub(most);
        file.seek(SeekFrom::Start(skipped))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        let mut saved = Self { skipped, ..Self::default() };
        // The first is cut, if something was skipped.
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (at, line) in lines.skip(usize::from(skipped > 0)) {
            saved.take(at + 1, line.trim_ascii());
        }
        Ok(saved)
    }

    fn take(&mut self, number: usize, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        let is_event = serde_json::from_slice::<Value>(line)
            .is_ok_and(|event| event.get("event").is_some_and(Value::is_string));
        if is_event {
            self.events += 1;
        } else {
            self.unread += 1;
            if self.first == 0 {
                self.first = number;
            }
        }
        // Such a line is shown as well, as one that is not understood.
        let text = String::from_utf8_lossy(line).replace(['\r', '\0'], " ");
        self.lines.push(text.into());
    }

    fn told(&self, path: &Path) -> String {
        let mut told = format!("{}: {} events", path.display(), self.events);
        if self.unread > 0 {
            let lines = if self.unread == 1 { "line was" } else { "lines were" };
            let (unread, first) = (self.unread, self.first);
            told += &format!("; {unread} {lines} not understood, line {first} the first");
        }
        if self.skipped > 0 {
            told += &format!("; the first {} bytes are left out", self.skipped);
        }
        told + "\n"
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(text: &[u8]) -> Saved {
        Saved::read(&mut Cursor::new(text), 200).unwrap()
    }

    #[test]
    fn what_is_no_event_is_counted_and_shown_as_it_is() {
        let saved = read(b"{\"event\":\"left\"}\r\n\n{}\n\xff\r\0x\n{\"event\":1}\n{\"event\":\"lost\",\"lost\":2}");
        let lines: Vec<_> = saved.lines.iter().map(|line| str::from_utf8(line).unwrap()).collect();
        assert_eq!(
            lines,
            [
                "{\"event\":\"left\"}",
                "{}",
                "\u{fffd}  x",
                "{\"event\":1}",
                "{\"event\":\"lost\",\"lost\":2}"
            ]
        );
        assert_eq!(
            saved.told(Path::new("t.ndjson")),
            "t.ndjson: 2 events; 3 lines were not understood, line 3 the first\n"
        );
    }

    #[test]
    fn the_end_of_a_long_file_is_read() {
        let saved = read(&b"{\"event\":\"left\"}\n".repeat(20));
        assert_eq!((saved.events, saved.unread), (11, 0));
        assert_eq!(saved.told(Path::new("t")), "t: 11 events; the first 140 bytes are left out\n");
        assert_eq!(read(b"").events, 0);
    }
}
