//! What is said to somebody alone.

use serde_json::json;

use crate::cdp::Res;
use crate::folder::Folder;
use crate::lab::{Raw, World};
use crate::page::{DESK, PHONE, View};

/// What leads to the inbox, with what is unread in it.
const LINK: &str = "document.querySelector('#direct a').innerText.replace(/\\s+/g, ' ').trim()";
const MODE: &str = "document.querySelector('#mode').checkVisibility() && \
                    document.querySelector('#mode p').textContent";

pub(crate) async fn people_are_written_to_alone(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    let eve = world.person("eve").await?;
    ann.until("document.querySelectorAll('#who .person').length === 2").await?;
    ann.js("[...document.querySelectorAll('#who .person')].find((x) => x.textContent.includes('bob')).click()").await?;
    ann.until("location.pathname === '/rooms/@' && document.body.classList.contains('joined')")
        .await?;
    ann.until(&format!("{MODE} === 'Only to bob'")).await?;
    ann.until("document.activeElement.id === 'box' && document.title === 'Private'").await?;
    ann.insert("psst").await?;
    ann.enter().await?;
    ann.sees("psst").await?;
    ann.until("document.querySelectorAll('#pending .row').length === 0").await?;
    ann.until("document.querySelector('#log .by .mark').textContent === 'to bob alone'").await?;
    ann.until("document.querySelector('.reached')?.textContent.startsWith('reached 1 of 1')")
        .await?;
    // Who reads the room is told that something came, and finds it where it belongs.
    bob.until(&format!("{LINK} === '@ Private 1 New'")).await?;
    bob.until("document.querySelector('#speaker').textContent === 'In private, ann: psst'").await?;
    assert_eq!(bob.texts().await?, [""; 0]);
    assert_eq!(eve.js(LINK).await?, "@ Private");
    bob.click("#direct a").await?;
    bob.sees("psst").await?;
    bob.until(&format!("{LINK} === '@ Private' && document.title === 'Private'")).await?;
    bob.until("document.querySelector('#direct [aria-current=page]')").await?;
    // Nothing is said to nobody, and what was typed stays.
    bob.say("to whom?").await?;
    bob.until("document.querySelector('#size').textContent.startsWith('To whom?')").await?;
    assert_eq!(
        bob.js("document.querySelector('#box').ariaLabel").await?,
        "Choose or answer somebody"
    );
    assert_eq!(bob.js("document.querySelector('#box').value").await?, "to whom?");
    // An answer goes to who wrote, by the keyboard as well.
    bob.js("document.querySelector('#scroller').focus()").await?;
    bob.press("ArrowUp").await?;
    bob.key_down("r").await?;
    bob.until(&format!("{MODE} === 'Only to ann'")).await?;
    assert_eq!(bob.js("document.querySelector('#box').ariaLabel").await?, "Message ann");
    bob.until("document.querySelector('#size').textContent === ''").await?;
    bob.enter().await?;
    for page in [&ann, &bob] {
        page.sees("to whom?").await?;
        assert_eq!(page.texts().await?, ["psst", "to whom?"]);
    }
    ann.until("document.querySelector('#speaker').textContent === 'bob: to whom?'").await?;
    // Who writes to one person goes on, under the same name.
    bob.say("and more").await?;
    for page in [&ann, &bob] {
        page.sees("and more").await?;
    }
    let heads =
        "[...document.querySelectorAll('#log .row')].map((row) => row.classList.contains('cont'))";
    assert_eq!(ann.js(heads).await?, json!([false, false, true]));
    // Back in the room nothing is unread, and nothing of it was shown to others.
    bob.click("#rooms a").await?;
    bob.until("location.pathname === '/rooms/lobby' && document.body.classList.contains('joined')")
        .await?;
    bob.until(&format!("{LINK} === '@ Private'")).await?;
    bob.say("aloud").await?;
    eve.sees("aloud").await?;
    assert_eq!(eve.texts().await?, ["aloud"]);
    Ok(())
}

pub(crate) async fn an_inbox_is_kept(world: &World) -> Res {
    let folder = Folder::new();
    world.keep(&folder.file("chat.db")).await?;
    let bob = world.person("bob").await?;
    bob.call("Page.navigate", json!({ "url": "about:blank" })).await?;
    let mut ann = Raw::join(world, "ann").await?;
    for n in 1..=250 {
        let post = json!({ "type": "post", "to": ["bob"], "body": format!("line {n}") });
        assert_eq!(ann.ask(post).await?["type"], "ok");
    }
    bob.call("Page.navigate", json!({ "url": world.url("/rooms/lobby") })).await?;
    bob.until(&format!("{LINK} === '@ Private 250 New'")).await?;
    bob.click("#direct a").await?;
    bob.sees("line 250").await?;
    bob.until(
        "(document.querySelector('#scroller').scrollTop = 0, \
         document.querySelectorAll('#log .row').length === 250)",
    )
    .await?;
    bob.until("document.querySelector('.about').textContent.includes('Those of a guest')").await?;
    bob.js("document.querySelector('#scroller').scrollTop = 1e9").await?;
    world.terminate().await?;
    world.restart().await?;
    let mut ann = Raw::again(world, "ann", &ann.token).await?;
    ann.ask(json!({ "type": "post", "to": ["bob"], "body": "after the restart" })).await?;
    bob.sees("after the restart").await?;
    bob.reload().await?;
    bob.sees("after the restart").await?;
    let told = "document.querySelectorAll('.rule:not(.day):not(.unread)').length";
    assert_eq!(bob.js(told).await?, 0, "nothing is missing");
    assert_eq!(bob.texts().await?.len(), 200);
    // Another name has another inbox.
    bob.click("#rename").await?;
    bob.name("bert").await?;
    bob.until("document.querySelector('#me .name')?.textContent === 'bert'").await?;
    bob.until("document.querySelector('#empty').checkVisibility()").await?;
    assert_eq!(bob.texts().await?, [""; 0]);
    Ok(())
}

pub(crate) async fn an_inbox_has_nothing_of_a_room(world: &World) -> Res {
    for view in [DESK, PHONE, View { language: "zh-CN", dark: true, ..DESK }] {
        let page = world.open(view, "/rooms/@").await?;
        let name = ["phone", "desk"][usize::from(!view.phone)];
        page.join(&format!("{name}-{}", view.language)).await?;
        page.until("document.querySelector('#empty').checkVisibility()").await?;
        let words = if view.language == "en-US" { "Private" } else { "私信" };
        page.until(&format!("document.querySelector('h1').innerText === {}", json!(words))).await?;
        let shown = "['#find', '#crowd', '#inside', '#empty input'].filter((x) => \
                     document.querySelector(x)?.checkVisibility())";
        assert_eq!(page.js(shown).await?, json!([]));
        page.js("document.querySelector('#scroller').focus()").await?;
        page.key_down("/").await?;
        assert_eq!(page.js("document.querySelector(':popover-open')").await?, json!(null));
        // The way back, and nobody was told of a room that one is not in.
        page.until("document.querySelector('#rooms a[href=\"/rooms/lobby\"]')").await?;
        let members = "fetch('/rooms/lobby/members').then((x) => x.json()).then((x) => x.count)";
        assert_eq!(page.js(members).await?, 0);
    }
    Ok(())
}
