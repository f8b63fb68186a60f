//! The examples of docs/protocol.md, with curl.

use chat::{Access, Limits, Server, Tracers};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::runtime::Runtime;

const PAGE: &str = include_str!("../../../docs/protocol.md");

pub fn all_run() -> Result<(), String> {
    let runtime = Runtime::new().unwrap();
    let examples: Vec<_> = PAGE.split("```curl\n").skip(1).collect();
    assert!(examples.len() >= 2, "{}", examples.len());
    for example in examples {
        runtime.block_on(run(example.split("```").next().unwrap()))?;
    }
    Ok(())
}

/// Runs the commands of an example one after the other against a server of its own.
async fn run(example: &str) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let server = Server::new(Limits::default(), Access::default(), Tracers::default());
    let serving = tokio::spawn(server.serve(vec![listener], std::future::pending()));
    for example in example.split("$ ").skip(1) {
        let (command, expected) = example.split_once("\n{").unwrap();
        let command = command.replace("localhost:8080", &addr);
        let done = Command::new("sh").args(["-c", &command]).output().await.unwrap();
        let told = String::from_utf8(done.stdout).unwrap();
        let expected = format!("{{{}", expected.trim_end());
        let same = match serde_json::from_str::<Value>(&told) {
            Ok(told) => matches(&serde_json::from_str(&expected).unwrap(), &told),
            Err(_) => false,
        };
        if !same || !told.ends_with('\n') {
            return Err(format!("{command}\nis to answer\n{expected}\nand answered\n{told}"));
        }
    }
    serving.abort();
    Ok(())
}

/// Equality, but for texts in capitals, which stand for any.
fn matches(expected: &Value, told: &Value) -> bool {
    match (expected, told) {
        (Value::String(any), Value::String(_)) if ["EPOCH", "AT"].contains(&&**any) => true,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| matches(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| matches(v, w)))
        }
        _ => expected == told,
    }
}
