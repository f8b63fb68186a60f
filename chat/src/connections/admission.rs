//! How many connections there may be: in all, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::limits::Limits;
use crate::sessions::{Place, home};

/// Gives places to connections.
pub(crate) struct Admission {
    total: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    per_address: usize,
    /// Addresses that stand for many.
    proxies: Vec<IpAddr>,
    addresses: Arc<Addresses>,
}

// Held for map operations only, never across an await.
#[derive(Debug, Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

/// Why a connection gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Server,
    Address,
}

impl Full {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Server => "too_many_connections",
            Self::Address => "too_many_from_address",
        }
    }
}

impl Admission {
    pub(super) fn new(limits: &Limits, proxies: Vec<IpAddr>) -> Self {
        let most = |n: usize| Arc::new(Semaphore::new(n.min(Semaphore::MAX_PERMITS)));
        Self {
            total: most(limits.connections),
            refusals: most(limits.refusals),
            per_address: limits.connections_per_address,
            proxies: proxies.iter().map(IpAddr::to_canonical).collect(),
            addresses: Arc::default(),
        }
    }

    /// Whether this is a proxy's address, whose connections are not those of one client.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.contains(&address.to_canonical())
    }

    pub(super) fn admit(&self, peer: SocketAddr) -> Result<Place, Full> {
        let permit = Arc::clone(&self.total).try_acquire_owned().map_err(|_| Full::Server)?;
        let counted = match self.is_proxy(peer.ip()) {
            true => None,
            false => self.count(peer.ip())?,
        };
        Ok(Place::new(peer, (permit, counted)))
    }

    /// A place on the connection of a proxy, for the client at an address.
    pub(crate) fn admit_behind(&self, proxy: &Place, client: IpAddr) -> Result<Place, Full> {
        let counted = self.count(client)?;
        Ok(Place::new(SocketAddr::new(client, 0), (proxy.clone(), counted)))
    }

    /// Loopback is not counted.
    fn count(&self, ip: IpAddr) -> Result<Option<Counted>, Full> {
        if ip.to_canonical().is_loopback() {
            return Ok(None);
        }
        let address = home(ip);
        let mut addresses = self.addresses.lock();
        let count = addresses.get(&address).copied().unwrap_or(0);
        if count >= self.per_address {
            return Err(Full::Address);
        }
        addresses.insert(address, count + 1);
        let addresses = Arc::clone(&self.addresses);
        Ok(Some(Counted { addresses, address }))
    }

    /// A turn at being told why there is no place; `None` if too many are being told already.
    pub(super) fn refusal(&self, peer: SocketAddr) -> Option<Place> {
        let turn = Arc::clone(&self.refusals).try_acquire_owned().ok()?;
        Some(Place::new(peer, turn))
    }
}

impl Addresses {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is counted by its address.
struct Counted {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut addresses = self.addresses.lock();
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections: usize, connections_per_address: usize) -> Admission {
        let limits = Limits { connections, connections_per_address, ..Limits::default() };
        Admission::new(&limits, vec!["10.9.9.9".parse().unwrap()])
    }

    fn from(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), 4242)
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let admission = admission(2, 9);
        let one = admission.admit(from("10.0.0.1")).unwrap();
        let _two = admission.admit(from("127.0.0.1")).unwrap();
        assert_eq!(admission.admit(from("10.0.0.2")).err(), Some(Full::Server));
        drop(one);
        assert!(admission.admit(from("10.0.0.2")).is_ok());
    }

    #[test]
    fn an_address_has_a_bound_of_its_own() {
        let admission = admission(99, 1);
        let one = admission.admit(from("10.0.0.1")).unwrap();
        assert_eq!(admission.admit(from("10.0.0.1")).err(), Some(Full::Address));
        assert_eq!(admission.admit(from("::ffff:10.0.0.1")).err(), Some(Full::Address));
        let _other = admission.admit(from("10.0.0.2")).unwrap();
        drop(one);
        let _again = admission.admit(from("10.0.0.1")).unwrap();
        let _v6 = admission.admit(from("2001:db8::1")).unwrap();
        assert_eq!(admission.admit(from("2001:db8::2")).err(), Some(Full::Address));
        let _net = admission.admit(from("2001:db8:0:1::1")).unwrap();
        assert_eq!(admission.addresses.lock().len(), 4);
    }

    #[test]
    fn this_computer_is_exempt_from_the_bound_of_an_address() {
        let admission = admission(99, 0);
        for address in ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"] {
            assert!(admission.admit(from(address)).is_ok(), "{address}");
        }
        assert!(admission.admit(from("10.0.0.1")).is_err());
        assert!(admission.addresses.lock().is_empty());
    }
    #[test]
    fn a_proxy_is_exempt_and_those_behind_it_are_not() {
        let admission = admission(99, 1);
        let proxy = admission.admit(from("10.9.9.9")).unwrap();
        assert!(admission.admit(from("::ffff:10.9.9.9")).is_ok());
        let behind = |ip: &str| admission.admit_behind(&proxy, ip.parse().unwrap());
        let one = behind("10.0.0.1").unwrap();
        assert_eq!(one.peer().ip().to_string(), "10.0.0.1");
        assert_eq!(behind("10.0.0.1").err(), Some(Full::Address));
        assert_eq!(admission.admit(from("10.0.0.1")).err(), Some(Full::Address));
        let _other = behind("10.0.0.2").unwrap();
        let (_local, _too) = (behind("127.0.0.1").unwrap(), behind("127.0.0.1").unwrap());
        drop(one);
        assert!(behind("10.0.0.1").is_ok());
        assert_eq!(admission.total.available_permits(), 98, "they take no places of their own");
    }
}
