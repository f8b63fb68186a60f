//! `chat send`: says something and waits until it is stored. The connection speaks `chat.v1` over
//! lines.

use std::io;
use std::thread;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::talk::{Talk, refused};
use super::tokens::Tokens;
use super::{RemoteError, Send, in_time, print};
use crate::printable::printable;
use crate::random::random_text;

/// Names that are tried if nobody wants a certain one.
const NAMES: usize = 8;

/// Lines of stdin that wait to be said.
const LINES: usize = 16;

/// Digits of a `mid`: nobody draws the same twice.
const MID_DIGITS: usize = 20;

impl Send {
    pub(super) async fn run(&self) -> Result<(), RemoteError> {
        let mut talk = Talk::begin(in_time(self.target.connect()).await?);
        self.hello(&mut talk).await?;
        match &self.text {
            Some(text) => self.say(&mut talk, text).await?,
            None => self.say_lines(&mut talk).await?,
        }
        talk.leave().await;
        Ok(())
    }

    /// Says each line of stdin.
    async fn say_lines(&self, talk: &mut Talk<TcpStream>) -> Result<(), RemoteError> {
        let mut lines = stdin();
        loop {
            // What others say meanwhile is read, or the server would let us go.
            let line = tokio::select! {
                line = lines.recv() => line,
                object = talk.next() => match object {
                    Ok(_) => continue,
                    Err(error) => return Err(error),
                },
            };
            match line {
                Some(Ok(line)) if line.trim().is_empty() => {}
                Some(Ok(line)) => self.say(talk, &line).await?,
                Some(Err(error)) => return Err(RemoteError::Stdin(error)),
                None => return Ok(()),
            }
        }
    }

    /// Comes in, with the token of the name if it is ours, and under another name if it is somebody
    /// else's and nobody asked for this one.
    async fn hello(&self, talk: &mut Talk<TcpStream>) -> Result<(), RemoteError> {
        let tokens = Tokens::of(self.target.to_string());
        let mut name = self.name.as_str().to_owned();
        let mut token = tokens.find(&name);
        for tries in 1.. {
            let mut hello = json!({ "type": "hello", "name": name, "rooms": {} });
            // What is for members alone nobody else need see coming.
            let room = if self.to.is_empty() { self.room.as_str() } else { "@" };
            hello["rooms"][room] = json!({});
            if let Some(token) = &token {
                hello["token"] = token.as_str().into();
            }
            let answer = talk.ask(hello).await?;
            if answer["type"] == "welcome" {
                let (name, ours) = (answer["name"].as_str(), answer["token"].as_str());
                if let (Some(name), Some(ours)) =
                    (name, ours.filter(|ours| token.as_deref() != Some(ours)))
                {
                    tokens.keep(name, ours).await;
                }
                break;
            }
            match (answer["code"].as_str(), answer["suggest"].as_str()) {
                (Some("bad_token"), _) if token.is_some() => token = None,
                (_, Some(free)) if !self.is_named && tries < NAMES => {
                    name = free.to_owned();
                    token = tokens.find(free);
                }
                _ => return Err(refused(&answer)),
            }
        }
        Ok(())
    }

    /// Says one thing, and where it is stored; then the server is told that it is here, too.
    async fn say(&self, talk: &mut Talk<TcpStream>, text: &str) -> Result<(), RemoteError> {
        let mut post = json!({ "type": "post", "mid": random_text(MID_DIGITS), "body": text });
        match self.to.is_empty() {
            true => post["room"] = self.room.as_str().into(),
            false => post["to"] = self.to.iter().map(|to| to.as_str()).collect(),
        }
        let ok = talk.post(post).await?;
        self.told(&ok)?;
        if let Some(seq) = ok["seq"].as_u64().filter(|_| self.to.is_empty()) {
            talk.ack(self.room.as_str(), seq).await;
        }
        Ok(())
    }

    /// Says where it is stored, and how.
    fn told(&self, ok: &Value) -> Result<(), RemoteError> {
        let room = if self.to.is_empty() { self.room.as_str() } else { "@" };
        let Some(seq) = ok["seq"].as_u64() else { return Err(refused(ok)) };
        let stored = printable(ok["stored"].as_str().unwrap_or_default());
        print(&format!("room={room} seq={seq} stored={stored}\n"))?;
        let unknown = ok["unknown"].as_array().into_iter().flatten();
        let unknown: Vec<_> = unknown.filter_map(Value::as_str).collect();
        match unknown.is_empty() {
            true => Ok(()),
            false => {
                let text = format!("{} is not there", unknown.join(", "));
                Err(RemoteError::Refused { code: "nobody_there".into(), text })
            }
        }
    }
}

/// The lines of stdin, from a thread that waits where nobody else does and is left there.
fn stdin() -> mpsc::Receiver<io::Result<String>> {
    let (out, lines) = mpsc::channel(LINES);
    let read = move || {
        for line in io::stdin().lines() {
            if out.blocking_send(line).is_err() {
                return;
            }
        }
    };
    // Without a thread there are no lines.
    thread::Builder::new().name("stdin".into()).spawn(read).ok();
    lines
}
