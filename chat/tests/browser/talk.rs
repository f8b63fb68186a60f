//! Names, typing, sending.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::DESK;

pub(crate) async fn two_people_talk(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    ann.say("hello bob").await?;
    bob.sees("hello bob").await?;
    ann.sees("hello bob").await?;
    bob.say("你好 ann 👋").await?;
    ann.sees("你好 ann 👋").await?;
    ann.say("one").await?;
    bob.sees("one").await?;
    ann.say("two").await?;
    bob.sees("two").await?;
    for page in [&ann, &bob] {
        page.sees("two").await?;
        assert_eq!(page.texts().await?, ["hello bob", "你好 ann 👋", "one", "two"]);
        page.until("document.querySelectorAll('#pending .row').length === 0").await?;
        page.until("document.title === 'lobby'").await?;
        page.until("document.querySelector('#state').textContent === 'online'").await?;
        page.until(
            "[...document.querySelectorAll('#who .name')].map((x) => x.textContent).sort().join() \
             === 'ann,bob' && document.querySelector('.badge .count').textContent === '2'",
        )
        .await?;
    }
    let heads = "[...document.querySelectorAll('#log .row')].map((row) => [\
                 row.classList.contains('cont'), row.querySelector('.name').textContent])";
    let named = json!([[false, "ann"], [false, "bob"], [false, "ann"], [true, "ann"]]);
    assert_eq!(bob.js(heads).await?, named, "rows within 5 minutes go under one name");
    bob.until(
        "[...document.querySelectorAll('#log time')].every((time) => \
         Math.abs(new Date(time.dateTime) - Date.now()) < 60000 && /\\d:\\d\\d/.test(time.textContent))",
    )
    .await?;
    bob.until("document.querySelectorAll('.rule.day').length === 1").await
}

pub(crate) async fn two_tabs_are_one_member(world: &World) -> Res {
    let (bob, ann) = (world.person("bob").await?, world.person("ann").await?);
    let mut eve = Raw::join(world, "eve").await?;
    let second = world.tab(&ann.context, DESK, &world.url("/rooms/lobby")).await?;
    second.until("document.body.classList.contains('joined')").await?;
    assert_eq!(second.js("document.querySelector('#me .name').textContent").await?, "ann");
    second.say("from the second tab").await?;
    ann.sees("from the second tab").await?;
    ann.say("from the first tab").await?;
    second.sees("from the first tab").await?;
    bob.sees("from the first tab").await?;
    bob.until("document.querySelector('.badge .count').textContent === '3'").await?;
    eve.say("what follows is a new run of comings and goings").await?;
    bob.sees("what follows is a new run of comings and goings").await?;
    second.close().await?;
    // Whoever leaves after the tab did is shown as gone no earlier than the tab would be.
    drop(eve);
    let quiet = "[...document.querySelectorAll('.quiet')].map((x) => x.textContent)";
    bob.until(&format!("{quiet}.some((line) => line.includes('eve left'))")).await?;
    let lines = bob.js(quiet).await?.to_string();
    assert!(!lines.contains("ann left") && !lines.contains("ann, eve left"), "{lines}");
    bob.until("document.querySelector('.badge .count').textContent === '2'").await?;
    ann.say("still here").await?;
    bob.sees("still here").await
}

pub(crate) async fn an_input_method_does_not_send(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    ann.js("document.querySelector('#box').focus()").await?;
    ann.compose("nihao").await?;
    let process = json!({ "type": "rawKeyDown", "key": "Process", "windowsVirtualKeyCode": 229 });
    ann.call("Input.dispatchKeyEvent", process).await?;
    ann.enter().await?;
    // Safari ends the composition first and tells of the Enter that ended it afterwards.
    ann.js("document.querySelector('#box').dispatchEvent(new KeyboardEvent('keydown', \
         { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }))")
        .await?;
    assert_eq!(ann.js("document.querySelectorAll('.row').length").await?, 0);
    let text = ann.js("document.querySelector('#box').value").await?;
    assert!(text.as_str().is_some_and(|text| text.contains("nihao")), "{text}");
    ann.js("document.querySelector('#box').value = ''").await?;
    ann.compose("nihao").await?;
    ann.insert("你好").await?;
    assert_eq!(ann.js("document.querySelector('#box').value").await?, "你好");
    ann.enter().await?;
    bob.sees("你好").await
}

pub(crate) async fn shift_enter_breaks_the_line(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    ann.js("document.querySelector('#box').focus()").await?;
    ann.insert("one").await?;
    ann.shift_enter().await?;
    ann.insert("two").await?;
    assert_eq!(ann.js("document.querySelector('#box').value").await?, "one\ntwo");
    ann.enter().await?;
    bob.sees("one\ntwo").await?;
    ann.say("   ").await?;
    ann.js("document.querySelector('#box').select()").await?;
    ann.say("the end").await?;
    bob.sees("the end").await?;
    assert_eq!(bob.texts().await?, ["one\ntwo", "the end"], "an empty text is not sent");
    ann.sees("the end").await?;
    assert_eq!(ann.js("document.querySelectorAll('#pending .row').length").await?, 0);
    Ok(())
}

pub(crate) async fn a_taken_name_is_answered_with_another(world: &World) -> Res {
    let ann = world.person("ann").await?;
    let other = world.open(DESK, "/?name=ann").await?;
    other.until("document.querySelector('#card').open").await?;
    assert_eq!(other.js("document.querySelector('#name').value").await?, "ann", "?name= fills in");
    other.js("document.querySelector('#card form').requestSubmit()").await?;
    other.until("document.querySelector('.error').textContent.includes('“ann” is taken')").await?;
    let name = other.js("document.querySelector('#name').value").await?;
    assert_ne!(name, "ann", "a suggestion is filled in");
    other.js("document.querySelector('#card form').requestSubmit()").await?;
    other.until("document.body.classList.contains('joined')").await?;
    assert_eq!(other.js("document.querySelector('#me .name').textContent").await?, name);
    let bad = world.open(DESK, "/").await?;
    bad.name("#ann").await?;
    bad.until("document.querySelector('.error').textContent.startsWith('A name has')").await?;
    bad.join("carl").await?;
    bad.say("I am in").await?;
    ann.sees("I am in").await
}

pub(crate) async fn a_refused_token_keeps_what_was_typed(world: &World) -> Res {
    let ann = world.person("ann").await?;
    ann.js(
        "localStorage.setItem('chat.token.ann', 'another'); \
         localStorage.setItem('chat.out.lobby.m1', JSON.stringify({ body: 'kept', at: Date.now() }))",
    )
    .await?;
    ann.reload().await?;
    ann.until("document.querySelector('.error').textContent.includes('“ann” is taken')").await?;
    ann.until("document.querySelector('#pending .text').textContent === 'kept'").await?;
    ann.js("document.querySelector('#card form').requestSubmit()").await?;
    ann.sees("kept").await?;
    ann.until("document.querySelectorAll('#pending .row').length === 0").await?;
    ann.until("!Object.keys(localStorage).some((key) => key.startsWith('chat.out.'))").await
}

pub(crate) async fn a_draft_survives_a_reload(world: &World) -> Res {
    let ann = world.person("ann").await?;
    ann.js("document.querySelector('#box').focus()").await?;
    ann.insert("not yet finish").await?;
    ann.reload().await?;
    ann.until("document.body.classList.contains('joined')").await?;
    ann.until("document.querySelector('#box').value === 'not yet finish'").await?;
    ann.say("ed").await?;
    ann.until("localStorage.getItem('chat.draft.lobby') === null").await?;
    ann.until("document.querySelector('#log .text').textContent.includes('finish')").await
}

pub(crate) async fn a_name_can_be_changed(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    ann.say("as ann").await?;
    ann.click("#rename").await?;
    ann.join("anna").await?;
    ann.say("as anna").await?;
    bob.sees("as anna").await?;
    ann.sees("as anna").await?;
    let authors = "[...document.querySelectorAll('#log .row .name')].map((x) => x.textContent)";
    assert_eq!(bob.js(authors).await?, json!(["ann", "anna"]));
    assert_eq!(ann.texts().await?, ["as ann", "as anna"], "nothing is shown again");
    ann.reload().await?;
    ann.until("document.querySelector('#me .name')?.textContent === 'anna'").await
}

pub(crate) async fn too_long_a_text_stays_in_the_box(world: &World) -> Res {
    let ann = world.person("ann").await?;
    let long = "长".repeat(5_000);
    ann.say(&long).await?;
    ann.until("document.querySelector('#size').textContent.startsWith('Too long: 15,000 of ')")
        .await?;
    assert_eq!(ann.js("document.querySelector('#box').value").await?, long);
    ann.js("document.querySelector('#box').select()").await?;
    ann.say("short").await?;
    ann.sees("short").await?;
    ann.until("document.querySelector('#size').textContent === ''").await?;
    assert_eq!(ann.texts().await?, ["short"]);
    Ok(())
}

pub(crate) async fn a_refused_text_can_be_sent_again(world: &World) -> Res {
    let ann = world.person("ann").await?;
    // The same id for two texts: the server takes the first and refuses the second.
    for body in ["first", "second"] {
        let keep = json!({ "body": body, "at": 1 }).to_string();
        ann.js(&format!("localStorage.setItem('chat.out.lobby.m1', {})", json!(keep))).await?;
        ann.reload().await?;
        ann.sees("first").await?;
    }
    let failed = "document.querySelector('#pending .row[data-state=failed]')";
    ann.until(&format!("{failed}.textContent.includes('second')")).await?;
    ann.until(&format!("{failed}.textContent.includes('Not sent: it was already sent')")).await?;
    ann.say("third").await?;
    ann.sees("third").await?;
    ann.reload().await?;
    ann.until(&format!("{failed}.textContent.includes('second')")).await?;
    ann.click("#pending .note button").await?;
    ann.sees("second").await?;
    assert_eq!(ann.texts().await?, ["first", "third", "second"]);
    ann.until("document.querySelectorAll('#pending .row').length === 0").await
}

pub(crate) async fn what_was_stored_long_ago_is_not_sent_again(world: &World) -> Res {
    let ann = world.person("ann").await?;
    let keep = json!({ "body": "once", "at": 1 }).to_string();
    let waiting = format!("localStorage.setItem('chat.out.lobby.m1', {})", json!(keep));
    ann.js(&waiting).await?;
    ann.reload().await?;
    ann.sees("once").await?;
    // So many that joining again no longer tells of it.
    let mut bob = Raw::join(world, "bob").await?;
    bob.pour((0..300).map(|n| format!("line {n}"))).await?;
    ann.sees("line 299").await?;
    // As if the page had been closed before it was told.
    ann.js(&waiting).await?;
    ann.reload().await?;
    ann.sees("line 299").await?;
    ann.until("!Object.keys(localStorage).some((key) => key.startsWith('chat.out.'))").await?;
    ann.until("document.querySelectorAll('#pending .row').length === 0").await?;
    ann.say("the end").await?;
    ann.sees("the end").await?;
    let texts = ann.texts().await?;
    assert_eq!(texts.iter().filter(|text| *text == "once").count(), 0, "it is out of sight");
    assert_eq!(texts.len(), 201);
    Ok(())
}

pub(crate) async fn changes_show(world: &World) -> Res {
    let mut ann = Raw::join(world, "ann").await?;
    let bob = world.person("bob").await?;
    ann.say("helo").await?;
    ann.say("a secret").await?;
    bob.sees("a secret").await?;
    ann.ask(json!({ "type": "edit", "of": 1, "body": "hello" })).await?;
    ann.ask(json!({ "type": "delete", "of": 2 })).await?;
    ann.say("aloud again").await?;
    bob.sees("aloud again").await?;
    let shown = ["hello (edited)", "Message deleted", "aloud again"];
    assert_eq!(bob.texts().await?, shown);
    assert_eq!(bob.js("document.querySelectorAll('#log .rule').length").await?, 1);
    let late = world.person("eve").await?;
    late.sees("aloud again").await?;
    assert_eq!(late.texts().await?, shown);
    Ok(())
}

pub(crate) async fn what_arrived_is_acknowledged(world: &World) -> Res {
    let mut ann = Raw::join(world, "ann").await?;
    let bob = world.person("bob").await?;
    let ack = |room: &'static str, seq: u64| {
        move |frame: &serde_json::Value| {
            *frame == json!({ "type": "ack", "room": room, "seq": seq })
        }
    };
    bob.call("Network.enable", json!({})).await?;
    ann.say("one").await?;
    bob.tells(ack("lobby", 1)).await?;
    ann.pour((0..200).map(|n| format!("line {n}"))).await?;
    bob.tells(ack("lobby", 201)).await?;
    ann.ask(json!({ "type": "edit", "of": 1, "body": "first" })).await?;
    bob.tells(ack("lobby", 202)).await?;
    ann.ask(json!({ "type": "post", "to": ["bob"], "body": "psst" })).await?;
    bob.tells(ack("@", 1)).await
}

pub(crate) async fn who_writes_is_shown(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    ann.until("document.querySelector('.badge .count').textContent === '2'").await?;
    let line =
        |words: &str| format!("document.querySelector('#typing').textContent === {}", json!(words));
    let second = world.tab(&ann.context, DESK, &world.url("/rooms/lobby")).await?;
    second.until("document.querySelector('.badge .count').textContent === '2'").await?;
    let mut eve = Raw::join(world, "eve").await?;
    eve.tell(json!({ "type": "typing", "room": "lobby" })).await?;
    for page in [&bob, &second] {
        page.until(&line("eve is typing…")).await?;
    }
    ann.js("document.querySelector('#box').focus()").await?;
    ann.insert("let me thi").await?;
    bob.until(&line("eve, ann are typing…")).await?;
    // What oneself writes in another tab is no news.
    let mut zoe = Raw::join(world, "zoe").await?;
    zoe.say("hm").await?;
    second.sees("hm").await?;
    let shown = "document.querySelector('#typing').textContent";
    let says = second.js(shown).await?.to_string();
    assert!(!says.contains("ann"), "{says}");
    // Whoever has said it writes no more.
    ann.say("nk").await?;
    bob.sees("let me think").await?;
    let says = bob.js(shown).await?.to_string();
    assert!(!says.contains("ann"), "{says}");
    // Who has nothing more to say is gone by itself.
    bob.until(&line("")).await?;
    assert_eq!(ann.js("document.querySelector('#typing').textContent").await?, "", "not oneself");
    assert_eq!(
        bob.js("document.querySelector('#speaker').textContent.includes('typing')").await?,
        false
    );
    Ok(())
}
