//! Raw configuration: what each source gave, as text, with where it was written.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use super::error::Wrong;

/// Every setting, in the order in which help and `chat config` show them. The name is the long
/// flag, the key in the file and, as `CHAT_NAME`, the variable.
pub(super) const KEYS: [Key; 21] = [
    Key { name: "addr", list: true },
    Key { name: "host", list: true },
    Key { name: "allow-origin", list: true },
    Key { name: "trust-proxy", list: true },
    Key { name: "max-connections", list: false },
    Key { name: "max-connections-per-address", list: false },
    Key { name: "max-handshakes", list: false },
    Key { name: "max-messages", list: false },
    Key { name: "max-message-bytes", list: false },
    Key { name: "max-bytes", list: false },
    Key { name: "max-rooms", list: false },
    Key { name: "max-names", list: false },
    Key { name: "data", list: false },
    Key { name: "durability", list: false },
    Key { name: "keep-days", list: false },
    Key { name: "keep-bytes", list: false },
    Key { name: "trace", list: false },
    Key { name: "trace-format", list: false },
    Key { name: "trace-bodies", list: false },
    Key { name: "xray", list: false },
    Key { name: "flight", list: false },
];

/// One setting.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Takes several values: a repeated flag, commas in the variable, an array in the file.
    pub(super) list: bool,
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Flag(&'static str),
    Variable(String),
    File { path: PathBuf, line: usize },
    Default,
}

/// The values of one setting, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) values: Vec<String>,
    pub(super) source: Source,
}

/// What one source gave: only the settings that it names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layer(BTreeMap<&'static str, Given>);

impl Layer {
    pub(super) fn put(&mut self, key: &'static str, values: Vec<String>, source: Source) {
        self.0.insert(key, Given { values, source });
    }

    pub(super) fn get(&self, key: &str) -> Option<&Given> {
        self.0.get(key)
    }

    /// Every value that was given, one by one.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .iter()
            .flat_map(|(key, given)| given.values.iter().map(|value| (*key, value.as_str())))
    }

    /// The layer of the environment. An empty variable counts as unset, because that is what
    /// compose files and unit files write when they mean it.
    pub(super) fn from_env(env: impl Fn(&str) -> Option<OsString>) -> Result<Layer, Wrong> {
        let mut layer = Layer::default();
        for key in &KEYS {
            let name = variable(key.name);
            let Some(value) = read(&env, &name)? else { continue };
            let values = match key.list {
                true => value.split(',').map(|item| item.trim().into()).collect(),
                false => vec![value],
            };
            layer.put(key.name, values, Source::Variable(name));
        }
        Ok(layer)
    }
}

/// The variable of a flag.
pub(super) fn variable(flag: &str) -> String {
    format!("CHAT_{}", flag.to_uppercase().replace('-', "_"))
}

/// The text of a variable that is set and not empty.
pub(super) fn read(
    env: impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Result<Option<String>, Wrong> {
    match env(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(_)) => Err(Wrong::NotText { variable: name.into() }),
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => write!(f, "--{flag}"),
            Source::Variable(name) => f.write_str(name),
            Source::File { path, line } => write!(f, "{}:{line}", path.display()),
            Source::Default => f.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    #[test]
    fn a_variable_is_named_after_its_flag() {
        assert_eq!(variable("addr"), "CHAT_ADDR");
        assert_eq!(variable("max-connections-per-address"), "CHAT_MAX_CONNECTIONS_PER_ADDRESS");
    }

    #[test]
    fn commas_separate_the_values_of_lists_and_of_nothing_else() {
        let layer =
            Layer::from_env(env(&[("CHAT_ADDR", ":1, localhost:2"), ("CHAT_TRACE", "a,b")]));
        let layer = layer.unwrap();
        let addr = layer.get("addr").unwrap();
        assert_eq!(addr.values, [":1", "localhost:2"]);
        assert_eq!(addr.source, Source::Variable("CHAT_ADDR".into()));
        assert_eq!(layer.get("trace").unwrap().values, ["a,b"]);
        assert_eq!(layer.get("host"), None);
    }

    #[test]
    fn an_empty_variable_is_unset() {
        assert_eq!(Layer::from_env(env(&[("CHAT_ADDR", "")])).unwrap(), Layer::default());
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let bad = |name: &str| (name == "CHAT_HOST").then(|| OsString::from_vec(vec![0xff]));
        let Err(Wrong::NotText { variable }) = Layer::from_env(bad) else { panic!("accepted") };
        assert_eq!(variable, "CHAT_HOST");
    }
}
