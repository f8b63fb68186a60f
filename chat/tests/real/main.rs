//! Clients that nobody here wrote, against the real server. One that is missing is reported as
//! ignored with the reason; with `CHAT_TEST_REQUIRE=all` it is a failure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod examples;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// The program, on a port of its own, ended with the test.
struct Server {
    chat: Child,
    authority: String,
}

impl Server {
    fn start() -> Self {
        let mut chat = Command::new(env!("CARGO_BIN_EXE_chat"))
            .env("CHAT_DATA", "off")
            .args(["--addr", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(chat.stderr.take().unwrap()).lines().map_while(Result::ok);
        let url =
            lines.filter_map(|line| Some(line.split_once("url=http://")?.1.to_owned())).next();
        let authority = url.unwrap().split_whitespace().next().unwrap().to_owned();
        Self { chat, authority }
    }

    /// What a client prints that is given `input`.
    fn told(&self, client: &mut Command, input: &str) -> String {
        let (host, port) = self.authority.rsplit_once(':').unwrap();
        let mut client = client
            .envs([("HOST", host), ("PORT", port)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        client.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.chat.kill();
        let _ = self.chat.wait();
    }
}

fn shell(script: &str) -> Command {
    let mut sh = Command::new("sh");
    sh.args(["-c", script]);
    sh
}

fn python(script: &str) -> Command {
    let mut python = Command::new(std::env::var_os("CHAT_TEST_PYTHON").unwrap_or("python3".into()));
    python.args(["-c", script]);
    python
}

fn node(script: &str) -> Command {
    let mut node = Command::new("node");
    node.args(["-e", script]);
    if let Some(modules) = std::env::var_os("CHAT_TEST_NODE_MODULES") {
        node.env("NODE_PATH", modules);
    }
    node
}

const WEBSOCKETS: &str = r#"
import json, os
from websockets.sync.client import connect
url = f"ws://{os.environ['HOST']}:{os.environ['PORT']}/rooms/lobby/ws"
with connect(url, subprotocols=["chat.v1"]) as chat:
    chat.send(json.dumps({"type": "hello", "name": "snake"}))
    chat.send(json.dumps({"type": "post", "body": "hello"}))
    for line in chat:
        heard = json.loads(line)
        if heard["type"] == "message":
            print(heard["from"], heard["body"])
            break
"#;

const WEBSOCKET_CLIENT: &str = r#"
import os, websocket
chat = websocket.create_connection(f"ws://{os.environ['HOST']}:{os.environ['PORT']}/ws")
chat.send("hello")
while True:
    heard = chat.recv()
    if "hello" in heard:
        print(heard, end="")
        break
chat.close()
"#;

const WS: &str = r#"
const { WebSocket } = require("ws");
const chat = new WebSocket(`ws://${process.env.HOST}:${process.env.PORT}/rooms/lobby/ws?name=noddy`);
chat.on("open", () => chat.send("hello"));
chat.on("message", (heard) => {
  if (!String(heard).includes("noddy: hello")) return;
  console.log(String(heard));
  chat.close();
});
"#;

const CURL: &str = r#"
curl -sS -H 'Content-Type: text/plain' -d hello "http://$HOST:$PORT/rooms/lobby?as=carl"
curl -sS "http://$HOST:$PORT/rooms/lobby/messages?limit=1"
"#;

/// Its second post makes the first curl notice that nobody reads any more.
const FOLLOW: &str = r#"
post() { curl -sS -d "$1" "http://$HOST:$PORT/rooms/lobby?as=carl" > /dev/null; }
curl -sSN "http://$HOST:$PORT/rooms/lobby/events" 2> /dev/null | {
  read -r first; echo "$first"; post hello; sed -n '/^data/{p;q}'; exec <&-; post bye
}
"#;

/// A client: what it needs, whether that is here, how it is run, what it is given and prints.
struct Case {
    name: &'static str,
    needs: &'static str,
    here: fn() -> Command,
    client: fn() -> Command,
    input: &'static str,
    told: &'static [&'static str],
}

static CASES: [Case; 6] = [
    Case {
        name: "nc",
        needs: "no nc on PATH",
        here: || shell("command -v nc"),
        client: || shell("exec nc $HOST $PORT"),
        input: "nina\nhello\n/quit\n",
        told: &["* welcome, nina", "#lobby nina: hello"],
    },
    Case {
        name: "curl",
        needs: "no curl on PATH",
        here: || shell("command -v curl"),
        client: || shell(CURL),
        input: "",
        told: &["\"from\":\"carl\",\"body\":\"hello\"", "\"head\":1"],
    },
    Case {
        name: "curl that follows a room",
        needs: "no curl on PATH",
        here: || shell("command -v curl"),
        client: || shell(FOLLOW),
        input: "",
        told: &["id: ", "data: {\"type\":\"message\"", "\"from\":\"carl\",\"body\":\"hello\"}"],
    },
    Case {
        name: "python websockets",
        needs: "no Python with websockets; set CHAT_TEST_PYTHON",
        here: || python("import websockets.sync.client"),
        client: || python(WEBSOCKETS),
        input: "",
        told: &["snake hello"],
    },
    Case {
        name: "python websocket-client",
        needs: "no Python with websocket-client; set CHAT_TEST_PYTHON",
        here: || python("from websocket import create_connection"),
        client: || python(WEBSOCKET_CLIENT),
        input: "",
        told: &["{\"type\":1,\"body\":\"hello\"}\n"],
    },
    Case {
        name: "node ws",
        needs: "no Node with ws; set CHAT_TEST_NODE_MODULES",
        here: || node("require('ws')"),
        client: || node(WS),
        input: "",
        told: &["#lobby noddy: hello"],
    },
];

fn run(case: &Case) -> Result<(), Failed> {
    let told = Server::start().told(&mut (case.client)(), case.input);
    match case.told.iter().find(|wanted| !told.contains(**wanted)) {
        None => Ok(()),
        Some(wanted) => Err(format!("no {wanted:?} in {told:?}").into()),
    }
}

fn main() -> ExitCode {
    let required = std::env::var_os("CHAT_TEST_REQUIRE").is_some_and(|what| what == "all");
    let unless = |trial: Trial, needs: &str, mut here: Command| {
        let here = here.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let missing = !here.is_ok_and(|status| status.success());
        trial.with_kind(if missing { needs } else { "" }).with_ignored_flag(missing && !required)
    };
    let cases = CASES
        .iter()
        .map(|case| unless(Trial::test(case.name, move || run(case)), case.needs, (case.here)()));
    let examples = Trial::test("examples of docs/protocol.md", || Ok(examples::all_run()?));
    let examples = unless(examples, "no curl on PATH", shell("command -v curl"));
    let trials = cases.chain([examples]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
