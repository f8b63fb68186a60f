//! Imports point downwards. The floors are those that `chat/src/lib.rs` lists its modules under.

use super::tree::{File, tree};

/// What a floor must not mention outside its tests: not knowing it is the design.
const UNKNOWN: [(u8, &[&str]); 4] = [
    (0, &["tokio", "std::net", "std::fs", "Instant::now", "SystemTime::now"]),
    (1, &["tokio", "std::net", "std::fs", "Instant::now", "SystemTime"]),
    (2, &["TcpStream", "tokio::net", "axum", "hyper", "tungstenite", "serde_json"]),
    (3, &["TcpStream", "tokio::net", "axum", "hyper", "tungstenite", "serde_json"]),
];

/// The floor of the shells, which do not know each other.
const SHELLS: u8 = 4;

/// The modules of `lib.rs`, each with the number of the comment `// N: ..` above it.
fn floors(lib: &str) -> Vec<(String, u8)> {
    let mut floor = None;
    let mut floors = Vec::new();
    for line in lib.lines() {
        if let Some((number, _)) = line.strip_prefix("// ").and_then(|rest| rest.split_once(':')) {
            floor = number.parse().ok().or(floor);
        }
        let module = line.trim_start_matches("pub ").strip_prefix("mod ");
        if let (Some(name), Some(floor)) = (module.and_then(|m| m.strip_suffix(';')), floor) {
            floors.push((name.to_owned(), floor));
        }
    }
    floors
}

fn upward_imports(files: &[File]) -> Vec<String> {
    let lib = files.iter().find(|file| file.path == "chat/src/lib.rs").unwrap();
    let floors = floors(&lib.text);
    let floor = |module: &str| floors.iter().find(|(name, _)| name == module).map(|(_, f)| *f);
    let mut wrong = Vec::new();
    for file in files {
        let Some(module) = file.module().filter(|m| !["lib", "main", "signals"].contains(m)) else {
            continue;
        };
        let Some(own) = floor(module) else {
            wrong.push(format!("{}: {module} stands under no floor in lib.rs", file.path));
            continue;
        };
        for import in imports(file) {
            let Some(other) = floor(&import) else {
                wrong.push(format!("{}: crate::{import} names no module of lib.rs", file.path));
                continue;
            };
            if other > own || (other == own && own == SHELLS && import != module) {
                wrong.push(format!("{} (floor {own}) uses {import} (floor {other})", file.path));
            }
        }
        for word in UNKNOWN.iter().filter(|(floor, _)| *floor == own).flat_map(|(_, words)| *words)
        {
            if mentions(file.without_tests(), word) {
                wrong.push(format!("{} (floor {own}) mentions {word}", file.path));
            }
        }
    }
    wrong
}

/// The first names of all paths that start at the root of the crate.
fn imports(file: &File) -> Vec<String> {
    let code = &file.code;
    let mut names = Vec::new();
    // In a file that is a top module itself, `super` is the root.
    let top = !file.is_tests()
        && (file.path.matches('/').count() == 2 || file.path.ends_with("/mod.rs"))
        && !file.path.ends_with("/tests/mod.rs");
    let supers =
        if top { file.without_tests().split("super::").skip(1).collect() } else { Vec::new() };
    for path in code.split("crate::").skip(1).chain(supers) {
        match path.strip_prefix('{') {
            None => names.push(first_name(path)),
            Some(group) => names.extend(group_items(group).map(first_name)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The items of a `{..}` whose opening brace is gone.
fn group_items(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 1;
    let mut starts = vec![0];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => starts.push(at + 1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    starts.into_iter().map(|at| group[at..].trim_start())
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether `word` stands in `code` on its own, not as a part of a longer name.
pub(super) fn mentions(code: &str, word: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(name) && !code[at + word.len()..].starts_with(name))
}

#[test]
fn imports_point_downwards() {
    assert_eq!(upward_imports(&tree()), [""; 0]);
}

const LIB: &str = "//! Doc.\n\n// 0: values\nmod entry;\n// 1: pure\nmod log;\nmod wire;\n\
    // 4: shells\nmod web;\npub mod ws;\n// 5: the house\nmod server;\n\npub use log::Log;\n";

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let files = [File::new("chat/src/lib.rs", LIB), File::new(path, text)];
    assert_eq!(upward_imports(&files), expected);
}

#[test]
fn lib_lists_the_floors() {
    let expected = [("entry", 0), ("log", 1), ("wire", 1), ("web", 4), ("ws", 4), ("server", 5)];
    assert_eq!(floors(LIB), expected.map(|(name, floor)| (name.to_owned(), floor)));
    let floors = floors(&tree().iter().find(|f| f.path == "chat/src/lib.rs").unwrap().text);
    assert!(floors.len() > 15, "{floors:?}");
    for floor in 0..=5 {
        assert!(floors.iter().any(|(_, f)| *f == floor), "nothing on floor {floor}: {floors:?}");
    }
}

/// The modules of a table whose rows begin with the number of a floor.
fn tabled(document: &str) -> Vec<(String, u8)> {
    let mut tabled = Vec::new();
    for row in document.lines().filter_map(|line| line.strip_prefix("| ")) {
        let (Ok(floor), Some(modules)) = (row[..1].parse(), row.split(" | ").nth(1)) else {
            continue;
        };
        let names = modules.split('`').skip(1).step_by(2).filter(|name| *name != "main");
        tabled.extend(names.map(|name| (name.to_owned(), floor)));
    }
    tabled
}

#[test]
fn the_architecture_has_the_floors_of_lib() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let mut tabled = tabled(&std::fs::read_to_string(root).unwrap());
    let mut floors = floors(&tree().iter().find(|f| f.path == "chat/src/lib.rs").unwrap().text);
    tabled.sort();
    floors.sort();
    assert_eq!(tabled, floors);
}

#[test]
fn an_import_from_above_is_found() {
    check("chat/src/log.rs", "use crate::entry::Seq;\nuse crate::wire::Wire;", &[]);
    check(
        "chat/src/log.rs",
        "use crate::ws::Socket;",
        &["chat/src/log.rs (floor 1) uses ws (floor 4)"],
    );
    check(
        "chat/src/wire/json.rs",
        "use crate::{entry::{Seq, Epoch}, server};",
        &["chat/src/wire/json.rs (floor 1) uses server (floor 5)"],
    );
    check(
        "chat/src/entry.rs",
        "fn f() { crate::log::Log::new() }",
        &["chat/src/entry.rs (floor 0) uses log (floor 1)"],
    );
    check(
        "chat/src/entry.rs",
        "use super::log;",
        &["chat/src/entry.rs (floor 0) uses log (floor 1)"],
    );
    check("chat/src/entry.rs", "// crate::log\nlet x = \"crate::log\";", &[]);
}

#[test]
fn shells_that_know_each_other_are_found() {
    check(
        "chat/src/web/page.rs",
        "use crate::ws;",
        &["chat/src/web/page.rs (floor 4) uses ws (floor 4)"],
    );
    check("chat/src/web/page.rs", "use crate::web::Access;", &[]);
    check("chat/src/server.rs", "use crate::{web, ws};", &[]);
}

#[test]
fn a_name_of_the_root_is_no_module() {
    check(
        "chat/src/server.rs",
        "use crate::Log;",
        &["chat/src/server.rs: crate::Log names no module of lib.rs"],
    );
    check("chat/src/new.rs", "", &["chat/src/new.rs: new stands under no floor in lib.rs"]);
}

#[test]
fn what_a_floor_must_not_know_is_found() {
    check(
        "chat/src/log.rs",
        "use tokio::sync::Notify;\nlet now = Instant::now();",
        &[
            "chat/src/log.rs (floor 1) mentions tokio",
            "chat/src/log.rs (floor 1) mentions Instant::now",
        ],
    );
    check("chat/src/log.rs", "#[cfg(test)]\nlet now = Instant::now();", &[]);
    check("chat/src/log.rs", "let tokio_like = my_tokio; // tokio", &[]);
    check("chat/src/server.rs", "use tokio::net::TcpListener;", &[]);
}
