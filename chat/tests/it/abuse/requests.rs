//! Requests and lines that nobody's program makes by mistake.

use tokio::io::AsyncWriteExt;

use super::house::{House, answered};

async fn ask(house: &mut House, bytes: &[u8]) -> String {
    let mut stream = house.connect().await;
    // The server may close before it has read all of it.
    stream.write_all(bytes).await.ok();
    stream.shutdown().await.ok();
    String::from_utf8_lossy(&answered(stream).await).into_owned()
}

#[tokio::test]
async fn odd_requests_are_answered_and_change_nothing() {
    let mut house = House::open(&["--host", "chat.example"]).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let with = |header: &str| format!("GET /healthz HTTP/1.1\r\n{header}\r\n\r\n");
    let post = |headers: &str, body: &str| {
        format!("POST /rooms/attic HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{body}")
    };
    let mut wrong = Vec::new();
    let (long, chunked) = ("a".repeat(5_000), "Transfer-Encoding: chunked");
    for (request, status) in [
        (get("/../../etc/passwd"), "404"),
        (get("/%2e%2e/%2e%2e/etc/passwd"), "404"),
        (get("/a/../../../etc/passwd"), "404"),
        (get("/a/0/..%2f..%2fapp.js"), "404"),
        (get("/rooms/..%2f..%2fetc%2fpasswd"), "400"),
        (get("/rooms/../rooms/lobby/messages/../../.."), "404"),
        (get("//etc/passwd"), "404"),
        (get("/rooms/%00"), "400"),
        (get("/rooms/\0"), "400"),
        (get("/rooms/%ff"), "400"),
        (get(&format!("/rooms/{long}")), "400"),
        (get(&format!("/{long}{long}")), ""),
        (get("/rooms/lobby/messages?limit=-1"), "400"),
        (get("lobby"), "421"),
        (get("*"), "404"),
        (get("/").replace("GET", "DELETE"), "405"),
        (get("/").replace("GET", "TRACE"), "405"),
        (get("/").replace("GET", "BREW"), "405"),
        (get("localhost:1").replace("GET", "CONNECT"), "404"),
        (get("/").replace("GET", "G\0T"), "400"),
        (get("/").replace("1.1", "1.1\0"), ""),
        (get("/").replace("\r\n\r\n", "\r\n: x\r\n\r\n"), "400"),
        (get("/").replace("\r\n\r\n", "\r\nX: a\0b\r\n\r\n"), "400"),
        (get("/").replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(20 << 10))), "431"),
        (get("/").replace("\r\n\r\n", &format!("{}\r\n\r\n", "\r\nX: x".repeat(200))), "431"),
        (post("Content-Length: -1", "x"), "400"),
        (post("Content-Length: 1\r\nContent-Length: 2", "xy"), "400"),
        (post("Content-Length: 99999999999999999999999", "x"), "400"),
        (post("Content-Length: 9", "x"), "400"),
        (post(chunked, "fffffffffffffffff\r\nx"), "400"),
        (post(chunked, "ffff\r\nx"), "400"),
        (post(chunked, "x\r\n"), "400"),
        (post("Transfer-Encoding: gzip", "x"), "400"),
        // Who may ask, and whose pages.
        (with("Host: localhost"), "200"),
        (with("Host: chat.example:8080"), "200"),
        (with("Host: [::1]"), "200"),
        (with("Host: evil.example"), "421"),
        (with("Host: chat.example.evil.example"), "421"),
        (with("Host: localhost.evil.example"), "421"),
        (with("Host: localhost\r\nHost: evil.example"), "400"),
        (with("Host:"), "421"),
        (with("X: x"), "400"),
        (with("Host: chat.example\r\nOrigin: http://chat.example"), "200"),
        (with("Host: chat.example\r\nOrigin: https://chat.example:443"), "200"),
        (with("Host: localhost\r\nOrigin: http://127.0.0.1:3000"), "200"),
        (with("Host: chat.example\r\nOrigin: null"), "403"),
        (with("Host: chat.example\r\nOrigin:"), "403"),
        (with("Host: chat.example\r\nOrigin: chat.example"), "403"),
        (with("Host: chat.example\r\nOrigin: http://chat.example:8081"), "403"),
        (with("Host: chat.example\r\nOrigin: http://chat.example."), "403"),
        (with("Host: chat.example\r\nOrigin: http://evil-chat.example"), "403"),
        (with("Host: chat.example\r\nOrigin: http://chat.example.evil.example"), "403"),
        (with("Host: chat.example\r\nOrigin: http://chat.example@evil.example"), "403"),
        (with("Host: chat.example\r\nOrigin: file://chat.example"), "403"),
        (with("Host: chat.example\r\nOrigin: http://localhost"), "403"),
        (with("Host: localhost\r\nOrigin: http://localhost.evil.example"), "403"),
    ] {
        let answer = ask(&mut house, request.as_bytes()).await;
        let told = answer.strip_prefix("HTTP/1.1 ").map_or("", |rest| &rest[..3]);
        let shown = request.chars().take(120).collect::<String>();
        if told != status {
            wrong.push(format!("{shown:?}: {answer:?}, not {status}"));
        }
        house.goes_on().await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(house.metric("chat_rooms").await, 1, "nothing was made");
    house.settles(4 << 10).await;
}

#[tokio::test]
async fn odd_lines_end_their_sender_or_are_shown_for_what_they_are() {
    let mut house = House::open(&[]).await;
    let endless = "* bye: that was more than a message may have\n";
    for (bytes, last) in [
        (vec![b'a'; 9 << 10], ""),
        ([&vec![b'a'; 9 << 10][..], b"\n"].concat(), ""),
        (b"\0\n".to_vec(), "* '\\0' cannot be in a name\n"),
        (b"\xff\n".to_vec(), "* a message is UTF-8 text\n"),
        ([b"eve\n", &vec![b'x'; 70 << 10][..]].concat(), endless),
        ([b"eve\n", &vec![b'x'; 70 << 10][..], b"\n"].concat(), endless),
        (
            [b"eve\n", &vec![b'x'; 11 << 10][..], b"\n"].concat(),
            "* a message has at most 10240 bytes; shorten it\n",
        ),
        (b"eve\nnul\0nul\n".to_vec(), "#lobby eve: nul\\u{0}nul\n"),
        (b"eve\n\0".to_vec(), "#lobby eve: \\u{0}\n"),
        (b"eve\n\x1b[2J\r\r\n".to_vec(), "#lobby eve: \\u{1b}[2J\n"),
        (b"eve\n\xc3\n".to_vec(), "* a message is UTF-8 text\n"),
        (b"eve\n/join ../../etc\n".to_vec(), "* '/' cannot be in a name\n"),
        (b"{\"type\":\"hello\",\"name\":\"eve\0\"}\n".to_vec(), ""),
    ] {
        let answer = ask(&mut house, &bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
        assert!(answer.ends_with(last), "{shown:?}: {answer:?}");
        assert!(!answer.contains(['\0', '\u{1b}']), "{shown:?}: {answer:?}");
        house.goes_on().await;
    }
    house.settles(4 << 10).await;
}
