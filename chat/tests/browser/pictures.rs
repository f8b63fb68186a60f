//! The pictures of docs/images, taken only when asked for: `CHAT_SCREENSHOTS=DIR`.

use std::path::PathBuf;
use std::process::Command;

use crate::cdp::Res;
use crate::lab::{Raw, World};
use crate::page::{DESK, PHONE, Page, View};

pub(crate) fn wanted() -> bool {
    std::env::var_os("CHAT_SCREENSHOTS").is_some()
}

const TALK: &[(&str, &str)] = &[
    ("ada", "Morning! I moved the lobby to the new box: same address, nothing for you to do."),
    ("林小雨", "早上好 👋 在 Rust 里 `broadcast` 慢消费者会怎样？\n是阻塞发送方，还是丢消息？"),
    (
        "ada",
        "With `broadcast` it loses the oldest and learns how many. Here a room is a log and \
         everybody a cursor into it:\n```rust\nwhile let Some(batch) = cursor.read(&log) {\n    \
         socket.write_vectored(&batch).await?;   // nobody waits for anybody\n}\n```",
    ),
    ("ada", "Who was away asks again from where they stopped."),
    (
        "mei",
        "@ada so nothing is lost silently? I read https://en.wikipedia.org/wiki/Log-structured_storage",
    ),
    ("ليلى", "مرحبا بالجميع، هل يعمل هذا من اليمين إلى اليسار؟"),
    ("林小雨", "能，@mei 你试试手机？"),
];

pub(crate) async fn pictures(world: &World) -> Res {
    let folder = PathBuf::from(std::env::var_os("CHAT_SCREENSHOTS").ok_or("no folder")?);
    std::fs::create_dir_all(&folder)?;
    let join = world.open(DESK, "/").await?;
    join.until("document.querySelector('#card').open").await?;
    take(&join, &folder, "join").await?;
    let mut crowd: Vec<(&str, Raw)> = Vec::new();
    for name in ["ada", "林小雨", "ليلى", "mei"] {
        crowd.push((name, Raw::join(world, name).await?));
    }
    for (name, body) in TALK {
        let speaker = crowd.iter_mut().find(|(who, _)| who == name).ok_or("nobody")?;
        speaker.1.say(body).await?;
    }
    let token = crowd.iter().find(|(who, _)| *who == "mei").map(|(_, mei)| mei.token.clone());
    let remember = format!(
        "localStorage.setItem('chat.name', 'mei'); localStorage.setItem('chat.token.mei', '{}')",
        token.ok_or("no token")?
    );
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
        take(&page, &folder, picture).await?;
        page.close().await?;
    }
    Ok(())
}

async fn take(page: &Page, folder: &std::path::Path, name: &str) -> Res {
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
