//! What the crate promises, seen from outside.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod background;
mod book;
mod fields;
mod lines;
mod recorder;
mod tracers;
mod writers;
