//! The body format: a message is its text, both ways.

use crate::command::{Command, Post};
use crate::entry::Content;
use crate::limits::Limits;
use crate::refused::Refused;

pub(super) fn decode(message: &[u8], limits: &Limits) -> Result<Command, Refused> {
    post(message, limits).map(Command::Post)
}

pub(super) fn post(message: &[u8], limits: &Limits) -> Result<Post, Refused> {
    let body = str::from_utf8(message).map_err(|_| Refused::NotText)?;
    let content = Content::Post { body: checked(body, limits)?, reply: None };
    Ok(Post { room: None, to: vec![], mid: None, content })
}

/// The rule for every text that becomes a body: some, and not too much.
pub(super) fn checked(body: &str, limits: &Limits) -> Result<Box<str>, Refused> {
    match body.len() {
        0 => Err(Refused::EmptyBody),
        n if n > limits.body_bytes => Err(Refused::TooLong(limits.body_bytes)),
        _ => Ok(body.into()),
    }
}
