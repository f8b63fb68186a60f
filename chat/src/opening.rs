//! What a client speaks, told by its first bytes. Pure.

use crate::limits::OPENING_BYTES;

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A request line.
    Http,
    /// A JSON object.
    Json,
    /// Any other line.
    Text,
    /// A TLS handshake, which nobody here answers.
    Tls,
    /// The preface of HTTP/2, which nobody here speaks.
    Http2,
    /// A line without an end.
    Endless,
}

impl Opening {
    /// What these first bytes are; `None` while they may become anything. The first `{` decides,
    /// so does the first byte of TLS, and everything else a whole line.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const TLS_HANDSHAKE: u8 = 0x16;
        match bytes.first()? {
            b'{' => return Some(Self::Json),
            &TLS_HANDSHAKE => return Some(Self::Tls),
            _ => {}
        }
        // What was read beyond the bound does not save a line that is longer.
        let most = &bytes[..bytes.len().min(OPENING_BYTES)];
        let Some(end) = most.iter().position(|&byte| byte == b'\n') else {
            return (bytes.len() >= OPENING_BYTES).then_some(Self::Endless);
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let version = line.len().saturating_sub(b"HTTP/1.x".len());
        Some(match &line[version..] {
            _ if line == b"PRI * HTTP/2.0" => Self::Http2,
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] => Self::Http,
            _ => Self::Text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: [(&[u8], Opening); 13] = [
        (b"GET / HTTP/1.1\r\n", Opening::Http),
        (b"POST /rooms/lobby?as=ann HTTP/1.0\n", Opening::Http),
        (b"HTTP/1.1\n", Opening::Http),
        (b"GET / HTTP/1.12\r\n", Opening::Text),
        (b"GET / HTTP/2\r\n", Opening::Text),
        (b"PRI * HTTP/2.0\r\n", Opening::Http2),
        (b"ann\n", Opening::Text),
        (b"ann\r\n", Opening::Text),
        (b"\n", Opening::Text),
        (b"\0\xff\n", Opening::Text),
        (b" {\n", Opening::Text),
        (b"{", Opening::Json),
        (b"\x16\x03\x01", Opening::Tls),
    ];

    #[test]
    fn every_sample_is_told_and_what_follows_changes_nothing() {
        for (bytes, opening) in SAMPLES {
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(Opening::of(bytes), Some(opening), "{shown:?}");
            for more in [&b"x"[..], b"\n", b"GET / HTTP/1.1\r\n", b"{}"] {
                assert_eq!(Opening::of(&[bytes, more].concat()), Some(opening), "{shown:?}");
            }
        }
    }

    #[test]
    fn nothing_is_decided_too_early() {
        for (bytes, opening) in SAMPLES {
            let told = (0..=bytes.len()).find_map(|cut| Some((cut, Opening::of(&bytes[..cut])?)));
            let (cut, first) = told.unwrap();
            assert_eq!(first, opening);
            let early = matches!(opening, Opening::Json | Opening::Tls);
            assert_eq!(cut, if early { 1 } else { bytes.len() });
        }
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        assert_eq!(Opening::of(&vec![b'a'; OPENING_BYTES - 1]), None);
        assert_eq!(Opening::of(&vec![b'a'; OPENING_BYTES]), Some(Opening::Endless));
    }

    #[test]
    fn a_line_over_the_bound_is_none_however_much_was_read_at_once() {
        for (letters, opening) in
            [(OPENING_BYTES - 1, Opening::Text), (OPENING_BYTES, Opening::Endless)]
        {
            let line = [&vec![b'a'; letters], &b"\n"[..]].concat();
            for more in [&b""[..], b"x", b"x\n"] {
                assert_eq!(Opening::of(&[&line, more].concat()), Some(opening));
            }
        }
    }
}
