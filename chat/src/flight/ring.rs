//! The newest events of a recorder, in as many bytes as it was given.

use super::At;
use super::frame::Recorded;

/// Before each frame: its length in two bytes and the time in eight.
const HEAD: usize = 10;

/// Frames one behind the other, over and over the same bytes. A frame is overwritten as a whole.
pub(super) struct Ring {
    bytes: Box<[u8]>,
    /// Where the oldest frame begins and the newest ends, counted without going round.
    oldest: Place,
    newest: Place,
    /// When the newest was told.
    at: At,
}

/// Between two frames: how many bytes and how many frames ever were before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    byte: u64,
    frame: u64,
}

impl Ring {
    /// Of so many bytes, which are more than one frame has.
    pub(super) fn new(bytes: usize) -> Self {
        let bytes = vec![0; bytes].into_boxed_slice();
        Self { bytes, oldest: Place::default(), newest: Place::default(), at: At(0) }
    }

    pub(super) fn oldest(&self) -> Place {
        self.oldest
    }

    pub(super) fn newest(&self) -> Place {
        self.newest
    }

    /// Adds a frame. Times are in the order of frames, also where somebody sets a clock back.
    pub(super) fn push(&mut self, at: At, frame: &[u8]) {
        self.at = At(self.at.0.max(at.0));
        let all = HEAD + frame.len();
        while self.newest.byte + all as u64 > self.oldest.byte + self.bytes.len() as u64 {
            let len = u16::from_le_bytes([self.byte(0), self.byte(1)]);
            self.oldest.byte += HEAD as u64 + u64::from(len);
            self.oldest.frame += 1;
        }
        self.write(&(frame.len() as u16).to_le_bytes());
        self.write(&self.at.0.to_le_bytes());
        self.write(frame);
        self.newest.frame += 1;
    }

    /// One of the first bytes of the oldest frame.
    fn byte(&self, at: u64) -> u8 {
        self.bytes[self.index(self.oldest.byte + at)]
    }

    fn index(&self, byte: u64) -> usize {
        (byte % self.bytes.len() as u64) as usize
    }

    fn write(&mut self, bytes: &[u8]) {
        let at = self.index(self.newest.byte);
        let (first, second) = bytes.split_at(bytes.len().min(self.bytes.len() - at));
        self.bytes[at..at + first.len()].copy_from_slice(first);
        self.bytes[..second.len()].copy_from_slice(second);
        self.newest.byte += bytes.len() as u64;
    }

    /// Copies what lies behind `from`, up to so many bytes: the last frame perhaps in part. What
    /// was there and is overwritten is counted, and stepped over.
    pub(super) fn copy(&self, from: &mut Place, most: usize, out: &mut Vec<u8>) -> u64 {
        let lost = self.oldest.frame.saturating_sub(from.frame);
        if lost > 0 {
            *from = self.oldest;
        }
        let len = ((self.newest.byte - from.byte) as usize).min(most);
        let at = self.index(from.byte);
        let first = len.min(self.bytes.len() - at);
        out.clear();
        out.extend_from_slice(&self.bytes[at..at + first]);
        out.extend_from_slice(&self.bytes[..len - first]);
        lost
    }
}

/// Takes the first whole frame out of what was copied, and goes behind it.
pub(super) fn next<'a>(copied: &mut &'a [u8], place: &mut Place) -> Option<Recorded<'a>> {
    let (head, rest) = copied.split_at_checked(HEAD)?;
    let (len, at) = head.split_at(2);
    let len = usize::from(u16::from_le_bytes(len.try_into().ok()?));
    let at = At(u64::from_le_bytes(at.try_into().ok()?));
    let (frame, rest) = rest.split_at_checked(len)?;
    *copied = rest;
    place.byte += (HEAD + len) as u64;
    place.frame += 1;
    Some(Recorded::new(at, frame))
}

impl Place {
    /// Whether all that was before `other` is behind it.
    pub(super) fn has_reached(self, other: Place) -> bool {
        self.frame >= other.frame
    }

    /// How many frames lie between the two.
    pub(super) fn frames_to(self, other: Place) -> u64 {
        other.frame.saturating_sub(self.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_changes_no_order() {
        let mut ring = Ring::new(1 << 10);
        for at in [5, 3, 6] {
            ring.push(At(at), b"");
        }
        let (mut copied, mut place) = (Vec::new(), ring.oldest());
        ring.copy(&mut place, 1 << 10, &mut copied);
        let times: Vec<_> = copied
            .chunks(HEAD)
            .map(|head| u64::from_le_bytes(head[2..].try_into().unwrap()))
            .collect();
        assert_eq!(times, [5, 5, 6]);
    }
}
