//! What the browser keeps, when the server's log is another one than it knew.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::World;
use crate::page::DESK;
use crate::parts::with;

pub(crate) async fn numbers_of_another_log_change_nothing(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "outbox.js",
        r"
        const out = [];
        // What was added later is sent later.
        let now = 0;
        Date.now = () => ++now;
        const room = { name: 'tea', epoch: 'e1', head: 5 };
        let answer = null;
        const wire = {
          phase: 'waiting',
          ask: ({ mid, ...frame }, told) => (out.push(JSON.stringify(frame)), (answer = told)),
        };
        const make = () => new it.Outbox(room, wire, {
          changed: () => {},
          refused: ({ body, error }) => out.push(`${body} refused: ${error.code}`),
        });
        const outbox = make();
        outbox.add('other words', { of: 2 });
        outbox.add('', { of: 3, gone: true });
        outbox.add('an answer', { reply: 4 });
        const again = make();
        room.epoch = 'e2';
        wire.phase = 'online';
        outbox.online('ann');
        outbox.add('same log', { of: 1 });
        answer({ type: 'ok', seq: 1 });
        answer({ type: 'ok', seq: 9 });
        // Who loads the page does not know what was sent: it is said again as it was.
        again.online('ann');
        for (const mid of [...outbox.entries.keys()]) outbox.remove(mid);
        return out",
    );
    let told = json!([
        "other words refused: no_message",
        " refused: no_message",
        r#"{"type":"post","room":"tea","body":"an answer"}"#,
        r#"{"type":"edit","room":"tea","of":1,"body":"same log"}"#,
        "other words refused: no_message",
        " refused: no_message",
        r#"{"type":"post","room":"tea","body":"an answer","reply":4}"#,
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn an_inbox_is_told_once(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "inbox.js",
        r"
        const out = [];
        const list = document.createElement('ul');
        document.body.append(document.createElement('h2'), list);
        const make = () => new it.Inbox(list, { me: () => 'ann', to: () => {} });
        const at = (name, inbox) => out.push(JSON.stringify(inbox.position(name)));
        const takes = (inbox, seq, minute, from = 'bob') =>
          out.push(inbox.takes({ seq, at: `2026-11-20T12:0${minute}:00Z`, from, to: ['ann'] }));
        let inbox = make();
        at('ann', inbox);
        inbox.welcome({ epoch: 'e1', head: 7, replay: 0 });
        takes(inbox, 8, 1); takes(inbox, 8, 1); takes(inbox, 9, 2, 'eve');
        inbox = make();
        at('zoe', inbox);
        at('ann', inbox);
        // All of it is told again, under other numbers.
        inbox.welcome({ epoch: 'e2', head: 3, replay: 3 });
        takes(inbox, 1, 0); takes(inbox, 2, 1); takes(inbox, 3, 5);
        at('ann', inbox);
        out.push(list.textContent);
        return out",
    );
    let told = json!([
        "{}",
        true,
        false,
        true,
        "{}",
        "{\"epoch\":\"e1\",\"after\":9}",
        false,
        false,
        true,
        "{\"epoch\":\"e2\",\"after\":3}",
        "BbobEeve",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}
