//! Parts of the page alone, told what no real server tells on request.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::World;
use crate::page::DESK;

/// Loads a module of the page as `it`, then evaluates.
fn with(module: &str, script: &str) -> String {
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
        say(12, 11); say(13, 12);
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
