//! A chat-room server you can see inside.
//!
//! # Use it
//!
//! A program of its own: [`listen`] on addresses and [`Server::serve`] until told to stop.
//!
//! ```no_run
//! use chat::{Access, Limits, Server, Tracers};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listening = chat::listen(&["localhost:8080".parse()?]).await?;
//! let tracers = Tracers::all(std::sync::Arc::new(trace::new(std::io::stdout())));
//! let server = Server::new(Limits::default(), Access::default(), tracers);
//! let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
//! server.serve(listening.listeners, stop).await?;
//! # Ok(())
//! # }
//! ```
//!
//! In an axum app: [`Server::router`]. Another protocol on the same bounds: [`Connections`].
//!
//! # How it works
//!
//! A room is an append-only log and a client is a cursor into it. Bytes come in through a framing
//! and a format and become a [`Command`]; the session asks the room; the room's sequencer gives
//! the message its place and appends it as an [`Entry`]; every session reads on from its own
//! cursor and writes the same, once encoded bytes.
//!
//! ```text
//! bytes -> ws -> wire.decode -> Command -> session -> room.post -> sequencer
//!                                                                      |
//! bytes <- outgoing <- wire.slot <- session <- membership.read <- log.append
//! ```
//!
//! In the source, modules are listed from the lowest floor to the highest and import only downwards.

// 0: values
mod command;
mod end;
mod entry;
mod limits;
mod metrics;
mod name;
mod printable;
mod refused;
mod search;
mod tracers;
// 1: pure machines; time is an argument
mod bucket;
mod guard;
mod log;
mod ndjson;
mod opening;
mod presence;
mod progress;
mod wire;
// 2: the room
mod clock;
mod flight;
mod history;
mod inboxes;
mod members;
mod membership;
mod random;
mod reader;
mod refusals;
mod room;
mod rooms;
#[cfg(test)]
mod seeded;
mod select;
// 3: one client
mod session;
mod sessions;
// 4: shells
mod lines;
mod web;
mod ws;
// 5: the house
mod banner;
mod bench;
mod config;
mod connections;
mod descriptors;
mod doctor;
mod error;
#[cfg(any(test, fuzzing))]
pub mod invariants;
mod listen;
mod operations;
mod remote;
mod server;
#[cfg(test)]
mod simulation;
mod sink;
mod status;

pub use banner::Banner;
pub use bench::BenchError;
pub use bucket::Bucket;
pub use command::{
    Command, Hello, Joined, Left, Lost, Missed, Page, Post, Posted, Range, Reply, Report, Row,
    Standing, Start, Stored, Token, Waits, Which,
};
pub use config::{Addr, AddrError, Config, ConfigError, Host, TraceFormat, TraceTo};
pub use connections::{Connection, Connections, Drained};
pub use descriptors::raise_descriptors;
pub use end::End;
pub use entry::{
    ClientId, Content, Direct, Encoded, Entry, Epoch, MemberId, Mid, News, Notice, Sender, Seq,
    Slot, Timestamp,
};
pub use error::Error;
pub use flight::Flight;
pub use history::{BackupError, Durability, History, HistoryError, Retention};
pub use limits::Limits;
pub use listen::{ListenError, Listening, listen};
pub use members::{Author, Login, Members};
pub use membership::Membership;
pub use metrics::Metrics;
pub use name::{Name, NameError, RoomName};
pub use operations::{OperationError, asked};
pub use refused::Refused;
pub use remote::RemoteError;
pub use room::Room;
pub use rooms::Rooms;
pub use server::{Server, WebSocket};
pub use session::{Inbound, Session};
pub use sessions::{Place, Sessions};
pub use sink::Sink;
pub use tracers::Tracers;
pub use web::{Access, Xray};
pub use wire::{Request, Wire};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
