//! One request over HTTP, as simple as it is possible.

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::reader::Reader;
use super::{RemoteError, Target};

/// The body of what is answered to a request for `path`, of a type that is accepted.
pub(super) async fn get(
    target: &Target,
    path: &str,
    accept: &str,
) -> Result<Reader<TcpStream>, RemoteError> {
    let mut stream = target.connect().await?;
    // HTTP/1.0: what is answered ends with the connection and is not in chunks.
    let ask = format!("GET {path} HTTP/1.0\r\nHost: {target}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.map_err(|_| RemoteError::Ended(None))?;
    let mut reader = Reader::new(stream);
    let status = reader.line().await.ok_or(RemoteError::Ended(None))?;
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let Some(code) = code.and_then(|code| code.parse::<u16>().ok()) else {
        return Err(RemoteError::NotChat(status));
    };
    while reader.line().await.is_some_and(|line| !line.is_empty()) {}
    if code == 200 {
        return Ok(reader);
    }
    let body = reader.rest().await;
    let refused = serde_json::from_str(&body).ok().as_ref().and_then(refusal);
    Err(refused.unwrap_or(RemoteError::NotChat(status)))
}

/// What an object says that refuses something.
pub(super) fn refusal(object: &Value) -> Option<RemoteError> {
    let text = |key: &str| object.get(key)?.as_str().map(str::to_owned);
    Some(RemoteError::Refused { code: text("code")?, text: text("text")? })
}
