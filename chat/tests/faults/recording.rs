//! What the program did to its files and said to its clients, in its order, as strace saw it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// What strace is asked for: everything that changes a file or says something.
const CALLS: &str = "trace=openat,pwrite64,pwritev,write,writev,sendto,sendmsg,fsync,fdatasync,\
                     ftruncate,fallocate,unlink,unlinkat,rename,renameat2";

/// The words before a program that is recorded.
pub fn recorder(trace: &Path) -> Vec<&str> {
    let trace = trace.to_str().unwrap();
    // Strings as hexadecimal digits and whole: a page, or a batch of lines.
    vec![
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "1048576",
        "-e",
        CALLS,
        "-e",
        "signal=none",
        "-o",
        trace,
    ]
}

/// One call that worked, from the line where it began to the one where it ended.
pub struct Call {
    pub began: usize,
    pub ended: usize,
    pub did: Did,
}

/// Files are called by their names; the folder that has them is called "".
pub enum Did {
    Made(String),
    Removed(String),
    Wrote { file: String, at: usize, bytes: Vec<u8> },
    Shortened { file: String, to: usize },
    Synced(String),
    Said { to: String, bytes: Vec<u8> },
}

/// Whether a start reads it.
pub fn is_kept(name: &str) -> bool {
    !name.ends_with("-shm") && !name.ends_with("-lock")
}

/// What a program did with the files of a folder until it ended.
pub fn recorded(trace: &Path, folder: &Path) -> Vec<Call> {
    let trace = fs::read_to_string(trace).unwrap();
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, (usize, String)> = HashMap::new();
    for (at, line) in trace.lines().enumerate() {
        let (thread, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        if let Some(start) = line.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, (at, start.into()));
            continue;
        }
        let (began, line) = match line.strip_prefix("<... ") {
            Some(resumed) => {
                let (began, start) = unfinished.remove(thread).expect("its start");
                (began, start + resumed.split_once(" resumed>").unwrap().1)
            }
            None => (at, line.into()),
        };
        if let Some(did) = understood(&line, folder) {
            calls.push(Call { began, ended: at, did });
        }
    }
    calls.sort_by_key(|call| call.began);
    calls
}

/// `name(arguments) = result`; `None` if it failed, or is about something else.
fn understood(line: &str, folder: &Path) -> Option<Did> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") ")?;
    let result = result.trim_start().strip_prefix("= ")?;
    let (number, result_path) = with_path(result);
    let number: usize = number.parse().ok()?;
    let ours = |path: &str| {
        let name = Path::new(path).strip_prefix(folder).ok()?.to_str()?.to_owned();
        is_kept(&name).then_some(name)
    };
    let words: Vec<&str> = arguments.split(", ").collect();
    let path = with_path(words[0]).1;
    let file = path.as_deref().and_then(ours);
    match name {
        "openat" if words[2].contains("O_CREAT") => Some(Did::Made(ours(&result_path?)?)),
        "openat" => None,
        "unlink" => Some(Did::Removed(ours(&text(words[0]))?)),
        "pwrite64" => {
            let mut bytes = quoted(words[1]);
            bytes.truncate(number);
            Some(Did::Wrote { file: file?, at: words[3].parse().ok()?, bytes })
        }
        "ftruncate" => Some(Did::Shortened { file: file?, to: words[1].parse().ok()? }),
        "fsync" | "fdatasync" => Some(Did::Synced(file?)),
        "write" | "writev" | "sendto" | "sendmsg" => {
            if let Some(file) = file {
                panic!("{file} is written by {name}, which is not replayed");
            }
            let to = path.filter(|path| path.starts_with("socket:"))?;
            let pieces = arguments.split('"').skip(1).step_by(2);
            let mut bytes: Vec<u8> = pieces.flat_map(hexadecimal).collect();
            bytes.truncate(number);
            Some(Did::Said { to, bytes })
        }
        _ if file.is_some() => panic!("{name} is not replayed"),
        _ => None,
    }
}

/// A descriptor, and what it stands for.
fn with_path(word: &str) -> (&str, Option<String>) {
    match word.split_once('<') {
        Some((number, path)) => {
            (number, Some(String::from_utf8_lossy(&hexadecimal(path.trim_end_matches('>'))).into()))
        }
        None => (word.split(' ').next().unwrap(), None),
    }
}

fn text(word: &str) -> String {
    String::from_utf8(quoted(word)).unwrap()
}

fn quoted(word: &str) -> Vec<u8> {
    hexadecimal(word.trim_matches('"'))
}

/// `\x68\x69`, or what stands there as it is.
fn hexadecimal(word: &str) -> Vec<u8> {
    match word.as_bytes() {
        bytes @ [b'\\', b'x', ..] => {
            let digit = |at: u8| (at as char).to_digit(16).unwrap() as u8;
            bytes.chunks_exact(4).map(|it| digit(it[2]) << 4 | digit(it[3])).collect()
        }
        bytes => bytes.into(),
    }
}
