//! `chat why`: who has a message, who has not, and why.

use serde_json::Value;

use super::shown::safe;
use super::trace::percent;
use super::{Ask, RemoteError, http, print};

impl Ask {
    /// Asks over HTTP, so that nobody sees anybody come for it.
    pub(super) async fn run(&self) -> Result<(), RemoteError> {
        let (room, seq) = (percent(self.room.as_str()), self.seq);
        let path = format!("/rooms/{room}/messages/{seq}/delivery");
        let answer = http::get(&self.target, &path).await?.rest().await;
        match serde_json::from_str::<Value>(&answer) {
            Ok(report) if self.json => print(&format!("{report}\n")),
            Ok(report) if report["type"] == "delivery" => print(&text(&report)),
            _ => Err(RemoteError::NotChat(answer)),
        }
    }
}

/// A report for people, a line for each connection.
fn text(report: &Value) -> String {
    let (room, seq) = (str_of(&report["room"]), &report["seq"]);
    let (reached, of) = (&report["reached"], &report["of"]);
    let took = report["us"].as_u64().map(|us| format!(" in {}", time(us))).unwrap_or_default();
    let from = str_of(&report["from"]);
    let mut text = format!("#{room} {seq} from {from}: reached {reached} of {of}{took}\n");
    for row in report["rows"].as_array().into_iter().flatten() {
        text.push_str(&format!("  {}\n", line(row)));
    }
    if let Some(more) = report["more"].as_u64() {
        text.push_str(&format!("  and {more} more\n"));
    }
    if report["since"].is_string() {
        let since = str_of(&report["since"]);
        text.push_str(&format!("  who had it before {since} is not known\n"));
    }
    text
}

fn line(row: &Value) -> String {
    let who = match (row["name"].as_str(), row["client"].as_u64()) {
        (Some(name), Some(client)) => format!("{} (client {client})", safe(name)),
        (Some(name), None) => safe(name),
        (None, Some(client)) => format!("client {client}"),
        (None, None) => "somebody".into(),
    };
    let after = row["us"].as_u64().map(|us| format!(" after {}", time(us))).unwrap_or_default();
    let what = match row["state"].as_str().unwrap_or_default() {
        "acked" => format!("has it and said so{after}"),
        "sent" => format!("was sent it{after}"),
        "behind" => {
            let since = row["ms"].as_u64().map(|ms| format!(" for {}", time(ms * 1000)));
            let why = match row["why"].as_str().unwrap_or_default() {
                "stalled" => "takes nothing",
                "reading" => "reads what is stored",
                _ => "waits for its turn",
            };
            format!("is {} messages behind{}: {why}", row["by"], since.unwrap_or_default())
        }
        "gap" => format!("missed it, and was told so: {}", str_of(&row["why"])),
        "later" => "came after it".into(),
        "unsent" => "left before it was sent it".into(),
        "away" => "had left before".into(),
        "waiting" => "finds it in the inbox".into(),
        "untold" => "is not told of such changes".into(),
        state => safe(state),
    };
    let left = match row["left"]["ms"].as_u64() {
        Some(ms) => format!("; left {} ago: {}", time(ms * 1000), str_of(&row["left"]["why"])),
        None => String::new(),
    };
    format!("{who} {what}{left}")
}

fn str_of(value: &Value) -> String {
    safe(value.as_str().unwrap_or_default())
}

/// Microseconds in the unit that says it shortest.
fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_state_has_words() {
        let report = json!({
            "type": "delivery", "room": "lobby", "epoch": "k3", "seq": 7, "from": "ann",
            "at": "2026-11-21T10:00:00.000Z", "reached": 2, "of": 6, "us": 96, "more": 1,
            "since": "2026-11-21T09:00:00.000Z",
            "rows": [
                { "client": 3, "name": "bob", "state": "behind", "by": 212, "ms": 4100,
                  "why": "stalled", "stalled_ms": 4000 },
                { "client": 4, "name": "cem", "state": "gap", "why": "slow" },
                { "client": 5, "name": "dan", "state": "unsent",
                  "left": { "why": "gone", "ms": 61_000 } },
                { "name": "eve", "state": "away", "left": { "why": "closed", "ms": 5 } },
                { "client": 6, "state": "later" },
                { "client": 7, "state": "untold" },
                { "name": "gil", "state": "waiting" },
                { "client": 1, "name": "ann", "state": "acked", "us": 1500 },
                { "client": 2, "name": "fay", "state": "sent" },
                { "state": "new\u{1b}" },
            ],
        });
        assert_eq!(
            text(&report),
            "#lobby 7 from ann: reached 2 of 6 in 96 us\n\
             \x20 bob (client 3) is 212 messages behind for 4.1 s: takes nothing\n\
             \x20 cem (client 4) missed it, and was told so: slow\n\
             \x20 dan (client 5) left before it was sent it; left 61.0 s ago: gone\n\
             \x20 eve had left before; left 5.0 ms ago: closed\n\
             \x20 client 6 came after it\n\
             \x20 client 7 is not told of such changes\n\
             \x20 gil finds it in the inbox\n\
             \x20 ann (client 1) has it and said so after 1.5 ms\n\
             \x20 fay (client 2) was sent it\n\
             \x20 somebody new\\u{1b}\n\
             \x20 and 1 more\n\
             \x20 who had it before 2026-11-21T09:00:00.000Z is not known\n"
        );
    }
}
