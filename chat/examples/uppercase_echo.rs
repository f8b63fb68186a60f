//! Bytes back in upper case, on the connections that carry the chat: `nc localhost 8080`.

use std::{error::Error, io, sync::Arc};

use chat::{Connection, Connections, End, Limits, Tracers, listen};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use trace::{Tracer, trace};

/// Serves one client; whatever was held for it is given back when this ends.
pub async fn serve(mut connection: Connection, tracer: Arc<dyn Tracer>) {
    connection.opened();
    let end = echo(&mut connection).await.unwrap_or_else(|error| End::of(&error));
    let peer = connection.peer().to_string();
    trace!(tracer, "Connection closed"; event = "closed", peer = peer.as_str(), why = end.as_str());
}

async fn echo(connection: &mut Connection) -> io::Result<End> {
    let (mut bytes, stopping) = ([0; 4096], connection.stopping().clone());
    while let Some(read) = stopping.run_until_cancelled(connection.read(&mut bytes)).await {
        let bytes = &mut bytes[..read?];
        if bytes.is_empty() {
            return Ok(End::Closed);
        }
        bytes.make_ascii_uppercase();
        connection.write_all(bytes).await?;
    }
    Ok(End::Drain)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracer: Arc<dyn Tracer> = Arc::new(trace::new(io::stdout()));
    let listeners = listen(&["localhost:8080".parse()?]).await?.listeners;
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    let connections = Connections::new(&Limits::default(), Tracers::all(Arc::clone(&tracer)));
    connections.serve(listeners, stop, move |one| serve(one, Arc::clone(&tracer))).await?;
    Ok(())
}
