//! The integration tests of `chat`.

mod client;
mod session;
mod sockets;
mod story;
