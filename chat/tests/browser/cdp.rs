//! A browser driven over the Chrome DevTools protocol: just enough of it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) type Res<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Longer than anything here takes, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

const FLAGS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --disable-dev-shm-usage --disable-background-timer-throttling --hide-scrollbars \
    --disable-renderer-backgrounding --disable-backgrounding-occluded-windows \
    --remote-debugging-port=0";

type Socket = WebSocketStream<TcpStream>;

pub(crate) struct Browser {
    child: Child,
    profile: PathBuf,
    pub(crate) cdp: Arc<Cdp>,
}

impl Browser {
    /// The first of the usual names on PATH; `CHAT_BROWSER` names another.
    pub(crate) fn find() -> Option<PathBuf> {
        if let Some(named) = std::env::var_os("CHAT_BROWSER") {
            return Some(named.into());
        }
        let path = std::env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome"];
        std::env::split_paths(&path)
            .flat_map(|dir| names.map(|name| dir.join(name)))
            .find(|file| file.is_file())
    }

    pub(crate) async fn launch() -> Res<Self> {
        let program = Self::find().ok_or("no browser: install chromium or set CHAT_BROWSER")?;
        let profile = std::env::temp_dir().join(format!("chat-browser-{}", std::process::id()));
        let mut child = Command::new(program)
            .args(FLAGS.split_whitespace())
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let url = timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("DevTools listening on ") {
                    return Ok(url.to_owned());
                }
            }
            Res::Err("the browser ended before it listened".into())
        })
        .await??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let host = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
        let tcp = TcpStream::connect(host.ok_or("not a ws:// address")?).await?;
        let (socket, _) = client_async(&url, tcp).await?;
        Ok(Self { child, profile, cdp: Cdp::start(socket) })
    }

    pub(crate) async fn close(mut self) {
        let _ = self.cdp.call(None, "Browser.close", json!({})).await;
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// The protocol's connection: calls with their answers, events by session.
pub(crate) struct Cdp {
    out: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    answers: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    events: Mutex<HashMap<String, Vec<Value>>>,
    reported: Notify,
    next: AtomicU64,
}

impl Cdp {
    fn start(socket: Socket) -> Arc<Self> {
        let (out, heard) = socket.split();
        let (out, next) = (tokio::sync::Mutex::new(out), AtomicU64::new(1));
        let (answers, events) = (Mutex::default(), Mutex::default());
        let reported = Notify::new();
        let cdp = Arc::new(Self { out, answers, events, reported, next });
        tokio::spawn(Arc::clone(&cdp).hear(heard));
        cdp
    }

    async fn hear(self: Arc<Self>, mut heard: SplitStream<Socket>) {
        while let Some(Ok(Message::Text(text))) = heard.next().await {
            let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
            if let Some(id) = frame["id"].as_u64() {
                let asked = self.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                asked.map(|answer| answer.send(frame));
            } else if let Some(session) = frame["sessionId"].as_str() {
                let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
                events.entry(session.to_owned()).or_default().push(frame);
                self.reported.notify_waiters();
            }
        }
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) async fn call(&self, on: Option<&str>, method: &str, params: Value) -> Res<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut frame = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = on {
            frame["sessionId"] = session.into();
        }
        let (answer, answered) = oneshot::channel();
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(id, answer);
        self.out.lock().await.send(Message::text(frame.to_string())).await?;
        let mut frame = timeout(PATIENCE * 2, answered).await??;
        match frame.get("error") {
            Some(error) => Err(format!("{method}: {error}").into()),
            None => Ok(frame["result"].take()),
        }
    }

    /// What a session reported so far, of these kinds.
    pub(crate) fn events(&self, session: &str, methods: &[&str]) -> Vec<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let all = events.get(session).into_iter().flatten();
        let wanted = |e: &&Value| e["method"].as_str().is_some_and(|m| methods.contains(&m));
        all.filter(wanted).cloned().collect()
    }

    /// Waits until a session has reported an event of this kind that is wanted.
    pub(crate) async fn event(
        &self,
        session: &str,
        method: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Res {
        let reported = async {
            loop {
                let next = self.reported.notified();
                if self.events(session, &[method]).iter().any(&wanted) {
                    return;
                }
                next.await;
            }
        };
        timeout(PATIENCE, reported)
            .await
            .map_err(|_| format!("{method}: not the one wanted").into())
    }
}
