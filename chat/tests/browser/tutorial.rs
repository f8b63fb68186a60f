//! The chat page of the Go tutorial works here unmodified: jQuery, a form, a list, one WebSocket.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::DESK;

/// The same shape as the tutorial's page, in our own words; `HOST` is what its template fills in.
const PAGE: &str = r##"<!doctype html>
<title>A room</title>
<link rel="icon" href="data:,">
<ul id="messages"></ul>
<form id="chatbox"><textarea></textarea><input type="submit" value="Post"></form>
<script src="/jquery.js"></script>
<script>
$(function () {
  var socket = null;
  var box = $("#chatbox textarea");
  var list = $("#messages");
  $("#chatbox").on("submit", function () {
    if (!box.val()) return false;
    if (!socket) { alert("There is no connection."); return false; }
    socket.send(box.val());
    box.val("");
    return false;
  });
  if (!window["WebSocket"]) {
    alert("This browser has no WebSocket.");
  } else {
    socket = new WebSocket("ws://HOST/room");
    socket.onclose = function () { alert("The connection was closed."); };
    socket.onmessage = function (e) { list.append($("<li>").text(e.data)); };
  }
});
</script>
"##;

/// `CHAT_TEST_JQUERY`, or the jquery package installed globally for Node.
pub(crate) fn jquery() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHAT_TEST_JQUERY") {
        return Some(named.into());
    }
    let root = Command::new("npm").args(["root", "-g"]).output().ok()?.stdout;
    let root = String::from_utf8(root).ok()?;
    let file = Path::new(root.trim()).join("jquery/dist/jquery.min.js");
    file.is_file().then_some(file)
}

pub(crate) async fn the_tutorial_page_works(world: &World) -> Res {
    let script = std::fs::read_to_string(jquery().ok_or("no jQuery; set CHAT_TEST_JQUERY")?)?;
    let site = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", site.local_addr()?);
    let page = PAGE.replace("HOST", &format!("localhost:{}", world.port));
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = site.accept().await {
            // A browser opens connections in advance and says nothing on them.
            tokio::spawn(serve(stream, page.clone(), script.clone()));
        }
    });
    let outcome = talk(world, &url).await;
    serving.abort();
    outcome
}

async fn serve(mut stream: TcpStream, page: String, script: String) -> Res {
    let mut request = vec![0; 4096];
    let read = stream.read(&mut request).await?;
    let (kind, body) = match request[..read].starts_with(b"GET /jquery.js ") {
        true => ("text/javascript", script),
        false => ("text/html; charset=utf-8", page),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    Ok(stream.write_all(body.as_bytes()).await?)
}

async fn talk(world: &World, url: &str) -> Res {
    let mut ann = Raw::join(world, "ann").await?;
    let made = world.open(DESK, "/").await?;
    let page = world.tab(&made.context, DESK, url).await?;
    page.until("window.$ && $('#chatbox').length === 1").await?;
    let guest = ann
        .hear(|frame| frame["joined"][0].as_str().is_some_and(|who| who.starts_with("guest-")))
        .await?;
    page.js("document.querySelector('textarea').value = 'hello from the tutorial'").await?;
    page.click("[type=submit]").await?;
    let items =
        "[...document.querySelectorAll('#messages li')].map((x) => x.textContent).join('|')";
    page.until(&format!("{items} === 'hello from the tutorial'")).await?;
    let heard = ann.hear(|frame| frame["type"] == "message").await?;
    assert_eq!(heard["body"], "hello from the tutorial");
    assert_eq!(heard["from"], guest["joined"][0]);
    ann.say("<b>hello</b> back").await?;
    page.until(&format!("{items} === 'hello from the tutorial|<b>hello</b> back'")).await?;
    made.until("document.querySelector('#card').open").await?;
    made.join("bob").await?;
    made.sees("hello from the tutorial").await?;
    made.say("and from this page").await?;
    page.until(&format!("{items}.endsWith('|and from this page')")).await
}
