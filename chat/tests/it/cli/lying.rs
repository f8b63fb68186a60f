//! `chat send`, `chat why`, `chat trace` and `chat bench`, told what no server should tell them.

use tokio::net::TcpListener;

use super::*;

/// What `chat` answers that asks somebody who hears a line, or the head of a request over HTTP,
/// says the first of these, hears the next, and hangs up after the last.
async fn told(args: &[&str], flag: &str, answers: &[&str]) -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let home = std::env::temp_dir().join(format!("chat-lying-{}", std::process::id()));
    let mut command = chat(&[args, &[flag, &at]].concat());
    command.env("XDG_STATE_HOME", home).env("USER", "zoe");
    let tell = async {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        for answer in answers {
            let heard = lines.next_line().await.unwrap().unwrap();
            while heard.starts_with("GET ") && !lines.next_line().await.unwrap().unwrap().is_empty()
            {
            }
            // Who has heard enough hangs up.
            write.write_all(answer.as_bytes()).await.ok();
        }
        drop(write);
        std::future::pending().await
    };
    tokio::select! {
        seen = answer(command) => seen,
        // Who asks nobody has its answer, too.
        never = tell => never,
    }
}

const WELCOME: &str = "{\"type\":\"welcome\",\"id\":1,\"name\":\"zoe\"}\n";

#[tokio::test]
async fn nothing_that_a_server_says_can_steer_a_terminal() {
    let head = "HTTP/1.0 200 OK\r\n\r\n";
    let refused = "HTTP/1.0 404 X\r\n\r\n{\"code\":\"\\u001b[31m\",\"text\":\"\\u202e\\n\"}";
    let event = r#"{"message":"\u009b1m","by\u001b":"\u202e\u007f\ufeff"}"#;
    let events = format!("{head}data: {event}\n\n");
    let report = format!("{head}{event}");
    let text = format!("{head}* \u{1b}[2J\u{9b}\n");
    let ok = "{\"type\":\"ok\",\"id\":2,\"seq\":{\"\\u009b\":1},\"stored\":\"\\u009b\"}\n";
    let bye = "{\"type\":\"bye\",\"why\":\"\\u009b\\n\"}\n";
    let bench = |format| ["bench", "-n", "1", "-f", format];
    for (args, flag, answers, seen) in [
        (&["why", "1"][..], "-s", &[refused][..], r"error: \u{1b}[31m: \u{202e}\n"),
        (&["why", "1"], "-s", &[&text], r"* \u{1b}[2J\u{9b}"),
        (&["why", "1", "--json"], "-s", &[&report], event),
        (&["trace", "--json"], "-s", &[&events], event),
        (&["trace"], "-s", &[&events], r#"\u{9b}1m by\u{1b}="\u{202e}\u{7f}\u{feff}""#),
        (&["send", "x"], "-s", &[WELCOME, ok], "no chat server answers there"),
        (&["send", "x"], "-s", &[WELCOME, bye], r"ended the connection: \u{9b}\n"),
        (
            &bench("chat.v1"),
            "--to",
            &["HTTP/1.1 500 \u{9b}\r\n\r\n\u{1b}[2J\n!"],
            r"\u{9b}: \u{1b}[2J\n!",
        ),
        (&bench("text-lines"), "--to", &["* no\u{9b}\n"], r"let it in: * no\u{9b}"),
    ] {
        let answer = told(args, flag, answers).await;
        let all = format!("{}{}", answer.stdout, answer.stderr);
        assert!(all.contains(seen), "{args:?}: {answer:?}");
        let harmful = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{feff}".contains(c));
        assert!(!all.contains(harmful), "{args:?}: {answer:?}");
    }
}

#[tokio::test]
async fn half_of_an_answer_is_none() {
    let hint = "  Look in the room whether it is there before you say it again\n";
    let ended = "the server ended the connection\n";
    let half = "{\"type\":\"ok\",\"id\":2,\"seq\":12";
    let seen = told(&["send", "x"], "-s", &[WELCOME, half]).await;
    let why =
        format!("error: the server did not say that it has the message\n  because: {ended}{hint}");
    assert_eq!(seen, Answer { code: Some(1), stdout: "".into(), stderr: why });
    let report = "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n* half\n";
    let seen = told(&["why", "1"], "-s", &[report]).await;
    let why = format!("error: {ended}");
    assert_eq!(seen, Answer { code: Some(1), stdout: "".into(), stderr: why });
    // Half an event is not told, either.
    let seen = told(&["trace"], "-s", &["HTTP/1.0 200 OK\r\n\r\ndata: {}\n\ndata: 12"]).await;
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), "\n"));
}

#[tokio::test]
async fn of_a_long_answer_the_beginning_is_told() {
    let long = "x".repeat(900_000) + "\n";
    let why = format!(
        "error: no chat server answers there, but \"{}..\"\n  \
         Try: --server with the address of a chat server\n",
        "x".repeat(200)
    );
    let body = format!("HTTP/1.0 200 OK\r\n\r\n{long}");
    for (args, answer) in [
        (&["why", "1"][..], &long),
        (&["why", "1"], &body),
        (&["why", "1", "--json"], &body),
        (&["trace"], &long),
        (&["send", "x"], &long),
    ] {
        let seen = told(args, "-s", &[answer]).await;
        assert_eq!((seen.code, seen.stderr.as_str()), (Some(1), why.as_str()), "{args:?}");
    }
}
