//! What a test is given: a server of its own, people with a browser, clients without one.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::cdp::{Cdp, PATIENCE, Res};
use crate::page::{DESK, Page, View};

pub(crate) struct World {
    cdp: Arc<Cdp>,
    server: tokio::sync::Mutex<Option<Child>>,
    pub(crate) port: u16,
    /// What the server is told besides its address.
    how: Mutex<Vec<String>>,
    pages: Mutex<Vec<Arc<Page>>>,
}

impl World {
    pub(crate) async fn new(cdp: Arc<Cdp>) -> Res<Self> {
        let how = ["--data", "off"].map(str::to_owned).to_vec();
        let (server, port) = start(0, &how).await?;
        let (server, how) = (Some(server).into(), how.into());
        Ok(Self { cdp, server, port, how, pages: Mutex::default() })
    }

    /// Another server in place of the first one, which keeps what is said in a file.
    pub(crate) async fn keep(&self, file: &Path) -> Res {
        self.instead(&["--data", file.to_str().ok_or("no text")?]).await
    }

    /// Another server in place of the first one.
    pub(crate) async fn instead(&self, how: &[&str]) -> Res {
        *lock(&self.how) = how.iter().copied().map(str::to_owned).collect();
        self.terminate().await?;
        self.restart().await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// A browser of one's own, joined to the lobby.
    pub(crate) async fn person(&self, name: &str) -> Res<Arc<Page>> {
        let page = self.open(DESK, "/rooms/lobby").await?;
        page.join(name).await?;
        Ok(page)
    }

    /// A tab that shares nothing with others, showing a path.
    pub(crate) async fn open(&self, view: View, path: &str) -> Res<Arc<Page>> {
        self.visit(view, &self.url(path)).await
    }

    /// The same, of an address.
    pub(crate) async fn visit(&self, view: View, url: &str) -> Res<Arc<Page>> {
        let made = self.cdp.call(None, "Target.createBrowserContext", json!({})).await?;
        let context = made["browserContextId"].as_str().ok_or("no context")?;
        self.tab(context, view, url).await
    }

    /// One more tab beside another.
    pub(crate) async fn tab(&self, context: &str, view: View, url: &str) -> Res<Arc<Page>> {
        let page = Arc::new(Page::open(&self.cdp, context, view, url).await?);
        lock(&self.pages).push(Arc::clone(&page));
        Ok(page)
    }

    pub(crate) async fn show(&self, page: &Page) -> Res {
        let target = json!({ "targetId": page.target });
        self.cdp.call(None, "Target.activateTarget", target).await.map(drop)
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) async fn terminate(&self) -> Res {
        let mut child = self.take().await?;
        let pid = child.id().ok_or("the server ended by itself")?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        let status = timeout(PATIENCE, child.wait()).await??;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }

    pub(crate) async fn kill(&self) -> Res {
        Ok(self.take().await?.kill().await?)
    }

    async fn take(&self) -> Res<Child> {
        for page in self.pages() {
            page.expects_an_outage();
        }
        Ok(self.server.lock().await.take().ok_or("no server runs")?)
    }

    /// Starts a new server where the old one was.
    pub(crate) async fn restart(&self) -> Res {
        let how = lock(&self.how).clone();
        *self.server.lock().await = Some(start(self.port, &how).await?.0);
        Ok(())
    }

    fn pages(&self) -> Vec<Arc<Page>> {
        lock(&self.pages).clone()
    }

    /// Ends the test: no page may have complained.
    pub(crate) async fn end(self, outcome: Res) -> Res {
        let faults: Vec<_> = self.pages().iter().flat_map(|page| page.faults()).collect();
        for page in self.pages() {
            let context = json!({ "browserContextId": page.context });
            let _ = self.cdp.call(None, "Target.disposeBrowserContext", context).await;
        }
        match (outcome, faults.as_slice()) {
            (Ok(()), []) => Ok(()),
            (Ok(()), faults) => Err(format!("a page complained: {faults:#?}").into()),
            (Err(why), faults) => Err(format!("{why}\ncomplaints: {faults:#?}").into()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn start(port: u16, how: &[String]) -> Res<(Child, u16)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(["--addr", &format!("localhost:{port}"), "--max-messages", "1000000"])
        .args(how)
        // The variables of this test are no settings of the server.
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
    let mut told = String::new();
    let port = timeout(PATIENCE, async {
        while let Some(line) = lines.next_line().await? {
            let url = line.split("listening url=http://localhost:").nth(1);
            if let Some(port) = url.and_then(|rest| rest.split_whitespace().next()?.parse().ok()) {
                return Ok(port);
            }
            told.push_str(&line);
        }
        Res::Err(format!("the server did not listen: {told}").into())
    })
    .await??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, port))
}

/// A client without a browser, speaking chat.v1.
pub(crate) struct Raw {
    socket: WebSocketStream<TcpStream>,
    room: &'static str,
    pub(crate) token: String,
    next: u64,
    /// What came while something else was awaited.
    heard: Vec<Value>,
}

impl Raw {
    /// Joins the lobby. The error says why the server refused.
    pub(crate) async fn join(world: &World, name: &str) -> Res<Self> {
        Self::enter(world, "lobby", name).await
    }

    pub(crate) async fn enter(world: &World, room: &'static str, name: &str) -> Res<Self> {
        Self::hello(world, room, json!({ "name": name })).await
    }

    /// Joins the lobby again, under a name that it had.
    pub(crate) async fn again(world: &World, name: &str, token: &str) -> Res<Self> {
        Self::hello(world, "lobby", json!({ "name": name, "token": token })).await
    }

    async fn hello(world: &World, room: &'static str, mut hello: Value) -> Res<Self> {
        let host = format!("localhost:{}", world.port);
        let mut request = format!("ws://{host}/rooms/{room}/ws").into_client_request()?;
        let protocol = HeaderValue::from_static("chat.v1");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (socket, _) = client_async(request, TcpStream::connect(host).await?).await?;
        let mut raw = Self { socket, room, token: String::new(), next: 1, heard: Vec::new() };
        hello["type"] = "hello".into();
        hello["rooms"] = json!({ room: { "last": 100 } });
        let answer = raw.ask(hello).await?;
        raw.token = answer["token"].as_str().ok_or_else(|| answer.to_string())?.to_owned();
        Ok(raw)
    }

    /// Posts, again and again while the server is busy.
    pub(crate) async fn say(&mut self, body: &str) -> Res {
        loop {
            let mid = format!("raw-{}", self.next);
            let post = json!({ "type": "post", "room": self.room, "mid": mid, "body": body });
            let answer = self.ask(post).await?;
            match (answer["type"].as_str(), answer["retry_ms"].as_u64()) {
                (Some("ok"), _) => return Ok(()),
                (_, Some(ms)) => tokio::time::sleep(std::time::Duration::from_millis(ms)).await,
                _ => return Err(answer.to_string().into()),
            }
        }
    }

    /// Asks for something else than a post, and tells the answer.
    pub(crate) async fn ask(&mut self, mut frame: Value) -> Res<Value> {
        let id = self.next;
        self.next += 1;
        frame["id"] = id.into();
        self.socket.send(Message::text(frame.to_string())).await?;
        self.wait(|answer| answer["id"] == id).await
    }

    /// Sends what is not answered.
    pub(crate) async fn tell(&mut self, frame: Value) -> Res {
        Ok(self.socket.send(Message::text(frame.to_string())).await?)
    }

    /// Posts many texts, a hundred between two answers.
    pub(crate) async fn pour(&mut self, bodies: impl Iterator<Item = String>) -> Res {
        let bodies: Vec<String> = bodies.collect();
        for some in bodies.chunks(100) {
            let (last, others) = some.split_last().ok_or("nothing to say")?;
            for body in others {
                let mid = format!("poured-{}", self.next);
                self.next += 1;
                let post = json!({ "type": "post", "room": self.room, "mid": mid, "body": body });
                self.socket.feed(Message::text(post.to_string())).await?;
            }
            self.say(last).await?;
            self.heard.clear();
        }
        Ok(())
    }

    /// Waits for a message, and says that everything up to it has arrived.
    pub(crate) async fn has(&mut self, seq: usize) -> Res {
        self.hear(|frame| frame["type"] == "message" && frame["seq"] == seq).await?;
        self.tell(json!({ "type": "ack", "room": self.room, "seq": seq })).await
    }

    /// The next frame of this kind, or one that came before.
    pub(crate) async fn hear(&mut self, wanted: impl Fn(&Value) -> bool) -> Res<Value> {
        if let Some(at) = self.heard.iter().position(&wanted) {
            return Ok(self.heard.remove(at));
        }
        self.wait(wanted).await
    }

    async fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Res<Value> {
        timeout(PATIENCE, async {
            while let Some(message) = self.socket.next().await {
                let Message::Text(text) = message? else { continue };
                let frame: Value = serde_json::from_str(&text)?;
                if wanted(&frame) {
                    return Ok(frame);
                }
                self.heard.push(frame);
            }
            Res::Err(format!("the socket closed; heard {:?}", self.heard).into())
        })
        .await?
    }
}
