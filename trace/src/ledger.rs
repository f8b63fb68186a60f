use std::io;

/// How many lines are written at once. More go out in several steps, so that a slow writer can be
/// told from one that hangs.
const AT_ONCE: usize = 32;

/// A writer, and the account of what it did not take. No line starts in the middle of another one.
pub(crate) struct Ledger<W> {
    pub(crate) w: W,
    report: Box<dyn Fn(u64) -> String + Send>,
    /// Lines that are not out, and that the output does not tell of yet.
    pub(crate) untold: u64,
    /// A failure cut the last line off.
    cut: bool,
}

impl<W: io::Write> Ledger<W> {
    pub(crate) fn new(w: W, report: impl Fn(u64) -> String + Send + 'static) -> Ledger<W> {
        Ledger { w, report: Box::new(report), untold: 0, cut: false }
    }

    /// Tells of what was lost before, and writes lines that end at `ends`. Whenever the writer
    /// takes something, `step` is told how many more of them are out.
    pub(crate) fn write(
        &mut self,
        lines: &[u8],
        ends: &[usize],
        mut step: impl FnMut(u64),
    ) -> io::Result<()> {
        let untold = self.untold;
        // They are lost until they are out: a writer that panics never comes back here.
        self.untold += ends.len() as u64;
        if untold > 0 {
            let report = (self.report)(untold) + "\n";
            self.send(report.as_bytes(), &[report.len()], untold, |_| step(0))?;
        }
        self.send(lines, ends, 1, step)
    }

    /// Writes lines, each of which settles so many that were untold.
    ///
    /// A newline that is all that is missing of a line counts as out: it is written before
    /// anything else is.
    fn send(
        &mut self,
        lines: &[u8],
        mut ends: &[usize],
        settled: u64,
        mut step: impl FnMut(u64),
    ) -> io::Result<()> {
        if self.cut {
            self.w.write_all(b"\n")?;
            self.cut = false;
        }
        let mut taken = 0;
        while taken < lines.len() {
            let end = ends.get(AT_ONCE - 1).copied().unwrap_or(lines.len());
            match self.w.write(&lines[taken..end]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => {
                    taken += more;
                    self.cut = taken < lines.len() && lines[taken - 1] != b'\n';
                    let out = taken + usize::from(self.cut && lines[taken] == b'\n');
                    let (done, left) = ends.split_at(ends.partition_point(|end| *end <= out));
                    ends = left;
                    self.untold -= settled * done.len() as u64;
                    step(done.len() as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What stands where lines are missing.
pub(crate) fn report(lost: u64) -> String {
    format!("... {lost} lost ...")
}
