//! A saved trace, looked at.

use serde_json::{Value, json};

use super::evening::EVENING;
use super::{GAUGES, ROWS, WIDE, choose, found, shows};
use crate::cdp::Res;
use crate::lab::World;
use crate::page::{DESK, PHONE, View};

/// As many events as there are.
fn events() -> usize {
    EVENING.lines().count()
}

fn tally(text: &str) -> String {
    format!("document.querySelector('.tally').textContent === {}", json!(text))
}

pub(crate) async fn xray_shows_a_saved_trace(world: &World) -> Res {
    let page = shows(world, WIDE, EVENING).await?;
    page.until(&found("eve (client 7) missed 5 messages")).await?;
    let gauges = json!(["0 in room", "8/s most received", "32/s most delivered", "5 missed"]);
    assert_eq!(page.js(GAUGES).await?, gauges);
    assert_eq!(page.js("document.querySelector('.file').textContent").await?, "evening.ndjson");
    assert_eq!(page.js("document.querySelector('.hidden').hidden").await?, true, "texts are shown");
    let last = page.js(&format!("{ROWS}.slice(-3)")).await?;
    assert_eq!(
        last,
        json!(["nc leaves (closed)", "ann leaves (closed)", "The server has stopped"])
    );
    let heads = "[...document.querySelectorAll('.heads .head')].map((x) => x.innerText.trim())";
    let names = json!([
        "#\nlobby",
        "A\nann",
        "B\nbob",
        "林\n林小雨",
        "N\nnc",
        "D\ndeploy",
        "B\nbob",
        "E\neve",
        "B\nbob",
        "B\nbob",
        "B\nbob"
    ]);
    assert_eq!(page.js(heads).await?, names);
    // The newest message is under the microscope, until another is chosen.
    page.until("document.querySelector('.of').textContent.includes('#28')").await?;
    let bars = "[...document.querySelectorAll('.bars li:not(.axis)')].map((x) => x.className.trim() + ': ' \
                + x.innerText.replace(/\\s+/g, ' ').replace(/[\\u2068\\u2069]/g, ''))";
    let told = json!([
        "stored: stored 63 µs",
        "sent: ann 303 µs ✓",
        "sent: 林小雨 334 µs ✓",
        "sent: nc 365 µs",
        "sent: bob 396 µs ✓",
        "sent last: eve 427 µs last ✓"
    ]);
    assert_eq!(page.js(bars).await?, told);
    Ok(())
}

pub(crate) async fn xray_is_gone_through_with_keys(world: &World) -> Res {
    let page = shows(world, WIDE, EVENING).await?;
    page.until("document.querySelector('.event')").await?;
    page.js("document.querySelector('.rows').focus()").await?;
    let at = "(() => { const rows = document.querySelector('.rows'); const row = \
              document.getElementById(rows.getAttribute('aria-activedescendant')); \
              const [a, b] = [row, rows].map((x) => x.getBoundingClientRect()); \
              return [row.ariaLabel.replace(/[\\u2068\\u2069]/g, ''), row.ariaSelected, \
              a.top >= b.top - 1 && a.bottom <= b.bottom + 1] })()";
    let is = |row: Value| format!("JSON.stringify({at}) === {}", json!(row.to_string()));
    page.press("Home").await?;
    page.until(&is(json!(["ann joins", "false", true]))).await?;
    page.press("ArrowDown").await?;
    page.until(&is(json!(["ann says #1 “is anybody here?”", "true", true]))).await?;
    page.until("document.querySelector('.of').textContent.includes('#1 ')").await?;
    page.press("PageDown").await?;
    page.press("ArrowUp").await?;
    assert_eq!(page.js(at).await?[2], true, "it is in view");
    page.until("!document.querySelector('.lanes .pill').hidden").await?;
    page.press("End").await?;
    page.until(&is(json!(["The server has stopped", "false", true]))).await?;
    page.until("document.querySelector('.lanes .pill').hidden").await?;
    // By hand as well: both rows of the message are marked.
    page.press("Home").await?;
    page.js("(() => { const row = document.querySelector('.event.said').getBoundingClientRect(); \
             document.querySelector('.rows').dispatchEvent(new MouseEvent('click', \
             { clientX: row.x + 90, clientY: row.y + 14, bubbles: true })) })()")
        .await?;
    page.until("document.querySelectorAll('.event[aria-selected=true]').length === 2").await?;
    Ok(())
}

pub(crate) async fn xray_shows_one_room_or_member(world: &World) -> Res {
    let tea = "{\"event\":\"joined\",\"room\":\"tea\",\"client\":50,\"name\":\"tom\",\"sessions\":1}\n\
               {\"event\":\"received\",\"room\":\"tea\",\"client\":50,\"bytes\":2}\n\
               {\"event\":\"stored\",\"room\":\"tea\",\"client\":50,\"seq\":1}\n";
    let page = shows(world, WIDE, &format!("{EVENING}{tea}")).await?;
    let options = |name: usize| {
        format!(
            "[...document.querySelectorAll('.chooser select')[{name}].options].map((x) => x.text.replace(/[\\u2068\\u2069]/g, ''))"
        )
    };
    page.until("document.querySelector('.chooser select').options.length === 3").await?;
    assert_eq!(page.js(&options(0)).await?, json!(["All rooms", "#lobby", "#tea"]));
    let pick = |name: usize, index: usize| {
        format!(
            "(() => {{ const it = document.querySelectorAll('.chooser select')[{name}]; \
                 it.selectedIndex = {index}; it.dispatchEvent(new Event('change')) }})()"
        )
    };
    assert_eq!(page.js(&format!("{ROWS}.at(-1)")).await?, "tea: tom says #1");
    page.js(&pick(0, 2)).await?;
    page.until(&format!(
        "{ROWS}.slice(-2).join() === 'tom joins,tom says #1' && {ROWS}.length === 3"
    ))
    .await?;
    page.until(&format!("{GAUGES}[0] === '1 in room' && {GAUGES}[3] === '0 missed'")).await?;
    page.until(&format!("{}.join() === 'Everybody,tom (client 50)'", options(1))).await?;
    page.until(&tally(&format!("4 of {} events", events() + 3))).await?;
    page.js(&pick(0, 1)).await?;
    page.until(&format!("{}.length === 10", options(1))).await?;
    page.js(&pick(1, 2)).await?;
    let bob = json!([
        "nc says #4 “hello from a terminal”",
        "#4 reaches all 4 in 333 µs",
        "deploy says #5 “deploy done”",
        "#5 reaches all 4 in 333 µs",
        "ann says #6 “is anybody here? It is me”",
        "#6 reaches all 4 in 333 µs",
        "bob is refused: too_long",
        "bob leaves (gone)",
    ]);
    page.until(&format!("{ROWS}.at(-1) === 'bob leaves (gone)'")).await?;
    assert_eq!(page.js(&format!("{ROWS}.slice(-8)")).await?, bob);
    assert_eq!(page.js("document.querySelector('.event').ariaSetSize").await?, "14");
    Ok(())
}

pub(crate) async fn xray_lines_are_found_and_taken_along(world: &World) -> Res {
    let page = shows(world, WIDE, EVENING).await?;
    page.until(&tally(&format!("{} events", events()))).await?;
    page.js("document.querySelector('.tools input').focus()").await?;
    page.insert("event=gap").await?;
    page.until(&tally(&format!("1 of {} events", events()))).await?;
    let lines = "[...document.querySelectorAll('.line')].map((x) => [...x.children].slice(1).map((y) => y.textContent).join('|'))";
    assert_eq!(page.js(lines).await?, json!(["gap|room=lobby client=7 after=10 next=16 why=slow"]));
    let gap = EVENING.lines().find(|line| line.contains("\"gap\"")).ok_or("no gap")?;
    page.js("navigator.clipboard.writeText = async (text) => { window.taken = text }").await?;
    page.js("[...document.querySelectorAll('.tools button')][0].click()").await?;
    page.until("window.taken").await?;
    assert_eq!(page.js("window.taken").await?, format!("{gap}\n"));
    page.until("[...document.querySelectorAll('.tools button')][0].textContent === 'Copied'")
        .await?;
    page.js("(() => { const make = URL.createObjectURL; URL.createObjectURL = (blob) => { \
             window.saved = blob; return make(blob) }; \
             HTMLAnchorElement.prototype.click = function () { window.called = this.download } })()")
        .await?;
    page.js("[...document.querySelectorAll('.tools button')][1].click()").await?;
    assert_eq!(page.js("window.saved.text()").await?, format!("{gap}\n"));
    assert_eq!(page.js("window.called").await?, "trace.ndjson");
    Ok(())
}

pub(crate) async fn xray_says_what_it_does_not_understand(world: &World) -> Res {
    let lines: Vec<&str> = EVENING.lines().collect();
    let broken = format!("{}\nhello\n{{\n{}\n", lines[..3].join("\n"), lines[3..].join("\n"));
    let page = shows(world, WIDE, &broken).await?;
    let note = "document.querySelector('.unread')";
    page.until(&format!("!{note}.hidden")).await?;
    let told = "2 lines were not understood, the first is line 4";
    assert_eq!(page.js(&format!("{note}.textContent")).await?, told);
    page.until(&tally(&format!("{} events", events()))).await?;
    choose(&page, "not\na trace\n").await?;
    page.until(&format!("{note}.textContent.startsWith('No line of this file')")).await?;
    page.until("document.querySelector('.tally').textContent === '0 events'").await?;
    assert_eq!(page.js(&format!("{ROWS}.length")).await?, 0);
    // What is dropped is a file like every other.
    let drop = format!(
        "(() => {{ const files = new DataTransfer(); files.items.add(new File([{}], 'x')); \
         document.querySelector('.xray').dispatchEvent(new DragEvent('drop', \
         {{ dataTransfer: files, bubbles: true, cancelable: true }})) }})()",
        json!(EVENING)
    );
    page.js(&drop).await?;
    let all = tally(&format!("{} events", events()));
    page.until(&format!("{note}.hidden && {all}")).await
}

pub(crate) async fn xray_missed_messages_stay_until_they_are_seen(world: &World) -> Res {
    let tea = "{\"event\":\"joined\",\"room\":\"tea\",\"client\":50,\"name\":\"tom\"}\n\
               {\"event\":\"gap\",\"room\":\"tea\",\"client\":50,\"after\":1,\"next\":4}\n";
    let page = shows(world, WIDE, &format!("{EVENING}{tea}")).await?;
    let missed = async |room: &str, count: u32| {
        page.js(&format!(
            "(() => {{ const it = document.querySelector('.chooser select'); it.value = '{room}'; \
             it.dispatchEvent(new Event('change')) }})()"
        ))
        .await?;
        page.until(&format!("{GAUGES}[3] === '{count} missed'")).await
    };
    page.until("document.querySelector('.chooser select').options.length === 3").await?;
    for (room, count) in [("tea", 2), ("", 7), ("lobby", 5)] {
        missed(room, count).await?;
    }
    assert_eq!(page.js("document.querySelector('.gauge.bad').disabled").await?, false);
    page.click(".gauge.bad").await?;
    page.until(&format!("{GAUGES}[3] === '0 missed' && !document.querySelector('.gauge.bad')"))
        .await?;
    // Who has seen it, need not see it again in another choice.
    missed("tea", 0).await?;
    missed("", 0).await
}

pub(crate) async fn xray_keeps_what_can_be_shown(world: &World) -> Res {
    let mut flood = String::new();
    for n in 1..=20_000 {
        let at = format!("2026-11-21T12:00:{:02}.{:06}Z", n / 1000, n % 1000 * 1000);
        let mut tell = |event: &str, client: u32, more: &str| {
            let line = format!(
                r#"{{"at":"{at}","event":"{event}","room":"lobby","client":{client},{more}}}"#
            );
            flood.push_str(&line);
            flood.push('\n');
        };
        tell("received", 1, r#""bytes":2"#);
        for (event, client) in [("stored", 1), ("sent", 1), ("sent", 2), ("sent", 3)] {
            tell(event, client, &format!(r#""seq":{n}"#));
        }
    }
    let page = shows(world, WIDE, &flood).await?;
    page.until(&format!("{ROWS}.at(-1) === '#20000 reaches all 3 in 0 µs'")).await?;
    assert_eq!(page.js("document.querySelector('.tally').textContent").await?, "10,000 events");
    let nodes = page.js("document.querySelectorAll('.xray *').length").await?;
    assert!(nodes.as_u64().is_some_and(|n| n < 1_500), "{nodes} nodes");
    let size = page.js("document.querySelector('.event').ariaSetSize").await?;
    assert_eq!(size, "400", "as many rows are kept");
    page.until(&format!("{GAUGES}[1] === '1k/s most received'")).await?;
    assert_eq!(page.js(&format!("{GAUGES}[2]")).await?, "3k/s most delivered");
    Ok(())
}

pub(crate) async fn xray_fits_and_speaks_chinese(world: &World) -> Res {
    let views = [
        View { dark: true, language: "zh-CN", ..PHONE },
        View { width: 320, height: 568, ..PHONE },
        View { width: 340, ..DESK },
        View { width: 900, dark: true, ..DESK },
    ];
    for (n, view) in views.into_iter().enumerate() {
        let page = shows(world, view, EVENING).await?;
        page.until("document.querySelector('.event')").await?;
        let wide = "(() => { const it = document.querySelector('.xray'); return [it.scrollWidth - it.clientWidth, \
                    document.documentElement.scrollWidth - innerWidth, \
                    ...[...document.querySelectorAll('.rows, .bars, .gauges, .choose')].map((x) => x.scrollWidth - x.clientWidth)] })()";
        assert_eq!(page.js(wide).await?, json!([0, 0, 0, 0, 0, 0]), "view {n}");
        // Pictures are cut off where they end, so the columns have to be within them.
        let out = "[...document.querySelectorAll('.heads .head')].filter((x) => { \
                   const [head, all] = [x, x.parentElement].map((it) => it.getBoundingClientRect()); \
                   const middle = (head.left + head.right) / 2; \
                   return middle < all.left || middle > all.right }).length";
        assert_eq!(page.js(out).await?, 0, "view {n}");
        let dark =
            page.js("getComputedStyle(document.querySelector('.xray')).backgroundColor").await?;
        assert_eq!(dark == "rgb(9, 15, 19)", view.dark, "view {n}: {dark}");
        if view.phone {
            let small = "[...document.querySelectorAll('button:not(:disabled), select, .pick, input[type=search]')]\
                         .filter((x) => x.checkVisibility()).map((x) => x.closest('.chooser') ?? x)\
                         .map((x) => x.getBoundingClientRect()).filter((box) => box.height < 44).length";
            assert_eq!(page.js(small).await?, 0, "targets are large enough for a finger");
        }
        if view.language == "zh-CN" {
            let words = "[...new Set([...document.querySelectorAll('.xray *')].filter((x) => !x.closest('bdi, q, .lines, .file, select, .figure, .whom, .of, .tick') && x.children.length === 0)\
                         .map((x) => x.textContent.replace(/[\\u2068\\u2069]/g, '').replace(/“[^”]*”/g, '').replace(/ann|bob|eve|nc|zoe|deploy|closed|gone|too_long|slow|µs|ms/g, '')).filter((x) => /[a-z]{2}/i.test(x)))]";
            assert_eq!(page.js(words).await?, json!([]), "view {n}");
        }
    }
    Ok(())
}

pub(crate) async fn xray_says_what_is_what(world: &World) -> Res {
    let page = shows(world, WIDE, EVENING).await?;
    page.until("document.querySelector('.event')").await?;
    page.call("Accessibility.enable", json!({})).await?;
    let tree = page.call("Accessibility.getFullAXTree", json!({})).await?;
    let nodes = tree["nodes"].as_array().ok_or("no tree")?;
    let said = |role: &str| -> Vec<&str> {
        let is = |node: &&Value| node["role"]["value"] == role && node["ignored"] == false;
        nodes.iter().filter(is).filter_map(|node| node["name"]["value"].as_str()).collect()
    };
    assert_eq!(
        said("heading"),
        ["X-ray", "What stands out", "What happens", "Under the microscope", "Trace"]
    );
    assert_eq!(said("combobox"), ["Room", "Member"]);
    assert_eq!(
        said("listbox"),
        [
            "What happens. One column for each connection, one row for each event. Arrow keys go through them."
        ]
    );
    assert_eq!(said("log"), ["Trace"]);
    assert_eq!(said("searchbox"), ["Filter: words, or -words"]);
    let buttons = said("button");
    assert!(buttons.iter().all(|name| !name.is_empty()), "{buttons:?}");
    assert!(buttons.iter().any(|name| name.starts_with("5")), "{buttons:?}");
    let rows: Vec<String> =
        said("option").iter().map(|row| row.replace(['\u{2068}', '\u{2069}'], "")).collect();
    assert!(rows.contains(&"eve leaves (closed)".to_owned()), "{rows:?}");
    let unnamed = nodes.iter().filter(|node| node["ignored"] == false).filter(|node| {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        ["button", "combobox", "searchbox", "listbox", "option", "log"].contains(&role)
            && node["name"]["value"].as_str().unwrap_or_default().is_empty()
    });
    assert_eq!(unnamed.count(), 0);
    Ok(())
}
