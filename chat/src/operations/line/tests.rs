use super::*;

const LINES: [&str; 9] = [
    r#"{"type":"export","version":1}"#,
    r#"{"type":"member","member":"00000000000000ff","name":"ann","token":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","left":"2026-11-21T10:00:00.000Z"}"#,
    r#"{"type":"message","room":"lobby","seq":1,"at":"2026-11-21T10:00:00.000Z","from":"ann","member":"00000000000000ff","mid":"01JB","body":"hi\n\u0000 有人吗"}"#,
    r#"{"type":"message","room":"lobby","seq":2,"at":"2026-11-21T10:00:00.001Z","from":"zoe","body":"yes","reply":18446744073709551615}"#,
    r#"{"type":"edit","room":"lobby","seq":3,"at":"2026-11-21T10:00:00.002Z","from":"zoe","of":2,"body":"no"}"#,
    r#"{"type":"delete","room":"lobby","seq":4,"at":"2026-11-21T10:00:00.003Z","from":"ann","member":"00000000000000ff","of":0}"#,
    r#"{"type":"message","room":"tea","seq":900,"at":"1970-01-01T00:00:00.000Z","from":"guest","body":"","deleted":true}"#,
    r#"{"type":"message","inbox":"00000000000000ff","seq":1,"at":"2026-11-21T10:00:00.003Z","from":"ann","member":"00000000000000ff","to":["bob","eve"],"copy":true,"mid":"d","body":"psst"}"#,
    r#"{"type":"end","messages":6}"#,
];

fn read(line: &str) -> Result<Said, String> {
    Line::read(line.as_bytes())
}

#[test]
fn what_is_exported_is_what_is_imported() {
    for line in LINES {
        let again = match read(line).expect(line) {
            Said::Begin => Line::begin(),
            Said::Member(kept) => Line::member(&kept),
            Said::Entry(key, entry) => Line::entry(&key, &entry),
            Said::End(count) => Line::end(count),
        };
        assert_eq!(String::from_utf8(again.text()).unwrap(), format!("{line}\n"));
    }
}

#[test]
fn what_other_programs_write_needs_no_more_than_this() {
    let line = r#"{"type":"message","room":"Tea","seq":1,"at":"2026-11-21T10:00:00.000Z",
        "from":"ann","body":"hi","colour":"red"}"#;
    let Ok(Said::Entry(Key::Room(room), entry)) = read(line) else { panic!("refused") };
    assert_eq!((room.as_str(), entry.content.body()), ("tea", "hi"));
}

/// A line with something else in it, and what is said of that.
#[track_caller]
fn refused(line: usize, from: &str, to: &str, expected: &str) {
    assert!(LINES[line].contains(from), "{from} in {}", LINES[line]);
    let line = LINES[line].replacen(from, to, 1);
    assert_eq!(read(&line).map(|_| line).unwrap_err(), expected);
}

#[test]
fn a_line_that_is_no_object_of_ours() {
    refused(2, "{", "[", "it is not JSON (column 8)");
    refused(2, "}", "", "it ends too early (column 156)");
    let shape = "it is no object, or a field has the wrong type (column 42)";
    refused(2, "\"seq\":1", "\"seq\":\"1\"", shape);
    refused(2, "\"type\":\"message\",", "", "the field \"type\" is missing");
    let known = "is not export, member, message, edit, delete or end";
    refused(2, "\"message\"", "\"presence\"", &format!("type: \"presence\" {known}"));
    let version = "version: this chat knows version 1 of an export";
    refused(0, "1", "2", version);
    refused(0, ",\"version\":1", "", version);
    refused(8, ",\"messages\":6", "", "the field \"messages\" is missing");
}

#[test]
fn a_member_that_is_none() {
    let digits = "member: it has 16 digits, the first below 8";
    refused(1, "00000000000000ff", "ff", digits);
    refused(1, "00000000000000ff", "80000000000000ff", digits);
    refused(1, "00000000000000ff", "+0000000000000ff", digits);
    refused(1, "\"ann\"", "\"a:b\"", "name: ':' cannot be in a name");
    let token = "token: it is a SHA-256 of 64 digits";
    refused(1, "0001", "001", token);
    refused(1, "0001", "+1+1", token);
    refused(1, "0001", "é01", token);
    let time = "left: \"now\" is no time such as 2026-11-21T10:00:00.000Z";
    refused(1, "2026-11-21T10:00:00.000Z", "now", time);
}

#[test]
fn a_message_that_is_none() {
    let place = "either room or inbox says where it belongs";
    refused(2, "\"room\":\"lobby\",", "", place);
    refused(2, "\"room\"", "\"inbox\":\"00000000000000ff\",\"room\"", place);
    refused(2, "\"lobby\"", "\"a b\"", "room: ' ' cannot be in a name");
    refused(2, "\"body\"", "\"to\":[],\"body\"", "to: that is for an inbox");
    refused(7, "\"to\":[\"bob\",\"eve\"],", "", "the field \"to\" is missing");
    refused(7, "\"bob\"", "\"#\"", "to: a name cannot begin with '#'");
    refused(2, "\"seq\":1,", "", "the field \"seq\" is missing");
    refused(2, "\"seq\":1", "\"seq\":0", "seq: 0 is no number of a message");
    let most = "seq: 9007199254740992 is no number of a message";
    refused(2, "\"seq\":1", "\"seq\":9007199254740992", most);
    let time = "at: \"yesterday\" is no time such as 2026-11-21T10:00:00.000Z";
    refused(2, "2026-11-21T10:00:00.000Z", "yesterday", time);
    refused(2, "\"from\":\"ann\",", "", "the field \"from\" is missing");
    refused(2, "01JB", "", "mid: a mid has 1 to 64 bytes");
    let long = "body: a message has at most 65536 bytes; shorten it";
    refused(2, "hi", &"x".repeat(65_537), long);
    refused(2, "hi\\n\\u0000 有人吗", "", "body: a message needs some text");
    refused(2, "\"message\"", "\"edit\"", "the field \"of\" is missing");
    refused(2, "\"message\"", "\"delete\"", "the field \"of\" is missing");
    refused(4, ",\"body\":\"no\"", "", "the field \"body\" is missing");
}
