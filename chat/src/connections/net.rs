//! What connections come from: the network, and in our own tests a simulated one.

#[cfg(not(test))]
pub(crate) use tokio::net::{TcpListener, TcpStream};
#[cfg(test)]
pub(crate) use turmoil::net::{TcpListener, TcpStream};

/// Lets what was not taken be dropped with the stream.
pub(super) fn reset(stream: &TcpStream) {
    #[cfg(not(test))]
    stream.set_zero_linger().ok();
    #[cfg(test)]
    let _ = stream;
}
