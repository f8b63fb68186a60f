//! The text format: lines for people. The first line is the name; then a line is said in the
//! current room, or to those who are named before a colon, or asks for something with a slash.

use std::fmt::Write;

use super::body;
use super::delivery::delivery;
use crate::command::{Command, Hello, Joined, Missed, Page, Post, Range, Reply, Start, Which};
use crate::entry::{Content, Entry, News, Notice, Seq};
use crate::limits::{Limits, RECIPIENTS};
use crate::name::{Name, RoomName};
use crate::printable::printable;
use crate::refused::Refused;

const HELP: &str = "\
* a line is said in the current room; NAME, NAME: text goes to those alone
* /join ROOM  /leave  /who  /rooms  /last N  /why [N]  /quit; // at the start is a slash, a space keeps colons";

pub(super) fn decode(line: &[u8], limits: &Limits, named: bool) -> Result<Command, Refused> {
    let line = str::from_utf8(line).map_err(|_| Refused::NotText)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if !named {
        let name = Name::new(line.trim()).map_err(Refused::BadName)?;
        return Ok(Command::Hello(Hello { name, token: None, keeps: false, rooms: vec![] }));
    }
    if let Some(rest) = line.strip_prefix('/') {
        return match rest.starts_with('/') {
            true => Ok(Command::Post(post(vec![], rest, limits)?)),
            false => slash(rest),
        };
    }
    match line.split_once(':').filter(|_| !line.starts_with(' ')) {
        Some((names, said)) => addressed(line, names, said, limits),
        None => Ok(Command::Post(post(vec![], line, limits)?)),
    }
}

fn slash(line: &str) -> Result<Command, Refused> {
    let (asked, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    match asked {
        "join" => {
            let room = RoomName::new(rest.trim_start_matches('#')).map_err(Refused::BadRoom)?;
            Ok(Command::Join { room, start: Start::Head })
        }
        "leave" => Ok(Command::Leave(None)),
        "last" => {
            let limit = if rest.is_empty() { Some(10) } else { rest.parse().ok() };
            let limit = limit.ok_or(Refused::Missing("N"))?;
            Ok(Command::History { room: None, range: Range::Newest, limit: Some(limit) })
        }
        "why" => {
            let which = match rest {
                "" => Which::Own,
                seq => Which::Seq(Seq(seq.parse().map_err(|_| Refused::Missing("N"))?)),
            };
            Ok(Command::Why { room: None, which })
        }
        "who" => Ok(Command::Who(None)),
        "rooms" => Ok(Command::Rooms),
        "help" => Ok(Command::Help),
        "quit" => Ok(Command::Quit),
        _ => {
            let asked = format!("/{}", asked.chars().take(32).collect::<String>());
            Err(Refused::UnknownType { asked, known: "/help tells what there is" })
        }
    }
}

/// A line with a colon: what stands before it is a list of names if each is one word, and the
/// colon is not that of an address; if not, it is one only if somebody has such a name.
fn addressed(line: &str, names: &str, said: &str, limits: &Limits) -> Result<Command, Refused> {
    let names: Vec<_> = names.split(',').map(str::trim).collect();
    let words = |name: &&str| !name.is_empty() && !name.contains(char::is_whitespace);
    let sure = names.iter().all(words) && !said.starts_with("//");
    if names.len() > RECIPIENTS {
        // Not read at all: a name costs more than its bytes. It may be private.
        return Err(Refused::Recipients(RECIPIENTS));
    }
    let to: Result<Vec<_>, _> = names.iter().map(|name| Name::new(name)).collect();
    if sure {
        let to = to.map_err(Refused::BadName)?;
        return Ok(Command::Post(post(to, said.trim_start(), limits)?));
    }
    let otherwise = post(vec![], line, limits)?;
    let to: Vec<_> = names.iter().filter_map(|name| Name::new(name).ok()).collect();
    match post(to, said.trim_start(), limits) {
        Ok(direct) if !direct.to.is_empty() => Ok(Command::Addressed { direct, otherwise }),
        _ => Ok(Command::Post(otherwise)),
    }
}

fn post(to: Vec<Name>, said: &str, limits: &Limits) -> Result<Post, Refused> {
    let content = Content::Post { body: body::checked(said, limits)?, reply: None };
    Ok(Post { room: None, to, mid: None, content })
}

pub(super) fn entry(entry: &Entry) -> String {
    let (room, from) = (&entry.room, &entry.from);
    let body = on_a_line(entry.content.body());
    match (&entry.direct, &entry.content) {
        (_, Content::Post { .. } | Content::Edit { .. }) if body.is_empty() => String::new(),
        (Some(direct), _) if direct.copy => String::new(),
        (Some(_), _) => format!("from {from}: {body}"),
        (None, Content::Post { .. }) => format!("#{room} {from}: {body}"),
        (None, Content::Edit { of, .. }) => format!("* {from} changed {of} in #{room}: {body}"),
        (None, Content::Delete { of }) => format!("* {from} deleted {of} in #{room}"),
    }
}

pub(super) fn notice(notice: &Notice) -> String {
    let News::Presence { joined, left, .. } = &notice.news else { return String::new() };
    let change = |who: &[Name], did: &str| {
        (!who.is_empty()).then(|| format!("* {} {did} #{}", listed(who), notice.room))
    };
    let changes = [change(joined, "joined"), change(left, "left")];
    changes.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

pub(super) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Welcome { name, rooms, .. } => {
            let rooms: Vec<_> =
                rooms.iter().map(|Joined { room, .. }| format!("#{room}")).collect();
            format!(
                "* welcome, {name}; you are in {}; /help tells what you can do",
                rooms.join(", ")
            )
        }
        Reply::Ok { unknown, .. } if unknown.is_empty() => String::new(),
        Reply::Ok { unknown, .. } => format!("* nobody here is called {}", listed(unknown)),
        Reply::Error { refused: refused @ Refused::NobodyThere(_), .. } => {
            format!("* {refused}; begin the line with a space to say it in the room")
        }
        Reply::Error { refused, .. } => format!("* {}", on_a_line(&refused.to_string())),
        Reply::Joined { joined, .. } => format!("* you are in #{} now", joined.room),
        Reply::Left { room, .. } => format!("* you left #{room}"),
        Reply::Present { room, count, members: None, .. } => {
            format!("* {count} members in #{room}")
        }
        Reply::Present { room, members: Some(members), .. } => {
            format!("* in #{room}: {}", listed(members))
        }
        Reply::History { room, page, .. } => history(room, page),
        Reply::Delivery { report, .. } => delivery(report),
        // There are no lines that ask for these.
        Reply::Found { .. } | Reply::Unposted { .. } => String::new(),
        Reply::Rooms { rooms, .. } => {
            let rooms: Vec<_> = rooms.iter().map(|(room, n)| format!("* #{room} {n}")).collect();
            rooms.join("\n")
        }
        Reply::Help => HELP.to_owned(),
        Reply::Reset { room, .. } => format!("* what #{room} said before is gone"),
        Reply::Gap { room, after, next, why } => {
            let missed = next.0 - after.0 - 1;
            match why {
                Missed::Slow => format!("* you missed {missed} messages in #{room}"),
                Missed::Expired => format!("* {missed} messages in #{room} are not kept any more"),
                Missed::Damaged => format!("* {missed} messages in #{room} are damaged"),
            }
        }
        Reply::Bye { end, .. } => format!("* bye: {}", end.told()),
    }
}

fn history(room: &RoomName, page: &Page) -> String {
    if page.entries.is_empty() {
        return format!("* nobody said anything in #{room} yet");
    }
    let mut lines = String::new();
    for at in &page.entries {
        let said = match at.content.body() {
            "" => "(deleted)".to_owned(),
            body => on_a_line(body),
        };
        let of = at.content.of().map_or_else(String::new, |of| format!(" (changes {of})"));
        let _ = writeln!(lines, "* {}{of} {}: {said}", at.seq, at.from);
    }
    lines.truncate(lines.trim_end().len());
    lines
}

fn listed(names: &[Name]) -> String {
    let names: Vec<_> = names.iter().map(Name::as_str).collect();
    names.join(", ")
}

/// A text on one line, without what would command a terminal or reorder it; a tab does neither.
fn on_a_line(text: &str) -> String {
    text.split('\t').map(printable).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_said_is_one_line_that_steers_nothing() {
        assert_eq!(on_a_line("a\tb\u{feff}\n\u{9b}c"), "a\tb\\u{feff}\\n\\u{9b}c");
    }
}
