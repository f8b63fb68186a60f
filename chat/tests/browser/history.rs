//! What was said before, and what is kept when the server is killed.

use serde_json::json;

use crate::cdp::Res;
use crate::folder::Folder;
use crate::lab::{Raw, World};
use crate::page::Page;

pub(crate) async fn older_messages_come_on_scrolling_up(world: &World) -> Res {
    const SAID: usize = 450;
    let mut ann = Raw::join(world, "ann").await?;
    // One change lies in an older page as well, and takes a number.
    ann.pour((1..=20).map(|n| format!("line {n}"))).await?;
    ann.ask(json!({"type": "edit", "room": "lobby", "of": 5, "body": "line five"})).await?;
    ann.pour((21..=SAID).map(|n| format!("line {n}"))).await?;
    ann.ask(json!({"type": "edit", "room": "lobby", "of": 10, "body": "line ten"})).await?;
    ann.ask(json!({"type": "delete", "room": "lobby", "of": 301})).await?;
    let bob = world.person("bob").await?;
    bob.sees("line 450").await?;
    assert_eq!(bob.texts().await?.len(), 198, "200 entries, of which two are changes");
    // The row at the top of the view stays where it is while others come above it.
    let place = "(() => { const scroller = document.querySelector('#scroller'); \
                 const rows = [...document.querySelectorAll('#log .row')]; \
                 window.mark ??= rows[5]; scroller.scrollTop -= window.moved ? 0 : \
                 scroller.scrollTop - window.mark.offsetTop; window.moved = true; \
                 return window.mark.getBoundingClientRect().top })()";
    let before = bob.js(place).await?;
    bob.until("document.querySelectorAll('#log .row').length > 198").await?;
    let moved = bob.js(place).await?.as_f64().unwrap_or(f64::MAX) - before.as_f64().unwrap_or(0.0);
    assert!(moved.abs() < 3.0, "moved by {moved}");
    to_the_top(&bob, SAID).await?;
    let mut expected: Vec<_> = (1..=SAID).map(|n| format!("line {n}")).collect();
    "line five (edited)".clone_into(&mut expected[4]);
    "line ten (edited)".clone_into(&mut expected[9]);
    "Message deleted".clone_into(&mut expected[299]);
    assert_eq!(bob.texts().await?, expected);
    assert_eq!(bob.js("document.querySelectorAll('.rule.day').length").await?, 1);
    ann.ask(json!({"type": "edit", "room": "lobby", "of": 2, "body": "line two"})).await?;
    bob.sees("line two (edited)").await
}

/// Scrolls up again and again until so many rows are there.
async fn to_the_top(page: &Page, rows: usize) -> Res {
    page.until(&format!(
        "(document.querySelector('#scroller').scrollTop = 0, \
         document.querySelectorAll('#log .row').length === {rows})"
    ))
    .await
}

pub(crate) async fn two_who_type_while_the_server_is_killed(world: &World) -> Res {
    let folder = Folder::new();
    world.keep(&folder.file("chat.db")).await?;
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    for round in 0..3 {
        for n in 0..5 {
            ann.say(&format!("ann {round} {n}")).await?;
            bob.say(&format!("bob {round} {n}")).await?;
            if n == 2 {
                world.kill().await?;
            }
        }
        world.restart().await?;
        for page in [&ann, &bob] {
            page.until("document.querySelector('#state').textContent === 'online'").await?;
            page.sees(&format!("ann {round} 4")).await?;
            page.sees(&format!("bob {round} 4")).await?;
            page.until("document.querySelectorAll('#pending .row').length === 0").await?;
        }
    }
    let stored = "fetch('/rooms/lobby/messages?limit=200').then((x) => x.json())\
                  .then((x) => x.messages.map((m) => m.body))";
    let stored: Vec<String> = serde_json::from_value(ann.js(stored).await?)?;
    assert_eq!(stored.len(), 30);
    let carol = world.person("carol").await?;
    carol.sees("bob 2 4").await?;
    for page in [&ann, &bob, &carol] {
        assert_eq!(page.texts().await?, stored, "everything once, in one order");
        let told = "document.querySelectorAll('.rule:not(.day):not(.unread)').length";
        assert_eq!(page.js(told).await?, 0, "nothing was lost, and nobody was told so");
    }
    for name in ["ann", "bob"] {
        let own: Vec<_> = stored.iter().filter(|body| body.starts_with(name)).collect();
        assert!(own.is_sorted(), "in the order typed: {own:?}");
    }
    Ok(())
}

pub(crate) async fn words_are_found(world: &World) -> Res {
    let folder = Folder::new();
    world.keep(&folder.file("chat.db")).await?;
    let bob = world.person("bob").await?;
    let mut ann = Raw::join(world, "ann").await?;
    ann.say("是阻塞发送方，还是丢消息？").await?;
    ann.pour((1..=60).map(|n| format!("line {n}"))).await?;
    bob.sees("line 60").await?;
    bob.click("#find").await?;
    bob.until("document.activeElement === document.querySelector('#search input')").await?;
    bob.insert("line").await?;
    let hits = "document.querySelectorAll('#search .hit').length";
    bob.until(&format!("{hits} === 50")).await?;
    let first = "document.querySelector('#search .hit .text').textContent === 'line 60'";
    bob.until(first).await?;
    bob.click("#search .more button").await?;
    bob.until(&format!("{hits} === 60 && !document.querySelector('#search .more')")).await?;
    bob.js("document.querySelector('#search input').select()").await?;
    bob.insert("消息").await?;
    bob.until(&format!("{hits} === 1")).await?;
    bob.click("#search .hit").await?;
    bob.until("!document.querySelector('#search').matches(':popover-open')").await?;
    let place = "document.querySelector('#log .row').getBoundingClientRect().top";
    bob.until(&format!("{place} > 0 && {place} < innerHeight")).await?;
    bob.js("document.activeElement.blur()").await?;
    bob.key_down("/").await?;
    bob.until("document.querySelector('#search').matches(':popover-open')").await?;
    bob.js("document.querySelector('#search input').select()").await?;
    bob.insert("nowhere").await?;
    let told = "document.querySelector('#search [role=status]').textContent === 'Nothing found.'";
    bob.until(&format!("{told} && {hits} === 0")).await
}
