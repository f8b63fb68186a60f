//! One conversation, as each wire tells it to somebody who is there.

use std::time::Duration;

use chat::{Limits, Wire};
use insta::assert_snapshot;
use serde_json::json;

use crate::client::{Client, Frame, World, frame};

/// Somebody who takes part, and what there was to see of it.
struct Listener {
    client: Client,
    wire: Wire,
    seen: String,
}

impl Listener {
    /// Says what stands for this on its wire, if anything does.
    async fn says(&mut self, said: [Option<&str>; 3]) {
        let [json, text, body] = said;
        let said = match self.wire {
            Wire::Json | Wire::JsonLines => json,
            Wire::Text | Wire::TextLines => text,
            _ => body,
        };
        if let Some(said) = said {
            self.seen += &format!("> {said}\n");
            self.client.say(said).await;
        }
        self.hears().await;
    }

    /// Takes what comes until nothing more does.
    async fn hears(&mut self) {
        let bytes = self.client.heard(Duration::from_secs(1)).await;
        let mut left = &bytes[..];
        if matches!(self.wire, Wire::JsonLines | Wire::TextLines) {
            let lines = String::from_utf8(bytes).unwrap();
            assert!(lines.is_empty() || lines.ends_with('\n'), "{lines:?}");
            lines.lines().for_each(|line| self.sees(line));
            return;
        }
        while let Some(frame) = frame(&mut left).await {
            match frame {
                Frame::Text(text) => self.sees(&text.replace('\n', "\\n")),
                Frame::Close(code, reason) => self.sees(&format!("[close {code} {reason}]")),
                other => self.sees(&format!("[{other:?}]")),
            }
        }
    }

    fn sees(&mut self, told: &str) {
        self.seen += &format!("< {}\n", without_chance(told));
    }

    /// Tells what somebody else does.
    fn note(&mut self, what: &str) {
        self.seen += &format!("\n# {what}\n");
    }
}

/// What is told, without what differs from run to run.
pub fn without_chance(told: &str) -> String {
    let mut told = told.to_owned();
    for (key, shown) in [("at", "AT"), ("token", "TOKEN"), ("epoch", "EPOCH")] {
        let key = format!("\"{key}\":\"");
        let parts: Vec<_> = told.split(&key).collect();
        let rest = parts[1..].iter().map(|part| part.split_once('"').unwrap().1);
        let rest: String = rest.map(|rest| format!("{key}{shown}\"{rest}")).collect();
        told = format!("{}{rest}", parts[0]);
    }
    told
}

async fn conversation(wire: Wire) -> String {
    let world = World::new(Limits::default());
    let client = world.connect(wire, 1 << 16);
    let mut ann = Listener { client, wire, seen: String::new() };
    ann.note("ann comes");
    let hello = r#"{"type":"hello","id":1,"name":"ann","rooms":{"lobby":{},"@":{}}}"#;
    ann.says([Some(hello), Some("ann"), None]).await;
    ann.note("bob comes");
    let bob = world.join("bob").await;
    ann.hears().await;
    ann.note("they talk");
    let hi = r#"{"type":"post","id":2,"mid":"m1","body":"hi <there>"}"#;
    ann.says([Some(hi), Some("hi <there>"), Some("hi <there>")]).await;
    let mut asks = async |what: &str, request: serde_json::Value| {
        ann.note(what);
        bob.say(&request.to_string()).await;
        ann.hears().await;
    };
    asks("bob writes", json!({"type":"typing"})).await;
    asks("bob answers", json!({"type":"post","body":"\"hi\"\nann & all \u{1f600}","reply":1}))
        .await;
    asks("bob corrects himself", json!({"type":"edit","of":2,"body":"hi \u{1b}[1m"})).await;
    asks("bob takes it back", json!({"type":"delete","of":2})).await;
    asks("bob speaks to ann alone", json!({"type":"post","to":["ann"],"mid":"b1","body":"psst"}))
        .await;
    ann.note("ann answers him alone");
    let psst = r#"{"type":"post","id":3,"to":["bob","zoe"],"mid":"m2","body":"yes?"}"#;
    ann.says([Some(psst), Some("bob, zoe: yes?"), None]).await;
    ann.note("ann asks");
    let who = r#"{"type":"who","id":4}"#;
    ann.says([Some(who), Some("/who"), None]).await;
    let history = r#"{"type":"history","id":5,"limit":3}"#;
    ann.says([Some(history), Some("/last 3"), None]).await;
    ann.says([Some(r#"{"type":"rooms","id":6}"#), Some("/rooms"), None]).await;
    ann.note("ann goes to another room and back");
    ann.says([Some(r#"{"type":"join","id":7,"room":"Tea"}"#), Some("/join #Tea"), None]).await;
    let tea = r#"{"type":"post","id":8,"room":"tea","mid":"m3","body":"milk?"}"#;
    ann.says([Some(tea), Some("milk?"), None]).await;
    ann.says([Some(r#"{"type":"leave","id":9,"room":"tea"}"#), Some("/leave"), None]).await;
    ann.note("ann errs");
    ann.says([Some(r#"{"type":"dance","id":10}"#), Some("/dance"), Some("")]).await;
    ann.note("bob goes");
    bob.vanish().await;
    tokio::time::advance(Duration::from_secs(6)).await;
    ann.hears().await;
    ann.note("the server stops");
    tokio::join!(world.sessions.drain(), ann.hears());
    ann.seen.trim_start().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_same_conversation_on_every_wire() {
    for wire in [Wire::Json, Wire::JsonLines, Wire::Text, Wire::TextLines, Wire::Body, Wire::Pool] {
        assert_snapshot!(wire.as_str(), conversation(wire).await);
    }
}
