//! The pictures of docs/images, taken only when asked for: `CHAT_SCREENSHOTS=DIR`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::{DESK, PHONE, Page, View};
use crate::xray::evening::EVENING;
use crate::xray::{WIDE, shows};

pub(crate) fn wanted() -> bool {
    std::env::var_os("CHAT_SCREENSHOTS").is_some()
}

/// Who says what, and which message of these it answers.
const TALK: &[(&str, &str, Option<usize>)] = &[
    (
        "ada",
        "Morning! I moved the lobby to the new box: same address, nothing for you to do.",
        None,
    ),
    (
        "林小雨",
        "早上好 👋 在 Rust 里 `broadcast` 慢消费者会怎样？\n是阻塞发送方，还是丢消息？",
        None,
    ),
    (
        "ada",
        "With `broadcast` it loses the oldest and learns how many. Here a room is a log and \
         everybody a cursor into it:\n```rust\nwhile let Some(batch) = cursor.read(&log) {\n    \
         socket.write_vectored(&batch).await?;   // nobody waits for anybody\n}\n```",
        Some(2),
    ),
    ("ada", "Who was away asks again from where they stopped.", None),
    ("ليلى", "مرحبا بالجميع، هل يعمل هذا من اليمين إلى اليسار؟", None),
    ("林小雨", "能，@mei 你试试手机？", Some(5)),
    ("mei", "On my phone too. @ada so nothing is lost silently?", Some(4)),
];

/// Who says what to whom alone.
const ALONE: &[(&str, &str, &str)] = &[
    ("林小雨", "mei", "手机上看得清楚吗？"),
    ("mei", "林小雨", "很清楚。你的笔记能发我一份吗？"),
    ("mei", "林小雨", "不急，明天也行。"),
    ("ada", "mei", "Could you look after the lobby tonight?"),
];

pub(crate) async fn pictures(world: &World) -> Res {
    let folder = folder()?;
    let join = world.open(DESK, "/").await?;
    join.until("document.querySelector('#card').open").await?;
    take(&join, &folder, "join").await?;
    let mut crowd: Vec<(&str, Raw)> = Vec::new();
    for name in ["ada", "林小雨", "ليلى", "mei"] {
        crowd.push((name, Raw::join(world, name).await?));
    }
    for (name, body, reply) in TALK {
        let speaker = crowd.iter_mut().find(|(who, _)| who == name).ok_or("nobody")?;
        let post = json!({ "type": "post", "room": "lobby", "body": body, "reply": reply });
        speaker.1.ask(post).await?;
    }
    for (name, to, body) in ALONE {
        let speaker = crowd.iter_mut().find(|(who, _)| who == name).ok_or("nobody")?;
        speaker.1.ask(json!({ "type": "post", "to": [to], "body": body })).await?;
    }
    // One of them never says what arrived.
    for (_, raw) in crowd.iter_mut().filter(|(who, _)| *who != "ليلى") {
        raw.has(TALK.len()).await?;
    }
    let mut kim = Raw::enter(world, "rust-学习", "kim").await?;
    for body in ["one", "two", "three"] {
        kim.say(body).await?;
    }
    let epoch = kim.ask(json!({ "type": "history", "room": "rust-学习" })).await?["epoch"].take();
    let _ops = Raw::enter(world, "ops", "zoe").await?;
    let token = crowd.iter().find(|(who, _)| *who == "mei").map(|(_, mei)| mei.token.clone());
    let remember = json!({
        "chat.name": "mei",
        "chat.token.mei": token.ok_or("no token")?,
        "chat.room.rust-学习": json!({ "epoch": epoch, "seq": 0, "at": 0 }).to_string(),
        "chat.people.mei": json!(["林小雨"]).to_string(),
    });
    let remember = format!("Object.assign(localStorage, {remember})");
    let views = [
        ("light", DESK),
        ("dark", View { dark: true, ..DESK }),
        ("zh", View { language: "zh-CN", ..DESK }),
        ("phone", PHONE),
        ("phone-dark", View { dark: true, ..PHONE }),
    ];
    for (picture, view) in views {
        let page = world.open(view, "/").await?;
        page.until("document.querySelector('#card').open").await?;
        page.js(&remember).await?;
        page.reload().await?;
        page.sees(TALK[TALK.len() - 1].1).await?;
        page.until("document.querySelectorAll('#who li').length === 4").await?;
        page.until("document.querySelector('#rooms .unread').textContent.startsWith('3')").await?;
        page.until("document.querySelector('#m7 .reached').textContent.includes('3')").await?;
        take(&page, &folder, picture).await?;
        if picture == "light" {
            page.click(".reached").await?;
            page.until("document.querySelectorAll('#report li').length >= 4").await?;
            take(&page, &folder, "report").await?;
        }
        page.call("Page.navigate", json!({ "url": world.url("/rooms/@#to=林小雨") })).await?;
        page.sees(ALONE[ALONE.len() - 1].2).await?;
        page.until("document.querySelector('#mode').checkVisibility()").await?;
        take(&page, &folder, &format!("private-{picture}")).await?;
        page.close().await?;
    }
    Ok(())
}

/// The X-ray of an evening, and that of a room beside it.
pub(crate) async fn xray_pictures(world: &World) -> Res {
    let folder = folder()?;
    // The row at the top, and the number of the message under the microscope.
    let views = [
        ("xray", WIDE, 13, "#5"),
        ("xray-dark", View { dark: true, ..WIDE }, 60, "#27"),
        ("xray-zh", View { language: "zh-CN", ..WIDE }, 13, "#5"),
        ("xray-phone", PHONE, 13, "#5"),
    ];
    for (picture, view, top, message) in views {
        let page = shows(world, view, EVENING).await?;
        page.until("document.querySelectorAll('.found li').length === 4").await?;
        page.js(&format!("document.querySelector('.rows').scrollTop = {top} * 28")).await?;
        let row = format!(
            "[...document.querySelectorAll('.event.said')].find((x) => x.textContent.startsWith('{message}'))"
        );
        page.until(&row).await?;
        let click =
            "dispatchEvent(new MouseEvent('click', { bubbles: true, clientY: box.y + 14 }))";
        page.js(&format!(
            "(() => {{ const box = {row}.getBoundingClientRect(); document.querySelector('.rows').{click} }})()"
        ))
        .await?;
        page.until("document.querySelectorAll('.event[aria-selected=true]').length === 2").await?;
        take(&page, &folder, picture).await?;
        page.close().await?;
    }
    beside(world, &folder).await
}

/// The picture that README begins with.
async fn beside(world: &World, folder: &Path) -> Res {
    let (mut ada, mut lin) = (Raw::join(world, "ada").await?, Raw::join(world, "林小雨").await?);
    for (name, body, _) in &TALK[1..3] {
        if *name == "ada" { &mut ada } else { &mut lin }.say(body).await?;
    }
    let page = world.open(View { width: 1360, height: 920, ..WIDE }, "/").await?;
    page.join("mei").await?;
    page.until("document.querySelector('#inside').checkVisibility()").await?;
    page.click("#inside").await?;
    page.until("document.querySelector('.state')?.dataset.state === 'live'").await?;
    let mut leila = Raw::join(world, "ليلى").await?;
    page.say("So nothing is lost silently?").await?;
    for reader in [&mut ada, &mut lin, &mut leila] {
        reader.has(3).await?;
    }
    ada.say(TALK[3].1).await?;
    leila.say(TALK[4].1).await?;
    drop(leila);
    page.until("document.querySelectorAll('.event.left').length > 0").await?;
    lin.say("@mei 看看右边的透视").await?;
    page.sees("@mei 看看右边的透视").await?;
    page.say("I see it: everybody has this, and who had it last.").await?;
    for reader in [&mut ada, &mut lin] {
        reader.has(7).await?;
    }
    page.until("document.querySelector('.of').textContent.includes('#7')").await?;
    page.until("document.querySelectorAll('.bars .acked').length === 3").await?;
    page.until("document.querySelectorAll('.reached').length === 2").await?;
    page.js("document.querySelector('#box').blur()").await?;
    take(&page, folder, "beside").await
}

fn folder() -> Res<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("CHAT_SCREENSHOTS").ok_or("no folder")?);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

async fn take(page: &Page, folder: &Path, name: &str) -> Res {
    page.js("document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))).then(() => true)").await?;
    let png = page.png().await?;
    let file = folder.join(format!("{name}.png"));
    let bytes = base64(png.as_str().ok_or("no picture")?);
    std::fs::write(&file, bytes)?;
    // Smaller where the usual tools are installed; correct without them.
    let _ = Command::new("pngquant")
        .args(["--force", "--ext", ".png", "--speed", "1"])
        .arg(&file)
        .status();
    Ok(())
}

fn base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(value).map(u32::from).collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let word =
            group.iter().enumerate().fold(0, |word, (at, digit)| word | digit << (18 - 6 * at));
        bytes.extend_from_slice(&word.to_be_bytes()[1..group.len()]);
    }
    bytes
}
