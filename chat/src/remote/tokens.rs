//! The tokens that servers gave us, in a file of our own, so that a name stays ours.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::random::random_text;

/// Tokens that are kept; the oldest go.
const KEPT: usize = 500;

/// The names that are ours on one server.
#[derive(Debug)]
pub(super) struct Tokens {
    /// None where the system has no place for it: then every name is a new one.
    path: Option<PathBuf>,
    server: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    server: String,
    name: String,
    token: String,
}

impl Tokens {
    pub(super) fn of(server: String) -> Self {
        let folder = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty());
        let state = folder("XDG_STATE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&folder("HOME")?).join(".local/state")))
            .or_else(|| folder("LOCALAPPDATA").map(PathBuf::from));
        Self { path: state.map(|state| state.join("chat/tokens.ndjson")), server }
    }

    /// The token of a name, if it is ours.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let mut lines = read(self.path.as_ref()?);
        lines.retain(|line| line.server == self.server && line.name == name);
        lines.pop().map(|line| line.token)
    }

    /// A name is ours by this token. A file that cannot be written changes nothing now.
    pub(super) fn keep(&self, name: &str, token: &str) {
        let Some(path) = &self.path else { return };
        let mut lines = read(path);
        lines.retain(|line| line.server != self.server || line.name != name);
        lines.drain(..lines.len().saturating_sub(KEPT - 1));
        let (name, token) = (name.to_owned(), token.to_owned());
        lines.push(Line { server: self.server.clone(), name, token });
        write(path, &lines).ok();
    }
}

fn read(path: &Path) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// As a whole or not at all, and for nobody else to read.
fn write(path: &Path, lines: &[Line]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let whole = path.with_extension(format!("part-{}", random_text(8)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&whole)?;
    for line in lines {
        writeln!(file, "{}", serde_json::to_string(line)?)?;
    }
    fs::rename(whole, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_token_of_a_name_is_kept() {
        let folder = std::env::temp_dir().join(format!("chat-tokens-{}", std::process::id()));
        let path = folder.join("chat/tokens.ndjson");
        let of = |server: &str| Tokens { path: Some(path.clone()), server: server.into() };
        let (here, there) = (of("localhost:1"), of("localhost:2"));
        assert_eq!(here.find("ann"), None);
        here.keep("ann", "a");
        there.keep("ann", "b");
        here.keep("bob", "c");
        here.keep("ann", "d");
        let found = [here.find("ann"), there.find("ann"), here.find("bob"), there.find("bob")];
        assert_eq!(found.map(Option::unwrap_or_default), ["d", "b", "c", ""]);
        for n in 0..KEPT {
            there.keep(&n.to_string(), "e");
        }
        assert_eq!((here.find("ann"), there.find("0").as_deref()), (None, Some("e")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(&folder).unwrap();
        let nowhere = Tokens { path: None, server: String::new() };
        nowhere.keep("ann", "a");
        assert_eq!(nowhere.find("ann"), None);
    }
}
