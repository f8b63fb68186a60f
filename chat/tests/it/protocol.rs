//! docs/protocol.md is the contract: its examples are held against the server.

use std::collections::HashMap;

use chat::{End, Limits, Wire};
use serde_json::Value;

use crate::client::{Client, World};

const PAGE: &str = include_str!("../../../docs/protocol.md");

#[tokio::test(start_paused = true)]
async fn every_example_runs() {
    let examples: Vec<_> = PAGE.split("```chat.v1\n").skip(1).collect();
    assert!(examples.len() >= 5, "{}", examples.len());
    for example in examples {
        run(example.split("```").next().unwrap()).await;
    }
}

async fn run(example: &str) {
    let world = World::new(Limits::default());
    let mut clients: HashMap<&str, Client> = HashMap::new();
    for line in example.lines() {
        let (who, rest) = line.split_once(' ').unwrap();
        let (arrow, object) = rest.split_once(' ').unwrap();
        let client = clients.entry(who).or_insert_with(|| world.connect(Wire::Json, 1 << 16));
        match arrow {
            "->" => client.say(object).await,
            "<-" => {
                let told = serde_json::from_str(&client.hear().await).unwrap();
                let expected = serde_json::from_str(object).unwrap();
                assert!(matches(&expected, &told), "{line}\nbut was told {told}");
            }
            other => panic!("{other} in {line}"),
        }
    }
}

/// Equality, but for texts in capitals, which stand for any.
fn matches(expected: &Value, told: &Value) -> bool {
    match (expected, told) {
        (Value::String(any), Value::String(_)) if ["TOKEN", "EPOCH", "AT"].contains(&&**any) => {
            true
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| matches(v, w)))
        }
        _ => expected == told,
    }
}

#[test]
fn an_example_that_is_wrong_is_seen() {
    let matches =
        |a, b| matches(&serde_json::from_str(a).unwrap(), &serde_json::from_str(b).unwrap());
    assert!(matches(r#"{"a":"AT","b":1}"#, r#"{"b":1,"a":"x"}"#));
    assert!(!matches(r#"{"a":"AT","b":1}"#, r#"{"b":2,"a":"x"}"#));
    assert!(!matches(r#"{"a":"AT"}"#, r#"{"a":"x","b":1}"#));
    assert!(!matches(r#"{"a":"AT"}"#, r#"{"a":1}"#));
}

#[test]
fn every_end_is_in_the_table() {
    for end in [
        End::Drain,
        End::Slow,
        End::Stalled,
        End::Silent,
        End::Nameless,
        End::Refused,
        End::Malformed,
        End::NotText,
        End::TooBig,
    ] {
        let yes = if end.reconnect() { "yes" } else { "no" };
        let row = format!("| `{}` | {} | {yes} |", end.as_str(), end.close_code());
        assert!(PAGE.contains(&row), "{row}");
    }
}

#[test]
fn every_refusal_is_in_the_table() {
    let source = include_str!("../../src/refused.rs");
    let codes = source.split("pub fn code").nth(1).unwrap().split("impl fmt").next().unwrap();
    let codes: Vec<_> = codes.split('"').skip(1).step_by(2).collect();
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert!(PAGE.contains(&format!("`{code}`")), "{code}");
    }
}
