//! The server, with writers over loopback who speak JSON over lines.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat::{Access, Durability, History, Limits, Server, Tracers};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Barrier, oneshot};

use crate::{BODY, Kept, Run, bare};

type Failed = Box<dyn Error + Send + Sync>;

/// Every writer in a room of its own, so that what is measured is storing and not fan-out.
pub fn run(file: &Path, kept: Kept, writers: usize, time: Duration) -> Result<Run, Box<dyn Error>> {
    bare::remove(file);
    let limits =
        Limits { messages_per_second: u32::MAX, messages_at_once: u32::MAX, ..Limits::default() };
    let tracers = Tracers::default();
    let history = match kept {
        Kept::Power => Some(Durability::Power),
        Kept::Process => Some(Durability::Process),
        Kept::Memory => None,
    };
    let history =
        history.map(|how| History::open(file, how, Arc::clone(&tracers.tracer))).transpose()?;
    let mut server = Server::new(limits, Access::default(), tracers);
    if let Some(history) = history {
        server = server.with_history(history);
    }
    let run = Runtime::new()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(vec![listener], async {
            stopped.await.ok();
        }));
        let run = write(addr, writers, time).await;
        stop.send(()).ok();
        served.await??;
        run
    });
    bare::remove(file);
    Ok(run.map_err(|error: Failed| error.to_string())?)
}

async fn write(addr: SocketAddr, writers: usize, time: Duration) -> Result<Run, Failed> {
    let ready = Arc::new(Barrier::new(writers + 1));
    let mut tasks = Vec::new();
    for n in 0..writers {
        tasks.push(tokio::spawn(writer(addr, n, Arc::clone(&ready), time)));
    }
    ready.wait().await;
    let (begun, mut waits) = (Instant::now(), Vec::new());
    for task in tasks {
        waits.extend(task.await??);
    }
    Ok(Run { took: begun.elapsed(), waits })
}

async fn writer(
    addr: SocketAddr,
    n: usize,
    ready: Arc<Barrier>,
    time: Duration,
) -> Result<Vec<Duration>, Failed> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let (read, mut out) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let hello = format!(
        "{{\"type\":\"hello\",\"id\":0,\"name\":\"writer{n}\",\"rooms\":{{\"room{n}\":{{}}}}}}\n"
    );
    out.write_all(hello.as_bytes()).await?;
    let mut await_answer = async |id: usize| {
        let answer = format!("\"id\":{id}}}");
        while let Some(line) = lines.next_line().await? {
            if line.starts_with("{\"type\":\"error\"") {
                return Err(Failed::from(line));
            }
            if line.ends_with(&answer) {
                return Ok(());
            }
        }
        Err(Failed::from("the server hung up"))
    };
    await_answer(0).await?;
    ready.wait().await;
    let (begun, mut waits) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let id = waits.len() + 1;
        let post = format!(
            "{{\"type\":\"post\",\"id\":{id},\"room\":\"room{n}\",\"mid\":\"mid-{n}-{id}\",\"body\":\"{BODY}\"}}\n"
        );
        let asked = Instant::now();
        out.write_all(post.as_bytes()).await?;
        await_answer(id).await?;
        waits.push(asked.elapsed());
    }
    Ok(waits)
}
