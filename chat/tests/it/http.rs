//! HTTP on real sockets: what programs ask without a session.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use chat::{Access, Limits, Server, Tracers};
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;
use tower_service::Service;

use crate::sockets::{Running, next, serve};

impl Running {
    /// A value of `/metrics`.
    async fn metric(&self, series: &str) -> Option<u64> {
        let answer = self.get("/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: application/openmetrics-text;"), "{answer}");
        let value = answer.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }
}

#[tokio::test]
async fn metrics_count_what_is_traced() {
    let server = serve(Limits::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    let mut other = server.socket("/room", "").await.unwrap();
    server.saw("event=joined room=lobby client=2").await;
    page.send(Message::text("hi")).await.unwrap();
    next(&mut page).await;
    next(&mut other).await;
    for client in [1, 2] {
        server.saw(&format!("event=sent room=lobby client={client}")).await;
    }
    assert_eq!(server.metric("chat_connections{wire=\"body\"}").await, Some(2));
    assert_eq!(server.metric("chat_members").await, Some(2));
    assert_eq!(server.metric("chat_rooms").await, Some(1));
    assert_eq!(server.metric("chat_messages_received_total").await, Some(1));
    assert_eq!(server.metric("chat_messages_delivered_total").await, Some(2));
    assert_eq!(server.metric("chat_ended_total{reason=\"closed\"}").await, None);
    page.close(None).await.unwrap();
    // The end is counted once the session is dropped, shortly after it was traced.
    server.saw("event=closed client=1 why=closed").await;
    while server.metric("chat_ended_total{reason=\"closed\"}").await != Some(1) {}
    assert_eq!(server.metric("chat_connections{wire=\"body\"}").await, Some(1));

    other.send(Message::binary(vec![0xff])).await.unwrap();
    server.saw("event=refused client=2 code=not_text").await;
    server.get("/room").await;
    server.ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    server.ask("hello\r\n\r\n").await;
    server.saw("code=not_http").await;
    for reason in ["not_text", "not_websocket", "wrong_host", "not_http"] {
        let series = format!("chat_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(server.metric(&series).await, Some(1), "{reason}");
    }
}

#[tokio::test]
async fn health_and_readiness() {
    let server = serve(Limits::default()).await;
    for path in ["/healthz", "/readyz"] {
        let answer = server.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("cache-control: no-store"), "{answer}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let ask = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        assert!(server.ask(&ask).await.starts_with("HTTP/1.1 421 "), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_drains_is_alive_and_not_ready() {
    let server = Server::new(Limits::default(), Access::default(), Tracers::default());
    let server = Arc::new(server);
    let status = async |path: &str| {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        server.router().call(request).await.unwrap().status().as_u16()
    };
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 200));
    server.drain().await;
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 503));
}
