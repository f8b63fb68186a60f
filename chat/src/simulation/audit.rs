//! What is left at the end.

use std::io;

use serde_json::{Value, json};

use super::line::{Line, number, text};
use super::model::Told;

/// Hears everything there is of a room, or of the inbox of whoever has a token, with the log that it
/// is in.
pub(super) async fn all(
    room: &str,
    name: &str,
    token: Option<Value>,
) -> io::Result<(String, Vec<Told>)> {
    let mut line = Line::open(false).await?;
    let rooms = json!({ room: { "last": 1_000_000 } });
    line.say(&json!({ "type": "hello", "name": name, "token": token, "rooms": rooms })).await?;
    let welcome = line.next().await?;
    if welcome["type"] != "welcome" {
        return Err(io::Error::other(format!("{name} was greeted with {welcome}")));
    }
    let at = &welcome["rooms"][room];
    let mut all = Vec::new();
    while (all.len() as u64) < number(&at["replay"]) {
        let next = line.next().await?;
        match next["type"].as_str() {
            Some("message" | "edit") => all.push(Told {
                seq: number(&next["seq"]),
                mid: text(&next["mid"]),
                body: text(&next["body"]),
                of: next["of"].as_u64(),
            }),
            Some("presence") => {}
            _ => return Err(io::Error::other(format!("the auditor of {room} was told {next}"))),
        }
    }
    Ok((text(&at["epoch"]), all))
}
