//! Lines from a server, each of a bounded length.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

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

    /// The next line without its end; nothing at the end, where the connection broke, or for a line
    /// that is too long. What has no end when the connection ends is half of a line, and none.
    pub(super) async fn line(&mut self) -> Option<String> {
        loop {
            let some = self.from.fill_buf().await.ok()?;
            let end = some.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(some.len(), |end| end + 1);
            self.line.extend_from_slice(&some[..used]);
            self.from.consume(used);
            if used == 0 || self.line.len() > ANSWER_BYTES {
                return None;
            }
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8_lossy(&line);
                return Some(text.trim_end_matches(['\n', '\r']).to_owned());
            }
        }
    }

    /// What is behind the last line: so many bytes, or all of them where nobody said how many.
    /// Nothing if it is not whole, or too long.
    pub(super) async fn rest(&mut self, length: Option<usize>) -> Option<String> {
        let mut rest = Vec::new();
        let most = length.unwrap_or(usize::MAX).min(ANSWER_BYTES + 1) as u64;
        (&mut self.from).take(most).read_to_end(&mut rest).await.ok()?;
        let is_whole = rest.len() <= ANSWER_BYTES && length.is_none_or(|all| rest.len() == all);
        is_whole.then(|| String::from_utf8_lossy(&rest).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_a_line_is_none() {
        let mut reader = Reader::new(&b"one\r\n\ntwo"[..]);
        assert_eq!(reader.line().await.as_deref(), Some("one"));
        assert_eq!(reader.line().await.as_deref(), Some(""));
        assert_eq!(reader.line().await, None);
        let long = [vec![b'x'; ANSWER_BYTES], b"\n".to_vec()].concat();
        assert_eq!(Reader::new(&long[..]).line().await, None);
        assert!(Reader::new(&long[1..]).line().await.is_some());
    }

    #[tokio::test]
    async fn what_is_left_is_whole_or_nothing() {
        let long = vec![b'x'; ANSWER_BYTES + 1];
        for (bytes, length, expected) in [
            (&b"a\nb\r\n"[..], None, Some("a\nb\r\n")),
            (b"", None, Some("")),
            (b"a\nb", Some(3), Some("a\nb")),
            (b"a\nb", Some(2), Some("a\n")),
            (b"a\nb", Some(4), None),
            (b"", Some(1), None),
            (&long, None, None),
            (&long, Some(long.len()), None),
            (&long, Some(usize::MAX), None),
        ] {
            let seen = Reader::new(bytes).rest(length).await;
            assert_eq!(seen.as_deref(), expected, "{length:?}");
        }
        assert!(Reader::new(&long[1..]).rest(None).await.is_some());
    }
}
