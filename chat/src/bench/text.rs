//! The texts of a run: each says of which run it is, who published it, and which number it has.

/// Who published a message, and which of theirs it is, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) publisher: u32,
    pub(super) number: u32,
}

/// How texts are written and read. All have the same length, and letters only, so that they look
/// the same in every format.
#[derive(Debug)]
pub(super) struct Text {
    run: [u8; RUN],
    bytes: usize,
}

const RUN: usize = 4;
const PUBLISHER: usize = 4;
const NUMBER: usize = 8;

impl Text {
    /// Texts of `bytes` bytes, at least [`Plan::LEAST_BYTES`](super::Plan::LEAST_BYTES), of a run
    /// that is not confused with another.
    pub(super) fn new(run: u32, bytes: usize) -> Self {
        Self { run: letters(run), bytes }
    }

    /// Writes one.
    pub(super) fn write(&self, said: Said, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.run);
        out.extend_from_slice(&letters::<PUBLISHER>(said.publisher));
        out.extend_from_slice(&letters::<NUMBER>(said.number));
        out.extend((b'a'..=b'z').cycle().take(self.bytes - out.len()));
    }

    /// Reads one, if it is one of this run.
    #[inline]
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Said> {
        if bytes.len() != self.bytes {
            return None;
        }
        let (run, rest) = bytes.split_first_chunk::<RUN>()?;
        let (publisher, rest) = rest.split_first_chunk::<PUBLISHER>()?;
        let number = rest.first_chunk::<NUMBER>()?;
        let said = Said { publisher: value(publisher), number: value(number) };
        (*run == self.run).then_some(said)
    }

    /// Reads the one that `bytes` end with, if `before` stands in front of it.
    #[inline]
    pub(super) fn at_the_end(&self, bytes: &[u8], before: &[u8]) -> Option<Said> {
        let (front, text) = bytes.split_at_checked(bytes.len().checked_sub(self.bytes)?)?;
        if front.ends_with(before) { self.read(text) } else { None }
    }
}

/// The lowest bits of a number, four to a letter, the highest first.
fn letters<const N: usize>(number: u32) -> [u8; N] {
    std::array::from_fn(|at| b'a' + (number >> (4 * (N - 1 - at)) & 0xf) as u8)
}

#[inline]
fn value<const N: usize>(letters: &[u8; N]) -> u32 {
    letters.iter().fold(0, |sum, letter| sum << 4 | u32::from(letter.wrapping_sub(b'a') & 0xf))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = Text::new(7, 20);
        let mut bytes = Vec::new();
        for (publisher, number) in [(0, 0), (1, 2), (0xffff, u32::MAX), (0x1234, 0x9abc_def0)] {
            let said = Said { publisher, number };
            text.write(said, &mut bytes);
            assert_eq!(bytes.len(), 20);
            assert!(bytes.iter().all(u8::is_ascii_lowercase));
            assert_eq!(text.read(&bytes), Some(said));
            let line = [b"#lobby ann: ", &bytes[..]].concat();
            assert_eq!(text.at_the_end(&line, b": "), Some(said));
            assert_eq!(text.at_the_end(&line, b":  "), None);
        }
    }

    #[test]
    fn what_is_of_no_run_or_another_is_not_read() {
        let (ours, others) = (Text::new(7, 16), Text::new(8, 16));
        let mut bytes = Vec::new();
        others.write(Said { publisher: 0, number: 0 }, &mut bytes);
        assert_eq!(ours.read(&bytes), None);
        for text in ["", "hi", "123456789abcdefg", "aaahaaaaaaaaaaaaa"] {
            assert_eq!(ours.read(text.as_bytes()), None, "{text}");
            assert_eq!(ours.at_the_end(text.as_bytes(), b""), None, "{text}");
        }
    }
}
