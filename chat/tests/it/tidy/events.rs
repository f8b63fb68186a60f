//! Every event of the trace is in docs/trace-events.md as the sources trace it, and no other is.

use std::collections::BTreeMap;

use super::tree::{File, tree};

const PAGE: &str = include_str!("../../../../docs/trace-events.md");

/// One event, as several traces together or as a row of the page has it.
#[derive(Debug, Default, PartialEq)]
struct Told {
    /// What stands between the braces is `…`.
    texts: Vec<String>,
    /// Each with whether it is in every trace of the event.
    fields: Vec<(String, bool)>,
    tracers: Vec<String>,
    /// Where it was found first.
    place: String,
}

/// One `trace!` of the sources.
#[derive(Debug)]
struct Traced {
    place: String,
    tracer: String,
    text: String,
    /// Without its first, which is the name.
    fields: Vec<String>,
    name: String,
}

/// The traces of `chat` outside its tests, and what is wrong with those that have no name.
fn traces(files: &[File]) -> (Vec<Traced>, Vec<String>) {
    let (mut traces, mut wrong) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| file.path.starts_with("chat/src/")) {
        // Comments and texts are blank in one of them, and every character has its place in both.
        let code: Vec<char> = file.without_tests().chars().collect();
        let text: Vec<char> = file.text.chars().collect();
        let macro_name: Vec<char> = "trace!(".chars().collect();
        for at in 0..code.len() {
            if !code[at..].starts_with(&macro_name) {
                continue;
            }
            let line = code[..at].iter().filter(|c| **c == '\n').count() + 1;
            let place = format!("{}:{line}", file.path);
            match traced(&code, &text, at + macro_name.len(), place.clone()) {
                Some(traced) => traces.push(traced),
                None => wrong.push(format!("{place}: the first field is event = \"NAME\"")),
            }
        }
    }
    (traces, wrong)
}

/// The trace whose arguments begin at `start`; `None` if its first field is no name.
fn traced(code: &[char], text: &[char], start: usize, place: String) -> Option<Traced> {
    let (mut depth, mut from, mut semicolon, mut parts) = (1, start, None, Vec::new());
    for (at, c) in code.iter().enumerate().skip(start) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && matches!(c, ',' | ';')) {
            parts.push(text[from..at].iter().collect::<String>().trim().to_owned());
            from = at + 1;
        }
        if depth == 1 && *c == ';' {
            semicolon = Some(parts.len());
        }
        if depth == 0 {
            break;
        }
    }
    let (head, fields) = parts.split_at(semicolon?);
    let mut fields = fields.iter().filter_map(|field| field.split_once('='));
    let (_, name) = fields.next().filter(|(key, _)| key.trim() == "event")?;
    let name = name.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned();
    let tracer = head[0].rsplit('.').next()?.to_owned();
    let text = unfilled(head.get(1)?.trim_matches('"'));
    let fields = fields.map(|(key, _)| key.trim().to_owned()).collect();
    Some(Traced { place, tracer, text, fields, name })
}

/// A text with `…` for what is filled in.
fn unfilled(text: &str) -> String {
    let mut unfilled = String::new();
    for (i, piece) in text.split('{').enumerate() {
        let piece = if i == 0 { piece } else { piece.split_once('}').map_or("", |(_, rest)| rest) };
        if i > 0 && !unfilled.ends_with('…') {
            unfilled.push('…');
        }
        unfilled.push_str(piece);
    }
    unfilled
}

/// What the traces of each event have together.
fn together(traces: &[Traced]) -> BTreeMap<String, Told> {
    let mut events = BTreeMap::<String, Vec<&Traced>>::new();
    for traced in traces {
        events.entry(traced.name.clone()).or_default().push(traced);
    }
    let told = |traces: Vec<&Traced>| {
        let mut told = Told { place: traces[0].place.clone(), ..Told::default() };
        for traced in &traces {
            insert(&mut told.texts, &traced.text);
            insert(&mut told.tracers, &traced.tracer);
            for field in &traced.fields {
                let always = traces.iter().all(|traced| traced.fields.contains(field));
                insert(&mut told.fields, &(field.clone(), always));
            }
        }
        told
    };
    events.into_iter().map(|(name, traces)| (name, told(traces))).collect()
}

fn insert<T: Clone + PartialEq>(all: &mut Vec<T>, one: &T) {
    if !all.contains(one) {
        all.push(one.clone());
    }
}

/// The words of a cell that are code, each with whether it stands outside of brackets.
fn words(cell: &str) -> Vec<(String, bool)> {
    let mut pieces = cell.split('`');
    let mut words = Vec::new();
    let mut before = pieces.next().unwrap_or_default();
    while let (Some(word), Some(after)) = (pieces.next(), pieces.next()) {
        words.push((word.to_owned(), !before.ends_with('[')));
        before = after;
    }
    words
}

/// The rows of the page: events, and fields in their order.
fn rows(page: &str) -> (BTreeMap<String, Told>, Vec<String>) {
    let (mut events, mut fields) = (BTreeMap::new(), Vec::new());
    let plain = |cell: &str| words(cell).into_iter().map(|(word, _)| word).collect::<Vec<_>>();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let name = plain(cells[0]).remove(0);
        if cells.len() == 5 {
            let (texts, tracers) = (plain(cells[1]), plain(cells[3]));
            let place = "docs/trace-events.md".to_owned();
            let told = Told { texts, fields: words(cells[2]), tracers, place };
            events.insert(name, told);
        } else {
            fields.push(name);
        }
    }
    (events, fields)
}

/// What the sources and the page do not have in common.
fn differences(files: &[File], page: &str) -> Vec<String> {
    let (traces, mut wrong) = traces(files);
    let (sources, (rows, order)) = (together(&traces), rows(page));
    for (name, told) in &sources {
        match rows.get(name) {
            None => wrong.push(format!("{}: the page has no event {name}", told.place)),
            Some(row) => compare(name, told, row, &mut wrong),
        }
    }
    for name in rows.keys().filter(|name| !sources.contains_key(*name)) {
        wrong.push(format!("the page has {name}, which nothing traces"));
    }
    let traced =
        |field: &String| field == "event" || traces.iter().any(|t| t.fields.contains(field));
    for field in order.iter().filter(|field| !traced(field)) {
        wrong.push(format!("the page explains {field}, which nothing traces"));
    }
    for Traced { place, fields, .. } in &traces {
        let mut last = 0;
        for field in fields {
            match order.iter().position(|explained| explained == field) {
                None => wrong.push(format!("{place}: the page does not explain {field}")),
                Some(at) if at < last => {
                    wrong.push(format!("{place}: {field} comes before {}", order[last]));
                }
                Some(at) => last = at,
            }
        }
    }
    for name in rows.keys() {
        let is_of = |line: &&str| line.contains(&format!(" event={name}"));
        match page.lines().find(|line| !line.starts_with('|') && is_of(line)) {
            None => wrong.push(format!("the page has no example of {name}")),
            Some(example) => follow(name, &rows[name], example, &mut wrong),
        }
    }
    wrong
}

/// Whether a row has what the sources trace.
fn compare(name: &str, told: &Told, row: &Told, wrong: &mut Vec<String>) {
    let place = &told.place;
    let mut differ = |what: &str, traced: &[String], listed: &[String]| {
        for one in traced.iter().filter(|one| !listed.contains(one)) {
            wrong.push(format!("{place}: {name} has the {what} {one:?}, the page has not"));
        }
        for one in listed.iter().filter(|one| !traced.contains(one)) {
            wrong.push(format!("the page has the {what} {one:?} of {name}, no trace has it"));
        }
    };
    let names =
        |told: &Told| told.fields.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>();
    differ("text", &told.texts, &row.texts);
    differ("tracer", &told.tracers, &row.tracers);
    differ("field", &names(told), &names(row));
    for (field, always) in &row.fields {
        if told.fields.contains(&(field.clone(), !always)) {
            let often = if *always { "not in every" } else { "in every" };
            wrong.push(format!("{place}: {field} is {often} trace of {name}"));
        }
    }
}

/// Whether an example has the text and the fields of its row.
fn follow(name: &str, row: &Told, example: &str, wrong: &mut Vec<String>) {
    let (text, fields) = example.split_once(" event=").unwrap();
    let fits = |known: &String| match known.split_once('…') {
        None => known == text,
        Some((start, end)) => text.starts_with(start) && text.ends_with(end),
    };
    if !row.texts.iter().any(fits) {
        wrong.push(format!("the example of {name} has another text: {text:?}"));
    }
    let quoted = |(i, part): (usize, &str)| if i % 2 == 0 { part.to_owned() } else { "_".into() };
    let fields: String = fields.split('"').enumerate().map(quoted).collect();
    let keys: Vec<_> =
        fields.split(' ').skip(1).map(|field| field.split('=').next().unwrap()).collect();
    for (field, always) in &row.fields {
        if *always && !keys.contains(&&**field) {
            wrong.push(format!("the example of {name} lacks {field}"));
        }
    }
    for key in keys {
        if !row.fields.iter().any(|(field, _)| field == key) {
            wrong.push(format!("the example of {name} has {key}, its row has not"));
        }
    }
}

#[test]
fn the_page_has_every_event_and_no_other() {
    assert_eq!(differences(&tree(), PAGE), [""; 0]);
}

#[test]
fn the_events_are_found() {
    let (traces, _) = traces(&tree());
    for name in ["accepted", "joined", "received", "stored", "sent", "closed", "drained"] {
        assert!(traces.iter().any(|traced| traced.name == name), "{name} in {traces:?}");
    }
}

const SOURCE: &str = "trace!(self.tracer, \"Joined é\"; event = \"joined\", room = f(a, b), \
    client = 1);\n// trace!(no)\n\
    trace!(t.tracer, \"Joined {a}{b} now\"; event = \"joined\", client = 1, why = \"x, y\");\n\
    #[cfg(test)]\ntrace!(t, \"other\");\n";
const ROWS: &str = "| `joined` | `Joined é`, `Joined … now` | [`room`] `client` [`why`] | `tracer` | always |\n\
    Joined ann and bob now event=joined client=1 why=\"not long\"\n\
    | `room` | its |\n| `client` | its |\n| `why` | its |\n";

#[track_caller]
fn check(source: &str, page: &str, expected: &[&str]) {
    assert_eq!(differences(&[File::new("chat/src/a.rs", source)], page), expected);
}

#[test]
fn what_agrees_is_left_alone() {
    check(SOURCE, ROWS, &[]);
    check(
        "trace!(off, \"no name\");",
        "",
        &["chat/src/a.rs:1: the first field is event = \"NAME\""],
    );
}

#[test]
fn an_event_on_one_side_only_is_found() {
    check(
        SOURCE,
        "",
        &[
            "chat/src/a.rs:1: the page has no event joined",
            "chat/src/a.rs:1: the page does not explain room",
            "chat/src/a.rs:1: the page does not explain client",
            "chat/src/a.rs:3: the page does not explain client",
            "chat/src/a.rs:3: the page does not explain why",
        ],
    );
    let row = "| `left` | `Left` | | `tracer` | at the end |\nLeft event=left\n";
    check(SOURCE, &format!("{ROWS}{row}"), &["the page has left, which nothing traces"]);
}

#[test]
fn a_field_on_one_side_only_is_found() {
    let more = SOURCE.replace("why =", "code = 1, why =");
    check(
        &more,
        ROWS,
        &[
            "chat/src/a.rs:1: joined has the field \"code\", the page has not",
            "chat/src/a.rs:3: the page does not explain code",
        ],
    );
    let less = SOURCE.replace(", why = \"x, y\"", "");
    check(
        &less,
        ROWS,
        &[
            "the page has the field \"why\" of joined, no trace has it",
            "the page explains why, which nothing traces",
        ],
    );
    check(
        SOURCE,
        &ROWS.replace("[`room`]", "`room`"),
        &[
            "chat/src/a.rs:1: room is not in every trace of joined",
            "the example of joined lacks room",
        ],
    );
    check(
        SOURCE,
        &ROWS.replace("`client` [", "[`client`] ["),
        &["chat/src/a.rs:1: client is in every trace of joined"],
    );
    let turned = SOURCE.replace("client = 1, why = \"x, y\"", "why = 2, client = 1");
    check(&turned, ROWS, &["chat/src/a.rs:3: client comes before why"]);
}

#[test]
fn another_text_or_tracer_is_found() {
    check(
        &SOURCE.replace("Joined é", "Came in"),
        ROWS,
        &[
            "chat/src/a.rs:1: joined has the text \"Came in\", the page has not",
            "the page has the text \"Joined é\" of joined, no trace has it",
        ],
    );
    check(
        SOURCE,
        &ROWS.replace("`tracer`", "`tracer` `deliveries`"),
        &["the page has the tracer \"deliveries\" of joined, no trace has it"],
    );
}

#[test]
fn an_example_that_is_none_is_found() {
    let example = "Joined ann and bob now event=joined client=1 why=\"not long\"";
    check(SOURCE, &ROWS.replace(example, ""), &["the page has no example of joined"]);
    check(
        SOURCE,
        &ROWS.replace(example, "Left event=joined peer=x"),
        &[
            "the example of joined has another text: \"Left\"",
            "the example of joined lacks client",
            "the example of joined has peer, its row has not",
        ],
    );
}
