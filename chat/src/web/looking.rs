//! Who may look inside.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, header};

use super::access::{Access, is_foreign, is_loopback, name};
use super::problem::Problem;

/// Who may see what happens inside, with the names and addresses of all clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Xray {
    /// Who is on this computer, asks for it by a loopback name, and through no proxy that says so.
    #[default]
    Loopback,
    /// Everybody who is served.
    All,
    /// Nobody.
    Off,
}

/// Says who may look inside.
#[derive(Clone, Debug)]
pub(super) struct Looking {
    xray: Xray,
    proxies: Vec<IpAddr>,
}

impl Looking {
    pub(super) fn new(access: &Access) -> Self {
        Self { xray: access.xray, proxies: access.proxies.clone() }
    }

    /// Whether who is at `peer`, if that is known, may look inside.
    pub(super) fn admits(
        &self,
        peer: Option<SocketAddr>,
        request: &Request,
    ) -> Result<(), Problem> {
        match self.xray {
            Xray::All => Ok(()),
            Xray::Loopback if self.is_local(peer, request) => Ok(()),
            Xray::Loopback => Err(Problem::not_local(
                "what happens inside is shown on the server's own computer, at http://localhost; \
                 its operator can show it to everybody: chat --xray all",
            )),
            Xray::Off => Err(Problem::not_local(
                "what happens inside is shown to nobody; the operator of the server can change \
                 that: chat --xray loopback",
            )),
        }
    }

    fn is_local(&self, peer: Option<SocketAddr>, request: &Request) -> bool {
        let Some(peer) = peer.map(|peer| peer.ip().to_canonical()) else { return false };
        let headers = request.headers();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = request.uri().authority().map(|authority| authority.as_str());
        peer.is_loopback()
            && !self.proxies.contains(&peer)
            && (host.is_some() || authority.is_some())
            && [host, authority].into_iter().flatten().all(|host| is_loopback(name(host)))
            && !headers.keys().any(is_of_a_proxy)
    }

    /// Pages of others may not have a browser ask, even if they cannot read what is answered.
    pub(super) fn of_ours(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match is_foreign(headers) {
            true => Err(Problem::not_local("pages from elsewhere may not look inside")),
            false => Ok(()),
        }
    }
}

/// Whether a header is one that proxies add to say for whom they ask.
fn is_of_a_proxy(header: &HeaderName) -> bool {
    let name = header.as_str();
    matches!(name, "forwarded" | "via") || name.starts_with("x-forwarded") || name.ends_with("-ip")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn looks(xray: Xray, peer: Option<&str>, host: &str, headers: &[&str]) -> bool {
        let proxies = vec!["127.0.0.9".parse().unwrap()];
        let looking = Looking::new(&Access { xray, proxies, ..Access::default() });
        let mut request = Request::builder().uri("/xray").header(header::HOST, host);
        for name in headers {
            request = request.header(*name, "127.0.0.1");
        }
        let peer = peer.map(|peer| peer.parse().unwrap());
        looking.admits(peer, &request.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn inside_is_shown_on_this_computer() {
        let local = |peer, host, headers| looks(Xray::Loopback, peer, host, headers);
        for peer in ["127.0.0.1:5", "127.1.2.3:5", "[::1]:5", "[::ffff:127.0.0.1]:5"] {
            for host in ["localhost", "LocalHost:8080", "127.0.0.1:8080", "[::1]:8080"] {
                assert!(local(Some(peer), host, &[]), "{peer} {host}");
            }
        }
        let here = Some("127.0.0.1:5");
        for peer in [None, Some("192.168.0.7:5"), Some("[2001:db8::1]:5"), Some("127.0.0.9:5")] {
            assert!(!local(peer, "localhost", &[]), "{peer:?}");
        }
        for host in ["192.168.0.7", "chat.example", "localhost.evil", "127.0.0.1.evil", "", "::1"] {
            assert!(!local(here, host, &[]), "{host}");
        }
        for header in [
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Forwarded",
            "forwarded",
            "Via",
            "X-Real-IP",
            "CF-Connecting-IP",
            "True-Client-IP",
            "X-Client-IP",
        ] {
            assert!(!looks(Xray::Loopback, here, "localhost", &[header]), "{header}");
        }
        assert!(local(here, "localhost", &["Accept", "X-Script", "Forwarded-Trip"]));
    }

    #[test]
    fn inside_is_shown_to_all_or_nobody_if_so_said() {
        for (peer, host) in [(None, "chat.example"), (Some("127.0.0.1:5"), "localhost")] {
            assert!(looks(Xray::All, peer, host, &["via"]));
            assert!(!looks(Xray::Off, peer, host, &[]));
        }
    }

    #[test]
    fn a_request_that_names_two_hosts_has_to_name_this_computer_twice() {
        let looking = Looking::new(&Access::default());
        for (uri, shown) in [("http://192.168.0.7/xray", false), ("http://[::1]/xray", true)] {
            let request = Request::builder().uri(uri).header(header::HOST, "localhost");
            let request = request.body(Body::empty()).unwrap();
            let peer = "127.0.0.1:5".parse().unwrap();
            assert_eq!(looking.admits(Some(peer), &request).is_ok(), shown, "{uri}");
        }
    }
}
