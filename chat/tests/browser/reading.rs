//! Reading: what is new, where one is, in which language and on what.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::{DESK, PHONE, View};

const REST: &str = "(() => { const s = document.querySelector('#scroller'); \
                    return s.scrollHeight - s.scrollTop - s.clientHeight })()";

pub(crate) async fn unread_messages_are_counted(world: &World) -> Res {
    let bob = world.person("bob").await?;
    let mut ann = Raw::join(world, "ann").await?;
    ann.say("seen").await?;
    bob.sees("seen").await?;
    assert_eq!(bob.js("document.title").await?, "lobby");
    let other = world.tab(&bob.context, DESK, "about:blank").await?;
    for page in [&bob, &other] {
        page.focused(false).await?;
    }
    world.show(&other).await?;
    bob.until("document.hidden").await?;
    for body in ["one", "two", "three"] {
        ann.say(body).await?;
    }
    bob.sees("three").await?;
    bob.until("document.title === '(3) lobby'").await?;
    bob.until("document.querySelector('link[rel=icon]').href.includes('unread')").await?;
    let below = "document.querySelector('.rule.unread').nextElementSibling.textContent";
    assert!(bob.js(below).await?.to_string().contains("one"), "the line is above the first");
    world.show(&bob).await?;
    bob.focused(true).await?;
    bob.until("document.title === 'lobby'").await?;
    bob.until("!document.querySelector('link[rel=icon]').href.includes('unread')").await?;
    bob.until("document.querySelector('.rule.unread').classList.contains('seen')").await
}

pub(crate) async fn scrolling_up_is_left_alone(world: &World) -> Res {
    let bob = world.person("bob").await?;
    let mut ann = Raw::join(world, "ann").await?;
    ann.pour((0..60).map(|n| format!("line {n}"))).await?;
    bob.sees("line 59").await?;
    bob.until(&format!("{REST} < 2")).await?;
    bob.js("document.querySelector('#scroller').scrollTop -= 700").await?;
    // The page learns of it with the next frame.
    bob.until("!document.querySelector('#pill').hidden").await?;
    let top = bob.js("document.querySelector('#scroller').scrollTop").await?;
    ann.say("one more").await?;
    ann.say("and another").await?;
    bob.sees("and another").await?;
    bob.until("document.querySelector('#pill span').textContent === '2 new messages'").await?;
    bob.until("document.title === '(2) lobby'").await?;
    assert_eq!(bob.js("document.querySelector('#scroller').scrollTop").await?, top);
    bob.click("#pill").await?;
    bob.until(&format!("{REST} < 2 && document.querySelector('#pill').hidden")).await?;
    bob.until("document.title === 'lobby'").await?;
    ann.say("```\na\nb\nc\nd\ne\nf\ng\nh\n```").await?;
    bob.until(&format!("document.querySelector('#log pre') && {REST} < 2")).await?;
    bob.js("document.querySelector('#log pre').style.height = '900px'").await?;
    bob.until(&format!("{REST} < 2")).await
}

pub(crate) async fn a_screen_reader_hears_the_others(world: &World) -> Res {
    let mut ann = Raw::join(world, "ann").await?;
    ann.say("long ago").await?;
    let bob = world.person("bob").await?;
    bob.sees("long ago").await?;
    bob.say("my own").await?;
    bob.sees("my own").await?;
    ann.say("news").await?;
    bob.until("document.querySelector('#speaker').textContent !== ''").await?;
    assert_eq!(bob.js("document.querySelector('#speaker').textContent").await?, "ann: news");
    bob.until(
        "document.querySelector('#speaker').ariaLive === 'polite' && \
         document.querySelector('#log').role === 'log' && \
         document.querySelector('#log').ariaLive === 'off'",
    )
    .await?;
    let unnamed = "[...document.querySelectorAll('button, input, textarea, [role=region]')]\
                   .filter((x) => x.checkVisibility() && !x.labels?.length && !x.ariaLabel && \
                    !x.textContent.trim()).map((x) => x.outerHTML)";
    assert_eq!(bob.js(unnamed).await?, json!([]), "everything one can reach has a name");
    Ok(())
}

/// The words a reader sees or hears, without names, bodies, addresses and keys.
const WORDS: &str = "(() => { \
    const skip = 'script, style, noscript, bdi, kbd, .face, .text, .host, .brand, #who, #me, .link'; \
    const out = []; \
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
    while (walk.nextNode()) { const at = walk.currentNode.parentElement; \
      if (!at.closest(skip)) out.push(walk.currentNode.data) } \
    for (const x of document.querySelectorAll('*')) for (const key of ['aria-label', 'title', 'placeholder']) \
      if (x.hasAttribute(key)) out.push(x.getAttribute(key)); \
    return out.map((words) => words.replaceAll('lobby', '').trim()).filter((words) => /[a-z]/i.test(words)) })()";

pub(crate) async fn it_speaks_chinese(world: &World) -> Res {
    let page = world.open(View { language: "zh-CN", ..DESK }, "/").await?;
    page.until("document.querySelector('#card').open").await?;
    assert_eq!(page.js(WORDS).await?, json!([]), "on the name card");
    page.name("a:b").await?;
    page.until("document.querySelector('.error').textContent !== ''").await?;
    assert_eq!(page.js(WORDS).await?, json!([]), "a refused name");
    page.join("小明").await?;
    assert_eq!(page.js(WORDS).await?, json!([]), "in an empty room");
    let mut ann = Raw::join(world, "ann").await?;
    ann.say("hello").await?;
    drop(Raw::join(world, "eve").await?);
    page.sees("hello").await?;
    page.until("document.querySelector('.quiet')").await?;
    assert_eq!(page.js(WORDS).await?, json!([]), "with rows");
    world.kill().await?;
    page.until("document.querySelector('#state').textContent !== '在线'").await?;
    page.say("还在吗？").await?;
    page.until("!document.querySelector('#banner').hidden && document.querySelector('.note')")
        .await?;
    assert_eq!(page.js(WORDS).await?, json!([]), "while the server is away");
    assert!(page.js("document.querySelectorAll('.rule').length").await? != 0);
    Ok(())
}

pub(crate) async fn it_fits_a_phone(world: &World) -> Res {
    const ROOM: &str = "a-room-whose-name-is-as-long-as-it-may-be-and-which-nobody-types";
    let mut ann = Raw::enter(world, ROOM, "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW").await?;
    ann.say(&"x".repeat(500)).await?;
    ann.say(&format!("```\n{}\n```", "code ".repeat(60))).await?;
    ann.say(&format!("https://example.com/{}", "path/".repeat(60))).await?;
    ann.say("مرحبا بالجميع").await?;
    let views = [
        View { dark: true, ..PHONE },
        View { width: 320, height: 568, ..PHONE },
        View { width: 740, height: 360, ..PHONE },
        View { dark: true, ..DESK },
    ];
    for (n, view) in views.into_iter().enumerate() {
        let page = world.open(view, &format!("/rooms/{}", ROOM)).await?;
        page.join(&format!("phone-{n}")).await?;
        page.sees("مرحبا بالجميع").await?;
        let wide = "[document.documentElement.scrollWidth - innerWidth, \
                    ...['#scroller', '#measure', 'header', '#compose'].map((x) => \
                     document.querySelector(x)).map((x) => x.scrollWidth - x.clientWidth)]";
        assert_eq!(page.js(wide).await?, json!([0, 0, 0, 0, 0]), "view {n}");
        let dark = page.js("getComputedStyle(document.body).backgroundColor").await?;
        assert_eq!(dark == "rgb(15, 21, 24)", view.dark, "view {n}: {dark}");
        if !view.phone {
            continue;
        }
        let small = "[...document.querySelectorAll('button, textarea, input')]\
                     .filter((x) => x.checkVisibility()).map((x) => x.getBoundingClientRect())\
                     .filter((box) => box.width < 44 || box.height < 44).length";
        assert_eq!(page.js(small).await?, 0, "targets are large enough for a finger");
        page.click("#crowd").await?;
        page.until("document.querySelector('#people').matches(':popover-open')").await?;
        page.until("document.querySelector('#who').checkVisibility()").await?;
        assert_eq!(page.js(small).await?, 0, "in the list of people too");
        page.js("document.querySelector('#people').hidePopover()").await?;
        page.say("a line").await?;
        assert_eq!(page.js("document.querySelector('#box').value").await?, "a line\n");
        page.insert(&format!("and one more from {n}")).await?;
        page.click("#compose [type=submit]").await?;
        page.sees(&format!("a line\nand one more from {n}")).await?;
    }
    Ok(())
}

pub(crate) async fn ten_thousand_rows(world: &World) -> Res {
    let page = world.person("bob").await?;
    let mut ann = Raw::join(world, "ann").await?;
    const ROWS: usize = 10_000;
    ann.pour((0..ROWS).map(|n| format!("row {n}"))).await?;
    page.sees(&format!("row {}", ROWS - 1)).await?;
    assert_eq!(page.js("document.querySelectorAll('#log .row').length").await?, ROWS);
    page.until(&format!("{REST} < 2")).await?;
    assert_eq!(page.js("document.querySelectorAll('.rule:not(.day)').length").await?, 0);
    let drawn = "[...document.querySelectorAll('#log .row')].filter((row) => \
                 row.checkVisibility({ contentVisibilityAuto: true })).length";
    page.until(&format!("{drawn} < 500")).await?;
    page.js("new Promise((done) => { document.querySelector('#scroller').scrollTop = 0; \
         requestAnimationFrame(() => requestAnimationFrame(done)) })")
        .await?;
    page.until("document.querySelector('#log .text').getBoundingClientRect().top > 0").await?;
    page.say("back to the end").await?;
    page.until(&format!("{REST} < 2")).await
}
