//! What the program says when it cannot start, and with which exit code it ends.

use std::fs;

use super::*;
use crate::folder::Folder;

/// The exit code and the whole of stderr; nothing is on stdout.
async fn fails(mut command: Command) -> (Option<i32>, String) {
    // Those beside it have the file of this folder.
    command.env("CHAT_DATA", "off");
    let Answer { code, stdout, stderr } = answer(command).await;
    assert_eq!(stdout, "", "stdout belongs to the trace");
    (code, stderr)
}

#[tokio::test]
async fn a_wrong_flag() {
    let (code, stderr) = fails(chat(&["--adr", ":80"])).await;
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(stderr, @r"
    error: unexpected argument '--adr' found

      tip: a similar argument exists: '--addr'

    Usage: chat [OPTIONS]
           chat <COMMAND> [OPTIONS]

    For more information, try '--help'.
    ");
}

#[tokio::test]
async fn a_wrong_address() {
    let why = "\"foo\" has no port; try :8080, 127.0.0.1:8080 or [::1]:8080";
    let expected = |source: &str| (Some(2), format!("error: {source}: {why}\n"));
    assert_eq!(fails(chat(&["-a", "foo"])).await, expected("--addr"));
    let mut command = chat(&[]);
    command.env("CHAT_ADDR", "foo");
    assert_eq!(fails(command).await, expected("CHAT_ADDR"));
    assert_eq!(
        fails(chat(&["-a", "http://localhost:8080"])).await,
        (
            Some(2),
            "error: --addr: \"http://localhost:8080\" is the address of a page; \
             to listen there write localhost:8080\n"
                .into()
        )
    );
}

#[cfg(not(feature = "tracing"))]
#[tokio::test]
async fn tracing_that_was_not_built_in() {
    let why = "this chat was built without it; cargo install --path chat --features tracing; \
               for a file of that name: ./tracing";
    let expected = (Some(2), format!("error: --trace: {why}\n"));
    assert_eq!(fails(chat(&["--trace", "tracing"])).await, expected);
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn tracing_in_another_format() {
    let args = ["--trace", "tracing", "--trace-format", "json"];
    let why = "error: --trace-format: --trace tracing has a format of its own\n";
    assert_eq!(fails(chat(&args)).await, (Some(2), why.into()));
}

#[tokio::test]
async fn a_wrong_file() {
    let path = std::env::temp_dir().join(format!("chat-wrong-{}.toml", std::process::id()));
    fs::write(&path, "trace = 'off'\n\n\nadr = ':80'\n").unwrap();
    let file = path.to_str().unwrap();
    let (code, stderr) = fails(chat(&["--config", file])).await;
    fs::remove_file(&path).unwrap();
    assert_eq!(code, Some(2));
    assert_eq!(
        stderr.replace(file, "chat.toml"),
        "error: chat.toml line 4: unknown key \"adr\"; did you mean \"addr\"?\n"
    );
}

#[tokio::test]
async fn a_missing_file() {
    let (code, stderr) = fails(chat(&["--config", "/nonexistent/chat.toml"])).await;
    assert_eq!(code, Some(2));
    let start = "error: cannot read /nonexistent/chat.toml (named by --config)\n  because: ";
    assert!(stderr.starts_with(start), "{stderr}");
}

#[tokio::test]
async fn a_trace_file_that_cannot_be_opened() {
    let (code, stderr) = fails(chat(&["-a", "localhost:0", "-t", "/nonexistent/t.txt"])).await;
    assert_eq!(code, Some(2));
    let start = "error: cannot open the trace file /nonexistent/t.txt\n  because: ";
    assert!(stderr.starts_with(start), "{stderr}");
    let end = "\n  Try: --trace stdout, or a file that you may write to\n";
    assert!(stderr.ends_with(end), "{stderr}");
}

#[tokio::test]
async fn a_port_in_use() {
    let other = start(&[]).await;
    let (port, next) = (other.port, other.port.checked_add(1).unwrap_or(8080));
    let (code, stderr) = fails(chat(&["--addr", &format!("localhost:{port}")])).await;
    assert_eq!(code, Some(3));
    assert_eq!(
        stderr,
        format!(
            "error: port {port} is already in use\n  It may be another chat.   \
             Try: chat --addr localhost:{next}     or any free port: chat --addr localhost:0\n"
        )
    );
    other.serves().await;
}

#[tokio::test]
async fn a_port_in_use_leaves_a_history_that_is_closed() {
    let (other, folder) = (start(&[]).await, Folder::new());
    let addr = format!("localhost:{}", other.port);
    let data = folder.file("chat.db");
    let seen = answer(chat(&["--addr", &addr, "--data", data.to_str().unwrap()])).await;
    assert_eq!(seen.code, Some(3), "{seen:?}");
    let files = fs::read_dir(data.parent().unwrap()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["chat.db", "chat.db-lock"]);
}

#[tokio::test]
async fn an_address_of_another_computer() {
    let (code, stderr) = fails(chat(&["--addr", "192.0.2.1:9000"])).await;
    assert_eq!(code, Some(3));
    assert_eq!(
        stderr,
        "error: 192.0.2.1:9000 is not an address of this computer\n  \
         Try: chat --addr localhost:9000 (only this computer can connect) \
         or chat --addr :9000 (every interface)\n"
    );
}

/// Nobody's rights, as a user who is no administrator has them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_port_that_needs_a_privilege() {
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    let open = first.trim().parse::<u16>().unwrap() <= 1;
    let mut command = chat(&["--addr", "127.0.0.1:1", "--data", "off"]);
    let root = fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
    if root {
        command.uid(65534);
    }
    // A machine where everybody may, or where nobody may run the program, has nothing to show.
    if open || timeout(PATIENCE, command.status()).await.unwrap().is_err() {
        return;
    }
    let (code, stderr) = fails(command).await;
    assert_eq!(code, Some(3));
    assert_eq!(
        stderr,
        "error: not allowed to listen on port 1\n  Ports below 1024 need a privilege.   \
         Try: chat --addr 127.0.0.1:8080, \
         or once: sudo setcap cap_net_bind_service=+ep $(command -v chat)\n"
    );
}

#[tokio::test]
async fn a_closed_stderr_changes_nothing() {
    let mut child = chat(&["--addr", "foo"]).spawn().unwrap();
    drop(child.stderr.take());
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(2));
}
