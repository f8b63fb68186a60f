//! Whole configurations: flags, variables and a file in, values or an error out.

use std::ffi::OsStr;
use std::fs;
use std::time::Duration;

use super::*;

/// What a command line, an environment and a file (if there is a text for it) come to. The file
/// is named `--config` on the command line, and its path is shown as `chat.toml`.
pub(crate) fn asked(
    args: &[&str],
    env: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Asked, String> {
    asked_with(None, args, env, file)
}

/// The same in a process that may have so many descriptors, if that is known.
fn asked_with(
    descriptors: Option<u64>,
    args: &[&str],
    env: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Asked, String> {
    let path = std::env::temp_dir().join(format!(
        "chat-config-{}-{:?}.toml",
        std::process::id(),
        std::thread::current().id()
    ));
    let mut words: Vec<&OsStr> = vec!["chat".as_ref()];
    if let Some(text) = file {
        fs::write(&path, text).unwrap();
        words.extend(["--config".as_ref(), path.as_os_str()]);
    }
    words.extend(args.iter().map(OsStr::new));
    let seen = match Flags::try_parse_from(words) {
        Ok(flags) => {
            let value = |name: &str| env.iter().find(|(key, _)| *key == name);
            ask(flags, |name| value(name).map(|(_, value)| value.into()), descriptors)
        }
        Err(error) => Err(usage(&error)),
    };
    let short = |text: String| text.replace(&*path.to_string_lossy(), "chat.toml");
    let seen = match seen {
        Ok(Asked::Listing(text)) => Ok(Asked::Listing(short(text))),
        Ok(config) => Ok(config),
        Err(wrong) => Err(short(ConfigError::from(wrong).to_string())),
    };
    if file.is_some() {
        fs::remove_file(&path).unwrap();
    }
    seen
}

pub(crate) fn config(args: &[&str], env: &[(&str, &str)], file: Option<&str>) -> Config {
    match asked(args, env, file) {
        Ok(Asked::Serve(config)) => *config,
        other => panic!("{other:?}"),
    }
}

fn listing(args: &[&str], env: &[(&str, &str)], file: Option<&str>) -> String {
    match asked(args, env, file) {
        Ok(Asked::Listing(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn refused(args: &[&str], env: &[(&str, &str)], file: Option<&str>, expected: &str) {
    let seen = asked(args, env, file).unwrap_err();
    assert_eq!(seen, expected);
}

#[test]
fn nothing_given_is_a_whole_configuration() {
    let expected = Config {
        addrs: vec![Addr { host: Host::Localhost, port: 8080 }],
        hosts: vec![],
        origins: vec![],
        proxies: vec![],
        limits: Limits::default(),
        data: Some("chat.db".into()),
        durability: Durability::Power,
        keep: Retention::default(),
        trace: TraceTo::Off,
        trace_format: TraceFormat::Text,
        trace_bodies: false,
        xray: Xray::Loopback,
        flight: true,
        flight_bodies: false,
        attached: false,
    };
    assert_eq!(config(&[], &[], None), expected);
}

#[test]
fn every_setting_arrives_from_every_source() {
    let expected = Config {
        addrs: vec![Addr { host: Host::Every, port: 1 }, Addr { host: Host::Localhost, port: 2 }],
        hosts: vec!["a.org".into()],
        origins: vec!["https://b.org".into(), "http://c.org:3000".into()],
        proxies: vec!["10.0.0.9".parse().unwrap(), "::1".parse().unwrap()],
        limits: Limits {
            connections: 7,
            connections_per_address: 3,
            handshakes_per_second: 11,
            handshakes_at_once: 22,
            messages_per_second: 9,
            messages_at_once: 36,
            body_bytes: 12,
            frame_bytes: 4_168,
            bytes_per_second: 6_000,
            bytes_at_once: 6_000,
            rooms: 13,
            reservations: 14,
            ..Limits::default()
        },
        data: None,
        durability: Durability::Process,
        keep: Retention { age: Some(Duration::from_secs(2 * 86_400)), bytes: Some(3 << 30) },
        trace: TraceTo::File("t.txt".into()),
        trace_format: TraceFormat::Json,
        trace_bodies: true,
        xray: Xray::All,
        flight: false,
        flight_bodies: true,
        attached: false,
    };
    #[rustfmt::skip]
    let flags = [
        "-a", ":1", "--addr", "localhost:2", "--host", "A.org",
        "--allow-origin", "https://b.org:443", "--allow-origin=http://c.org:3000",
        "--trust-proxy", "10.0.0.9", "--trust-proxy", "::1",
        "--max-connections", "7", "--max-connections-per-address", "3", "--max-messages", "9",
        "--max-handshakes", "11", "--max-message-bytes", "12", "--max-bytes", "6000",
        "--max-rooms", "13", "--max-names", "14",
        "-d", "off", "--durability", "process", "--keep-days", "2", "--keep-bytes", "3G",
        "-t", "t.txt", "--trace-format", "json", "--trace-bodies", "show",
        "--xray", "all", "--flight", "off",
    ];
    assert_eq!(config(&flags, &[], None), expected);
    let env = [
        ("CHAT_ADDR", ":1,localhost:2"),
        ("CHAT_HOST", "A.org"),
        ("CHAT_ALLOW_ORIGIN", "https://b.org:443, http://c.org:3000"),
        ("CHAT_TRUST_PROXY", "10.0.0.9, ::1"),
        ("CHAT_MAX_CONNECTIONS", "7"),
        ("CHAT_MAX_CONNECTIONS_PER_ADDRESS", "3"),
        ("CHAT_MAX_HANDSHAKES", "11"),
        ("CHAT_MAX_MESSAGES", "9"),
        ("CHAT_MAX_MESSAGE_BYTES", "12"),
        ("CHAT_MAX_BYTES", "6000"),
        ("CHAT_MAX_ROOMS", "13"),
        ("CHAT_MAX_NAMES", "14"),
        ("CHAT_DATA", "off"),
        ("CHAT_DURABILITY", "process"),
        ("CHAT_KEEP_DAYS", "2"),
        ("CHAT_KEEP_BYTES", "3G"),
        ("CHAT_TRACE", "t.txt"),
        ("CHAT_TRACE_FORMAT", "json"),
        ("CHAT_TRACE_BODIES", "show"),
        ("CHAT_XRAY", "all"),
        ("CHAT_FLIGHT", "off"),
    ];
    assert_eq!(config(&[], &env, None), expected);
    let file = "
        addr = [':1', 'localhost:2']
        host = 'A.org'
        allow-origin = ['https://b.org:443', 'http://c.org:3000']
        trust-proxy = ['10.0.0.9', '::1']
        max-connections = 7
        max-connections-per-address = 3
        max-handshakes = 11
        max-messages = 9
        max-message-bytes = 12
        max-bytes = 6000
        max-rooms = 13
        max-names = 14
        data = 'off'
        durability = 'process'
        keep-days = 2
        keep-bytes = '3G'
        trace = 't.txt'
        trace-format = 'json'
        trace-bodies = 'show'
        xray = 'all'
        flight = 'off'
    ";
    assert_eq!(config(&[], &[], Some(file)), expected);
}

#[test]
fn flags_beat_variables_beat_the_file() {
    let file = Some("max-connections = 3\ntrace-format = 'json'\naddr = [':3', ':33']");
    let env = [("CHAT_MAX_CONNECTIONS", "2"), ("CHAT_ADDR", ":2,:22")];
    let config = config(&["--max-connections", "1"], &env, file);
    assert_eq!(config.limits.connections, 1);
    assert_eq!(config.trace_format, TraceFormat::Json);
    // A list is replaced as a whole, never merged.
    let addrs: Vec<_> = config.addrs.iter().map(Addr::to_string).collect();
    assert_eq!(addrs, [":2", ":22"]);
}

#[test]
fn bodies_are_shown_on_stdout_only_unless_asked_for() {
    let bodies = |args: &[&str]| config(args, &[], None).trace_bodies;
    assert!(bodies(&["-t", "stdout"]));
    assert!(!bodies(&["-t", "stderr"]));
    assert!(!bodies(&["-t", "t.txt"]));
    assert!(!bodies(&["-t", "stdout", "--trace-bodies", "hide"]));
    assert!(bodies(&["-t", "stderr", "--trace-bodies", "show"]));
}

#[test]
fn the_flight_recorder_has_bodies_only_where_that_was_said() {
    let bodies = |args: &[&str]| config(args, &[], None).flight_bodies;
    assert!(!bodies(&["-t", "stdout"]));
    assert!(!bodies(&["-t", "stdout", "--trace-bodies", "hide"]));
    assert!(bodies(&["-t", "stdout", "--trace-bodies", "show"]));
    assert!(bodies(&["--trace-bodies", "show"]));
    assert!(config(&[], &[("CHAT_TRACE_BODIES", "show")], None).flight_bodies);
}

#[test]
fn one_of_three_words() {
    let none = "is none of loopback, all, off";
    refused(&["--xray", "no"], &[], None, &format!("--xray: \"no\" {none}"));
    let args = ["--xray", "lopback"];
    refused(&args, &[], None, &format!("--xray: \"lopback\" {none}; did you mean loopback?"));
}

#[test]
fn the_listing_names_every_source() {
    let file = Some("\n\nallow-origin = ['https://b.org', 'https://c.org']\nhost = 'a.org'");
    let env = [("CHAT_MAX_CONNECTIONS", "7")];
    let args = ["config", "--trace", "t.txt", "--max-connections-per-address", "2"];
    insta::assert_snapshot!(listing(&args, &env, file), @r#"
    addr = "localhost:8080"                    # default
    host = "a.org"                             # chat.toml:4
    allow-origin = ["https://b.org", "https://c.org"] # chat.toml:3
    trust-proxy = []                           # default
    max-connections = 7                        # CHAT_MAX_CONNECTIONS
    max-connections-per-address = 2            # --max-connections-per-address
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
    trace = "t.txt"                            # --trace
    trace-format = "text"                      # default
    trace-bodies = "hide"                      # default
    xray = "loopback"                          # default
    flight = "on"                              # default
    "#);
}

#[test]
fn the_listing_is_a_file_that_means_the_same() {
    let args = ["-a", ":1", "-a", "[::1]:0", "-t", "a \"b\"\\c", "--host", "x.org"];
    let text = listing(&[&args[..], &["config"]].concat(), &[], None);
    assert_eq!(config(&[], &[], Some(&text)), config(&args, &[], None), "{text}");
}

#[test]
fn a_bad_value_is_told_with_its_source() {
    let why = "\"foo\" has no port; try :8080, 127.0.0.1:8080 or [::1]:8080";
    refused(&["-a", "foo"], &[], None, &format!("--addr: {why}"));
    refused(&[], &[("CHAT_ADDR", ":1,foo")], None, &format!("CHAT_ADDR: {why}"));
    let file = Some("\naddr = 'foo'\n");
    refused(&[], &[], file, &format!("chat.toml line 2: addr: {why}"));
}

#[test]
fn a_mistyped_word_is_recognised() {
    let neither = "is neither text nor json";
    let args = ["--trace-format", "jsno"];
    refused(&args, &[], None, &format!("--trace-format: \"jsno\" {neither}"));
    let args = ["--trace-format", "jso"];
    refused(&args, &[], None, &format!("--trace-format: \"jso\" {neither}; did you mean json?"));
    let env = [("CHAT_TRACE_BODIES", "yes")];
    refused(&[], &env, None, "CHAT_TRACE_BODIES: \"yes\" is neither show nor hide");
}

#[test]
fn a_proxy_is_an_address() {
    for bad in ["proxy.example.org", "10.0.0.0/8", "10.0.0.9:80", "[::1]", "*", ""] {
        let why = "is no IP address; write the one that the proxy connects from";
        let args = ["--trust-proxy", bad];
        refused(&args, &[], None, &format!("--trust-proxy: {bad:?} {why}"));
    }
}

#[test]
fn connections_follow_the_descriptors_unless_they_are_given() {
    let connections = |descriptors, args: &[&str]| match asked_with(descriptors, args, &[], None) {
        Ok(Asked::Serve(config)) => config.limits.connections,
        other => panic!("{other:?}"),
    };
    assert_eq!(connections(None, &[]), 900);
    assert_eq!(connections(Some(4_124), &[]), 4_000);
    assert_eq!(connections(Some(4_124), &["--max-connections", "9000"]), 9_000);
    let Ok(Asked::Listing(text)) = asked_with(Some(4_124), &["config"], &[], None) else {
        panic!("no listing")
    };
    let line = text.lines().find(|line| line.starts_with("max-connections "));
    assert_eq!(line, Some("max-connections = 4000                     # default"));
}

#[test]
fn to_listen_nowhere_is_an_error() {
    refused(&[], &[], Some("addr = []"), "chat.toml line 1: addr: give at least one address");
}

#[test]
fn an_unknown_flag_is_an_error_with_a_tip() {
    let seen = asked(&["--adr", ":80"], &[], None).unwrap_err();
    insta::assert_snapshot!(seen, @r"
    unexpected argument '--adr' found

      tip: a similar argument exists: '--addr'

    Usage: chat [OPTIONS]
           chat <COMMAND> [OPTIONS]

    For more information, try '--help'.
    ");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_says_so() {
    use std::os::unix::ffi::OsStrExt;
    let args = [OsStr::new("chat"), OsStr::new("--host"), OsStr::from_bytes(b"\xff")];
    let error = usage(&Flags::try_parse_from(args).unwrap_err());
    assert_eq!(ConfigError::from(error).to_string(), "an argument is not UTF-8 text");
}

#[test]
fn trace_always_takes_a_value() {
    let seen = asked(&["--trace"], &[], None).unwrap_err();
    assert_eq!(
        seen.lines().next(),
        Some("a value is required for '--trace <TO>' but none was supplied")
    );
}

#[test]
fn the_variable_names_a_file_too_and_the_flag_beats_it() {
    let env = [("CHAT_CONFIG", "/nonexistent/chat.toml")];
    let why = "cannot read /nonexistent/chat.toml (named by CHAT_CONFIG)";
    refused(&[], &env, None, why);
    assert_eq!(config(&[], &env, Some("max-connections = 5")).limits.connections, 5);
    let args = ["-c", "/nonexistent/chat.toml"];
    refused(&args, &[], None, "cannot read /nonexistent/chat.toml (named by --config)");
}

#[test]
fn access_carries_what_was_configured() {
    let config = config(&["--host=a.org"], &[("CHAT_ALLOW_ORIGIN", "https://b.org")], None);
    let access = config.access();
    let name = gethostname::gethostname().to_string_lossy().to_lowercase();
    assert_eq!(access.hosts, ["a.org", &name]);
    assert_eq!(access.origins, ["https://b.org"]);
    // This computer named once more is still one name.
    let again = super::tests::config(&["--host", &name], &[], None);
    assert_eq!(again.access().hosts, [name]);
}

#[test]
fn a_gone_reader_is_no_error_and_a_full_disk_is() {
    let gone = io::Error::from(io::ErrorKind::BrokenPipe);
    assert!(answered(Err(gone)).unwrap().is_none());
    let error = answered(Err(io::Error::from(io::ErrorKind::StorageFull))).unwrap_err();
    assert_eq!((error.exit_code(), error.to_string().as_str()), (1, "cannot write to stdout"));
    assert_eq!(ConfigError::from(Wrong::Usage(String::new())).exit_code(), 2);
}
