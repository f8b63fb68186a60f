//! A session on a server: requests and their answers.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{sleep, timeout};

use super::http::refusal;
use super::reader::Reader;
use super::{RemoteError, in_time};
use crate::limits::{AGAIN_MS_LEAST, AGAIN_MS_MOST, ANSWER_TIME, FAREWELL, SAID_AGAIN};
use crate::printable::printable;

/// A session in `chat.v1` over lines.
pub(super) struct Talk<S> {
    reader: Reader<ReadHalf<S>>,
    writer: WriteHalf<S>,
    /// The number of the last request.
    id: u64,
    /// The newest message that was told in a room.
    newest: u64,
}

impl<S: AsyncRead + AsyncWrite> Talk<S> {
    pub(super) fn begin(stream: S) -> Self {
        let (read, writer) = split(stream);
        Self { reader: Reader::new(read), writer, id: 0, newest: 0 }
    }

    /// The answer to a request; what is told besides is left out.
    pub(super) async fn ask(&mut self, mut request: Value) -> Result<Value, RemoteError> {
        self.id += 1;
        request["id"] = self.id.into();
        let line = format!("{request}\n");
        let answer = async {
            let written = self.writer.write_all(line.as_bytes()).await;
            written.map_err(|_| RemoteError::Ended(None))?;
            loop {
                let object = self.next().await?;
                if object["id"] == self.id {
                    return Ok(object);
                }
            }
        };
        in_time(answer).await
    }

    /// The `ok` of a message. Who is told to come again does, so it needs a `mid` to be said once.
    pub(super) async fn post(&mut self, post: Value) -> Result<Value, RemoteError> {
        let mut again = 0;
        loop {
            let answer = self.ask(post.clone()).await.map_err(|error| match error {
                RemoteError::Ended(_) | RemoteError::Late => RemoteError::Unconfirmed(error.into()),
                error => error,
            })?;
            match (answer["type"].as_str(), answer["retry_ms"].as_u64()) {
                (Some("ok"), _) => return Ok(answer),
                (_, Some(ms)) if again < SAID_AGAIN => self.pause(ms).await?,
                _ => return Err(refused(&answer)),
            }
            again += 1;
        }
    }

    /// Waits so many milliseconds, or as many as anybody may ask for. What others say meanwhile is
    /// read, or the server would let us go.
    async fn pause(&mut self, ms: u64) -> Result<(), RemoteError> {
        let ms = ms.clamp(AGAIN_MS_LEAST, AGAIN_MS_MOST);
        let mut over = pin!(sleep(Duration::from_millis(ms)));
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                object = self.next() => object.map(drop)?,
            }
        }
    }

    /// What is told next. Waiting for it can be given up.
    pub(super) async fn next(&mut self) -> Result<Value, RemoteError> {
        let line = self.reader.line().await.ok_or(RemoteError::Ended(None))?;
        let Ok(object) = serde_json::from_str::<Value>(&line) else {
            return Err(RemoteError::not_chat(&line));
        };
        match object["type"].as_str() {
            Some("bye") => Err(RemoteError::Ended(object["why"].as_str().map(printable))),
            // One that answers nothing is for the connection as a whole.
            Some("error") if object["id"].is_null() => Err(refused(&object)),
            told => {
                // A direct message has no room: its number is that of an inbox.
                if told == Some("message") && object["room"].is_string() {
                    self.newest = self.newest.max(object["seq"].as_u64().unwrap_or_default());
                }
                Ok(object)
            }
        }
    }

    /// Says that a message has arrived in the only room of the session, once it has. It is stored
    /// already, so one that does not come in time is not waited for, and nothing is an error.
    pub(super) async fn ack(&mut self, room: &str, seq: u64) {
        let arrived = async {
            while self.newest < seq {
                self.next().await?;
            }
            Ok::<_, RemoteError>(())
        };
        if let Ok(Ok(())) = timeout(FAREWELL, arrived).await {
            let ack = format!("{}\n", json!({ "type": "ack", "room": room, "seq": seq }));
            timeout(ANSWER_TIME, self.writer.write_all(ack.as_bytes())).await.ok();
        }
    }

    /// Leaves, and waits until the server has read what it was told.
    pub(super) async fn leave(mut self) {
        let left = async {
            self.writer.shutdown().await.ok()?;
            while self.reader.line().await.is_some() {}
            Some(())
        };
        timeout(FAREWELL, left).await.ok();
    }
}

pub(super) fn refused(answer: &Value) -> RemoteError {
    refusal(answer).unwrap_or_else(|| RemoteError::not_chat(&answer.to_string()))
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    const A_DAY: Duration = Duration::from_secs(86_400);

    /// What a message is answered by a server that says `answer` to each request, and what goes on
    /// for the rest of its life; how often it was asked, and how many seconds all of it took.
    async fn posted(answer: &str, then: &str) -> (Result<Value, String>, u64, u64) {
        let (client, server) = duplex(1 << 10);
        let begun = Instant::now();
        let mut talk = Talk::begin(client);
        let post = async {
            let seen = timeout(A_DAY, talk.post(json!({ "type": "post" }))).await.unwrap();
            drop(talk);
            seen
        };
        let (seen, asked) = tokio::join!(post, serve(server, answer, then));
        let seen = seen.map_err(|error| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        });
        (seen, asked, begun.elapsed().as_secs())
    }

    async fn serve(stream: DuplexStream, answer: &str, then: &str) -> u64 {
        let (read, mut write) = split(stream);
        let mut lines = BufReader::new(read).lines();
        let mut asked = 0;
        while let Ok(Some(_)) = lines.next_line().await {
            asked += 1;
            let answer = answer.replace("ID", &asked.to_string()) + then;
            write.write_all(answer.as_bytes()).await.ok();
            if then == HANGS_UP {
                break;
            }
        }
        asked
    }

    const HANGS_UP: &str = "{";

    const BUSY: &str =
        "{\"type\":\"error\",\"id\":ID,\"code\":\"busy\",\"text\":\"x\",\"retry_ms\":MS}\n";

    #[tokio::test(start_paused = true)]
    async fn a_busy_server_is_asked_again_now_and_then_and_not_for_ever() {
        let asked = u64::from(SAID_AGAIN) + 1;
        for (ms, took) in [("0", 10), ("3600000000", 100 * 60)] {
            let seen = posted(&BUSY.replace("MS", ms), "").await;
            assert_eq!(seen, (Err("busy: x".into()), asked, took), "{ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_in_a_pause_is_read() {
        let busy = BUSY.replace("MS", "60000");
        let seen = posted(&busy, "{\"type\":\"bye\",\"why\":\"tired\"}\n").await;
        assert_eq!(seen, (Err("the server ended the connection: tired".into()), 1, 0));
        // More than fits the connection: the server could not go on.
        let others = "{\"type\":\"message\"}\n".repeat(1 << 10);
        let (seen, asked, _) = posted(&busy, &others).await;
        assert_eq!((seen, asked), (Err("busy: x".into()), u64::from(SAID_AGAIN) + 1));
    }

    /// What is heard behind a post to a room that is answered with these lines; `OK` is number 7.
    async fn heard(told: &[&str]) -> Vec<Value> {
        let (client, server) = duplex(1 << 10);
        let (read, mut write) = split(server);
        let mut lines = BufReader::new(read).lines();
        let serve = async move {
            lines.next_line().await.unwrap().unwrap();
            write.write_all(told.concat().as_bytes()).await.unwrap();
            let mut heard = vec![];
            while let Some(line) = lines.next_line().await.unwrap() {
                heard.push(serde_json::from_str(&line).unwrap());
            }
            write.shutdown().await.unwrap();
            heard
        };
        let post = async {
            let mut talk = Talk::begin(client);
            talk.post(json!({ "type": "post" })).await.unwrap();
            talk.ack("tea", 7).await;
            talk.leave().await;
        };
        timeout(A_DAY, async { tokio::join!(post, serve).1 }).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_is_acknowledged_once_it_is_there() {
        const OK: &str = "{\"type\":\"ok\",\"id\":1,\"seq\":7}\n";
        let message = "{\"type\":\"message\",\"room\":\"tea\",\"seq\":7}\n";
        let (other, direct) = (message.replace('7', "6"), message.replace("room", "to"));
        let ack = json!({ "type": "ack", "room": "tea", "seq": 7 });
        for told in [&[OK, &other, message][..], &[message, OK]] {
            assert_eq!(heard(told).await.as_slice(), from_ref(&ack));
        }
        assert!(heard(&[OK, &other, &direct]).await.is_empty());
        assert!(heard(&[OK, "{\"type\":\"bye\",\"why\":\"drain\"}\n"]).await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_without_an_answer_may_be_stored() {
        let why = "the server did not say that it has the message: ";
        let ended = format!("{why}the server ended the connection");
        assert_eq!(posted("{\"type\":\"ok\",\"id\":ID", HANGS_UP).await, (Err(ended), 1, 0));
        let late = format!("{why}the server did not answer within 30 s");
        assert_eq!(posted("", "").await, (Err(late), 1, 30));
    }
}
