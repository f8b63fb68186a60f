//! Every message back as it came, on the connections and within the limits of the chat: what the
//! conformance of its WebSockets is tested on.
//!
//! `cargo run -p chat --example ws_echo`, or with an address: `-- 127.0.0.1:0`.

use std::{error::Error, io, sync::Arc};

use chat::{Addr, Connection, Connections, Inbound, Limits, Tracers, WebSocket, listen};
use trace::{Tracer, trace};

/// Serves one client.
pub async fn serve(connection: Connection, limits: Limits) -> io::Result<()> {
    let Some(mut socket) = WebSocket::accept(connection, &limits).await else { return Ok(()) };
    loop {
        match socket.next().await {
            Inbound::Message(text) => socket.text(&text).await?,
            Inbound::Binary(bytes) => socket.binary(&bytes).await?,
            Inbound::Ping(payload) => socket.pong(&payload).await?,
            Inbound::Pong(_) => {}
            Inbound::End(end) => return socket.close(end).await,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracer: Arc<dyn Tracer> = Arc::new(trace::new(io::stdout()));
    let addr: Addr = std::env::args().nth(1).as_deref().unwrap_or("localhost:8080").parse()?;
    let listening = listen(&[addr]).await?;
    for addr in &listening.addrs {
        trace!(tracer, "Listening"; event = "listening", url = format_args!("ws://{addr}/"));
    }
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    let limits = Limits::default();
    let connections = Connections::new(&limits, Tracers::all(tracer));
    let serve = move |connection| {
        let served = serve(connection, limits.clone());
        async { served.await.unwrap_or_default() }
    };
    connections.serve(listening.listeners, stop, serve).await?;
    Ok(())
}
