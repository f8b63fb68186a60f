//! The json format, `chat.v1`: one object a message. docs/protocol.md is its contract.

mod asked;
mod delivery;
mod told;

pub(super) use self::asked::{decode, decode_post};
pub(super) use self::told::{entry, notice, reply};
