//! How the program ends.
#![cfg(unix)]

use super::*;
use crate::folder::Folder;

const STOPPING: &str = "stopping: everyone is told to come back; again to stop at once";

#[tokio::test]
async fn a_signal_is_a_clean_stop() {
    for name in ["TERM", "INT"] {
        let server = start(&[]).await;
        server.serves().await;
        server.signal(name).await;
        let (status, said) = server.end().await;
        assert_eq!(status.code(), Some(0), "{name}");
        assert_eq!(said, [STOPPING, "stopped: 0 told to come back, 0 cut off"], "{name}");
    }
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_anybody() {
    let mut server = start(&[]).await;
    let _silent = websocket(server.connect().await).await;
    server.signal("TERM").await;
    assert_eq!(server.line().await.as_deref(), Some(STOPPING));
    server.signal("INT").await;
    let (status, said) = server.end().await;
    assert_eq!(status.code(), Some(1));
    assert_eq!(said, ["error: stopped at once, as a second signal asked; clients were cut off"]);
}

#[tokio::test]
async fn usr1_writes_what_happened_beside_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let data = folder.file("chat.db");
    let mut server = start(&["--data", data.to_str().unwrap()]).await;
    traces::talk(&server, 1).await;
    for _ in 0..2 {
        server.signal("USR1").await;
        let line = server.line().await.unwrap();
        let path = line.strip_prefix("flight recorder, asked for: ").expect(&line);
        assert!(path.starts_with(folder.path().to_str().unwrap()), "{line}");
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect(line);
            assert!(event["at"].is_string() && event["event"].is_string(), "{line}");
        }
        assert!(text.contains(r#""event":"received","room":"lobby","client":1,"#), "{text}");
        assert!(!text.contains("0000000"), "bodies are hidden: {text}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stderr_that_nobody_reads_does_not_hold_up_the_end() {
    let server = start(&["--trace", "stderr", "--trace-bodies", "show"]).await;
    traces::talk(&server, 2_000).await;
    // Its stderr is full now, and stays so.
    server.signal("TERM").await;
    let Running { mut child, stderr, .. } = server;
    let status = timeout(PATIENCE, child.wait()).await.expect("an end in time").unwrap();
    assert_eq!(status.code(), Some(0));
    drop(stderr);
}
