//! The members who come back: a name, and the hash of the token that goes with it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::command::Token;
use crate::entry::{MemberId, Timestamp};
use crate::name::Name;

/// A member that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: MemberId,
    pub(crate) name: Name,
    pub(crate) token: TokenHash,
    /// Since when it has no session; `None` if it had one when the server ended.
    pub(crate) left: Option<Timestamp>,
}

/// What is known of a token: who has the token can show it, who has this cannot.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

impl TokenHash {
    pub(crate) fn of(token: &Token) -> Self {
        Self(Sha256::digest(token.as_str()).into())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}
