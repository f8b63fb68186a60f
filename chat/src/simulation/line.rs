//! A connection to the simulated server, over one framing or the other.

use std::io;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use turmoil::net::TcpStream;
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Where the server listens.
pub(super) const SERVER: (&str, u16) = ("server", 8080);

pub(super) enum Line {
    Bare(Lines<BufReader<OwnedReadHalf>>, OwnedWriteHalf),
    WebSocket(Box<WebSocketStream<TcpStream>>),
}

impl Line {
    pub(super) async fn open(websocket: bool) -> io::Result<Self> {
        let stream = TcpStream::connect(SERVER).await?;
        if !websocket {
            let (read, write) = stream.into_split();
            return Ok(Self::Bare(BufReader::new(read).lines(), write));
        }
        let address = "ws://localhost:8080/rooms/lobby/ws";
        let mut request = address.into_client_request().map_err(io::Error::other)?;
        let subprotocol = HeaderValue::from_static("chat.v1");
        request.headers_mut().insert("sec-websocket-protocol", subprotocol);
        let (socket, _) = client_async(request, stream).await.map_err(io::Error::other)?;
        Ok(Self::WebSocket(Box::new(socket)))
    }

    pub(super) async fn say(&mut self, value: &Value) -> io::Result<()> {
        match self {
            Self::Bare(_, write) => write.write_all(format!("{value}\n").as_bytes()).await,
            Self::WebSocket(socket) => {
                socket.send(Message::text(value.to_string())).await.map_err(io::Error::other)
            }
        }
    }

    /// The next object. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> io::Result<Value> {
        let text = match self {
            Self::Bare(lines, _) => lines.next_line().await?.ok_or(io::ErrorKind::UnexpectedEof)?,
            Self::WebSocket(socket) => loop {
                match socket.next().await.ok_or(io::ErrorKind::UnexpectedEof)? {
                    Ok(Message::Text(text)) => break text.to_string(),
                    Ok(Message::Close(_)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {}
                    Err(tungstenite::Error::Io(error)) => return Err(error),
                    Err(error) => return Err(io::Error::other(error)),
                }
            },
        };
        serde_json::from_str(&text).map_err(io::Error::other)
    }
}

/// A text of an object that was heard.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A number of an object that was heard.
pub(super) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
