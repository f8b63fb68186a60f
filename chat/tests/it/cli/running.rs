//! The program while it serves: the banner, the addresses, who may ask.

use super::*;
use crate::sockets::read_all;

#[tokio::test]
async fn a_log_gets_one_line() {
    let server = start(&[]).await;
    let pid = server.child.id().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let port = server.port;
    assert_eq!(
        server.banner,
        format!("listening url=http://localhost:{port} version={version} pid={pid}")
    );
    server.serves().await;
}

#[tokio::test]
async fn localhost_is_both_loopbacks() {
    let server = start(&[]).await;
    server.serves().await;
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        TcpStream::connect(("::1", server.port)).await.unwrap();
    }
}

#[tokio::test]
async fn every_interface_and_several_addresses() {
    let server = start_with(chat(&["-a", ":0", "-a", "127.0.0.1:0"])).await;
    // The two overlap, so the second is at a port of its own.
    let urls: Vec<_> = server.banner.split(' ').filter(|word| word.starts_with("url=")).collect();
    assert_eq!(urls.len(), 2, "{urls:?}");
    server.serves().await;
}

#[tokio::test]
async fn only_known_hosts_are_served() {
    let server = start(&["--host", "Chat.Example.org"]).await;
    let ok = |answer: String| answer.starts_with("HTTP/1.1 200 OK\r\n");
    assert!(ok(server.get("chat.example.org").await));
    assert!(ok(server.get(&format!("127.0.0.1:{}", server.port)).await));
    let name = gethostname::gethostname().to_string_lossy().into_owned();
    assert!(ok(server.get(&format!("{name}:{}", server.port)).await), "{name} is this computer");
    let refused = server.get("evil.example.org").await;
    assert!(refused.starts_with("HTTP/1.1 421 "), "{refused}");
}

#[tokio::test]
async fn the_limit_of_connections_is_the_configured_one() {
    let server = start(&["--max-connections", "1"]).await;
    let held = server.connect().await;
    // Connections are accepted in the order in which they were made.
    let refused = server.get("localhost").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    drop(held);
}

#[tokio::test]
async fn rooms_and_messages_are_as_large_as_was_configured() {
    let server = start(&["--max-rooms", "1", "--max-message-bytes", "16"]).await;
    let post = async |room: &str, body: &str| {
        let mut stream = server.connect().await;
        let length = body.len();
        let request = format!(
            "POST /rooms/{room} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    };
    assert!(post("lobby", "sixteen letters!").await.starts_with("HTTP/1.1 201 "));
    let long = post("lobby", "seventeen letters").await;
    assert!(long.starts_with("HTTP/1.1 413 ") && long.contains("at most 16 bytes"), "{long}");
    let full = post("tea", "hi").await;
    assert!(full.starts_with("HTTP/1.1 503 ") && full.contains("1 of 1 rooms"), "{full}");
}
