//! One event as a line of text.

use std::fmt::Write;

use serde_json::Value;

use crate::printable::{is_harmful, printable};

/// As `--trace FILE` writes it; what is no object is shown as it is.
pub(super) fn line(event: &Value) -> String {
    let Some(fields) = event.as_object() else { return printable(&event.to_string()) };
    let mut line = fields.get("message").and_then(Value::as_str).map(printable).unwrap_or_default();
    for (key, value) in fields.iter().filter(|(key, _)| *key != "message") {
        let text = match value {
            Value::String(text) => quoted(text),
            value => printable(&value.to_string()),
        };
        let _ = write!(line, " {}={text}", printable(key));
    }
    line.trim_start().to_owned()
}

/// In quotes, where it would be misread without.
fn quoted(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '=' | '"' | '\\') && !is_harmful(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("\"{}\"", printable(&text.replace('\\', r"\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_the_line_that_a_trace_has() {
        let event = json!({
            "at": "2026-11-21T10:00:00.000001Z", "message": "New client joined",
            "event": "joined", "name": "ann lee", "sessions": 1, "ok": true, "none": "",
        });
        assert_eq!(
            line(&event),
            "New client joined at=2026-11-21T10:00:00.000001Z event=joined name=\"ann lee\" \
             sessions=1 ok=true none=\"\""
        );
        assert_eq!(line(&json!({ "event": "lost", "lost": 3 })), "event=lost lost=3");
        assert_eq!(line(&json!([1])), "[1]");
    }

    #[test]
    fn nothing_in_it_can_steer_a_terminal() {
        let event = json!({ "message": "a\u{1b}[2J\nb", "k\u{202e}": "x\u{9b}\"\\=" });
        assert_eq!(line(&event), r#"a\u{1b}[2J\nb k\u{202e}="x\u{9b}\"\\=""#);
    }
}
