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
        // It was stored and is not told yet; a server that comes back may not have it any more.
        outbox.online('ann');
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
        r#"{"type":"edit","room":"tea","of":1,"body":"same log"}"#,
        "other words refused: no_message",
        " refused: no_message",
        r#"{"type":"post","room":"tea","body":"an answer","reply":4}"#,
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}

pub(crate) async fn what_is_unread_in_an_inbox_is_known(world: &World) -> Res {
    let page = world.open(DESK, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    let script = with(
        "inbox.js",
        r"
        const out = [];
        const list = document.createElement('ul');
        const make = (name, here = false) => {
          const inbox = new it.Inbox(here, list, { me: () => name });
          inbox.of(name);
          return inbox;
        };
        const look = () => out.push([...list.querySelectorAll('li')].map((x) => x.textContent).join(', '));
        const says = (inbox, seq, from = 'bob') => (inbox.heard({ type: 'message', seq, from, to: ['ann'] }), look());
        let inbox = make('ann');
        // Who was never there has read nothing.
        inbox.welcome({ epoch: 'e1', head: 2 });
        look();
        says(inbox, 3); says(inbox, 4, 'eve');
        inbox.heard({ type: 'gap', after: 4, next: 7 });
        look();
        // It is read where it is shown.
        const there = make('ann', true);
        there.welcome({ epoch: 'e1', head: 6 });
        look();
        there.read('e1', 6); there.read('e1', 2);
        inbox = make('ann');
        inbox.welcome({ epoch: 'e1', head: 6 });
        out.push(JSON.stringify(inbox.before));
        // What one said oneself is no news, unless something before it is.
        says(inbox, 7, 'ann'); says(inbox, 8); says(inbox, 9, 'ann');
        inbox = make('ann');
        inbox.welcome({ epoch: 'e1', head: 9 });
        look();
        // Another log, and another name.
        inbox.welcome({ epoch: 'e2', head: 1 });
        look();
        inbox = make('zoe');
        inbox.welcome({ epoch: 'e7', head: 0 });
        look();
        out.push(it.addressOf('a b+ü'));
        return out",
    );
    let told = json!([
        "@Private2 New",
        "@Private3 New, Bbob",
        "@Private4 New, Eeve, Bbob",
        "@Private6 New, Eeve, Bbob",
        "@Private, Eeve, Bbob",
        "{\"epoch\":\"e1\",\"seq\":6}",
        "@Private, Eeve, Bbob",
        "@Private1 New, Bbob, Eeve",
        "@Private1 New, Bbob, Eeve",
        "@Private2 New, Bbob, Eeve",
        "@Private1 New, Bbob, Eeve",
        "@Private",
        "/rooms/@#to=a%20b%2B%C3%BC",
    ]);
    assert_eq!(page.js(&script).await?, told);
    Ok(())
}
