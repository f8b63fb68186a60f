//! The way to the `tracing` ecosystem and back.
//!
//! Which dispatchers are alive is global to a process, so every test here is alone while it runs.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod capture;
mod from;
mod to;

use std::sync::{Mutex, MutexGuard, PoisonError};

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
