//! `chat trace`, `chat send`, `chat why` and `chat xray`: what talks to a server that runs, and
//! what shows a saved trace.

#![cfg(unix)]

use std::path::Path;

use tokio::net::TcpListener;

use super::*;
use crate::folder::Folder;

/// What `chat` answers that is told of this server, by somebody at home.
async fn ask(server: &Running, args: &[&str]) -> Answer {
    answer(asks(server, args)).await
}

fn asks(server: &Running, args: &[&str]) -> Command {
    let at = format!("localhost:{}", server.port);
    at_home(server, chat(&[args, &["--server", &at]].concat()))
}

/// What the server answers over HTTP.
async fn asked(server: &Running, path: &str) -> String {
    let addr = format!("127.0.0.1:{}", server.port).parse().unwrap();
    let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    crate::sockets::answer(addr, &ask).await
}

/// Somebody who has tokens of his own.
fn at_home(server: &Running, mut command: Command) -> Command {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{}", server.port));
    command.env("XDG_STATE_HOME", home).env("USER", "zoe");
    command
}

#[track_caller]
fn check(seen: &Answer, code: i32, stdout: &str, stderr: &str) {
    assert_eq!((seen.stdout.as_str(), seen.stderr.as_str()), (stdout, stderr));
    assert_eq!(seen.code, Some(code));
}

#[tokio::test]
async fn what_is_sent_is_stored_and_who_has_it_is_told() {
    let server = start(&[]).await;
    let seen = ask(&server, &["send", "--name", "ann", "hi", "there"]).await;
    check(&seen, 0, "room=lobby seq=1 stored=memory\n", "");
    let seen = ask(&server, &["send", "--name", "ann", "--room", "tea", "hi"]).await;
    check(&seen, 0, "room=tea seq=1 stored=memory\n", "");
    let at = format!("http://localhost:{}/rooms/tea", server.port);
    let seen = answer(at_home(&server, chat(&["send", "-s", &at, "-n", "ann", "again"]))).await;
    check(&seen, 0, "room=tea seq=2 stored=memory\n", "");
    let seen = ask(&server, &["why", "1"]).await;
    assert!(seen.stdout.starts_with("* #lobby 1 from ann reached 1 of 1"), "{seen:?}");
    assert!(seen.stdout.contains("chat.v1-lines) has it after "), "{seen:?}");
    assert!(seen.stdout.ends_with("\n"), "{seen:?}");
    assert_eq!(seen.code, Some(0));
    let seen = ask(&server, &["why", "--json", "--room", "tea", "2"]).await;
    let report: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((&report["type"], &report["seq"]), (&"delivery".into(), &2.into()));
    let seen = ask(&server, &["why", "7"]).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), ""));
    assert!(seen.stderr.starts_with("error: no_message: "), "{}", seen.stderr);
}

#[tokio::test]
async fn each_line_of_stdin_is_a_message() {
    let server = start(&[]).await;
    let mut command = asks(&server, &["send"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = async || timeout(PATIENCE, stdout.next_line()).await.unwrap().unwrap();
    stdin.write_all(b"one\n\n").await.unwrap();
    assert_eq!(told().await.as_deref(), Some("room=lobby seq=1 stored=memory"));
    stdin.write_all(b"two").await.unwrap();
    drop(stdin);
    assert_eq!(told().await.as_deref(), Some("room=lobby seq=2 stored=memory"));
    let ended = timeout(PATIENCE, child.wait()).await.expect("an end in time").unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn a_name_that_is_taken_is_another_one_unless_it_is_wanted() {
    let server = start(&[]).await;
    let mut ann = server.connect().await;
    ann.write_all(b"zoe\n").await.unwrap();
    let mut lines = BufReader::new(ann).lines();
    assert!(lines.next_line().await.unwrap().unwrap().contains("welcome, zoe"));
    for seq in [1, 2] {
        let seen = ask(&server, &["send", "hi"]).await;
        check(&seen, 0, &format!("room=lobby seq={seq} stored=memory\n"), "");
    }
    loop {
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        if line == "#lobby zoe-2: hi" {
            break;
        }
    }
    let seen = ask(&server, &["send", "--name", "zoe", "hi"]).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), ""));
    assert!(seen.stderr.starts_with("error: name_taken: "), "{}", seen.stderr);
    assert!(seen.stderr.ends_with("  Try: --name with another\n"), "{}", seen.stderr);
    // One who is there and one who is not.
    let seen = ask(&server, &["send", "--name", "bob", "--to", "zoe", "psst"]).await;
    check(&seen, 0, "room=@ seq=1 stored=memory\n", "");
    let events = asked(&server, "/debug/flight").await;
    let joined = |name: &str| {
        let joined = |line: &str| line.contains("\"event\":\"joined\"") && line.contains(name);
        events.lines().any(joined)
    };
    assert!(joined("\"zoe\"") && !joined("\"bob\""), "{events}");
    let seen = ask(&server, &["send", "--name", "bob", "--to", "eve", "psst"]).await;
    assert_eq!(seen.code, Some(1), "{seen:?}");
    assert!(seen.stderr.starts_with("error: nobody_there: "), "{}", seen.stderr);
}

#[tokio::test]
async fn what_happens_is_told_until_nobody_reads() {
    let server = start(&["--max-message-bytes", "20"]).await;
    let at = format!("localhost:{}", server.port);
    let mut command = chat(&["trace", "--server", &at, "--room", "tea"]);
    let mut trace = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(trace.stdout.take().unwrap()).lines();
    let mut heard = async || timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let seen = ask(&server, &["send", "-n", "ann", "-r", "tea", "hi"]).await;
    assert_eq!(seen.code, Some(0));
    for start in ["Room opened at=20", "New client joined at=20"] {
        let line = heard().await;
        assert!(line.starts_with(start) && line.contains("Z event="), "{line}");
    }
    // Ctrl-C is a clean end, and so is a reader that goes.
    let pid = trace.id().unwrap();
    let kill = Command::new("kill").args(["-INT", &pid.to_string()]).status().await.unwrap();
    assert!(kill.success());
    let ended = timeout(PATIENCE, trace.wait_with_output()).await.expect("an end in time").unwrap();
    // What is for people is said to a terminal only.
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));

    let mut command = chat(&["trace", "--server", &at, "--json"]);
    let mut trace = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(trace.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(event["at"].is_string() && event["event"].is_string(), "{line}");
    drop(lines);
    let ended = async {
        while trace.try_wait().unwrap().is_none() {
            assert_eq!(ask(&server, &["send", "-n", "ann", "hi"]).await.code, Some(0));
        }
        trace.wait().await.unwrap()
    };
    assert_eq!(timeout(PATIENCE, ended).await.expect("an end in time").code(), Some(0));

    // What the server refuses has its code.
    let seen = ask(&server, &["send", "-n", "ann", &"x".repeat(21)]).await;
    assert!(seen.stderr.starts_with("error: too_long: "), "{}", seen.stderr);
}

#[tokio::test]
async fn a_server_that_cannot_be_told_is_an_error() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let at = format!("127.0.0.1:{}", free.port());
    for command in [&["send", "hi"][..], &["why", "1"], &["trace"]] {
        let seen = answer(chat(&[command, &["--server", &at]].concat())).await;
        let why = format!(
            "error: cannot connect to {at}\n  because: Connection refused (os error 111)\n  \
             Try: --server with the address of a server that runs; `chat` starts one\n"
        );
        check(&seen, 1, "", &why);
    }
    // Somebody who speaks something else.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"220 mail\x1b[2J\r\n").await.ok();
            stream.read_u8().await.ok();
        }
    });
    for command in [&["send", "hi"][..], &["why", "1"], &["trace"]] {
        let seen = answer(chat(&[command, &["--server", &at]].concat())).await;
        let why = "error: no chat server answers there, but \"220 mail\\u{1b}[2J\"\n  \
                   Try: --server with the address of a chat server\n";
        check(&seen, 1, "", why);
    }
    let server = start(&["--xray", "off"]).await;
    let seen = ask(&server, &["trace"]).await;
    assert!(seen.stderr.starts_with("error: not_local: "), "{}", seen.stderr);
    assert_eq!(seen.code, Some(1));
    for (args, why) in [
        (&["why", "1", "-s", "https://a.org:1"][..], "--server: https: is not spoken"),
        (&["why", "1", "-s", "http://a.org:1/x"], "--server: \"x\" is no room"),
        (&["why", "1", "-r", "a b"], "--room: "),
        (&["send", "-n", "a:b", "x"], "--name: \"a:b\": "),
    ] {
        let seen = answer(chat(args)).await;
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(2), ""));
        assert!(seen.stderr.starts_with(&format!("error: {why}")), "{}", seen.stderr);
    }
}

#[tokio::test]
async fn a_saved_trace_is_shown_on_a_page() {
    let folder = Folder::new();
    let file = folder.file("trace.ndjson");
    std::fs::write(&file, "{\"event\":\"left\",\"client\":1}\ngarbage\n{\"event\":\"x\"}\n")
        .unwrap();
    let path = file.to_str().unwrap();
    let mut xray = chat(&["xray", path]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(xray.stdout.take().unwrap()).lines();
    let mut line = async || timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let told = line().await;
    let expected = "2 events; 1 line was not understood, line 2 the first";
    assert_eq!(told, format!("{path}: {expected}"));
    let url = line().await;
    let port = url.strip_prefix("http://localhost:").and_then(|rest| rest.strip_suffix("/xray"));
    let addr = format!("127.0.0.1:{}", port.expect(&url)).parse().unwrap();
    let get = async |path: &str, host: &str| {
        let ask = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        crate::sockets::answer(addr, &ask).await
    };
    let page = get("/xray", "localhost").await;
    assert!(page.contains("default-src 'none'") && page.contains("<html lang=\"en\""), "{page}");
    let events = get("/xray/events", "localhost").await;
    for event in ["{\"event\":\"left\",\"client\":1}", "garbage", "{\"event\":\"x\"}"] {
        assert!(events.contains(&format!("data: {event}\n\n")), "{events}");
    }
    assert!(events.contains("event: end\ndata: {}\n\n"), "{events}");
    assert!(get("/", "localhost").await.contains("location: /xray"));
    assert!(get("/xray/events", "evil.example").await.starts_with("HTTP/1.1 421 "));
    let pid = xray.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let status = timeout(PATIENCE, xray.wait()).await.expect("an end in time").unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn what_is_no_trace_is_not_shown() {
    let folder = Folder::new();
    let file = folder.file("photo");
    std::fs::write(&file, [0xff, 0xd8, b'\n', 0]).unwrap();
    let hint = "  Try: a file of chat --trace FILE --trace-format json, of chat trace --json, or a \
                chat-flight-*.ndjson\n";
    let path = file.to_str().unwrap();
    let seen = answer(chat(&["xray", path])).await;
    check(&seen, 1, "", &format!("error: {path} has no line of a trace in JSON\n{hint}"));
    let seen = answer(chat(&["xray", "/nonexistent"])).await;
    let why =
        "error: cannot read /nonexistent\n  because: No such file or directory (os error 2)\n";
    check(&seen, 1, "", &format!("{why}{hint}"));
}
