//! The pool format of the Go and React tutorial: what people say, and that somebody came or went,
//! each as `{"type":1,"body":".."}` in the bytes of Go's `encoding/json`.

use super::said;
use crate::entry::{Entry, News, Notice};

pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    match said::in_room(entry) {
        "" => Vec::new(),
        body => object(body),
    }
}

/// One object for each member who came or went.
pub(super) fn notice(notice: &Notice) -> Vec<Vec<u8>> {
    let News::Presence { joined, left, .. } = &notice.news else { return Vec::new() };
    let came = joined.iter().map(|_| object("New User Joined..."));
    let went = left.iter().map(|_| object("User Disconnected..."));
    came.chain(went).collect()
}

/// A text message; 1 is what a WebSocket calls one (RFC 6455, section 11.8).
fn object(body: &str) -> Vec<u8> {
    let text = serde_json::to_string(body).expect("a string always serializes");
    let mut object = String::from(r#"{"type":1,"body":"#);
    for c in text.chars() {
        // Go's encoder escapes what HTML and JavaScript would read otherwise.
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                object += &format!("\\u{:04x}", u32::from(c));
            }
            _ => object.push(c),
        }
    }
    (object + "}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_go() {
        for (body, bytes) in [
            ("hi", "{\"type\":1,\"body\":\"hi\"}\n"),
            (
                "<b>&\u{2028}\u{2029}",
                "{\"type\":1,\"body\":\"\\u003cb\\u003e\\u0026\\u2028\\u2029\"}\n",
            ),
            ("\"\\\n\r\t\u{1}", "{\"type\":1,\"body\":\"\\\"\\\\\\n\\r\\t\\u0001\"}\n"),
            ("\u{8}\u{c}\u{7f}é😀", "{\"type\":1,\"body\":\"\\b\\f\u{7f}é😀\"}\n"),
        ] {
            assert_eq!(String::from_utf8(object(body)).unwrap(), bytes);
        }
    }
}
