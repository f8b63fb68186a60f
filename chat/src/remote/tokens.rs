//! The tokens that servers gave us, in a file of our own, so that a name stays ours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// Tokens that are kept; the oldest go.
const KEPT: usize = 500;

/// How often it is tried to be the one who writes, and how long is waited in between: writing takes
/// a moment, and somebody waits for a message to be sent.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

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
        let mut lines = read(self.path.as_ref()?).ok()?;
        lines.retain(|line| line.server == self.server && line.name == name);
        lines.pop().map(|line| line.token)
    }

    /// A name is ours by this token. A file that cannot be read or written changes nothing now.
    pub(super) async fn keep(&self, name: &str, token: &str) {
        let (server, name, token) = (self.server.clone(), name.to_owned(), token.to_owned());
        if let Some(path) = &self.path {
            add(path, Line { server, name, token }).await.ok();
        }
    }
}

/// Puts a line in place of an older one. One process does at a time: each writes what all others
/// have written before.
async fn add(path: &Path, line: Line) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let lock = private(&path.with_extension("lock"))?;
    let mut tries = TRIES;
    while let Err(why) = lock.try_lock() {
        tries -= 1;
        if tries == 0 {
            return Err(why.into());
        }
        sleep(PAUSE).await;
    }
    let mut lines = read(path)?;
    lines.retain(|old| old.server != line.server || old.name != line.name);
    lines.drain(..lines.len().saturating_sub(KEPT - 1));
    lines.push(line);
    write(path, &lines)
}

/// What there is; a line that is none, of another version perhaps, is left out.
fn read(path: &Path) -> io::Result<Vec<Line>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// As a whole or not at all, and for nobody else to read.
fn write(path: &Path, lines: &[Line]) -> io::Result<()> {
    let part = path.with_extension("part");
    let written = (|| {
        let mut file = private(&part)?;
        file.set_len(0)?;
        for line in lines {
            writeln!(file, "{}", serde_json::to_string(line)?)?;
        }
        file.sync_all()?;
        fs::rename(&part, path)
    })();
    if written.is_err() {
        fs::remove_file(&part).ok();
    }
    written
}

/// A file for its owner alone, made if there is none.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Handle;
    use tokio::task::spawn_blocking;

    use super::*;

    /// A folder of its own, gone when the test is over.
    struct Home(PathBuf);

    impl Home {
        fn new(of: &str) -> Self {
            let name = format!("chat-tokens-{of}-{}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn path(&self) -> PathBuf {
            self.0.join("chat/tokens.ndjson")
        }

        fn of(&self, server: &str) -> Tokens {
            Tokens { path: Some(self.path()), server: server.into() }
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[tokio::test]
    async fn the_newest_token_of_a_name_is_kept() {
        let home = Home::new("newest");
        let (here, there) = (home.of("localhost:1"), home.of("localhost:2"));
        assert_eq!(here.find("ann"), None);
        here.keep("ann", "a").await;
        there.keep("ann", "b").await;
        here.keep("bob", "c").await;
        here.keep("ann", "d").await;
        let found = [here.find("ann"), there.find("ann"), here.find("bob"), there.find("bob")];
        assert_eq!(found.map(Option::unwrap_or_default), ["d", "b", "c", ""]);
        let mut lines = read(&home.path()).unwrap();
        lines.extend((1..KEPT).map(|n| Line {
            server: there.server.clone(),
            name: n.to_string(),
            token: "e".into(),
        }));
        write(&home.path(), &lines).unwrap();
        there.keep("0", "e").await;
        assert_eq!(read(&home.path()).unwrap().len(), KEPT);
        assert_eq!((here.find("ann"), there.find("0").as_deref()), (None, Some("e")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(home.path()).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let nowhere = Tokens { path: None, server: String::new() };
        nowhere.keep("ann", "a").await;
        assert_eq!(nowhere.find("ann"), None);
    }

    #[tokio::test]
    async fn what_is_no_text_costs_no_token() {
        let home = Home::new("bytes");
        let here = home.of("localhost:1");
        here.keep("ann", "a").await;
        let mut bytes = fs::read(home.path()).unwrap();
        bytes.extend(b"\xff\n{}\n");
        fs::write(home.path(), bytes).unwrap();
        here.keep("bob", "b").await;
        assert_eq!(here.find("ann").as_deref(), Some("a"));
        assert_eq!(here.find("bob").as_deref(), Some("b"));
    }

    #[tokio::test]
    async fn those_who_keep_tokens_at_once_keep_all() {
        let home = Home::new("crowd");
        // In threads of their own, as processes are.
        let keeping = (0..8).map(|n| {
            let here = home.of("localhost:1");
            spawn_blocking(move || {
                Handle::current().block_on(here.keep(&n.to_string(), "t"));
            })
        });
        for kept in keeping.collect::<Vec<_>>() {
            kept.await.unwrap();
        }
        assert_eq!(read(&home.path()).unwrap().len(), 8);
    }

    #[tokio::test]
    async fn what_cannot_be_read_or_written_is_left_as_it_is() {
        let home = Home::new("folder");
        // A folder in the place of the file.
        fs::create_dir_all(home.path().join("kept")).unwrap();
        let here = home.of("localhost:1");
        here.keep("ann", "a").await;
        assert_eq!(here.find("ann"), None);
        assert!(write(&home.path(), &[]).is_err());
        assert!(home.path().join("kept").exists());
        let names = fs::read_dir(home.0.join("chat")).unwrap();
        let mut names: Vec<_> = names.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["tokens.lock", "tokens.ndjson"]);
    }
}
