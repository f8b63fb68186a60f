//! The bytes of a slot on every wire, and how many there are.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// How many wires there are: the pairs of a format and a framing that keep encoded bytes, and
/// events.
pub(crate) const WIRES: usize = 7;

/// The bytes of one slot as each wire sends them, framing included: written once by `wire`,
/// shared by every reader, unread by everything between.
#[derive(Default)]
pub struct Encoded {
    wires: [OnceLock<Bytes>; WIRES],
    account: Account,
}

/// How many encoded bytes there are for the slots of one log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account(Arc<AtomicUsize>);

impl Account {
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Encoded {
    /// Nothing yet; what comes is charged to `account`.
    pub(crate) fn charged(account: &Account) -> Self {
        Self { wires: Default::default(), account: account.clone() }
    }

    /// What is charged.
    pub(crate) fn bytes(&self) -> usize {
        self.wires.iter().filter_map(OnceLock::get).map(Bytes::len).sum()
    }

    pub(crate) fn get_or_encode(&self, wire: usize, encode: impl FnOnce() -> Bytes) -> Bytes {
        let charged = || {
            let bytes = encode();
            self.account.0.fetch_add(bytes.len(), Ordering::Relaxed);
            bytes
        };
        self.wires[wire].get_or_init(charged).clone()
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        self.account.0.fetch_sub(self.bytes(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoded")
    }
}
