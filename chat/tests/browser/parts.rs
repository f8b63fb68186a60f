//! Parts of the page alone, told what no real server tells on request.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::World;
use crate::page::DESK;

/// Loads a module of the page as `it`, then evaluates.
pub(crate) fn with(module: &str, script: &str) -> String {
    format!(
        "(async () => {{ const it = await import(document.querySelector('script').src\
         .replace('app.js', '{module}')); {script} }})()"
    )
}

pub(crate) async fn every_hole_is_told(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "room.js",
        r"
        const out = [];
        const room = new it.Room('lobby', {
          message: (entry) => out.push(entry.seq + (entry.news ? '' : ' old')),
          rule: (kind, words) => out.push(words),
          skipped: () => {},
          forget: () => {},
          known: () => false,
        });
        const at = (position) => out.push(JSON.stringify(position));
        const say = (seq, prev, mid = 'm' + seq) =>
          room.frame({ type: 'message', seq, prev, at: '2026-11-20T12:00:00Z', from: 'a', mid, body: 'x' });
        at(room.position);
        room.welcome({ lobby: { epoch: 'e1', head: 5, replay: 2 } });
        say(4, 3); say(5, 4); say(5, 4); say(6, 5); say(3, 2);
        say(9, 8);
        room.frame({ type: 'gap', after: 9, next: 12, why: 'slow' });
        // What is before it may be what was there before the gap, and is told once.
        say(12, 9); say(13, 12);
        at(room.position);
        room.welcome({ lobby: { epoch: 'e1', head: 20, replay: 1 } });
        room.frame({ type: 'reset', why: 'expired', oldest: 20 });
        say(20, 19);
        room.welcome({ lobby: { epoch: 'e2', head: 2, replay: 2 } });
        room.frame({ type: 'reset', why: 'epoch', oldest: 1 });
        say(1, 0, 'm13'); say(2, 1, 'fresh');
        at(room.position);
        return out",
    );
    let told = json!([
        "{\"last\":200}",
        "4 old",
        "5 old",
        "6",
        "Some history was skipped",
        "9",
        "2 messages skipped",
        "12",
        "13",
        "{\"epoch\":\"e1\",\"after\":13}",
        "Some history was skipped",
        "20",
        "Server restarted",
        "2",
        "{\"epoch\":\"e2\",\"after\":2}",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn the_same_log_under_another_epoch(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "room.js",
        r"
        const out = [];
        const shown = new Set(['m4', 'm5']);
        const words = ({ mid, change }) => mid + (change ? ' ' + change : '');
        const room = new it.Room('lobby', {
          message: (entry) => out.push(words(entry)),
          older: (entries) => out.push('older ' + entries.map(words)),
          changed: (of, body) => out.push(of + ' is ' + body),
          forget: () => out.push('forget'),
          known: ({ mid }) => shown.has(mid),
          rule: (kind, words) => out.push(words),
          top: (kind, words) => out.push('top: ' + words),
        });
        const message = (seq) =>
          ({ type: 'message', seq, prev: seq - 1, at: '2026-11-20T12:00:00Z', from: 'a', mid: 'm' + seq, body: 'x' });
        const edit = (seq, of, body) => ({ type: 'edit', seq, prev: seq - 1, of, body });
        const older = () => out.push(JSON.stringify(room.older?.before ?? null));
        room.welcome({ lobby: { epoch: 'e1', head: 5, replay: 2 } });
        // The rows of m4 and m5 are there; now the same log is told under another name.
        room.welcome({ lobby: { epoch: 'e2', head: 7, replay: 7 } });
        room.frame({ type: 'reset', why: 'epoch', oldest: 1 });
        older();
        for (const frame of [message(2), edit(3, 2, 'y'), message(4), message(5), message(6), edit(7, 5, 'z')])
          room.frame(frame);
        older();
        room.history({ epoch: 'e1', oldest: 1, messages: [message(1)] });
        room.history({ epoch: 'e2', oldest: 2, messages: [message(2), edit(3, 2, 'y')] });
        older();
        // And now it is another log altogether.
        room.welcome({ lobby: { epoch: 'e3', head: 2, replay: 2 } });
        room.frame({ type: 'reset', why: 'epoch', oldest: 1 });
        room.frame({ ...message(1), mid: 'n1' });
        out.push('.');
        room.frame(edit(2, 1, 'w'));
        // What was changed in the log before is another message here.
        room.frame({ ...message(5), prev: 2, mid: 'n5' });
        older();
        return out",
    );
    let told = json!([
        "forget",
        "Server restarted",
        "null",
        "2 is y",
        "m6",
        "5 is z",
        "4",
        "older m2 y",
        "top: Older messages are no longer kept",
        "null",
        "forget",
        "Server restarted",
        ".",
        "1 is w",
        "n1 w",
        "n5",
        "null",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn comings_and_goings_cancel(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "people.js",
        r"
        const list = document.createElement('ul');
        const log = { tail: null, nodes: [], node(node) { this.tail = node; this.nodes.push(node) } };
        const people = new it.People(log, list, []);
        const lines = () => log.nodes.map((node) => (node.hidden ? '-' : node.textContent));
        const out = [];
        const change = (joined, left, count = 0) => {
          people.frame({ count, joined, left });
          out.push(lines().join(' / '));
        };
        people.iAm('me');
        people.frame({ count: 2, members: ['me', 'ann'] });
        change(['me'], []);
        change(['bob'], []);
        change(['zoe', 'eve'], ['ann']);
        change([], ['bob', 'zoe', 'eve']);
        change(['ann'], []);
        log.tail = 'a message';
        change(['bob'], []);
        change(Array.from('abcdefgh'), []);
        log.tail = 'a message';
        change([], [], 600);
        change([], [], 601);
        out.push(list.textContent);
        return out",
    );
    let told = json!([
        "",
        "bob joined",
        "bob, zoe, eve joined · ann left",
        "ann left",
        "-",
        "- / bob joined",
        "- / bob, a, b, c, d, e, 3 more joined",
        "- / bob, a, b, c, d, e, 3 more joined",
        "- / bob, a, b, c, d, e, 3 more joined",
        "Names are not listed in a room this big.",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn what_arrived_is_said_in_time(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "acks.js",
        r"
        const out = [];
        let [now, timers, members] = [0, [], 3];
        const clock = {
          now: () => now,
          later: (run, ms) => timers.push({ run, at: now + ms }),
          drop: (timer) => timers.splice(timer - 1, 1),
        };
        const pass = (ms) => {
          now += ms;
          for (const timer of timers.splice(0))
            if (timer.at <= now) timer.run();
            else timers.push(timer);
        };
        const acks = new it.Acks(
          { tell: (room, seq) => out.push(`${now} ${room} ${seq}`), pause: () => it.pause(members) },
          clock,
        );
        acks.arrived('tea', 1);
        pass(100); acks.arrived('tea', 2); acks.arrived('tea', 3); acks.arrived('@', 7);
        pass(149); pass(1);
        pass(250); acks.arrived('tea', 4);
        members = 51;
        pass(250); acks.arrived('tea', 5);
        pass(1749); acks.arrived('tea', 6);
        pass(1);
        pass(1); acks.arrived('tea', 9);
        acks.forget();
        pass(5000); acks.arrived('tea', 2);
        return out",
    );
    let told = json!(["0 tea 1", "100 @ 7", "250 tea 3", "500 tea 4", "2500 tea 6", "7501 tea 2"]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn who_has_it_is_asked_sparingly(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "delivery.js",
        r"
        const out = [];
        let [now, timers, reached] = [0, [], 2];
        const clock = {
          later: (run, ms) => (timers.push({ run, at: now + ms }), timers.at(-1)),
          drop: (timer) => (timers = timers.filter((one) => one !== timer)),
        };
        const pass = (ms) => {
          now += ms;
          for (const timer of timers.filter(({ at }) => at <= now)) {
            clock.drop(timer);
            timer.run();
          }
        };
        const ask = (frame, answer) => {
          out.push(`${now} ${JSON.stringify(frame)}`);
          answer({ type: 'delivery', seq: frame.seq, reached, of: 3, us: 96 });
          return true;
        };
        const root = document.createElement('div');
        const delivery = new it.Delivery('tea', { ask, open: (frame) => out.push(`open ${frame.seq}`) }, clock);
        const say = (seq, more = {}) => {
          const row = document.createElement('div');
          root.append(row);
          delivery.shown({ seq, from: 'me', ...more }, row);
        };
        const lines = () =>
          [...root.children].map(({ firstChild: x }) => (!x || x.hidden ? '-' : x.textContent)).join(', ');
        say(5);
        pass(499); pass(1); pass(1500); pass(8000); pass(60000);
        out.push(lines());
        reached = 3;
        say(9);
        pass(500); pass(60000);
        out.push(lines());
        root.children[1].firstChild.click();
        say(3);
        say(null, { to: ['ann'], mid: 'x1' });
        pass(500);
        out.push(lines());
        say(10);
        out.push(lines());
        pass(500);
        delivery.removed(10);
        out.push(lines());
        delivery.forget();
        say(11);
        delivery.offline();
        pass(60000);
        delivery.online();
        pass(500);
        out.push(lines());
        return out",
    );
    let why =
        |at: u32, seq: u32| format!("{at} {{\"type\":\"why\",\"room\":\"tea\",\"seq\":{seq}}}");
    let told = json!([
        why(500, 5),
        why(2000, 5),
        why(10000, 5),
        "reached 2 of 3",
        why(70500, 9),
        "reached 2 of 3, reached 3 of 3 in 96 µs",
        "open 9",
        "131000 {\"type\":\"why\",\"room\":\"@\",\"mid\":\"x1\"}",
        "reached 2 of 3, -, -, reached 3 of 3 in 96 µs",
        "-, -, -, reached 3 of 3 in 96 µs, -",
        why(131500, 10),
        "-, -, -, reached 3 of 3 in 96 µs, -",
        why(192000, 11),
        "-, -, -, -, -, reached 3 of 3 in 96 µs",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn the_report_is_in_words(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "report.js",
        r"
        const rows = [
          { client: 1, name: 'ann', wire: 'chat.v1', state: 'acked', us: 4200, sent_us: 50 },
          { client: 2, name: 'bob', wire: 'text-lines', state: 'sent', us: 41 },
          { client: 3, wire: 'sse', state: 'sent' },
          { client: 4, name: 'eve', wire: 'chat.v1', state: 'behind', by: 212, ms: 4000, why: 'stalled' },
          { client: 5, name: 'kim', wire: 'chat.v1', state: 'behind', by: 1, why: 'reading' },
          { client: 6, name: 'lea', wire: 'chat.v1', state: 'gap', why: 'slow' },
          { client: 7, name: 'mei', wire: 'chat.v1', state: 'later' },
          { client: 8, name: 'noa', wire: 'chat.v1', state: 'unsent', left: { why: 'stalled', ms: 90000 } },
          { client: 9, name: 'ola', wire: 'chat.v1', state: 'away', left: { why: 'new', ms: 3000 } },
          { client: 10, name: 'pia', wire: 'chat.v1', state: 'acked', late: true },
        ];
        return rows.map(it.became)",
    );
    let told = json!([
        "has it, and said so after 4.2 ms",
        "was sent it after 41 µs, and did not say whether it arrived",
        "was sent it, and did not say whether it arrived",
        "has not got it yet: 212 behind for 4 s; the connection takes nothing",
        "has not got it yet: 1 behind; it is being read from history",
        "was not sent it; the connection was too slow",
        "came later, and did not ask for it",
        "left before it was sent; left 1.5 min ago (took nothing for too long)",
        "had left before; left 3 s ago (new)",
        "has it; came later",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn both_languages_say_everything(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let composed =
        ["behind_", "gap_", "acked", "sent", "later", "unsent", "away", "waiting", "untold"];
    for of in ["words", "xray-words"] {
        // A word takes the same values in both; only how many there are of something is said
        // otherwise.
        let script = r"
            const { zh } = await import(document.querySelector('script').src.replace('app.js', 'OF-zh.js'));
            const kinds = (table, at = '') => Object.entries(table).flatMap(([key, word]) =>
              Array.isArray(word) ? `${at}${key} ${word.length}`
              : typeof word === 'object' ? kinds(word, `${key}.`)
              : `${at}${key} ${typeof word}${word.length * (typeof word === 'function')}`);
            return [kinds(it.en), kinds(zh)]"
            .replace("OF", of);
        let both = page.js(&with(&format!("{of}-en.js"), &script)).await?;
        assert_eq!(both[0], both[1], "the same words in the same order");
        let sources = sources()?;
        let keys = both[0].as_array().ok_or("no keys")?;
        let said = |key: &str| sources.contains(&format!("\"{key}\""));
        let unused: Vec<_> = keys
            .iter()
            .filter_map(|key| key.as_str()?.split(' ').next())
            .filter(|key| !key.contains('.') && !said(key))
            .filter(|key| !composed.iter().any(|part| key.starts_with(part)))
            .collect();
        assert_eq!(unused, [""; 0], "{of}");
    }
    Ok(())
}

/// All that the page is made of, but for its words.
fn sources() -> Res<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let mut sources = String::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.to_string_lossy().contains("words-") {
            sources.push_str(&std::fs::read_to_string(path)?);
        }
    }
    Ok(sources)
}
