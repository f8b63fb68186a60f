//! `chat trace`: what happens inside a server, as it happens.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use super::http;
use super::reader::Reader;
use super::{RemoteError, Trace, event, print};
use crate::ndjson;
use crate::printable::printable;

impl Trace {
    /// Until the server ends, or somebody presses Ctrl-C or reads no further.
    pub(super) async fn run(&self) -> Result<(), RemoteError> {
        tokio::select! {
            followed = self.follow() => followed,
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(RemoteError::System),
        }
    }

    async fn follow(&self) -> Result<(), RemoteError> {
        let mut events = http::follow(&self.target, &self.path(), "text/event-stream").await?;
        // Where little happens nothing else is seen for long; what reads a file or a pipe knows.
        if io::stderr().is_terminal() {
            // Whether anybody reads it changes nothing.
            writeln!(io::stderr(), "{}", self.watched()).ok();
        }
        while let Some(event) = next(&mut events).await {
            let line = match self.json {
                true => ndjson::json(&event),
                false => event::line(&event),
            };
            print(&(line + "\n"))?;
        }
        Err(RemoteError::Ended(None))
    }

    /// What is told, and how that ends.
    fn watched(&self) -> String {
        let room = self.room.as_ref().map(|room| format!(" in #{room}"));
        let client = self.client.map(|client| format!(" to client {client}"));
        let (room, client) = (room.unwrap_or_default(), client.unwrap_or_default());
        let target = printable(&self.target.to_string());
        format!("what happens{room}{client} at {target} is told here; Ctrl-C ends it")
    }

    fn path(&self) -> String {
        let room = self.room.as_ref().map(|room| format!("room={}", percent(room.as_str())));
        let client = self.client.map(|client| format!("client={client}"));
        let only: Vec<_> = room.into_iter().chain(client).collect();
        match only.is_empty() {
            true => "/xray/events".into(),
            false => format!("/xray/events?{}", only.join("&")),
        }
    }
}

/// The data of the next event. What went by unread is as in a file: `{"event":"lost","lost":3}`.
async fn next(events: &mut Reader<tokio::net::TcpStream>) -> Option<Value> {
    let mut is_gap = false;
    loop {
        let line = events.line().await?;
        if line == "event: gap" {
            is_gap = true;
        }
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let Ok(event) = serde_json::from_str::<Value>(data) else { continue };
        return Some(match is_gap {
            true => json!({ "event": "lost", "lost": event["lost"] }),
            false => event,
        });
    }
}

/// A text in a query or a path.
pub(super) fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let written = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::RoomName;
    use crate::remote::Target;

    #[test]
    fn what_is_watched_is_said() {
        let said = |room: Option<&str>, client| {
            let target = Target { host: "localhost".into(), port: 8080 };
            let room = room.map(|room| RoomName::new(room).unwrap());
            Trace { target, room, client, json: false }.watched()
        };
        let end = "at localhost:8080 is told here; Ctrl-C ends it";
        assert_eq!(said(None, None), format!("what happens {end}"));
        assert_eq!(said(Some("tea"), None), format!("what happens in #tea {end}"));
        assert_eq!(said(Some("tea"), Some(3)), format!("what happens in #tea to client 3 {end}"));
    }
}
