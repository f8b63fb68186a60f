//! What the program does with the file that keeps what is said.

use std::path::Path;

use super::*;
use crate::folder::Folder;

/// A server with this file, and what is said in its lobby.
async fn running(file: &Path, said: &[&str]) -> Running {
    let file = file.to_str().unwrap();
    let server = start(&["--data", file, "--durability", "process"]).await;
    for body in said {
        let mut stream = server.connect().await;
        let ask = format!(
            "POST /rooms/lobby?as=ann HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
    server
}

/// The names of the files in a folder.
fn files(folder: &Folder) -> Vec<String> {
    let names = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// What it says, with the file as `chat.db`.
async fn told(args: &[&str], file: &Path) -> Answer {
    let Answer { code, stdout, stderr } = answer(chat(args)).await;
    let short = |text: String| text.replace(file.to_str().unwrap(), "chat.db");
    Answer { code, stdout: short(stdout), stderr: short(stderr) }
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_stopped_leaves_one_file() {
    let folder = Folder::new();
    let server = running(&folder.file("chat.db"), &["hi"]).await;
    assert_eq!(files(&folder), ["chat.db", "chat.db-lock", "chat.db-shm", "chat.db-wal"]);
    server.stop().await;
    assert_eq!(files(&folder), ["chat.db", "chat.db-lock"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_checked_beside_a_server_and_without_one() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let path = file.to_str().unwrap();
    let server = running(&file, &["one", "two"]).await;
    let whole = Answer {
        code: Some(0),
        stdout: "chat.db is whole: 2 messages in 1 room and 0 inboxes, 0 members\n".into(),
        stderr: String::new(),
    };
    assert_eq!(told(&["check", path], &file).await, whole);
    server.stop().await;
    assert_eq!(told(&["check", "--data", path], &file).await, whole);
    assert_eq!(files(&folder), ["chat.db", "chat.db-lock"]);
}

#[cfg(unix)]
#[tokio::test]
async fn damage_is_told_and_is_a_failure() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    running(&file, &["one", "two", "three"]).await.stop().await;
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(6).position(|window| window == b"anntwo").unwrap();
    bytes[at + 5] = b'p';
    std::fs::write(&file, bytes).unwrap();
    let Answer { code, stdout, stderr } = told(&["check", file.to_str().unwrap()], &file).await;
    assert_eq!(code, Some(1));
    let (damage, rest) = stdout.split_once('\n').unwrap();
    assert!(damage.starts_with("room lobby: seq 2 at 20"), "{damage}");
    assert!(damage.ends_with("Z: its checksum is wrong"), "{damage}");
    assert_eq!(rest, "whole are 2 messages in 1 room and 0 inboxes, 0 members\n");
    insta::assert_snapshot!(stderr, @r"
    error: chat.db is damaged in 1 place
      A server serves the rest and says where something is missing; if a log or a member is damaged it refuses the file: Try: a backup of before
    ");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let path = file.to_str().unwrap();
    let seen = told(&["check", path], &file).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(4), ""));
    insta::assert_snapshot!(seen.stderr, @r"
    error: cannot check chat.db
      because: it cannot be opened
      because: No such file or directory (os error 2)
      Try: chat check FILE, with the file that --data names
    ");
    assert_eq!(files(&folder), [""; 0]);
    std::fs::write(&file, "a text").unwrap();
    let seen = told(&["check", path], &file).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(4), ""));
    insta::assert_snapshot!(seen.stderr, @r"
    error: cannot check chat.db
      because: it is not a history of chat
      Try: chat check FILE, with the file that --data names
    ");
    let seen = told(&["check", "--data", "off"], &file).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(2), ""));
    assert_eq!(seen.stderr, "error: nothing is kept with --data off; name a file\n");
}
