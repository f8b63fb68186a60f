//! The framing of lines: what comes in pieces, told line by line.

use bytes::{Bytes, BytesMut};

/// The bytes that are not yet a line.
#[derive(Debug)]
pub(crate) struct Lines {
    held: BytesMut,
    /// Up to here there is no end of a line.
    searched: usize,
    most: usize,
}

/// A line over the bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Lines {
    /// For lines of at most so many bytes, their ends not counted.
    pub(crate) fn new(most: usize) -> Self {
        Self { held: BytesMut::new(), searched: 0, most }
    }

    /// Takes what comes next.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next line, without its end; `None` until there is one.
    pub(crate) fn next(&mut self) -> Option<Result<Bytes, TooLong>> {
        let end = self.held[self.searched..].iter().position(|&byte| byte == b'\n');
        let Some(end) = end.map(|end| self.searched + end) else {
            self.searched = self.held.len();
            // One more for the `\r` of an end that is not here yet.
            return (self.held.len() > self.most + 1).then_some(Err(TooLong));
        };
        self.searched = 0;
        let line = self.held.split_to(end + 1).freeze();
        let line = match &line[..end] {
            [.., b'\r'] => line.slice(..end - 1),
            _ => line.slice(..end),
        };
        Some(if line.len() > self.most { Err(TooLong) } else { Ok(line) })
    }

    /// What is left at the end of input, if it is anything.
    pub(crate) fn rest(&mut self) -> Option<Result<Bytes, TooLong>> {
        self.searched = 0;
        let rest = self.held.split().freeze();
        let fits = rest.len() <= self.most;
        (!rest.is_empty()).then(|| fits.then_some(rest).ok_or(TooLong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&[u8]], most: usize) -> Vec<Result<String, TooLong>> {
        let mut lines = Lines::new(most);
        let mut told = Vec::new();
        for piece in pieces {
            lines.push(piece);
            while let Some(line) = lines.next() {
                told.push(line.map(|line| String::from_utf8_lossy(&line).into_owned()));
                if told.last().is_some_and(Result::is_err) {
                    return told;
                }
            }
        }
        let rest = lines.rest();
        told.extend(rest.map(|rest| rest.map(|rest| String::from_utf8_lossy(&rest).into_owned())));
        told
    }

    #[test]
    fn every_cut_tells_the_same() {
        for (bytes, expected) in [
            (&b"ann\nhello\r\n\n\rx\r\r\nlast"[..], &["ann", "hello", "", "\rx\r", "last"][..]),
            (b"", &[]),
            (b"\n", &[""]),
            (b"\r\n", &[""]),
            (b"12345678\r\n", &["12345678"]),
        ] {
            for one in 0..=bytes.len() {
                for two in one..=bytes.len() {
                    let pieces = [&bytes[..one], &bytes[one..two], &bytes[two..]];
                    let told: Vec<_> = told(&pieces, 8).into_iter().map(Result::unwrap).collect();
                    assert_eq!(told, expected, "{one} {two}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_twice() {
        let mut lines = Lines::new(8);
        lines.push(b"last");
        assert_eq!(lines.next(), None);
        assert_eq!(lines.rest().unwrap().unwrap(), "last");
        assert_eq!((lines.next(), lines.rest()), (None, None));
    }

    #[test]
    fn a_line_over_the_bound_is_told_wherever_it_is_cut() {
        let bytes = b"ok\n123456789\nmore\n";
        for cut in 0..=bytes.len() {
            let told = told(&[&bytes[..cut], &bytes[cut..]], 8);
            assert_eq!(told, [Ok("ok".into()), Err(TooLong)], "{cut}");
        }
        assert_eq!(told(&[b"1234567890"], 8), [Err(TooLong)]);
        assert_eq!(told(&[b"123456789"], 8), [Err(TooLong)]);
    }
}
