//! The one integration test of the crate: sessions over pipes, the server over sockets, the program
//! from outside, and the rules of the house.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abuse;
mod behind;
mod cli;
mod client;
mod clients;
mod conformance;
mod connections;
mod conversation;
mod evening;
mod events;
mod examples;
mod folder;
mod hostile;
mod http;
mod kept;
mod protocol;
mod proxies;
mod retention;
mod rooms;
mod session;
mod sockets;
mod story;
mod talk;
mod text;
mod tidy;
mod why;
mod xray;
