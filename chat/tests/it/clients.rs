//! Clients of every kind on one port, over sockets.

use chat::Limits;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::sockets::{PATIENCE, serve};

type Socket = WebSocketStream<TcpStream>;

/// The next text that satisfies, skipping others.
async fn until(socket: &mut Socket, wanted: impl Fn(&str) -> bool) -> String {
    timeout(PATIENCE, async {
        loop {
            match socket.next().await.unwrap().unwrap() {
                Message::Text(text) if wanted(&text) => return text.to_string(),
                _ => {}
            }
        }
    })
    .await
    .expect("such a text in time")
}

async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

#[tokio::test]
async fn websockets_of_every_format_meet_in_the_lobby() {
    let server = serve(Limits::default()).await;
    let mut pool = server.socket("/ws", "").await.unwrap();
    until(&mut pool, |text| text == "{\"type\":1,\"body\":\"New User Joined...\"}\n").await;
    let mut body = server.socket("/room", "").await.unwrap();
    let mut text = server.socket("/rooms/lobby/ws?name=B%C3%B6b", "").await.unwrap();
    until(&mut text, |text| text.starts_with("* welcome, Böb")).await;
    let mut json = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    say(&mut json, r#"{"type":"hello","name":"ann"}"#).await;
    until(&mut json, |text| text.contains("\"welcome\"")).await;
    say(&mut text, "hello").await;
    until(&mut json, |text| text.contains("\"from\":\"Böb\",\"body\":\"hello\"")).await;
    until(&mut pool, |text| text == "{\"type\":1,\"body\":\"hello\"}\n").await;
    until(&mut body, |text| text == "hello").await;
    until(&mut text, |text| text == "#lobby Böb: hello").await;
    say(&mut pool, "from the pool").await;
    until(&mut text, |text| text.ends_with(": from the pool")).await;
    text.close(None).await.unwrap();
    until(&mut pool, |text| text == "{\"type\":1,\"body\":\"User Disconnected...\"}\n").await;
}

#[tokio::test]
async fn a_text_client_says_its_name_first() {
    let server = serve(Limits::default()).await;
    let mut text = server.socket("/rooms/tea/ws", "").await.unwrap();
    say(&mut text, "a:b\n").await;
    until(&mut text, |text| text == "* : cannot be in a name").await;
    say(&mut text, "ann\n").await;
    until(&mut text, |text| text.starts_with("* welcome, ann; you are in #tea")).await;
}
