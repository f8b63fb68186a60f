//! A server that runs, looked at.

use serde_json::{Value, json};

use super::relay::Relay;
use super::{GAUGES, ROWS, WIDE};
use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::{PHONE, Page, View};

pub(crate) async fn xray_follows_a_room(world: &World) -> Res {
    let mut ann = Raw::join(world, "ann").await?;
    ann.say("before").await?;
    let page = world.open(WIDE, "/xray?room=lobby&me=bob").await?;
    // What the recorder remembers of deliveries is how many.
    page.until(&format!("{ROWS}.join().startsWith('ann joins,ann says #1,#1 reaches 1')")).await?;
    page.until("document.querySelector('.state').dataset.state === 'live'").await?;
    let mut bob = Raw::join(world, "bob").await?;
    bob.say("hello").await?;
    page.until(&format!("{ROWS}.some((row) => row.startsWith('#2 reaches all 2 in'))")).await?;
    assert_eq!(page.js("document.querySelector('.heads .you bdi').textContent").await?, "you");
    page.until(&format!("{GAUGES}[0] === '2 in room'")).await?;
    assert_eq!(page.js("document.querySelector('.hidden').checkVisibility()").await?, true);
    assert_eq!(
        page.js("document.body.innerText.includes('hello')").await?,
        false,
        "texts are hidden"
    );
    page.until("document.querySelectorAll('.bars .sent').length === 2").await?;
    assert_eq!(page.js("document.querySelectorAll('.bars .last').length").await?, 1);
    // Nothing moves while it is paused, and nothing is lost.
    let pause = "document.querySelector('.choose button')";
    page.click(".choose button").await?;
    page.until(&format!("{pause}.ariaPressed === 'true'")).await?;
    ann.say("one more").await?;
    page.until(&format!("/Go on .[4-9] wait/.test({pause}.textContent)")).await?;
    assert_eq!(page.js(&format!("{ROWS}.some((row) => row.includes('#3'))")).await?, false);
    page.click(".choose button").await?;
    page.until(&format!("{ROWS}.some((row) => row.startsWith('#3 reaches all 2 in'))")).await?;
    page.until(&format!("{pause}.textContent === 'Pause'")).await?;
    // Another server takes its place.
    drop((ann, bob));
    page.until(&format!("{GAUGES}[0] === '0 in room'")).await?;
    world.kill().await?;
    page.until("document.querySelector('.state').dataset.state === 'again'").await?;
    world.restart().await?;
    page.until("document.querySelector('.state').dataset.state === 'live'").await?;
    let mut eve = Raw::join(world, "eve").await?;
    eve.say("and again").await?;
    page.until(&format!("{ROWS}.slice(-4).join().startsWith('The server starts anew,')")).await?;
    page.until(&format!("{ROWS}.slice(-1)[0].startsWith('#1 reaches 1 in')")).await?;
    assert_eq!(page.js(&format!("{ROWS}.filter((row) => row === 'bob joins').length")).await?, 1);
    Ok(())
}

pub(crate) async fn xray_opens_beside_the_room(world: &World) -> Res {
    let bob = world.person("bob").await?;
    bob.until("document.querySelector('#inside').checkVisibility()").await?;
    assert_eq!(bob.js("document.querySelector('#inside').ariaExpanded").await?, "false");
    assert_eq!(bob.js("document.querySelector('#xray').checkVisibility()").await?, false);
    bob.click("#inside").await?;
    bob.until("document.querySelector('.state')?.dataset.state === 'live'").await?;
    assert_eq!(bob.js("document.querySelector('#inside').ariaExpanded").await?, "true");
    assert_eq!(bob.js("document.activeElement.id").await?, "xray");
    let places = "['main', '#xray'].map((x) => { const box = document.querySelector(x).getBoundingClientRect(); \
                  return [Math.round(box.left), Math.round(box.right)] })";
    assert_eq!(bob.js(places).await?, json!([[216, 760], [760, 1100]]));
    let mut ann = Raw::join(world, "ann").await?;
    Raw::enter(world, "tea", "tom").await?.say("elsewhere").await?;
    ann.say("hi bob").await?;
    bob.until(&format!("{ROWS}.some((row) => row.startsWith('#1 reaches all 2 in'))")).await?;
    bob.until("document.querySelector('.chooser select').value === 'lobby'").await?;
    assert_eq!(bob.js(&format!("{ROWS}.some((row) => row.includes('tom'))")).await?, false);
    assert_eq!(bob.js("document.querySelector('.heads .you').title").await?, "bob (chat.v1)");
    assert_eq!(bob.js("document.querySelectorAll('h1').length").await?, 1);
    bob.press("Escape").await?;
    bob.until("!document.querySelector('#xray').checkVisibility()").await?;
    assert_eq!(bob.js("document.activeElement.id").await?, "inside");
    // Nobody watches any more.
    bob.click("#inside").await?;
    bob.until("document.querySelector('.head .over')").await?;
    bob.click(".head .over").await?;
    bob.until("!document.querySelector('#xray').checkVisibility()").await?;
    bob.say("still here").await?;
    bob.sees("still here").await?;
    let phone = world.open(View { language: "zh-CN", ..PHONE }, "/rooms/lobby").await?;
    phone.join("小明").await?;
    assert_eq!(phone.js("document.querySelector('#inside').textContent").await?, "透视");
    phone.click("#inside").await?;
    phone.until("document.querySelector('.event')").await?;
    assert_eq!(phone.js(places).await?[1], json!([0, 390]));
    phone.click(".head .over").await?;
    phone.until("!document.querySelector('#xray').checkVisibility()").await
}

/// Shows only the lines with some words, and says how many they are.
async fn lines(page: &Page, words: &str) -> Res<Value> {
    page.js(&format!(
        "(() => {{ const input = document.querySelector('.tools input'); input.value = {}; \
         input.dispatchEvent(new Event('input')); \
         const [, n] = /^([0-9,]+) /.exec(document.querySelector('.tally').textContent); \
         return Number(n.replaceAll(',', '')) }})()",
        json!(words)
    ))
    .await
}

pub(crate) async fn xray_skips_events_of_a_flood_and_says_so(world: &World) -> Res {
    const SAID: usize = 4_000;
    let mut ann = Raw::join(world, "ann").await?;
    let page = world.open(WIDE, "/xray?room=lobby").await?;
    page.until("document.querySelector('.state').dataset.state === 'live'").await?;
    ann.say("before").await?;
    page.until(&format!("{ROWS}.some((row) => row.startsWith('#1 reaches 1 in'))")).await?;
    let before = lines(&page, "").await?.as_u64().ok_or("no tally")?;
    page.click(".choose button").await?;
    page.until("document.querySelector('.choose button').ariaPressed === 'true'").await?;
    ann.pour((0..SAID).map(|n| format!("drop {n}"))).await?;
    // All of it arrives: a message is received, stored and sent to its one reader.
    let waits = "Number(/[0-9]+/.exec(document.querySelector('.choose button').textContent)?.[0])";
    page.until(&format!("{waits} === {}", 3 * SAID)).await?;
    page.click(".choose button").await?;
    page.until(&format!("{ROWS}.at(-1).startsWith('#{} reaches 1 in')", SAID + 1)).await?;
    page.until("document.querySelector('.choose button').textContent === 'Pause'").await?;
    let told = "Number(/([0-9]+) events were not recorded/.exec(document.querySelector('.found').innerText)?.[1])";
    page.until(&format!("{told} > 0")).await?;
    let skipped = page.js(told).await?.as_u64().ok_or("no number")?;
    // The line that says so is one of those that are shown.
    assert_eq!(lines(&page, "event=lost").await?, 1);
    let shown = lines(&page, "").await?.as_u64().ok_or("no tally")?;
    assert_eq!(shown - 1 - before + skipped, 3 * SAID as u64, "{shown} shown, {skipped} skipped");
    // What is left out is who got it, not what was said.
    assert_eq!(lines(&page, "event=stored").await?, SAID + 1);
    Ok(())
}

pub(crate) async fn xray_goes_on_after_its_network_was_cut(world: &World) -> Res {
    let relay = Relay::new(world).await?;
    let mut ann = Raw::join(world, "ann").await?;
    let page = world.visit(WIDE, &relay.url("/xray?room=lobby")).await?;
    page.expects_an_outage();
    page.until("document.querySelector('.state').dataset.state === 'live'").await?;
    ann.say("one").await?;
    page.until(&format!("{ROWS}.some((row) => row.startsWith('#1 reaches 1 in'))")).await?;
    relay.cut();
    page.until("document.querySelector('.state').dataset.state === 'again'").await?;
    ann.say("two").await?;
    relay.mend();
    page.until("document.querySelector('.state').dataset.state === 'live'").await?;
    page.until(&format!("{ROWS}.includes('ann says #2')")).await?;
    ann.say("three").await?;
    page.until(&format!("{ROWS}.at(-1).startsWith('#3 reaches 1 in')")).await?;
    // Whether somebody watched when the second went out, the server may not have noticed yet.
    let rows = format!(
        "{ROWS}.filter((row) => !row.startsWith('#2')).map((row) => row.replace(/ in .*/, ''))"
    );
    let expected = json!([
        "ann joins",
        "ann says #1",
        "#1 reaches 1",
        "The X-ray was not connected here; events may be missing",
        "ann says #2",
        "ann says #3",
        "#3 reaches 1",
    ]);
    assert_eq!(page.js(&rows).await?, expected);
    for (event, count) in [("accepted", 1), ("joined", 1), ("received", 3), ("stored", 3)] {
        assert_eq!(lines(&page, &format!("event={event}")).await?, count, "{event}");
    }
    Ok(())
}
