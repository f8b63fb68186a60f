//! What a wire that knows nothing but texts tells of an entry.

use crate::entry::{Content, Entry};

/// Whether it is a message in a room, which is all that is told.
pub(super) fn is_in_room(entry: &Entry) -> bool {
    matches!(entry.content, Content::Post { .. }) && entry.direct.is_none()
}

/// Its text; nothing of anything else.
pub(super) fn in_room(entry: &Entry) -> &str {
    if is_in_room(entry) { entry.content.body() } else { "" }
}
