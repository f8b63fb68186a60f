//! The files that the rules are about.

use std::fs;
use std::path::Path;

use super::code::code;

/// One file.
pub(super) struct File {
    /// Relative to the workspace, with `/`: `chat/src/lib.rs`.
    pub(super) path: String,
    pub(super) text: String,
    /// The text without comments and contents of texts.
    pub(super) code: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> File {
        let rust = path.ends_with(".rs");
        let code = if rust { code(text) } else { String::new() };
        File { path: path.into(), text: text.into(), code }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Embedded in the page, and read by people.
    pub(super) fn is_page(&self) -> bool {
        self.path.starts_with("chat/page/") && !self.path.ends_with(".svg")
    }

    /// Inside a `src` folder.
    pub(super) fn is_source(&self) -> bool {
        self.is_rust() && self.path.contains("/src/")
    }

    /// All of it is tests.
    pub(super) fn is_tests(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.ends_with("_tests.rs")
    }

    /// The code of the tests: all of it, or what follows the first `#[cfg(test)]`.
    pub(super) fn tests(&self) -> &str {
        &self.code[self.tests_start()..]
    }

    pub(super) fn without_tests(&self) -> &str {
        &self.code[..self.tests_start()]
    }

    fn tests_start(&self) -> usize {
        match self.is_tests() {
            true => 0,
            false => self.code.find("#[cfg(test)]").unwrap_or(self.code.len()),
        }
    }

    /// The top module of a file of `chat`: `wire` of `chat/src/wire/json.rs`.
    pub(super) fn module(&self) -> Option<&str> {
        let path = self.path.strip_prefix("chat/src/")?.strip_suffix(".rs")?;
        path.split('/').next()
    }
}

/// Every file of both crates that the rules are about.
pub(super) fn tree() -> Vec<File> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["chat/src", "chat/tests", "chat/page", "trace/src", "trace/tests"] {
        collect(workspace, folder, &mut files);
    }
    assert!(files.len() > 20, "only {} files found", files.len());
    files
}

fn collect(workspace: &Path, folder: &str, files: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(workspace.join(folder)) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let inner = format!("{folder}/{name}");
        if path.is_dir() {
            collect(workspace, &inner, files);
        } else if !name.starts_with('.') {
            let bytes = fs::read(&path).unwrap();
            files.push(File::new(&inner, &String::from_utf8_lossy(&bytes)));
        }
    }
}
