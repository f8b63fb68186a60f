//! WebSocket as RFC 6455 has it, frame by frame on raw sockets: the groups of Autobahn's cases
//! against `examples/ws_echo.rs`, and whatever ends a connection against the chat as well.
//!
//! Autobahn itself runs in `.ci/run long`.

use std::net::SocketAddr;
use std::slice;

use chat::{Connections, End, Limits, Tracers};
use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::sockets::{self, PATIENCE, Running, next};

#[allow(dead_code, reason = "its `main` is called by nobody here")]
#[path = "../../examples/ws_echo.rs"]
mod ws_echo;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// The first frame of several, one in the middle, and the last.
const BEGIN: u8 = 0x01;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

/// A frame with its whole first byte, masked if it is a client's.
fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(masked | n as u8),
        n @ 126..=0xffff => {
            frame.push(masked | 126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(masked | 127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    let key = mask.unwrap_or_default();
    frame.extend(mask.into_iter().flatten());
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// What a client says.
fn say(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(first, Some([0x12, 0x34, 0xab, 0xcd]), payload.as_ref())
}

/// What it is told.
fn told(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(first, None, payload.as_ref())
}

/// How it is told why it ends.
fn bye(end: End) -> Vec<u8> {
    told(CLOSE, [&end.close_code().to_be_bytes(), end.as_str().as_bytes()].concat())
}

/// How it ends itself.
fn close(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    say(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

/// Both servers.
struct Both {
    echo: SocketAddr,
    echoing: JoinHandle<Result<chat::Drained, chat::Error>>,
    stop: oneshot::Sender<()>,
    chat: Running,
}

async fn serve() -> Both {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let echo = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let connections = Connections::new(&Limits::default(), Tracers::default());
    let serve = |connection| async {
        ws_echo::serve(connection, Limits::default()).await.unwrap_or_default();
    };
    let echoing = tokio::spawn(connections.serve(vec![listener], stopped, serve));
    Both { echo, echoing, stop, chat: sockets::serve(Limits::default()).await }
}

impl Both {
    /// A client that says this is told that by the echo, and then the end. Whatever ends the echo
    /// otherwise than the client itself ends a session of the chat as well.
    async fn check(&self, said: &[Vec<u8>], heard: &[Vec<u8>], end: End) {
        self.check_cut(usize::MAX, said, heard, end).await;
    }

    /// As [`Both::check`], said so many bytes at a time.
    async fn check_cut(&self, cut: usize, said: &[Vec<u8>], heard: &[Vec<u8>], end: End) {
        let (said, heard) = (said.concat(), [&heard.concat()[..], &bye(end)].concat());
        let answer = exchange(self.echo, "/", &said, cut).await;
        assert!(answer == heard, "{} was told {}", start(&said), start(&answer));
        if end != End::Closed {
            let answer = exchange(self.chat.addr, "/room", &said, cut).await;
            assert!(answer.ends_with(&bye(end)), "{} was told {}", start(&said), start(&answer));
        }
    }
}

/// What is told to who says this, up to the end of the connection.
async fn exchange(addr: SocketAddr, path: &str, said: &[u8], cut: usize) -> Vec<u8> {
    let stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let socket = client_async(format!("ws://{addr}{path}"), stream).await.unwrap().0;
    let (mut read, mut write) = socket.into_inner().into_split();
    let saying = async {
        for piece in said.chunks(cut) {
            // Who has been told enough may be cut off.
            write.write_all(piece).await.ok();
            yield_now().await;
        }
    };
    let mut answer = Vec::new();
    let exchanged = async { tokio::join!(saying, read.read_to_end(&mut answer)).1 };
    let exchanged = timeout(PATIENCE, exchanged).await;
    exchanged.unwrap_or_else(|_| panic!("no end after {}", start(said))).ok();
    answer
}

fn start(bytes: &[u8]) -> String {
    format!("{:02x?} ({} bytes)", &bytes[..bytes.len().min(60)], bytes.len())
}

#[tokio::test]
async fn messages_come_back_as_they_came() {
    let both = serve().await;
    for size in [0, 1, 125, 126, 127, 128, 4_095, 4_096, 65_535, 65_536] {
        let bytes: Vec<u8> = (0..size).map(|at| b'a' + (at % 26) as u8).collect();
        for kind in [TEXT, BINARY] {
            for cut in [usize::MAX, 997] {
                let said = [say(kind, &bytes), close(1000, "")];
                both.check_cut(cut, &said, &[told(kind, &bytes)], End::Closed).await;
            }
        }
    }
    let said = [say(TEXT, "x".repeat(300)), say(BINARY, [0xff; 3]), close(1000, "")];
    let heard = [told(TEXT, "x".repeat(300)), told(BINARY, [0xff; 3])];
    both.check_cut(1, &said, &heard, End::Closed).await;
    // Longer forms of a length than it needs, as some clients write them.
    let long = |form: &[u8]| [&[TEXT][..], form, &[0; 4], b"hi"].concat();
    for form in [&b"\xfe\0\x02"[..], b"\xff\0\0\0\0\0\0\0\x02"] {
        both.check(&[long(form), close(1000, "")], &[told(TEXT, "hi")], End::Closed).await;
    }
}

#[tokio::test]
async fn every_ping_is_answered_with_what_it_says() {
    let both = serve().await;
    for payload in [&b""[..], b"hi", &[0, 0xff, 0xfe, 0xfd, 0x80], &[0xfe; 125]] {
        for cut in [usize::MAX, 1] {
            let said = [say(PING, payload), close(1000, "")];
            both.check_cut(cut, &said, &[told(PONG, payload)], End::Closed).await;
        }
    }
    both.check(&[say(PING, [0xfe; 126])], &[], End::Malformed).await;
    let ten: Vec<_> = (0..10).map(|n| say(PING, [n])).chain([close(1000, "")]).collect();
    let pongs: Vec<_> = (0..10).map(|n| told(PONG, [n])).collect();
    both.check(&ten, &pongs, End::Closed).await;
    // A pong that nobody asked for is nobody's affair.
    let said = [say(PONG, "?"), say(PONG, ""), say(PING, "!"), close(1000, "")];
    both.check(&said, &[told(PONG, "!")], End::Closed).await;
}

#[tokio::test]
async fn reserved_bits_and_opcodes_end_it() {
    let both = serve().await;
    let bits = (1..8).flat_map(|bits| [TEXT, BINARY, CLOSE, PING, PONG].map(|of| of | bits << 4));
    let opcodes = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf].map(|opcode| 0x80 | opcode);
    for first in bits.chain(opcodes) {
        // What came before is heard, what comes after is not.
        let said = [say(TEXT, "hi"), say(first, "x"), say(TEXT, "never"), say(PING, "")];
        both.check(&said, &[told(TEXT, "hi")], End::Malformed).await;
        both.check_cut(1, &[say(first, "")], &[], End::Malformed).await;
    }
    both.check(&[told(TEXT, "unmasked")], &[], End::Malformed).await;
}

#[tokio::test]
async fn a_message_in_pieces_is_one_message() {
    let both = serve().await;
    for cut in [usize::MAX, 1] {
        for (said, heard) in [
            (vec![say(BEGIN, "a"), say(LAST, "b")], vec![told(TEXT, "ab")]),
            (vec![say(0x02, [0xff]), say(LAST, [0xfe])], vec![told(BINARY, [0xff, 0xfe])]),
            (vec![say(BEGIN, ""), say(MORE, ""), say(LAST, "")], vec![told(TEXT, "")]),
            (vec![say(BEGIN, ""), say(MORE, "x"), say(LAST, "")], vec![told(TEXT, "x")]),
            (
                vec![
                    say(BEGIN, "a"),
                    say(PING, "1"),
                    say(MORE, "b"),
                    say(PING, "2"),
                    say(LAST, "c"),
                ],
                vec![told(PONG, "1"), told(PONG, "2"), told(TEXT, "abc")],
            ),
            (vec![say(BEGIN, "a"), say(PONG, "?"), say(LAST, "b")], vec![told(TEXT, "ab")]),
            (
                vec![say(BEGIN, "a"), say(LAST, "b"), say(BEGIN, "c"), say(LAST, "d")],
                vec![told(TEXT, "ab"), told(TEXT, "cd")],
            ),
            // Who leaves in the middle of a message leaves.
            (vec![say(BEGIN, "a")], vec![]),
        ] {
            both.check_cut(cut, &[said, vec![close(1000, "")]].concat(), &heard, End::Closed).await;
        }
        for said in [
            // Control frames are whole.
            vec![say(PING & 0x7f, ""), say(LAST, "")],
            vec![say(PONG & 0x7f, ""), say(LAST, "")],
            vec![say(CLOSE & 0x7f, ""), say(LAST, "")],
            // Nothing to go on with.
            vec![say(LAST, "x")],
            vec![say(MORE, "x"), say(TEXT, "x")],
            vec![say(BEGIN, "a"), say(LAST, "b"), say(LAST, "c")],
            // Another message in the middle of one.
            vec![say(BEGIN, "a"), say(TEXT, "b")],
            vec![say(BEGIN, "a"), say(BEGIN, "b")],
            vec![say(0x02, "a"), say(BINARY, "b")],
        ] {
            let whole = said.starts_with(&[say(BEGIN, "a"), say(LAST, "b")]);
            let heard = if whole { vec![told(TEXT, "ab")] } else { vec![] };
            both.check_cut(cut, &said, &heard, End::Malformed).await;
        }
    }
}

#[tokio::test]
async fn text_is_utf_8_wherever_it_is_cut() {
    let both = serve().await;
    for text in [
        "κόσμε",
        "\0",
        "\u{7f}\u{80}\u{7ff}\u{800}",
        "\u{d7ff}\u{e000}\u{fffd}\u{ffff}",
        "\u{feff}",
        "\u{10000}\u{1fffe}\u{10ffff}",
        "e\u{301}👩‍🚀",
    ] {
        let whole = [told(TEXT, text)];
        for at in 0..=text.len() {
            let (one, two) = text.as_bytes().split_at(at);
            both.check(&[say(BEGIN, one), say(LAST, two), close(1000, "")], &whole, End::Closed)
                .await;
        }
        let each = text.bytes().map(|byte| say(MORE, [byte]));
        let said: Vec<_> = [say(BEGIN, "")]
            .into_iter()
            .chain(each)
            .chain([say(LAST, ""), close(1000, "")])
            .collect();
        both.check(&said, &whole, End::Closed).await;
    }
}

#[tokio::test]
async fn what_is_not_utf_8_ends_it_before_the_message_ends() {
    let both = serve().await;
    for wrong in [
        // A byte that goes on with nothing, and bytes that are never used.
        &b"\x80"[..],
        b"\xbf",
        b"\x80\xbf\x80",
        b"\xfe",
        b"\xff",
        b"\xfe\xfe\xff\xff",
        // Begun and not gone on with.
        b"\xc3 ",
        b"\xe2\x82 ",
        b"\xf0\x9f\x91 ",
        b"\xe2\x82\xe2\x82\xac",
        // Longer than needed.
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xe0\x9f\xbf",
        b"\xf0\x80\x80\xaf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        // Halves of a pair, and more than there is.
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xed\xa0\x80\xed\xb0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
    ] {
        let text = ["κόσμε".as_bytes(), wrong].concat();
        both.check(&[say(TEXT, &text)], &[], End::NotText).await;
        both.check_cut(1, &[say(BEGIN, "κό"), say(LAST, wrong)], &[], End::NotText).await;
        // The message goes on, and nobody waits for its end.
        both.check(&[say(BEGIN, &text)], &[], End::NotText).await;
        let each: Vec<_> = text.iter().map(|byte| say(MORE, [*byte])).collect();
        both.check(&[vec![say(BEGIN, "")], each].concat(), &[], End::NotText).await;
        // Bytes are not text.
        both.check(&[say(BINARY, wrong), close(1000, "")], &[told(BINARY, wrong)], End::Closed)
            .await;
    }
    // What the end of the message cuts off.
    for wrong in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x91"] {
        both.check(&[say(TEXT, wrong)], &[], End::NotText).await;
        both.check(&[say(BEGIN, wrong), say(LAST, "")], &[], End::NotText).await;
    }
}

#[tokio::test]
async fn a_close_is_answered_and_nothing_after_it() {
    let both = serve().await;
    let after = [say(TEXT, "never"), say(PING, "never"), close(1000, "again")];
    for said in
        [say(CLOSE, ""), close(1000, ""), close(1000, "x".repeat(123)), close(1000, "κόσμε")]
    {
        for cut in [usize::MAX, 1] {
            both.check_cut(cut, slice::from_ref(&said), &[], End::Closed).await;
        }
        both.check(&[&[said][..], &after].concat(), &[], End::Closed).await;
    }
    for code in [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        both.check(&[close(code, "why")], &[], End::Closed).await;
    }
    // Codes that nobody may send, or that say that we broke the protocol.
    for code in [0, 999, 1002, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        both.check(&[close(code, "why")], &[], End::Malformed).await;
    }
    both.check(&[say(CLOSE, [3])], &[], End::Malformed).await;
    both.check(&[close(1000, "x".repeat(124))], &[], End::Malformed).await;
    for wrong in [&b"\xce\xba\xed\xa0\x80"[..], b"\xce", b"\xff"] {
        both.check(&[close(1000, wrong)], &[], End::NotText).await;
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_by_its_length() {
    let both = serve().await;
    let announced = |first, len: u64| [&[first, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat();
    for len in [65_537, 1 << 32, 1 << 62, i64::MAX as u64] {
        for first in [TEXT, BINARY, BEGIN] {
            both.check(&[announced(first, len)], &[], End::TooBig).await;
        }
    }
    let half = say(BEGIN, "x".repeat(40_000));
    both.check(&[half, say(MORE, "x".repeat(25_537))], &[], End::TooBig).await;
    // The rest of the room goes on.
    let mut page = both.chat.socket("/room", "").await.unwrap();
    page.send(Message::text("still here")).await.unwrap();
    assert_eq!(next(&mut page).await, Message::text("still here"));
}

#[tokio::test]
async fn the_echo_ends_with_its_server() {
    let both = serve().await;
    let stream = TcpStream::connect(both.echo).await.unwrap();
    let mut socket = client_async(format!("ws://{}/", both.echo), stream).await.unwrap().0;
    socket.send(Message::text("hi")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("hi"));
    both.stop.send(()).unwrap();
    let Message::Close(Some(close)) = next(&mut socket).await else { panic!("no close") };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1012, "drain"));
    drop(socket);
    let drained = timeout(PATIENCE, both.echoing).await.unwrap().unwrap().unwrap();
    assert_eq!((drained.sessions, drained.forced), (1, 0));
}
