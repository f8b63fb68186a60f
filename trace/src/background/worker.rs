use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Shared;
use super::queue::{Batch, Orders};
use crate::write::Out;

/// About how much is written at once. A batch goes out in several steps, so that a slow writer
/// can be told from one that hangs.
const PIECE: usize = 4096;

/// Writes what the queue holds, batch by batch, on its own thread.
pub(super) struct Worker<W, R> {
    shared: Arc<Shared>,
    out: Out<W>,
    report: R,
    /// Losses that the output does not tell of yet.
    untold: u64,
}

impl<W: io::Write, R: Fn(u64) -> String> Worker<W, R> {
    pub(super) fn new(shared: Arc<Shared>, w: W, report: R) -> Worker<W, R> {
        Worker { shared, out: Out::new(w), report, untold: 0 }
    }

    pub(super) fn run(mut self, mut batch: Batch) {
        loop {
            let orders = self.shared.take(&mut batch);
            if !self.turn(&batch, orders) {
                return;
            }
        }
    }

    /// Writes one batch. Whether to go on.
    pub(super) fn turn(&mut self, batch: &Batch, orders: Orders) -> bool {
        if batch.is_empty() && !orders.flush && !orders.close {
            return true;
        }
        let before = self.shared.out.load(Relaxed);
        let told = self.tell();
        let written = told.and_then(|()| self.lines(batch));
        let out = self.shared.out.load(Relaxed) - before;
        self.untold += batch.lines() - out + batch.lost;
        let result = written.and_then(|()| self.tell()).and_then(|()| self.out.w.flush());
        let result = result.map_err(|error| error.kind());
        self.shared.wrote(batch, orders, out, result)
    }

    fn lines(&mut self, batch: &Batch) -> io::Result<()> {
        let before = self.shared.out.load(Relaxed);
        let mut start = 0;
        for piece in batch.ends.chunk_by(|a, b| a / PIECE == b / PIECE) {
            let end = piece[piece.len() - 1];
            self.out.send(&batch.bytes[start..end], |bytes| {
                let out = batch.ends.partition_point(|end| *end <= start + bytes);
                self.shared.out.store(before + out as u64, Relaxed);
                self.shared.steps.fetch_add(1, Relaxed);
            })?;
            start = end;
        }
        Ok(())
    }

    fn tell(&mut self) -> io::Result<()> {
        if self.untold == 0 {
            return Ok(());
        }
        let line = (self.report)(self.untold) + "\n";
        self.out.send(line.as_bytes(), |bytes| {
            self.shared.steps.fetch_add(1, Relaxed);
            if bytes == line.len() {
                self.untold = 0;
            }
        })
    }
}
