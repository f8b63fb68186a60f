//! What a wire that knows nothing but texts tells of an entry.

use crate::entry::{Content, Entry};

/// The text of a message in a room; nothing of anything else.
pub(super) fn in_room(entry: &Entry) -> &str {
    match (&entry.content, &entry.direct) {
        (Content::Post { body, .. }, None) => body,
        _ => "",
    }
}
