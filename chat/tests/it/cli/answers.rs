//! What the program answers without serving: help, version, its settings.

use std::fs;

use super::*;

/// Lines without spaces at their ends: clap leaves some.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

async fn help(args: &[&str]) -> String {
    let Answer { code, stdout, stderr } = answer(chat(args)).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.ends_with('\n') && !stdout.ends_with("\n\n"), "{stdout:?}");
    trimmed(&stdout)
}

#[tokio::test]
async fn short_help_fits_a_screen() {
    let help = help(&["-h"]).await;
    assert!(help.lines().count() <= 48, "{} lines", help.lines().count());
    insta::assert_snapshot!("help_short", help);
}

#[tokio::test]
async fn long_help_says_precedence_and_exit_codes() {
    let long = help(&["--help"]).await;
    insta::assert_snapshot!("help_long", long);
    let defaults = chat::Limits::default();
    let default = format!("[default: {}]", defaults.connections_per_address);
    assert!(long.contains(&default), "{default} in {long}");
}

#[tokio::test]
async fn a_command_has_help_of_its_own() {
    let help = help(&["config", "--help"]).await;
    assert!(help.starts_with("Print every setting and where it came from\n\nUsage: chat config "));
    let help = self::help(&["check", "--help"]).await;
    assert!(help.contains("Usage: chat check [OPTIONS] [FILE]\n"), "{help}");
}

#[tokio::test]
async fn version_is_one_line() {
    let expected = concat!("chat ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(help(&["--version"]).await, expected);
    assert_eq!(help(&["-V"]).await, expected);
}

#[tokio::test]
async fn config_tells_each_value_and_its_source() {
    let path = std::env::temp_dir().join(format!("chat-cli-{}.toml", std::process::id()));
    fs::write(&path, "# ours\nmax-connections = 77\ntrace-format = 'json'\n").unwrap();
    let file = path.to_str().unwrap();
    let mut command = chat(&["config", "--trace", "stderr"]);
    command.env("CHAT_CONFIG", file).env("CHAT_ADDR", ":1,localhost:2");
    let seen = answer(command).await;
    fs::remove_file(&path).unwrap();
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(seen.stdout.replace(file, "chat.toml"), @r#"
    addr = [":1", "localhost:2"]               # CHAT_ADDR
    host = []                                  # default
    allow-origin = []                          # default
    trust-proxy = []                           # default
    max-connections = 77                       # chat.toml:2
    max-connections-per-address = 100          # default
    max-handshakes = 1000                      # default
    max-messages = 50                          # default
    max-message-bytes = 10240                  # default
    max-bytes = 1048576                        # default
    max-rooms = 250                            # default
    max-names = 10000                          # default
    data = "chat.db"                           # default
    durability = "power"                       # default
    keep-days = "off"                          # default
    keep-bytes = "off"                         # default
    trace = "stderr"                           # --trace
    trace-format = "json"                      # chat.toml:3
    trace-bodies = "hide"                      # default
    xray = "loopback"                          # default
    flight = "on"                              # default
    "#);
}

#[cfg(unix)]
#[tokio::test]
async fn connections_are_what_the_hard_limit_of_descriptors_leaves() {
    for (limits, args, expected) in [
        ("-Sn 300 && ulimit -Hn 2000", "", "1876                     # default"),
        ("-n 40", "", "20                       # default"),
        ("-n 300", "--max-connections 7", "7                        # --max-connections"),
    ] {
        let mut command = Command::new("sh");
        let limited = format!(r#"ulimit {limits} && exec "$0" config {args}"#);
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_chat")]);
        command.env_remove("CHAT_CONFIG").env_remove("CHAT_MAX_CONNECTIONS");
        let seen = answer(command).await;
        assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
        let line = seen.stdout.lines().find(|line| line.starts_with("max-connections "));
        assert_eq!(line, Some(format!("max-connections = {expected}").as_str()), "{limits}");
    }
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_failure() {
    for args in [&["--help"][..], &["config"]] {
        let mut command = chat(args);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn settings_that_cannot_be_written_are_a_failure() {
    let full = fs::File::create("/dev/full").unwrap();
    let child = chat(&["config"]).stdout(full).spawn().unwrap();
    let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: cannot write to stdout\n  because: "), "{stderr}");
}
