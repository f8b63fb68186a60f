//! Servers to compare with. All do what `/room` does: whatever text one client sends, everybody
//! gets, the sender too.

mod channels;
mod floor;
mod queues;

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

/// A way to write such a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// tokio-tungstenite, a queue and a task for each client.
    Textbook,
    /// The same with TCP_NODELAY.
    TextbookNodelay,
    /// The same on tokio-websockets, with TCP_NODELAY.
    Websockets,
    /// One tokio `broadcast` channel that every client's task receives from.
    Broadcast,
    /// The same with TCP_NODELAY.
    BroadcastNodelay,
    /// One loop that sends prepared frames.
    Floor,
}

impl Peer {
    pub const ALL: [Self; 6] = [
        Self::Textbook,
        Self::TextbookNodelay,
        Self::Websockets,
        Self::Broadcast,
        Self::BroadcastNodelay,
        Self::Floor,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Textbook => "textbook",
            Self::TextbookNodelay => "textbook-nodelay",
            Self::Websockets => "websockets",
            Self::Broadcast => "broadcast",
            Self::BroadcastNodelay => "broadcast-nodelay",
            Self::Floor => "floor",
        }
    }

    /// What it is, in the table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Textbook => "textbook: tokio-tungstenite, a queue for each client",
            Self::TextbookNodelay => "the same with TCP_NODELAY",
            Self::Websockets => "the same on tokio-websockets, with TCP_NODELAY",
            Self::Broadcast => "axum's chat example: tokio-tungstenite, tokio `broadcast`",
            Self::BroadcastNodelay => "the same with TCP_NODELAY",
            Self::Floor => "the floor: one loop that sends prepared frames",
        }
    }

    fn nodelay(self) -> bool {
        matches!(self, Self::TextbookNodelay | Self::Websockets | Self::BroadcastNodelay)
    }
}

/// Serves at a free port, whose number is the first line on stdout, until the process ends.
pub fn serve(peer: Peer) -> Result<(), Box<dyn Error>> {
    // 10,000 clients need as many descriptors.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    // A smaller backlog makes a crowd wait that comes together.
    socket.listen(4096)?;
    socket.set_nonblocking(true)?;
    let listener = std::net::TcpListener::from(socket);
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", listener.local_addr()?.port())?;
    stdout.flush()?;
    if peer == Peer::Floor {
        return Ok(floor::serve(listener)?);
    }
    tokio::runtime::Runtime::new()?.block_on(accept(peer, listener))
}

async fn accept(peer: Peer, listener: std::net::TcpListener) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::from_std(listener)?;
    let queues = queues::Queues::default();
    let frames = queues::Queues::default();
    let channel = channels::channel();
    loop {
        let (stream, _) = listener.accept().await?;
        if peer.nodelay() {
            stream.set_nodelay(true)?;
        }
        let (queues, frames, channel) = (queues.clone(), frames.clone(), channel.clone());
        tokio::spawn(async move {
            match peer {
                Peer::Websockets => {
                    let accepted = tokio_websockets::ServerBuilder::new().accept(stream).await;
                    let Ok((_, socket)) = accepted else { return };
                    frames.serve(socket, tokio_websockets::Message::is_text).await;
                }
                Peer::Broadcast | Peer::BroadcastNodelay => {
                    let Some(socket) = tungstenite(stream).await else { return };
                    channels::serve(&channel, socket, Message::is_text).await;
                }
                Peer::Textbook | Peer::TextbookNodelay | Peer::Floor => {
                    let Some(socket) = tungstenite(stream).await else { return };
                    queues.serve(socket, Message::is_text).await;
                }
            }
        });
    }
}

/// With its own defaults, as people use it.
async fn tungstenite(stream: TcpStream) -> Option<tokio_tungstenite::WebSocketStream<TcpStream>> {
    tokio_tungstenite::accept_async(stream).await.ok()
}
