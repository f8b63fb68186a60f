//! The shape of the Go original: a method that takes any number of values, boxed.
//!
//! Its silent tracer is a tracer like any other, so that whoever calls it has evaluated, boxed and
//! listed all values before they are thrown away.

use std::cell::RefCell;
use std::fmt::{Display, Write as _};
use std::io;

pub trait Original {
    fn trace(&self, values: Vec<Box<dyn Display + '_>>);
}

pub struct Lines<W>(pub RefCell<W>);

impl<W: io::Write> Original for Lines<W> {
    fn trace(&self, values: Vec<Box<dyn Display + '_>>) {
        let mut text = String::new();
        for value in values {
            let _ = write!(text, "{value}");
        }
        let mut out = self.0.borrow_mut();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
    }
}

pub struct Off;

impl Original for Off {
    fn trace(&self, _: Vec<Box<dyn Display + '_>>) {}
}
