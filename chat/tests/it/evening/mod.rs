//! A room on one evening: who comes, what is said, who had it, and what went wrong.
//!
//! All of it is in `tests/evening`: the trace, the reports of four messages, and, from the browser
//! test that reads the trace, the lanes of the X-ray, its findings and its microscope.

mod clock;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use chat::{Access, Limits, Server, Tracers, Wire};
use serde_json::{Value, json};
use tokio::time::advance;
use tower_service::Service;
use trace::trace;

use self::clock::Clock;
use crate::client::{Client, World};

/// Five people, one of them in a terminal and one on a train, and a program that posts.
struct Evening {
    clock: Clock,
    server: Server,
    world: World,
    reports: String,
}

impl Evening {
    fn new() -> Self {
        let clock = Clock::new();
        let tracers = Tracers::all(Arc::new(clock.clone()));
        let limits = Limits { log_entries: 12, messages_at_once: u32::MAX, ..Limits::default() };
        let server = Server::new(limits, Access::default(), tracers);
        let world = World::of(Arc::clone(server.sessions()), clock.seen.clone());
        Self { clock, server, world, reports: String::new() }
    }

    /// A connection, accepted as a listener does.
    fn accept(&self, wire: Wire, buffer: usize) -> Client {
        let client = self.world.connect(wire, buffer);
        let (number, wire) = (client.number.0, wire.as_str());
        let peer = format!("192.0.2.{number}:50000");
        trace!(self.clock, "Connection accepted"; event = "accepted", client = number, wire = wire, peer = peer.as_str());
        client
    }

    /// Somebody comes, with `hello` in addition to a name, and knows who is there.
    async fn comes(&self, name: &str, buffer: usize, hello: Value) -> (Client, Value) {
        let mut client = self.accept(Wire::Json, buffer);
        let mut object =
            json!({ "type": "hello", "id": 1, "name": name, "rooms": { "lobby": { "last": 5 } } });
        object.as_object_mut().unwrap().extend(hello.as_object().unwrap().clone());
        client.say(&object.to_string()).await;
        let welcome = client.hear_type("welcome").await;
        self.saw(&format!("event=joined room=lobby client={}", client.number.0)).await;
        (client, welcome)
    }

    /// What was said reaches a client, who says so after a while.
    async fn has(&self, client: &mut Client, messages: usize, after_us: u64) {
        let (seq, _) = client.messages(messages).await.pop().unwrap();
        advance(Duration::from_micros(after_us)).await;
        client.say(&json!({ "type": "ack", "seq": seq }).to_string()).await;
        self.saw(&format!("event=acked room=lobby client={} seq={seq}", client.number.0)).await;
    }

    async fn saw(&self, text: &str) {
        self.world.saw(text).await;
    }

    /// Somebody in a terminal asks what became of a message, at a moment; how it looks there.
    async fn why(&mut self, nc: &mut Client, seq: u64, moment: &str) {
        nc.say(&format!("/why {seq}\n")).await;
        let heard = String::from_utf8(nc.heard(Duration::from_millis(1)).await).unwrap();
        let report = heard.lines().skip_while(|line| !line.contains(" reached "));
        let lines: Vec<_> = report.collect();
        self.reports += &format!("{moment}: /why {seq}\n{}\n\n", lines.join("\n"));
    }

    /// A program posts with one request.
    async fn curl(&self, name: &str, body: &str) {
        let request = Request::post(format!("/rooms/lobby?as={name}")).header("host", "localhost");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.server.router().call(request).await.unwrap();
        assert_eq!(answer.status(), 201);
    }
}

/// Goes on behind a message, as the member whom the server welcomed.
fn resumes(welcome: &Value, seq: u64) -> Value {
    let lobby = json!({ "epoch": welcome["rooms"]["lobby"]["epoch"], "after": seq });
    json!({ "token": welcome["token"], "rooms": { "lobby": lobby } })
}

async fn pause(ms: u64) {
    advance(Duration::from_millis(ms)).await;
}

#[tokio::test(start_paused = true)]
async fn an_evening_in_a_room() {
    let mut it = Evening::new();
    let (mut ann, _) = it.comes("ann", 1 << 20, json!({})).await;
    pause(60).await;
    ann.post("is anybody here?").await;
    it.has(&mut ann, 1, 19_000).await;
    pause(800).await;
    let (mut bob, welcome) = it.comes("bob", 1 << 20, json!({ "keep": true })).await;
    it.has(&mut bob, 1, 20_300).await;
    pause(2_100).await;
    bob.post("yes!").await;
    it.has(&mut ann, 1, 18_200).await;
    it.has(&mut bob, 1, 900).await;
    pause(1_300).await;
    let (mut lin, _) = it.comes("林小雨", 1 << 20, json!({})).await;
    it.has(&mut lin, 2, 24_000).await;
    pause(700).await;
    lin.post("早上好").await;
    for (client, after) in [(&mut lin, 17_500), (&mut ann, 1_200), (&mut bob, 400)] {
        it.has(client, 1, after).await;
    }

    pause(900).await;
    let mut nc = it.accept(Wire::TextLines, 1 << 20);
    nc.say("nc\n").await;
    nc.lines_until("* welcome").await;
    pause(1_500).await;
    nc.say("hello from a terminal\n").await;
    for (client, after) in [(&mut lin, 21_000), (&mut ann, 100), (&mut bob, 2_300)] {
        it.has(client, 1, after).await;
    }
    pause(400).await;
    it.curl("deploy", "deploy done").await;
    it.has(&mut ann, 1, 18_700).await;
    it.has(&mut bob, 1, 700).await;
    lin.messages(1).await;
    it.why(&mut nc, 5, "Deployed").await;

    // In private, in other words, and not at all.
    pause(600).await;
    nc.say("bob: psst\n").await;
    bob.messages(1).await;
    pause(1_400).await;
    ann.say(&json!({ "type": "edit", "of": 1, "body": "is anybody here? It is me" }).to_string())
        .await;
    for client in [&mut ann, &mut bob, &mut lin] {
        client.hear_type("edit").await;
    }
    pause(900).await;
    bob.post(&"x".repeat(20_000)).await;
    assert_eq!(bob.hear_type("error").await["code"], "too_long");

    // Bob is in a tunnel while others talk, and goes on where he was.
    pause(500).await;
    bob.vanish().await;
    pause(1_200).await;
    ann.post("bob?").await;
    it.has(&mut ann, 1, 19_100).await;
    it.has(&mut lin, 1, 3_000).await;
    it.why(&mut nc, 7, "While Bob is away").await;
    pause(2_600).await;
    let (mut bob, _) = it.comes("bob", 1 << 20, resumes(&welcome, 6)).await;
    it.has(&mut bob, 1, 22_000).await;
    it.why(&mut nc, 7, "Bob is back").await;

    // Eve takes nothing while more is said than the room keeps.
    pause(300).await;
    let (mut eve, _) = it.comes("eve", 1_000, json!({})).await;
    for n in 8..28 {
        pause(120).await;
        ann.post(&format!("log {} of 20: nothing strange", n - 7)).await;
        ann.messages(1).await;
    }
    it.saw("event=stalled client=").await;
    it.why(&mut nc, 27, "Eve takes nothing").await;
    pause(700).await;
    eve.hear_type("gap").await;
    it.has(&mut eve, 12, 21_000).await;
    it.why(&mut nc, 27, "Eve goes on").await;
    pause(1_000).await;
    eve.post("back again").await;
    it.has(&mut eve, 1, 20_800).await;
    for (client, messages) in [(&mut ann, 1), (&mut bob, 21), (&mut lin, 21)] {
        it.has(client, messages, 700).await;
    }

    // The tunnel was not the last one.
    for _ in 0..3 {
        pause(1_700).await;
        bob.vanish().await;
        pause(400).await;
        (bob, _) = it.comes("bob", 1 << 20, resumes(&welcome, 28)).await;
    }
    pause(2_000).await;
    for client in [lin, eve, bob, nc, ann] {
        client.close().await;
        pause(300).await;
    }
    it.server.drain().await;
    let trace = it.clock.trace();
    insta::with_settings!({ snapshot_path => "../../evening", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("reports", it.reports);
    });
    is_kept("evening.ndjson", &trace);
}

/// A file of the folder has exactly this text, or has it from now on.
fn is_kept(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/evening").join(name);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(kept, told)| kept != told);
    let lines = (kept.lines().count(), text.lines().count());
    assert_eq!(differs, None, "INSTA_UPDATE=always writes {name} anew");
    assert_eq!(lines.0, lines.1, "INSTA_UPDATE=always writes {name} anew");
}
