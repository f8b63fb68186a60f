//! A chat in an axum app that has pages of its own: `cargo run -p chat --example mount`.
//!
//! The app listens, so these bounds are the app's to keep: how many connections there may be, in
//! all and from one address, how often one may ask over HTTP, how long a request may take, and the
//! listen backlog; and its port speaks HTTP alone. What happens inside rooms and sessions is
//! bounded by the `Limits` given here.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use chat::{Limits, Server};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    serve(TcpListener::bind("localhost:8080").await?, stop).await
}

/// Serves pages of our own beside the chat, until `stop` ends.
pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let limits = Limits { rooms: 20, ..Limits::default() };
    let server = Arc::new(Server::new(limits, Default::default(), Default::default()));
    let app = Router::new().route("/about", get(|| async { "ours" })).merge(server.router());
    let keeper = Arc::clone(&server);
    let keeping = tokio::spawn(async move { keeper.keep().await });
    let stopped = async move {
        stop.await;
        server.drain().await;
    };
    let served = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
    keeping.abort();
    served
}
