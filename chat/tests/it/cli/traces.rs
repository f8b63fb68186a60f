//! `--trace`: what arrives, and what happens to the room when it cannot.

use std::fs;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncBufRead;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::*;

/// Posts so many messages, some 600 bytes of trace each, and hears each of them back, so the room serves all the while.
pub(super) async fn talk(server: &Running, messages: usize) {
    let url = format!("ws://localhost:{}/room", server.port);
    let (mut socket, _) = client_async(url, server.connect().await).await.unwrap();
    for n in 0..messages {
        let text = format!("{n:0300}");
        socket.send(Message::text(text.clone())).await.unwrap();
        let heard = timeout(PATIENCE, socket.next()).await.expect("an echo in time");
        assert_eq!(heard.unwrap().unwrap(), Message::text(text));
    }
    socket.close(None).await.unwrap();
    while timeout(PATIENCE, socket.next()).await.expect("a close in time").is_some() {}
}

async fn start_piped(args: &[&str]) -> Running {
    let mut command = chat(&[&["--addr", "localhost:0"], args].concat());
    command.stdout(Stdio::piped());
    start_with(command).await
}

async fn some_lines(out: &mut (impl AsyncBufRead + Unpin), count: usize) -> Vec<String> {
    let mut lines = out.lines();
    let mut seen = Vec::new();
    while seen.len() < count {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("a line in time").unwrap();
        seen.push(line.expect("a line"));
    }
    seen
}

#[tokio::test]
async fn stdout_tells_the_story() {
    let mut server = start_piped(&["--trace", "stdout"]).await;
    let mut out = BufReader::new(server.child.stdout.take().unwrap());
    talk(&server, 1).await;
    let lines = some_lines(&mut out, 4).await.join("\n");
    assert!(lines.contains("New client joined event=joined room=lobby client=1"), "{lines}");
    assert!(lines.contains("Message received: 0000"), "bodies are shown on stdout: {lines}");
    assert!(!lines.contains(" at="), "{lines}");
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn tracing_writes_what_it_is_told() {
    let mut server = start(&["--trace", "tracing"]).await;
    talk(&server, 1).await;
    let mut said = Vec::new();
    while !said.iter().any(|line: &String| line.contains("Client left")) {
        said.push(server.line().await.expect("a line"));
    }
    let said = said.join("\n");
    let joined = "TRACE chat::room: New client joined event=\"joined\" room=\"lobby\" client=1";
    assert!(said.contains(joined), "{said}");
    assert!(!said.contains("0000000"), "bodies are hidden: {said}");
}

#[tokio::test]
async fn json_is_an_object_a_line_without_bodies_if_so_asked() {
    let args = ["--trace", "stdout", "--trace-format", "json", "--trace-bodies", "hide"];
    let mut server = start_piped(&args).await;
    let mut out = BufReader::new(server.child.stdout.take().unwrap());
    talk(&server, 1).await;
    let mut events = Vec::new();
    for line in some_lines(&mut out, 4).await {
        let object: serde_json::Value = serde_json::from_str(&line).expect(&line);
        assert!(object["at"].is_string() && object["message"].is_string(), "{line}");
        assert!(!line.contains("0000000"), "{line}");
        events.push(object["event"].as_str().expect(&line).to_owned());
    }
    assert!(events.contains(&"joined".into()), "{events:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_that_takes_three_lines_and_goes_ends_the_trace_only() {
    let mut server = start_piped(&["--trace", "stdout"]).await;
    let mut out = BufReader::new(server.child.stdout.take().unwrap());
    talk(&server, 1).await;
    assert_eq!(some_lines(&mut out, 3).await.len(), 3);
    drop(out);
    talk(&server, 20).await;
    let said = server.stop().await;
    assert!(said.iter().any(|line| line.ends_with("lines were lost")), "{said:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_stdout_that_nobody_reads_loses_counted_lines_and_nothing_else() {
    let args = ["--trace", "stdout", "--trace-format", "json"];
    let mut server = start_piped(&args).await;
    let out = server.child.stdout.take().unwrap();
    let messages = 2_000;
    talk(&server, messages).await;
    server.serves().await;
    // Now somebody reads: what is missing is told where it is missing.
    let mut lines = BufReader::new(out).lines();
    server.signal("TERM").await;
    let (mut received, mut lost) = (0, 0);
    while let Some(line) = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap() {
        let object: serde_json::Value = serde_json::from_str(&line).expect(&line);
        received += usize::from(object["event"] == "received");
        lost += object["lost"].as_u64().unwrap_or(0);
    }
    assert!(received < messages, "all {received} fitted: the test is too small");
    assert!(lost > 0);
    let (status, said) = server.end().await;
    assert_eq!(status.code(), Some(0));
    assert!(said.contains(&format!("trace: {lost} lines were lost")), "{lost}: {said:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_stdout_that_nobody_reads_does_not_hold_up_the_end() {
    let mut server = start_piped(&["--trace", "stdout"]).await;
    let unread = server.child.stdout.take();
    talk(&server, 2_000).await;
    let said = server.stop().await;
    assert!(said.iter().any(|line| line.ends_with("lines were lost")), "{said:?}");
    drop(unread);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_costs_the_trace_only() {
    let server = start(&["--trace", "/dev/full"]).await;
    talk(&server, 20).await;
    server.serves().await;
    let said = server.stop().await;
    assert!(said.iter().any(|line| line.ends_with("lines were lost")), "{said:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_gets_lines_with_the_time_and_without_bodies() {
    let path = std::env::temp_dir().join(format!("chat-trace-{}.txt", std::process::id()));
    let server = start(&["--trace", path.to_str().unwrap()]).await;
    talk(&server, 1).await;
    server.stop().await;
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(text.contains("event=received") && !text.contains("0000000"), "{text}");
    assert!(text.lines().all(|line| line.contains(" at=20")), "{text}");
    assert!(text.lines().last().unwrap().contains("event=drained"), "{text}");
}
