//! What one does with a message: answer, change, take back, link, call somebody.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::DESK;

const TITLE: &str = "document.querySelector('#mode').checkVisibility() && \
                     document.querySelector('#mode p').textContent";

pub(crate) async fn a_message_is_answered(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    ann.say("who has the key?").await?;
    bob.sees("who has the key?").await?;
    bob.hover("#m1 .text").await?;
    bob.until("document.querySelector('#m1 #tools').checkVisibility()").await?;
    let buttons = "[...document.querySelectorAll('#tools button')].filter((x) => x.checkVisibility())\
                   .map((x) => x.ariaLabel)";
    assert_eq!(bob.js(buttons).await?, json!(["Reply", "Copy link"]), "it is not bob's own");
    bob.click("#tools [data-do=reply]").await?;
    bob.until(&format!("{TITLE} === 'Replying to ann who has the key?'")).await?;
    bob.until("document.activeElement.id === 'box'").await?;
    bob.insert("I have").await?;
    bob.enter().await?;
    for page in [&ann, &bob] {
        page.sees("I have").await?;
        page.until("document.querySelector('#m2 .quote').textContent === 'ann who has the key?'")
            .await?;
        page.until("document.querySelector('#m2 .quote').getAttribute('href') === '#m1'").await?;
    }
    bob.until("!document.querySelector('#mode').checkVisibility()").await?;
    // The quote follows what it quotes.
    ann.js("document.querySelector('#box').focus()").await?;
    ann.press("ArrowUp").await?;
    ann.js("document.querySelector('#box').select()").await?;
    ann.insert("who has the ladder?").await?;
    ann.enter().await?;
    bob.until("document.querySelector('#m2 .quote').textContent === 'ann who has the ladder?'")
        .await?;
    let late = world.person("eve").await?;
    late.until("document.querySelector('#m2 .quote').textContent === 'ann who has the ladder?'")
        .await?;
    // With the keyboard: from row to row, then the key of what is to be done.
    bob.js("document.querySelector('#scroller').focus()").await?;
    bob.press("ArrowUp").await?;
    bob.until("document.activeElement.id === 'm2'").await?;
    bob.press("ArrowUp").await?;
    bob.until("document.activeElement.ariaLabel.includes('ann, ')").await?;
    bob.key_down("r").await?;
    bob.until(&format!("{TITLE} === 'Replying to ann who has the ladder?'")).await?;
    bob.press("Escape").await?;
    bob.until("!document.querySelector('#mode').checkVisibility()").await
}

pub(crate) async fn own_words_are_changed(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    let box_is = |text: &str| format!("document.querySelector('#box').value === {}", json!(text));
    for body in ["one", "tow"] {
        ann.say(body).await?;
        ann.sees(body).await?;
    }
    bob.say("mine").await?;
    ann.sees("mine").await?;
    ann.js("document.querySelector('#box').focus()").await?;
    ann.press("ArrowUp").await?;
    ann.until(&box_is("tow")).await?;
    ann.until(&format!("{TITLE} === 'Editing tow'")).await?;
    ann.press("Escape").await?;
    ann.until(&box_is("")).await?;
    ann.insert("a draft").await?;
    ann.hover("#m1 .text").await?;
    ann.click("#tools [data-do=edit]").await?;
    ann.until(&box_is("one")).await?;
    ann.insert(" and a half").await?;
    ann.enter().await?;
    for page in [&ann, &bob] {
        page.sees("one and a half (edited)").await?;
        assert_eq!(page.texts().await?, ["one and a half (edited)", "tow", "mine"]);
    }
    ann.until(&box_is("a draft")).await?;
    ann.until("document.querySelectorAll('#pending .row').length === 0").await?;
    assert_eq!(ann.js("document.querySelectorAll('#log .row').length").await?, 3);
    // A change that was not confirmed is sent again, and not as a message.
    world.kill().await?;
    ann.until("document.querySelector('#state').textContent !== 'online'").await?;
    ann.hover("#m2 .text").await?;
    ann.click("#tools [data-do=edit]").await?;
    ann.until(&box_is("tow")).await?;
    ann.js("document.querySelector('#box').select()").await?;
    ann.insert("two").await?;
    ann.enter().await?;
    world.restart().await?;
    // Without history it is another log, where the numbers mean other messages.
    let failed = "document.querySelector('#pending .row[data-state=failed]').textContent";
    ann.until(&format!("{failed}.includes('is not there any more')")).await?;
    ann.say("!").await?;
    bob.sees("a draft!").await
}

pub(crate) async fn a_removal_can_be_undone(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    for body in ["one", "two", "three"] {
        ann.say(body).await?;
        bob.sees(body).await?;
        ann.sees(body).await?;
    }
    ann.js("document.querySelector('#scroller').focus()").await?;
    ann.press("ArrowUp").await?;
    ann.until("document.activeElement.id === 'm3'").await?;
    ann.press("Delete").await?;
    ann.until("document.querySelector('#m3').classList.contains('going')").await?;
    ann.until("document.activeElement.textContent === 'Undo'").await?;
    ann.enter().await?;
    ann.until("document.activeElement.id === 'm3'").await?;
    ann.until(
        "!document.querySelector('.going') && !document.querySelector('#toast').checkVisibility()",
    )
    .await?;
    ann.hover("#m2 .text").await?;
    ann.click("#tools [data-do=remove]").await?;
    // The next one ends the time of the one before.
    ann.hover("#m1 .text").await?;
    ann.click("#tools [data-do=remove]").await?;
    bob.until("document.querySelector('#m2 .text').textContent === 'Message deleted'").await?;
    assert_eq!(bob.texts().await?, ["one", "Message deleted", "three"]);
    // Who closes the page meant it.
    ann.reload().await?;
    bob.until("document.querySelector('#m1 .text').textContent === 'Message deleted'").await?;
    ann.until("document.querySelector('#m1 .text').textContent === 'Message deleted'").await?;
    assert_eq!(ann.texts().await?, ["Message deleted", "Message deleted", "three"]);
    ann.until("document.querySelectorAll('#pending .row').length === 0").await
}

pub(crate) async fn a_message_has_an_address(world: &World) -> Res {
    let mut ann = Raw::join(world, "ann").await?;
    ann.pour((1..=900).map(|n| format!("line {n}"))).await?;
    let bob = world.person("bob").await?;
    bob.sees("line 900").await?;
    let link = "new Promise((done) => { navigator.clipboard.writeText = async (text) => done(text); \
                document.querySelector('#m890').focus(); \
                document.querySelector('#tools [data-do=link]').click() })";
    let link = bob.js(link).await?;
    assert_eq!(link, world.url("/rooms/lobby#m890"));
    bob.until("document.querySelector('#toast').textContent === 'Link copied'").await?;
    let there = |seq: u32| {
        format!(
            "(() => {{ const row = document.querySelector('#m{seq}'); \
             const top = row.getBoundingClientRect().top; \
             return row.matches('.found') && top > 0 && top < innerHeight }})()"
        )
    };
    // Far back: older pages come until it is there.
    bob.js("location.hash = '#m205'").await?;
    bob.until(&there(205)).await?;
    bob.js("location.hash = '#m2'").await?;
    bob.until(&there(2)).await?;
    bob.until("!document.querySelector('#m205').matches('.found')").await?;
    bob.js("location.hash = '#m5000'").await?;
    bob.until(
        "document.querySelector('#toast').textContent.startsWith('That message is not here')",
    )
    .await?;
    ann.ask(json!({ "type": "post", "body": "see above", "reply": 3 })).await?;
    bob.until("document.querySelector('#m901 .quote').textContent === 'ann line 3'").await?;
    let late = world.tab(&bob.context, DESK, &world.url("/rooms/lobby#m300")).await?;
    late.until(&there(300)).await?;
    late.click("#m901 .quote").await?;
    late.until(&there(3)).await?;
    // What comes in does not carry the reader away.
    ann.say("news").await?;
    late.sees("news").await?;
    late.until(&there(3)).await
}

pub(crate) async fn people_are_called_by_name(world: &World) -> Res {
    let ann = world.person("ann").await?;
    let bob = world.person("bob").await?;
    let _mei = Raw::join(world, "小明").await?;
    let _bea = Raw::join(world, "Bea").await?;
    let offered =
        "[...document.querySelectorAll('#mentions [role=option] .name')].map((x) => x.textContent)";
    let offers = |names: serde_json::Value| {
        format!(
            "{offered}.join() === {}",
            json!(
                names
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|x| x.as_str())
                    .collect::<Vec<_>>()
                    .join(",")
            )
        )
    };
    ann.until("document.querySelectorAll('#who li').length === 4").await?;
    ann.js("document.querySelector('#box').focus()").await?;
    ann.insert("mail me@b").await?;
    assert_eq!(ann.js(offered).await?, json!([]), "that is an address");
    ann.js("document.querySelector('#box').select()").await?;
    ann.insert("hey @b").await?;
    ann.until(&format!("{offered}.sort().join() === 'Bea,bob'")).await?;
    let chosen = "document.getElementById(document.querySelector('#box').getAttribute('aria-activedescendant'))";
    ann.until(&format!("{chosen}.ariaSelected === 'true'")).await?;
    ann.insert("o").await?;
    ann.until(&offers(json!(["bob"]))).await?;
    ann.press("Escape").await?;
    ann.until(&offers(json!([]))).await?;
    // What was dismissed stays away until something else is typed.
    ann.press("ArrowRight").await?;
    assert_eq!(ann.js(offered).await?, json!([]));
    ann.insert("b").await?;
    ann.until(&offers(json!(["bob"]))).await?;
    ann.press("Tab").await?;
    ann.until("document.querySelector('#box').value === 'hey @bob '").await?;
    // While a name is composed nothing is offered, and Enter is not for the list.
    ann.insert("@").await?;
    ann.until(&format!("{offered}.length === 3")).await?;
    ann.press("ArrowDown").await?;
    ann.press("ArrowUp").await?;
    ann.press("ArrowUp").await?;
    ann.until(&format!("{chosen} === document.querySelector('#mentions li:last-child')")).await?;
    ann.insert("小").await?;
    ann.until(&offers(json!(["小明"]))).await?;
    ann.enter().await?;
    ann.until("document.querySelector('#box').value === 'hey @bob @小明 '").await?;
    ann.enter().await?;
    bob.sees("hey @bob @小明").await?;
    bob.until("document.querySelector('.row.to-me .mention.me').textContent === '@bob'").await?;
    assert_eq!(bob.js("document.querySelectorAll('.mention').length").await?, 2);
    Ok(())
}

pub(crate) async fn a_name_is_composed_while_names_are_offered(world: &World) -> Res {
    let ann = world.person("ann").await?;
    let _ming = Raw::join(world, "小明").await?;
    let _hong = Raw::join(world, "小红").await?;
    let _mingus = Raw::join(world, "Mingus").await?;
    let offered =
        "[...document.querySelectorAll('#mentions [role=option] .name')].map((x) => x.textContent)";
    let offers = |names: &str| format!("{offered}.sort().join() === '{names}'");
    let body = "document.querySelector('#box').value";
    ann.until("document.querySelectorAll('#who li').length === 4").await?;
    ann.js("document.querySelector('#box').focus()").await?;
    ann.insert("@").await?;
    ann.until(&offers("Mingus,小明,小红")).await?;
    // What is composed is no name yet, and what ends the composition chooses none. One browser
    // tells of its Enter before the end, another behind it.
    ann.compose("ming").await?;
    ann.until(&offers("Mingus")).await?;
    for composing in [true, false] {
        let enter = format!(
            "document.querySelector('#box').dispatchEvent(new KeyboardEvent('keydown', {{ key: \
             'Enter', keyCode: 229, isComposing: {composing}, bubbles: true, cancelable: true }}))"
        );
        for key in ["ArrowDown", "Tab", "Escape", "Enter"] {
            assert_eq!(
                ann.js(&enter.replace("Enter", key)).await?,
                true,
                "{key} is for the input method"
            );
        }
    }
    ann.press("Enter").await?;
    assert_eq!(ann.js("document.querySelectorAll('.row').length").await?, 0, "nothing was sent");
    assert_eq!(ann.js(body).await?, "@ming", "nobody was chosen");
    assert_eq!(ann.js(&offers("Mingus")).await?, true, "and the list is as it was");
    // Whoever changes his mind is offered everybody again.
    ann.compose("").await?;
    ann.until(&offers("Mingus,小明,小红")).await?;
    ann.compose("xiao").await?;
    ann.until(&offers("")).await?;
    ann.insert("小").await?;
    assert_eq!(ann.js(body).await?, "@小");
    // Names are offered again, and Enter is for the list, and then for the message.
    ann.until(&offers("小明,小红")).await?;
    ann.insert("红").await?;
    ann.until(&offers("小红")).await?;
    ann.enter().await?;
    ann.until(&format!("{body} === '@小红 '")).await?;
    assert_eq!(ann.js("document.querySelectorAll('.row').length").await?, 0);
    ann.enter().await?;
    ann.sees("@小红").await
}

pub(crate) async fn whom_it_reached_is_said(world: &World) -> Res {
    let ann = world.person("ann").await?;
    ann.say("anybody here?").await?;
    ann.until("document.querySelector('#m1 .reached').textContent === 'nobody else was here'")
        .await?;
    let bob = world.person("bob").await?;
    let mut silent = Raw::join(world, "eve").await?;
    silent.say("I never say what I have").await?;
    bob.sees("I never say what I have").await?;
    ann.say("and now?").await?;
    let line = "document.querySelector('#m3 .reached')?.textContent";
    ann.until(&format!("{line}.startsWith('reached 2 of 3')")).await?;
    ann.until("document.querySelector('#m1 .reached').hidden").await?;
    silent.ask(json!({ "type": "history" })).await?;
    let shown = "[...document.querySelectorAll('#report li')].map((x) => x.innerText.replace(/\\s+/g, ' '))";
    ann.click("#m3 .reached").await?;
    ann.until("document.querySelector('#report').open && document.querySelectorAll('#report li').length === 3")
        .await?;
    let rows = ann.js(shown).await?.to_string();
    assert!(rows.contains("B bob chat.v1 has it"), "{rows}");
    assert!(rows.contains("E eve chat.v1 was sent it"), "{rows}");
    assert!(rows.contains("ann (you) chat.v1 has it"), "{rows}");
    ann.press("Escape").await?;
    ann.until("!document.querySelector('#report').open").await?;
    // By the keyboard, about any own message.
    ann.js("document.querySelector('#m1').focus()").await?;
    ann.key_down("i").await?;
    ann.until("document.querySelector('#report p').textContent === 'nobody else was here'").await?;
    ann.until("document.activeElement.textContent === 'Close'").await?;
    ann.enter().await?;
    ann.until("!document.querySelector('#report').open").await
}

pub(crate) async fn what_it_reached_is_seen_in_the_xray(world: &World) -> Res {
    let (ann, _bob) = (world.person("ann").await?, world.person("bob").await?);
    for body in ["one", "two", "three"] {
        ann.say(body).await?;
        ann.sees(body).await?;
    }
    let link = "document.querySelector('#report a')";
    let of = |seq: u32| format!("document.querySelector('.of').textContent.includes('#{seq} ')");
    let asks = async |seq: u32| -> Res {
        ann.js(&format!("document.querySelector('#m{seq}').focus()")).await?;
        ann.key_down("i").await?;
        ann.until("document.querySelectorAll('#report li').length === 2").await?;
        ann.until(&format!(
            "{link}.checkVisibility() && {link}.textContent === 'See it in the X-ray'"
        ))
        .await
    };
    asks(1).await?;
    let address = ann.js(&format!("{link}.href")).await?;
    ann.click("#report a").await?;
    ann.until(&of(1)).await?;
    ann.until("!document.querySelector('#report').open").await?;
    ann.until("document.activeElement.id === 'xray'").await?;
    let marked = "[...document.querySelectorAll('.event[aria-selected=true]')]";
    ann.until(&format!(
        "{marked}.length === 2 && {marked}.every((x) => x.textContent.includes('#1'))"
    ))
    .await?;
    // The newest does not take its place, and another one does when it is asked for.
    ann.say("four").await?;
    ann.until("[...document.querySelectorAll('.event')].some((x) => x.textContent.includes('#4'))")
        .await?;
    assert_eq!(ann.js(&of(1)).await?, true);
    asks(3).await?;
    ann.click("#report a").await?;
    ann.until(&of(3)).await?;
    // Its own page has the message in its address.
    let address = address.as_str().ok_or("no address")?;
    assert!(address.ends_with("/xray?room=lobby&me=ann&seq=1"), "{address}");
    let alone = world.tab(&ann.context, DESK, address).await?;
    alone.until(&of(1)).await?;
    let none = world.tab(&ann.context, DESK, &world.url("/xray?room=lobby&seq=99")).await?;
    none.until("document.querySelector('.microscope .hint').textContent === '#99 is not among what is remembered here.'")
        .await
}
