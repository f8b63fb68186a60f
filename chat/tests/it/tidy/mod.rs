//! The rules of the house, each with a proof that it can fail.

mod code;
mod events;
mod floors;
mod tree;

use floors::mentions;
use tree::{File, tree};

#[track_caller]
fn check(rule: impl Fn(&[File]) -> Vec<String>, files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<File> = files.iter().map(|(path, text)| File::new(path, text)).collect();
    assert_eq!(rule(&files), expected);
}

const LINES: usize = 400;
const LINES_WITHOUT_TESTS: usize = 250;

fn long_files(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() || file.is_page()) {
        let lines = file.text.lines().count();
        let without = match file.is_page() {
            true => lines,
            false => file.without_tests().lines().count(),
        };
        if lines > LINES || without > LINES_WITHOUT_TESTS {
            let path = &file.path;
            wrong
                .push(format!("{path}: {without} lines and {lines} with tests; split it by state"));
        }
        if file.path == "chat/src/main.rs" && lines >= 40 {
            wrong.push(format!("{}: {lines} lines; it stays under 40", file.path));
        }
    }
    wrong
}

#[test]
fn files_are_short() {
    assert_eq!(long_files(&tree()), [""; 0]);
}

#[test]
fn a_long_file_is_found() {
    let long = |lines: usize| "x\n".repeat(lines);
    let tested = format!("{}#[cfg(test)]\n{}", long(250), long(149));
    let path = "chat/src/a.rs";
    check(long_files, &[(path, &long(250)), (path, &tested)], &[]);
    let why = "chat/src/a.rs: 251 lines and 251 with tests; split it by state";
    check(long_files, &[(path, &long(251))], &[why]);
    let why = "chat/src/a.rs: 250 lines and 401 with tests; split it by state";
    check(long_files, &[(path, &format!("{tested}x"))], &[why]);
    check(long_files, &[("trace/src/a/tests.rs", &long(400))], &[]);
    let why = "trace/src/a/tests.rs: 0 lines and 401 with tests; split it by state";
    check(long_files, &[("trace/src/a/tests.rs", &long(401))], &[why]);
    let why = "chat/tests/it/a.rs: 0 lines and 401 with tests; split it by state";
    check(long_files, &[("chat/tests/it/a.rs", &long(401))], &[why]);
    for path in ["chat/page/a.js", "chat/page/a.css", "chat/page/a.html"] {
        let why = format!("{path}: 251 lines and 251 with tests; split it by state");
        check(long_files, &[(path, &long(251))], &[&why]);
        check(long_files, &[(path, &long(250))], &[]);
    }
    check(long_files, &[("chat/tests/it/a.ndjson", &long(401))], &[]);
    let why = "chat/src/main.rs: 40 lines; it stays under 40";
    check(long_files, &[("chat/src/main.rs", &long(40))], &[why]);
}

/// Sources that no `mod` leads to, page files that nobody names, and files without content.
fn lost_files(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        if file.text.trim().is_empty() {
            wrong.push(format!("{} is empty", file.path));
        } else if file.is_rust() && !has_parent(file, files) {
            wrong.push(format!("{} belongs to no module", file.path));
        } else if file.path.starts_with("chat/page/") && !is_named(file, files) {
            wrong.push(format!("{} is named nowhere", file.path));
        }
    }
    wrong
}

fn has_parent(file: &File, files: &[File]) -> bool {
    let path = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
    let (folder, name) = path.rsplit_once('/').unwrap();
    // Where cargo starts: `src/lib.rs`, `src/main.rs`, `tests/it/main.rs`, `tests/it.rs`.
    let target = folder.ends_with("/src") || folder.rsplit('/').nth(1) == Some("tests");
    if (target && ["lib", "main"].contains(&name)) || folder.ends_with("/tests") {
        return true;
    }
    let parents = ["/lib.rs", "/main.rs", "/mod.rs", ".rs"].map(|end| format!("{folder}{end}"));
    let declared = format!("mod {name};");
    files.iter().any(|file| parents.contains(&file.path) && file.code.contains(&declared))
}

/// In the sources, or in another file of the page.
fn is_named(file: &File, files: &[File]) -> bool {
    let name = file.path.rsplit('/').next().unwrap();
    let others = files.iter().filter(|other| other.path != file.path);
    others
        .filter(|other| other.path.starts_with("chat/src/") || other.path.starts_with("chat/page/"))
        .any(|other| other.text.contains(name))
}

#[test]
fn every_file_is_reached() {
    assert_eq!(lost_files(&tree()), [""; 0]);
}

#[test]
fn a_lost_file_is_found() {
    let lib = ("chat/src/lib.rs", "mod a;\npub mod b;\n");
    check(lost_files, &[lib, ("chat/src/a.rs", "x"), ("chat/src/b/mod.rs", "x")], &[]);
    check(lost_files, &[lib, ("chat/src/c.rs", "x")], &["chat/src/c.rs belongs to no module"]);
    let inner = ("chat/src/b/c.rs", "x");
    check(lost_files, &[lib, inner, ("chat/src/b/mod.rs", "mod c;")], &[]);
    check(lost_files, &[lib, inner, ("chat/src/b/mod.rs", "// mod c;")], {
        &["chat/src/b/c.rs belongs to no module"]
    });
    check(lost_files, &[lib, ("chat/src/a.rs", " \n")], &["chat/src/a.rs is empty"]);
    let it = ("chat/tests/it/main.rs", "mod cli;");
    check(lost_files, &[it, ("chat/tests/it/cli/mod.rs", "x")], &[]);
    let why = "chat/tests/it/tidy.rs belongs to no module";
    check(lost_files, &[it, ("chat/tests/it/tidy.rs", "x")], &[why]);
    let page = ("chat/page/app.js", "import './app.js';");
    check(lost_files, &[lib, page], &["chat/page/app.js is named nowhere"]);
    check(lost_files, &[lib, page, ("chat/src/main.rs", "include_str!(\"app.js\")")], &[]);
}

/// Names of types that mean something else to somebody, each with what we say.
const REFUSED: [(&str, &str); 20] = [
    ("Channel", "Room"),
    ("Topic", "Room"),
    ("Hub", "Rooms"),
    ("Client", "Session, or ClientId"),
    ("Handler", "Session"),
    ("User", "Member"),
    ("Peer", "Member, or peer_addr"),
    ("Message", "Command, Entry, Notice or Reply"),
    ("Offset", "Seq"),
    ("Subscription", "Membership, or a cursor"),
    ("Receiver", "Membership, or a cursor"),
    ("Store", "History"),
    ("Repository", "History"),
    ("Manager", "what it holds"),
    ("Protocol", "Wire"),
    ("Parser", "Wire, or FromStr"),
    ("Options", "Limits or Config"),
    ("Settings", "Limits or Config"),
    ("Utils", "what it does"),
    ("Event", "Entry or Notice; an event is trace::Event"),
];

fn refused_names(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        let words: Vec<&str> =
            file.code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for pair in words.windows(2) {
            let defines = ["struct", "enum", "trait", "type", "union"].contains(&pair[0]);
            let refused = REFUSED.iter().find(|(name, _)| *name == pair[1]);
            let allowed = pair[1] == "Event" && file.path.starts_with("trace/");
            if let (true, Some((name, ours)), false) = (defines, refused, allowed) {
                wrong.push(format!("{}: {name} is not a name of ours; say {ours}", file.path));
            }
        }
    }
    wrong
}

#[test]
fn types_are_named_by_the_glossary() {
    assert_eq!(refused_names(&tree()), [""; 0]);
}

#[test]
fn a_refused_name_is_found() {
    check(refused_names, &[("chat/src/a.rs", "pub struct Client<'a>(&'a str);")], {
        &["chat/src/a.rs: Client is not a name of ours; say Session, or ClientId"]
    });
    check(refused_names, &[("chat/src/a.rs", "enum Event {}")], {
        &[
            "chat/src/a.rs: Event is not a name of ours; say Entry or Notice; an event is trace::Event",
        ]
    });
    let fine = "struct ClientId; use x::Message; // struct Hub\nfn client() {}";
    check(refused_names, &[("chat/src/a.rs", fine), ("trace/src/e.rs", "struct Event;")], &[]);
}

/// Tests that may sleep, because a wait of a given length is what they are about.
const OBEDIENT: [&str; 1] = [
    "chat/tests/browser/lab.rs", // a client that waits as long as the server tells it to
];

fn sleeping_tests(files: &[File]) -> Vec<String> {
    let awake = |file: &&File| !OBEDIENT.contains(&&*file.path);
    let asleep = files.iter().filter(awake).filter(|file| mentions(file.tests(), "sleep"));
    asleep.map(|file| format!("{}: await the event instead of a sleep", file.path)).collect()
}

#[test]
fn no_test_sleeps() {
    assert_eq!(sleeping_tests(&tree()), [""; 0]);
}

#[test]
fn a_sleeping_test_is_found() {
    let why = |path: &str| format!("{path}: await the event instead of a sleep");
    for path in ["chat/tests/it/cli.rs", "trace/src/a/tests.rs"] {
        check(sleeping_tests, &[(path, "thread::sleep(x)")], &[&why(path)]);
    }
    let path = "chat/src/a.rs";
    check(sleeping_tests, &[(path, "sleep(x)\n#[cfg(test)]\nmod tests {}")], &[]);
    check(sleeping_tests, &[(path, "#[cfg(test)]\nsleep(x)")], &[&why(path)]);
    check(sleeping_tests, &[("chat/tests/it/cli.rs", "// sleep(\n\"sleep(\" asleep()")], &[]);
}
