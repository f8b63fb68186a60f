//! Other rooms, and the keys that lead everywhere.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::{DESK, PHONE};

const ROOMS: &str = "[...document.querySelectorAll('#rooms > ul:not(#direct) a')].filter((x) => x.checkVisibility())\
                     .map((x) => x.innerText.replace(/\\s+/g, ' ').trim()).join(', ')";

pub(crate) async fn rooms_lead_to_each_other(world: &World) -> Res {
    let bob = world.person("bob").await?;
    bob.say("hello lobby").await?;
    bob.sees("hello lobby").await?;
    assert_eq!(bob.js(ROOMS).await?, "", "one room needs no list");
    bob.click("#go").await?;
    bob.until("document.activeElement.id === 'other'").await?;
    bob.insert("no/such").await?;
    bob.enter().await?;
    bob.until(
        "document.querySelector('#enter [role=alert]').textContent === 'This room has no valid name.'",
    )
    .await?;
    bob.js("document.querySelector('#other').select()").await?;
    bob.insert("#Rust 学习").await?;
    bob.enter().await?;
    bob.until("decodeURIComponent(location.pathname) === '/rooms/rust-学习'").await?;
    bob.until(&format!("{ROOMS} === '# lobby, # rust-学习'")).await?;
    bob.until("document.querySelector('#rooms [aria-current=page]').textContent === '#rust-学习'")
        .await?;
    // What is said in a room that one was in is counted, and being called shows.
    let mut ann = Raw::join(world, "ann").await?;
    ann.say("one").await?;
    ann.ask(json!({ "type": "edit", "of": 2, "body": "two" })).await?;
    bob.until(&format!("{ROOMS} === '# lobby 1 New, # rust-学习'")).await?;
    bob.until("!document.querySelector('#rooms .called')").await?;
    ann.say("@Bob are you there?").await?;
    bob.until(&format!(
        "{ROOMS} === '# lobby 2 New, # rust-学习' && document.querySelector('#rooms .called')"
    ))
    .await?;
    bob.until("document.title === 'rust-学习'").await?;
    assert_eq!(bob.texts().await?, [""; 0], "it is not shown here");
    bob.reload().await?;
    // An edit is counted as well when nobody was there to see what it was.
    bob.until(&format!("{ROOMS} === '# lobby 3 New, # rust-学习'")).await?;
    bob.click("#rooms a.other, #rooms a:not([aria-current])").await?;
    bob.sees("@Bob are you there?").await?;
    bob.until("location.pathname === '/rooms/lobby'").await?;
    let below = "document.querySelector('.rule.unread').nextElementSibling.textContent";
    bob.until(&format!("{below}.includes('two')")).await?;
    bob.until(&format!("{ROOMS} === '# lobby, # rust-学习'")).await?;
    // Who leaves a room is not told of it any more.
    bob.click("#rooms .leave").await?;
    let mut eve = Raw::enter(world, "rust-学习", "eve").await?;
    eve.say("nobody hears").await?;
    bob.until("document.querySelector('#rooms a.other')").await?;
    bob.until(&format!("{ROOMS} === '# lobby, # rust-学习'")).await?;
    let there = eve.ask(json!({ "type": "who", "room": "rust-学习" })).await?;
    assert!(there["count"].as_u64().is_some_and(|count| count <= 2), "{there}");
    // And not when the page is loaded again either.
    bob.reload().await?;
    bob.until("document.querySelector('#rooms a.other')").await?;
    bob.until(&format!("{ROOMS} === '# lobby, # rust-学习'")).await?;
    Ok(())
}

pub(crate) async fn the_sheet_has_all_keys(world: &World) -> Res {
    let ann = world.person("ann").await?;
    let open = "document.querySelector('#keys').open";
    ann.js("document.activeElement.blur()").await?;
    ann.key_down("?").await?;
    ann.until(open).await?;
    ann.until("document.querySelectorAll('#keys dt').length === document.querySelectorAll('#keys dd').length").await?;
    ann.press("Escape").await?;
    ann.until(&format!("!{open}")).await?;
    ann.key_down("g").await?;
    ann.until("document.activeElement.id === 'other'").await?;
    ann.press("Escape").await?;
    ann.js("document.querySelector('#box').focus()").await?;
    for key in ["?", "g", "/"] {
        ann.key_down(key).await?;
    }
    assert_eq!(ann.js("document.querySelector('#box').value").await?, "?g/");
    assert_eq!(ann.js(open).await?, false, "what is typed is text");
    assert_eq!(ann.js("document.querySelector(':popover-open')").await?, json!(null));
    Ok(())
}

/// What the browser tells a screen reader of each thing one can reach: its role and its name.
pub(crate) async fn everything_has_a_role_and_a_name(world: &World) -> Res {
    let mut bob = Raw::enter(world, "tea", "bob").await?;
    bob.say("elsewhere").await?;
    let mut eve = Raw::join(world, "eve").await?;
    eve.say("hello").await?;
    for view in [DESK, PHONE] {
        let ann = world.open(view, "/rooms/lobby").await?;
        ann.join(if view.phone { "Ann" } else { "zoe" }).await?;
        ann.js("document.querySelector('#box').focus()").await?;
        ann.insert("my own @").await?;
        ann.click("#compose [type=submit]").await?;
        ann.until("document.querySelector('.reached')").await?;
        ann.until("document.querySelector('#rooms a[href=\"/rooms/tea\"]')").await?;
        if view.phone {
            ann.click("#menu").await?;
        }
        ann.js("document.querySelector('#log .row:last-child').focus()").await?;
        let tree = ann.call("Accessibility.getFullAXTree", json!({})).await?;
        let nodes = tree["nodes"].as_array().ok_or("no tree")?;
        let seen = |node: &&serde_json::Value| node["ignored"] == false;
        let role =
            |node: &serde_json::Value| node["role"]["value"].as_str().unwrap_or("").to_owned();
        let name = |node: &serde_json::Value| {
            node["name"]["value"].as_str().unwrap_or("").trim().to_owned()
        };
        let reached = [
            "button",
            "link",
            "textbox",
            "searchbox",
            "dialog",
            "navigation",
            "toolbar",
            "log",
            "region",
            "listbox",
        ];
        let nameless: Vec<_> = nodes
            .iter()
            .filter(seen)
            .filter(|node| reached.contains(&role(node).as_str()) && name(node).is_empty())
            .collect();
        assert_eq!(nameless, [&json!(null); 0]);
        let all: Vec<_> = nodes
            .iter()
            .filter(seen)
            .map(|node| format!("{} {}", role(node), name(node)))
            .collect();
        let phone = ["navigation Rooms", "link lobby", "link tea", "button Join or make a room"];
        let desk = [
            "link Skip to the message box",
            "heading lobby",
            "complementary Here now",
            "textbox Message #lobby",
            "log Messages",
            "toolbar Message",
            "button Reply",
            "button Who has it",
            "button Search",
            "button Send",
            "button Change your name",
        ];
        for wanted in phone.iter().chain(desk.iter().filter(|_| !view.phone)) {
            assert!(all.iter().any(|node| node.starts_with(wanted)), "{wanted} is not in {all:#?}");
        }
    }
    Ok(())
}

pub(crate) async fn what_is_refused_is_not_asked_for(world: &World) -> Res {
    for how in [["--xray", "off"], ["--flight", "off"]] {
        world.instead(&[&["--data", "off"], &how[..]].concat()).await?;
        // A browser tells of every answer that refuses something, and no page may be complained of.
        let ann = world.person("ann").await?;
        ann.say("hello").await?;
        ann.until("document.querySelector('.reached')").await?;
        assert_eq!(ann.js("document.querySelector('#inside')").await?, json!(null));
        ann.click(".reached").await?;
        ann.until("document.querySelectorAll('#report li').length === 1").await?;
        assert_eq!(ann.js("document.querySelector('#report a').checkVisibility()").await?, false);
        ann.close().await?;
    }
    Ok(())
}
