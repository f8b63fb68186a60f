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

/// Somebody who speaks JSON in lines, and asks one thing after the other.
struct Asker {
    lines: Lines<BufReader<tokio::net::tcp::OwnedReadHalf>>,
    write: tokio::net::tcp::OwnedWriteHalf,
}

impl Asker {
    async fn connect(server: &Running) -> Self {
        let (read, write) = server.connect().await.into_split();
        Self { lines: BufReader::new(read).lines(), write }
    }

    /// Says it and waits for something of a type.
    async fn ask(&mut self, line: &str, answer: &str) -> serde_json::Value {
        self.write.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        loop {
            let next = timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time");
            let next: serde_json::Value = serde_json::from_str(&next.unwrap().unwrap()).unwrap();
            assert!(next["type"] != "error", "{line}: {next}");
            if next["type"] == answer {
                return next;
            }
        }
    }
}

async fn imported(from: &Path, into: &Path) -> Answer {
    let mut command = chat(&["import", into.to_str().unwrap()]);
    command.stdin(std::fs::File::open(from).unwrap());
    let Answer { code, stdout, stderr } = answer(command).await;
    let short = |text: String| text.replace(into.to_str().unwrap(), "new.db");
    Answer { code, stdout: short(stdout), stderr: short(stderr) }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_exported_comes_back_as_it_was() {
    let folder = Folder::new();
    let (file, lines) = (folder.file("chat.db"), folder.file("lines"));
    let server = running(&file, &["one"]).await;
    let mut ann = Asker::connect(&server).await;
    let hello = r#"{"type":"hello","id":1,"name":"ann","rooms":{"lobby":{},"tea":{}}}"#;
    let token = ann.ask(hello, "welcome").await["token"].as_str().unwrap().to_owned();
    for line in [
        r#"{"type":"post","id":2,"room":"lobby","mid":"m1","body":"two","reply":1}"#,
        r#"{"type":"edit","id":3,"room":"lobby","of":2,"body":"TWO"}"#,
        r#"{"type":"post","id":4,"room":"tea","body":"SECRET"}"#,
        r#"{"type":"delete","id":5,"room":"tea","of":1}"#,
        r#"{"type":"post","id":6,"to":["ann"],"mid":"d1","body":"note to self"}"#,
    ] {
        ann.ask(line, "ok").await;
    }
    // A server that has the file is in nobody's way.
    let exported = answer(chat(&["export", file.to_str().unwrap()])).await;
    assert_eq!((exported.code, exported.stderr.as_str()), (Some(0), ""));
    assert!(!exported.stdout.contains("SECRET") && !exported.stdout.contains(&token));
    std::fs::write(&lines, &exported.stdout).unwrap();
    server.stop().await;

    let new = folder.file("new.db");
    let Answer { code, stdout, stderr } = imported(&lines, &new).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(stdout, "new.db has 6 messages in 2 rooms and 1 inbox, 1 member\n");
    let again = answer(chat(&["export", new.to_str().unwrap()])).await;
    // All but since when nobody was there.
    let names = |text: &str| {
        text.lines()
            .map(|line| line.split(",\"left\"").next().unwrap().trim_end_matches('}').to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&again.stdout), names(&exported.stdout));
    assert_eq!(told(&["check", new.to_str().unwrap()], &new).await.code, Some(0));

    // The member comes back with what is hers, and a resend is known.
    let server = start(&["--data", new.to_str().unwrap()]).await;
    let mut ann = Asker::connect(&server).await;
    let hello = format!(
        r#"{{"type":"hello","name":"ann","token":"{token}","rooms":{{"lobby":{{"last":9}},"@":{{"last":9}}}}}}"#
    );
    let welcome = ann.ask(&hello, "welcome").await;
    assert_eq!((&welcome["token"], &welcome["rooms"]["lobby"]["head"]), (&token.into(), &3.into()));
    assert_eq!(welcome["rooms"]["@"]["head"], 1);
    let post = r#"{"type":"post","id":2,"room":"lobby","mid":"m1","body":"two","reply":1}"#;
    assert_eq!(ann.ask(post, "ok").await["dup"], true);
    let found = ann.ask(r#"{"type":"search","room":"lobby","q":"two"}"#, "search").await;
    assert_eq!(
        (&found["messages"][0]["seq"], &found["messages"][1]),
        (&2.into(), &serde_json::Value::Null)
    );
    server.stop().await;
}

#[tokio::test]
async fn an_import_is_all_or_nothing() {
    let folder = Folder::new();
    let (lines, new) = (folder.file("lines"), folder.file("new.db"));
    let begin = r#"{"type":"export","version":1}"#;
    let post = r#"{"type":"message","room":"tea","seq":1,"at":"2026-11-21T10:00:00.000Z","from":"ann","body":"hi"}"#;
    let end = r#"{"type":"end","messages":1}"#;
    let (cut, long) = ("the input ends before the end of the export", "x".repeat(500_000));
    for (text, number, why) in [
        (String::new(), 1, cut),
        (format!("{begin}\n{post}\n"), 3, cut),
        (
            post.into(),
            1,
            "an export begins with {\"type\":\"export\",\"version\":1}, and only there",
        ),
        (
            format!("{begin}\n{begin}\n"),
            2,
            "an export begins with {\"type\":\"export\",\"version\":1}, and only there",
        ),
        (format!("{begin}\n\n{post}\n{{\n"), 4, "it ends too early (column 1)"),
        (format!("{begin}\n{post}\n{long}"), 3, "it has more than 458752 bytes"),
        (format!("{begin}\n{end}\n"), 2, "messages: 0 came before it, and not 1"),
        (format!("{begin}\n{post}\n{end}\n{post}"), 4, "it comes behind the end"),
        (format!("{begin}\n{post}\n{post}"), 3, "seq: 1 comes behind 1 in the same room or inbox"),
    ] {
        std::fs::write(&lines, text).unwrap();
        let seen = imported(&lines, &new).await;
        let expected = format!("error: line {number}: {why}\n  Nothing was imported\n");
        assert_eq!((seen.code, seen.stderr, seen.stdout), (Some(1), expected, String::new()));
        assert_eq!(files(&folder), ["lines"]);
    }
    std::fs::write(&lines, format!("{begin}\n{post}\n{end}\n")).unwrap();
    assert_eq!(imported(&lines, &new).await.code, Some(0));
    let seen = imported(&lines, &new).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(4), ""));
    insta::assert_snapshot!(seen.stderr, @r"
    error: cannot import into new.db
      because: it has messages or members already
      Try: a file that there is not yet; this one was left as it is
    ");
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_of_an_export_may_go() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let body = "x".repeat(10_000);
    running(&file, &vec![body.as_str(); 40]).await.stop().await;
    for operation in ["export", "check"] {
        let mut child =
            chat(&[operation, file.to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(0), "{operation}: {output:?}");
        assert!(output.stderr.is_empty(), "{operation}: {output:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_is_made_while_a_server_goes_on() {
    let folder = Folder::new();
    let (file, copy) = (folder.file("chat.db"), folder.file("copy.db"));
    let args = ["--data", file.to_str().unwrap(), "backup", copy.to_str().unwrap()];
    let server = running(&file, &["one", "two"]).await;
    let seen = told(&args, &copy).await;
    let whole = "chat.db is whole: 2 messages in 1 room and 0 inboxes, 0 members\n";
    assert_eq!((seen.code, seen.stdout.as_str(), seen.stderr.as_str()), (Some(0), whole, ""));
    let seen = told(&args, &copy).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(4), ""));
    insta::assert_snapshot!(seen.stderr, @r"
    error: cannot make the copy chat.db
      because: there is such a file already
      Try: a name that is free; nothing is overwritten
    ");
    server.stop().await;
    // Another server can have it.
    running(&copy, &["three"]).await.stop().await;
    assert_eq!(files(&folder), ["chat.db", "chat.db-lock", "copy.db", "copy.db-lock"]);
}
