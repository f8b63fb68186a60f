//! A server and its clients on one thread, in a simulated network (turmoil), with a disk that takes
//! its time and forgets at a power cut what was not synced. Sessions, rooms, commits and pages are
//! those that everybody gets; chance, time, threads and the network are not.
//!
//! A run follows from its seed: who says what when, what the network does to it, when the server
//! is stopped, killed, or loses its power. What everybody is told goes to the [`Model`](model::Model), which
//! knows what cannot be: another order, a message lost that was acknowledged, a message twice, a
//! hole that nobody was told of. In no other build.

mod audit;
mod line;
mod model;
mod person;
mod plan;
mod run;

#[cfg(test)]
mod tests;
