//! Who asks through a proxy.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

use crate::connections::{Admission, Full};
use crate::sessions::Place;

/// The last address in it is the one that the proxy was asked from, whatever the client wrote.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Gives whoever asks through a proxy a place among those of its own address.
#[derive(Clone)]
pub(super) struct Proxies(Arc<Admission>);

impl Proxies {
    pub(super) fn new(admission: Arc<Admission>) -> Self {
        Self(admission)
    }

    /// The place of who asked on a connection: the connection's own, unless it is a proxy's that
    /// says for whom it asks.
    ///
    /// # Errors
    /// There are as many of its address as there may be; its address.
    pub(super) fn place(
        &self,
        connection: &Place,
        headers: &HeaderMap,
    ) -> Result<Place, (Full, IpAddr)> {
        let is_proxy = |ip| self.0.is_proxy(ip);
        match is_proxy(connection.peer().ip()).then(|| client(headers, is_proxy)).flatten() {
            None => Ok(connection.clone()),
            Some(ip) => self.0.admit_behind(connection, ip).map_err(|full| (full, ip)),
        }
    }
}

/// The last address that is no proxy's: what stands before it is only claimed.
pub(crate) fn client(headers: &HeaderMap, is_proxy: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
    let mut hops = hops.map(|hop| address(str::from_utf8(hop).ok()?.trim()));
    hops.find(|hop| hop.is_none_or(|ip| !is_proxy(ip)))?
}

/// An address as proxies write it: some add the port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|at: SocketAddr| at.ip());
    bare.parse().ok().or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_last_that_is_no_proxy_is_who_asks() {
        for (lines, expected) in [
            (&["203.0.113.7"][..], Some("203.0.113.7")),
            (&["198.51.100.1, 203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1", "203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1,203.0.113.7,10.9.9.9"], Some("203.0.113.7")),
            (&["203.0.113.7", "10.9.9.9 , ::ffff:10.9.9.9"], Some("203.0.113.7")),
            (&["203.0.113.7:4242"], Some("203.0.113.7")),
            (&["2001:db8::7"], Some("2001:db8::7")),
            (&["[2001:db8::7]"], Some("2001:db8::7")),
            (&["[2001:db8::7]:4242"], Some("2001:db8::7")),
            (&["::ffff:203.0.113.7"], Some("203.0.113.7")),
            // Nothing behind what cannot be read is believed.
            (&["203.0.113.7, unknown"], None),
            (&["203.0.113.7,"], None),
            (&["203.0.113.7, \u{e9}, 10.9.9.9"], None),
            (&["10.9.9.9"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
                headers.append(X_FORWARDED_FOR, line);
            }
            let proxy: IpAddr = "10.9.9.9".parse().unwrap();
            let client = client(&headers, |ip| ip == proxy).map(|ip| ip.to_string());
            assert_eq!(client.as_deref(), expected, "{lines:?}");
        }
    }
}
