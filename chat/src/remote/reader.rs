//! Lines from a server, each of a bounded length.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::limits::ANSWER_BYTES;

/// Reads lines. Waiting for one can be given up without losing any of it.
pub(super) struct Reader<R> {
    from: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from: BufReader::new(from), line: Vec::new() }
    }

    /// The next line without its end; nothing at the end, or where the connection broke.
    pub(super) async fn line(&mut self) -> Option<String> {
        loop {
            let some = self.from.fill_buf().await.ok()?;
            let end = some.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(some.len(), |end| end + 1);
            self.line.extend_from_slice(&some[..used]);
            self.from.consume(used);
            if used == 0 && self.line.is_empty() || self.line.len() > ANSWER_BYTES {
                return None;
            }
            if used == 0 || end.is_some() {
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8_lossy(&line);
                return Some(text.trim_end_matches(['\n', '\r']).to_owned());
            }
        }
    }

    /// All that is left.
    pub(super) async fn rest(&mut self) -> String {
        let mut rest = String::new();
        while rest.len() <= ANSWER_BYTES
            && let Some(line) = self.line().await
        {
            rest.push_str(&line);
            rest.push('\n');
        }
        rest
    }
}
