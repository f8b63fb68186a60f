//! `chat why`: who has a message, who has not, and why.

use serde_json::Value;

use super::trace::percent;
use super::{RemoteError, Why, http, print};
use crate::ndjson;
use crate::printable::printable;

impl Why {
    /// Asks over HTTP, so that nobody sees anybody come for it.
    pub(super) async fn run(&self) -> Result<(), RemoteError> {
        let (room, seq) = (percent(self.room.as_str()), self.seq);
        let path = format!("/rooms/{room}/messages/{seq}/delivery");
        let accept = if self.json { "application/json" } else { "text/plain" };
        let answer = http::get(&self.target, &path, accept).await?;
        match self.json {
            true => match serde_json::from_str::<Value>(&answer) {
                Ok(report) => print(&(ndjson::json(&report) + "\n")),
                Err(_) => Err(RemoteError::not_chat(&answer)),
            },
            // What the server says for itself begins so.
            false if !answer.starts_with("* ") => Err(RemoteError::not_chat(&answer)),
            false => print(&answer.lines().map(|line| printable(line) + "\n").collect::<String>()),
        }
    }
}
