//! Messages of every format.

use bytes::Bytes;
use serde_json::Value;

use crate::command::{Command, Hello, Post, Reply};
use crate::entry::{Content, Encoded, Entry, MemberId, Mid, Sender, Seq, Slot, Timestamp};
use crate::limits::{Limits, MID_BYTES, NAME_CHARS, RECIPIENTS, ROOM_CHARS};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::wire::{Wire, decode_post};

const WIRES: [Wire; 6] =
    [Wire::Json, Wire::JsonLines, Wire::Text, Wire::TextLines, Wire::Body, Wire::Pool];

/// The usual limits, but for one that an input of the usual length is to pass.
fn limits() -> Limits {
    Limits { body_bytes: 48, ..Limits::default() }
}

/// A `chat.v1` message.
pub fn json(message: &[u8]) {
    let limits = limits();
    let request = Wire::Json.decode(message, &limits, false);
    let same = Wire::JsonLines.decode(message, &limits, true);
    assert_eq!(format!("{request:?}"), format!("{same:?}"), "in a frame and on a line");
    let posted = decode_post(message, true, &limits);
    match request.command {
        Ok(command) => {
            if let (Command::Post(Post { content: Content::Post { .. }, .. }), Err(refused)) =
                (&command, posted)
            {
                panic!("a post that cannot be posted: {refused}");
            }
            asked(command, &limits);
        }
        Err(refused) => told(request.id, refused),
    }
}

/// A line for people; the first byte is odd for a client that has said its name.
pub fn text(input: &[u8]) {
    let Some((named, line)) = input.split_first() else { return };
    let (limits, named) = (limits(), named % 2 == 1);
    let request = Wire::Text.decode(line, &limits, named);
    let same = Wire::TextLines.decode(line, &limits, named);
    assert_eq!(format!("{request:?}"), format!("{same:?}"), "in a frame and on a line");
    assert_eq!(request.id, None);
    if let (true, [b' ', ..], Ok(Command::Post(post))) = (named, line, &request.command) {
        assert!(post.to.is_empty(), "a space first is for the room");
        assert!(line.starts_with(post.content.body().as_bytes()), "as it was said");
    }
    match request.command {
        Ok(command) => {
            assert_eq!(matches!(command, Command::Hello(_)), !named, "the name comes first");
            asked(command, &limits);
        }
        Err(refused) => told(None, refused),
    }
}

/// A text that is the whole message.
pub fn body(message: &[u8]) {
    let limits = limits();
    let good = str::from_utf8(message).is_ok() && (1..=limits.body_bytes).contains(&message.len());
    for wire in [Wire::Body, Wire::Pool] {
        match wire.decode(message, &limits, true).command {
            Ok(Command::Post(post)) => {
                assert!(good && post.content.body().as_bytes() == message, "the text itself");
                posted(post, &limits);
            }
            Ok(other) => panic!("not a post: {other:?}"),
            Err(refused) => {
                assert!(!good, "{refused}");
                told(None, refused);
            }
        }
    }
    assert_eq!(decode_post(message, false, &limits).is_ok(), good);
}

/// What a command may hold.
fn asked(command: Command, limits: &Limits) {
    match command {
        Command::Hello(Hello { name, rooms, .. }) => {
            bounded_name(&name);
            assert!(rooms.len() <= limits.rooms_per_session);
            rooms.iter().for_each(|(room, _)| bounded_room(room));
        }
        Command::Post(post) => posted(post, limits),
        Command::Addressed { direct, otherwise } => {
            assert!(!direct.to.is_empty() && otherwise.to.is_empty());
            posted(direct, limits);
            posted(otherwise, limits);
        }
        Command::Join { room, .. } => bounded_room(&room),
        Command::Leave(room) | Command::Who(room) | Command::Typing(room) => {
            room.iter().for_each(bounded_room);
        }
        Command::History { room, .. }
        | Command::Search { room, .. }
        | Command::Why { room, .. }
        | Command::Ack(room, _) => {
            room.iter().for_each(bounded_room);
        }
        Command::Rooms | Command::Help | Command::Quit => {}
    }
}

/// A name is what it is after another reading, so that whoever is told one can say it.
fn bounded_name(name: &Name) {
    assert!((1..=NAME_CHARS).contains(&name.as_str().chars().count()), "{name:?}");
    assert!(!name.as_str().contains(char::is_control), "{name:?}");
    assert_eq!(Name::new(name.as_str()).as_ref(), Ok(name));
    assert!(name.imitates(name));
}

fn bounded_room(room: &RoomName) {
    if *room == RoomName::inbox() {
        return;
    }
    assert!((1..=ROOM_CHARS).contains(&room.as_str().chars().count()), "{room:?}");
    assert_eq!(RoomName::new(room.as_str()).as_ref(), Ok(room));
}

/// What a post may hold, and that every wire tells it as one message.
fn posted(post: Post, limits: &Limits) {
    let text = post.content.body();
    assert!(text.len() <= limits.body_bytes);
    assert!(!text.is_empty() || matches!(post.content, Content::Delete { .. }));
    assert!(post.to.len() <= RECIPIENTS && (post.to.is_empty() || post.room.is_none()));
    post.to.iter().for_each(bounded_name);
    post.room.iter().for_each(bounded_room);
    assert!(post.mid.iter().all(|mid| (1..=MID_BYTES).contains(&mid.as_str().len())));
    let entry = Entry {
        room: RoomName::lobby(),
        direct: None,
        seq: Seq(2),
        prev: Seq(1),
        at: Timestamp(0),
        shown: None,
        sender: Sender::Member(MemberId(1)),
        from: Name::guest(1),
        mid: post.mid,
        content: post.content,
        encoded: Encoded::default(),
    };
    let slot = Slot::Entry(entry.into());
    let Slot::Entry(entry) = &slot else { return };
    for wire in WIRES {
        let bytes = wire.slot(&slot);
        let Some(message) = one_message(wire, &bytes) else {
            let told = matches!(wire, Wire::Body | Wire::Pool);
            assert!(told && entry.content.of().is_some(), "{wire:?} tells nothing of {entry:?}");
            continue;
        };
        match wire {
            Wire::Json | Wire::JsonLines => {
                let object: Value = serde_json::from_str(message).expect("JSON");
                assert_eq!(object["body"].as_str().unwrap_or_default(), entry.content.body());
                assert_eq!(object["mid"].as_str(), entry.mid.as_ref().map(Mid::as_str));
                assert_eq!(object["of"].as_u64().map(Seq), entry.content.of());
            }
            Wire::Text | Wire::TextLines => one_line(message),
            Wire::Body => assert_eq!(message, entry.content.body()),
            Wire::Pool => {
                let object: Value = serde_json::from_str(message).expect("JSON");
                assert_eq!(
                    (&object["type"], object["body"].as_str()),
                    (&1.into(), Some(entry.content.body()))
                );
                assert!(!message.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
            }
        }
    }
}

/// A refusal is short, on one line, and repeats no control character.
fn told(id: Option<u64>, refused: Refused) {
    let text = refused.to_string();
    assert!(text.len() < 400, "{text}");
    one_line(&text);
    let error = Reply::Error { id, refused };
    for wire in WIRES {
        let bytes = wire.reply(&error);
        let told = one_message(wire, &bytes);
        assert_eq!(told.is_some(), wire.has_login(), "{wire:?}");
        told.into_iter().for_each(one_line);
    }
}

/// No end of a line and nothing that commands a terminal.
fn one_line(text: &str) {
    assert!(!text.contains(|c: char| c.is_control() && c != '\t'), "{text:?}");
}

/// The message in these bytes, which hold one and nothing else; `None` if there are none.
fn one_message(wire: Wire, bytes: &Bytes) -> Option<&str> {
    let message = match (wire.is_lines(), &bytes[..]) {
        (_, []) => return None,
        (true, [line @ .., b'\n']) => {
            assert!(!line.contains(&b'\n'), "more than a line: {bytes:?}");
            line
        }
        (false, [0x81, len @ 0..=125, payload @ ..]) => {
            assert_eq!(usize::from(*len), payload.len());
            payload
        }
        (false, [0x81, 126, a, b, payload @ ..]) => {
            assert_eq!(usize::from(u16::from_be_bytes([*a, *b])), payload.len());
            payload
        }
        _ => panic!("{wire:?}: {bytes:?}"),
    };
    Some(str::from_utf8(message).expect("text"))
}
