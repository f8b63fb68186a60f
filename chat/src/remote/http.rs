//! One request over HTTP, as simple as it is possible.

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::net::TcpStream;

use super::reader::Reader;
use super::{RemoteError, Target, in_time};
use crate::limits::ANSWER_HEAD_LINES;

/// The body of what is answered to a request for `path`, of a type that is accepted.
pub(super) async fn get(target: &Target, path: &str, accept: &str) -> Result<String, RemoteError> {
    let body = async {
        let (mut reader, length) = ask(target, path, accept).await?;
        reader.rest(length).await.ok_or(RemoteError::Ended(None))
    };
    in_time(body).await
}

/// The same, to be read as it comes, however long that takes.
pub(super) async fn follow(
    target: &Target,
    path: &str,
    accept: &str,
) -> Result<Reader<TcpStream>, RemoteError> {
    in_time(ask(target, path, accept)).await.map(|(reader, _)| reader)
}

/// Asks, up to the body of a good answer, whose length follows if the server says it.
async fn ask(
    target: &Target,
    path: &str,
    accept: &str,
) -> Result<(Reader<TcpStream>, Option<usize>), RemoteError> {
    let mut stream = target.connect().await?;
    // HTTP/1.0: what is answered ends with the connection and is not in chunks.
    let ask = format!("GET {path} HTTP/1.0\r\nHost: {target}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.map_err(|_| RemoteError::Ended(None))?;
    let mut reader = Reader::new(stream);
    let length = head(&mut reader).await?;
    Ok((reader, length))
}

/// Reads up to the body of a good answer, and says its length if the server does.
async fn head<R: AsyncRead + Unpin>(reader: &mut Reader<R>) -> Result<Option<usize>, RemoteError> {
    let ended = || RemoteError::Ended(None);
    let status = reader.line().await.ok_or_else(ended)?;
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let Some(code) = code.and_then(|code| code.parse::<u16>().ok()) else {
        return Err(RemoteError::not_chat(&status));
    };
    let mut length = None;
    for lines in 0.. {
        let line = reader.line().await.ok_or_else(ended)?;
        match line.split_once(':') {
            _ if line.is_empty() => break,
            _ if lines == ANSWER_HEAD_LINES => return Err(RemoteError::not_chat(&status)),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
            }
            _ => {}
        }
    }
    if code == 200 {
        return Ok(length);
    }
    let body = reader.rest(length).await.ok_or_else(ended)?;
    let refused = serde_json::from_str(&body).ok().as_ref().and_then(refusal);
    Err(refused.unwrap_or_else(|| RemoteError::not_chat(&status)))
}

/// What an object says that refuses something.
pub(super) fn refusal(object: &Value) -> Option<RemoteError> {
    let text = |key: &str| object.get(key)?.as_str().map(str::to_owned);
    Some(RemoteError::Refused { code: text("code")?, text: text("text")? })
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::limits::ANSWER_TIME;

    async fn seen(answer: &str) -> Result<Option<usize>, String> {
        let mut reader = Reader::new(answer.as_bytes());
        head(&mut reader).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_head_is_whole_and_of_a_bounded_length() {
        let ended = || Err("the server ended the connection".to_owned());
        assert_eq!(seen("HTTP/1.0 200 OK\r\ncontent-Length: 7\r\n\r\n").await, Ok(Some(7)));
        assert_eq!(seen("HTTP/1.1 200 OK\r\nX: 7\r\n\r\n").await, Ok(None));
        for cut in ["", "HTTP/1.0 200", "HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\na: b\r\n"] {
            assert_eq!(seen(cut).await, ended(), "{cut:?}");
        }
        let of = |lines: usize| format!("HTTP/1.0 200 OK\r\n{}\r\n", "a: b\r\n".repeat(lines));
        assert_eq!(seen(&of(ANSWER_HEAD_LINES)).await, Ok(None));
        let why = "no chat server answers there, but \"HTTP/1.0 200 OK\"";
        assert_eq!(seen(&of(ANSWER_HEAD_LINES + 1)).await, Err(why.into()));
    }

    #[tokio::test]
    async fn half_of_a_refusal_is_none() {
        let of = |length: usize| {
            let body = r#"{"code":"no_message","text":"x"}"#;
            format!("HTTP/1.0 404 Not Found\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        assert_eq!(seen(&of(32)).await, Err("no_message: x".into()));
        assert_eq!(seen(&of(33)).await, Err("the server ended the connection".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_answers_nothing_is_not_waited_for() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target { host: "127.0.0.1".into(), port };
        let whole = async {
            let seen = get(&target, "/", "text/plain").await;
            assert!(matches!(seen, Err(RemoteError::Late)), "{seen:?}");
            let seen = follow(&target, "/", "text/plain").await;
            assert!(matches!(seen, Err(RemoteError::Late)));
        };
        timeout(10 * ANSWER_TIME, whole).await.unwrap();
    }
}
