//! The layer of the file: TOML whose keys are the flag names.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Wrong;
use super::layer::{self, KEYS, Key, Layer, Source, variable};
use super::nearest::nearest;

/// More than any configuration needs, and little enough to read by mistake.
const FILE_BYTES: u64 = 1 << 20;

/// The layer of the file that a flag names, or the variable; of none, an empty one.
pub(super) fn named(
    flag: Option<&Path>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Layer, Wrong> {
    if let Some(path) = flag {
        return load(path, &Source::Flag("config"));
    }
    let name = variable("config");
    match layer::read(env, &name)? {
        Some(path) => load(Path::new(&path), &Source::Variable(name)),
        None => Ok(Layer::default()),
    }
}

/// Reads and parses the file; `named` is the flag or variable that names it.
fn load(path: &Path, named: &Source) -> Result<Layer, Wrong> {
    let text = read(path).map_err(|source| Wrong::Read {
        path: path.into(),
        named: named.clone(),
        source,
    })?;
    parse(path, &text)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Layer, Wrong> {
    let wrong =
        |at: usize, why: String| Wrong::File { path: path.into(), line: line(text, at), why };
    let table = DeTable::parse(text).map_err(|error| {
        wrong(error.span().map_or(0, |span| span.start), error.message().to_owned())
    })?;
    // The map is sorted by name; the first mistake should be the first one in the file.
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut layer = Layer::default();
    for (name, value) in entries {
        let at = name.span().start;
        let key = known(name.get_ref()).map_err(|why| wrong(at, why))?;
        let values = values(key, value.get_ref()).map_err(|why| wrong(at, why))?;
        layer.put(key.name, values, Source::File { path: path.into(), line: line(text, at) });
    }
    Ok(layer)
}

fn known(name: &str) -> Result<&'static Key, String> {
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return Ok(key);
    }
    if name == "config" {
        return Err("a file cannot name another file; give --config on the command line".into());
    }
    let unknown = format!("unknown key {name:?}");
    Err(match nearest(name, KEYS.iter().map(|key| key.name)) {
        Some(near) => format!("{unknown}; did you mean {near:?}?"),
        None => {
            let all: Vec<_> = KEYS.iter().map(|key| key.name).collect();
            format!("{unknown}; the keys are {}", all.join(", "))
        }
    })
}

/// The texts of a value: a number is as good as its digits, a list needs an array only when it
/// has more than one item.
fn values(key: &Key, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let wants = match key.list {
        true => "a text or an array of texts",
        false => "one value",
    };
    let bad = |value: &DeValue<'_>| format!("{} wants {wants}, not {}", key.name, kind(value));
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        value => Err(bad(value)),
    };
    match value {
        DeValue::Array(items) if key.list => items.iter().map(Spanned::get_ref).map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number in another base than ten",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// The line, from 1, of a byte in the text.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigError;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let seen = match parse(Path::new("chat.toml"), text) {
            Ok(layer) => KEYS
                .iter()
                .filter_map(|key| layer.get(key.name).map(|given| (key.name, given)))
                .map(|(name, given)| format!("{name} {:?} {}\n", given.values, given.source))
                .collect(),
            Err(wrong) => ConfigError::from(wrong).to_string(),
        };
        assert_eq!(seen, expected, "for {text:?}");
    }

    #[test]
    fn values_are_texts_numbers_and_arrays() {
        check("", "");
        check("# nothing\n\n", "");
        check("addr = ':8080'", "addr [\":8080\"] chat.toml:1\n");
        check("addr = 8080", "addr [\"8080\"] chat.toml:1\n");
        check("\naddr = [\n ':1',\n 2]\n", "addr [\":1\", \"2\"] chat.toml:2\n");
        check("host = []", "host [] chat.toml:1\n");
        check("max-connections = 1_000", "max-connections [\"1000\"] chat.toml:1\n");
        check(
            "trace = 'stdout'\r\n\r\ntrace-format = \"json\"",
            "trace [\"stdout\"] chat.toml:1\ntrace-format [\"json\"] chat.toml:3\n",
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        check(
            "trace = 'off'\n\n\nadr = ':80'",
            "chat.toml line 4: unknown key \"adr\"; did you mean \"addr\"?",
        );
        check(
            "trace_format = 'json'",
            "chat.toml line 1: unknown key \"trace_format\"; did you mean \"trace-format\"?",
        );
        check(
            "[server]\naddr = ':80'",
            "chat.toml line 1: unknown key \"server\"; the keys are addr, host, allow-origin, \
             trust-proxy, max-connections, max-connections-per-address, max-handshakes, \
             max-messages, max-message-bytes, max-bytes, max-rooms, max-names, data, durability, keep-days, keep-bytes, \
             trace, trace-format, trace-bodies, xray, flight",
        );
        check(
            "config = 'other.toml'",
            "chat.toml line 1: a file cannot name another file; \
             give --config on the command line",
        );
    }

    #[test]
    fn the_first_mistake_of_the_file_is_the_one_told() {
        check(
            "zaddr = 1\naaddr = 1",
            "chat.toml line 1: unknown key \"zaddr\"; did you mean \"addr\"?",
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_says_what_is_wanted() {
        let wants = "chat.toml line 1: addr wants a text or an array of texts, not";
        check("addr = true", &format!("{wants} true or false"));
        check("addr = 80.5", &format!("{wants} a fraction"));
        check("addr = 0x50", &format!("{wants} a number in another base than ten"));
        check("addr.port = 1", &format!("{wants} a table"));
        check("addr = [[':1']]", &format!("{wants} an array"));
        check("addr = 2026-01-01", &format!("{wants} a time"));
        check("trace = ['a', 'b']", "chat.toml line 1: trace wants one value, not an array");
    }

    #[test]
    fn what_is_no_toml_is_an_error_with_its_line() {
        check("addr = ':80'\naddr = ':81'", "chat.toml line 2: duplicate key");
        check("\n\naddr :8080", "chat.toml line 3: key with no value, expected `=`");
    }

    #[test]
    fn a_file_is_read_up_to_a_mebibyte() {
        let path = std::env::temp_dir().join(format!("chat-large-{}.toml", std::process::id()));
        let most = usize::try_from(FILE_BYTES).unwrap();
        std::fs::write(&path, "\n".repeat(most)).unwrap();
        assert_eq!(read(&path).unwrap().len(), most);
        std::fs::write(&path, "\n".repeat(most + 1)).unwrap();
        assert_eq!(read(&path).unwrap_err().to_string(), "it is larger than 1 MiB");
        std::fs::remove_file(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_never_ends_is_given_up() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 MiB");
    }

    #[test]
    fn a_missing_file_names_who_named_it() {
        let path = Path::new("/nonexistent/chat.toml");
        let wrong = load(path, &Source::Variable("CHAT_CONFIG".into())).unwrap_err();
        let error = ConfigError::from(wrong);
        assert_eq!(error.to_string(), "cannot read /nonexistent/chat.toml (named by CHAT_CONFIG)");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("No such file") || source.contains("cannot find"), "{source}");
    }
}
