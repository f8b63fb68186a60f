//! What `--host` and `--allow-origin` take: the names we serve, the pages that may talk to us.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Why a text is no host name or no origin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SiteError {
    /// Not the name alone: has a scheme, a port or a path. The name follows.
    NotOnlyName {
        text: String,
        name: String,
    },
    NoName(String),
    /// IDN as typed; browsers send the other form.
    NotAscii(String),
    Wildcard(String),
    Null,
    /// Has a path, a query or a user before the host.
    NotOnlyOrigin {
        text: String,
        origin: String,
    },
    NoScheme(String),
    /// `ws:` names a socket, the origin is a page's.
    WebSocket {
        text: String,
        origin: String,
    },
    NoOrigin(String),
}

/// A host name as it stands in a `Host` header, in lower case, without a port.
///
/// IP literals are always served, so naming one is harmless.
pub(super) fn host(text: &str) -> Result<String, SiteError> {
    if text.contains('*') {
        return Err(SiteError::Wildcard(text.into()));
    }
    if !text.is_ascii() {
        return Err(SiteError::NotAscii(text.into()));
    }
    let lower = text.to_ascii_lowercase();
    let name = lower.strip_suffix('.').unwrap_or(&lower);
    if name.parse::<IpAddr>().is_ok() || is_name(name) {
        return Ok(name.to_owned());
    }
    let after = name.split_once("://").map_or(name, |(_, rest)| rest);
    let before = after.split(['/', ':']).next().unwrap_or_default();
    Err(match is_name(before) {
        true => SiteError::NotOnlyName { text: text.into(), name: before.into() },
        false => SiteError::NoName(text.into()),
    })
}

/// An origin as browsers write it: `scheme://host` or `scheme://host:port`, in lower case,
/// without the port that the scheme has anyway.
pub(super) fn origin(text: &str) -> Result<String, SiteError> {
    if text.contains('*') {
        return Err(SiteError::Wildcard(text.into()));
    }
    if text.eq_ignore_ascii_case("null") {
        return Err(SiteError::Null);
    }
    if !text.is_ascii() {
        return Err(SiteError::NotAscii(text.into()));
    }
    let bad = || SiteError::NoOrigin(text.into());
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://").ok_or_else(|| SiteError::NoScheme(text.into()))?;
    if !is_scheme(scheme) {
        return Err(bad());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let (name, port) = split_port(place).ok_or_else(bad)?;
    let port = match (scheme, port) {
        ("http", Some(80)) | ("https", Some(443)) | (_, None) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    let page = scheme.replace("ws", "http");
    if scheme == "ws" || scheme == "wss" {
        let origin = format!("{page}://{name}{port}");
        return Err(SiteError::WebSocket { text: text.into(), origin });
    }
    let origin = format!("{scheme}://{name}{port}");
    match place == rest {
        true => Ok(origin),
        false => Err(SiteError::NotOnlyOrigin { text: text.into(), origin }),
    }
}

/// The host and the port of `host`, `host:port`, `[ipv6]`, `[ipv6]:port`.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let end = match place.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => place.find(':').unwrap_or(place.len()),
    };
    let (name, port) = place.split_at(end);
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    if !bare.map_or_else(|| is_name(name), |ip| ip.parse::<Ipv6Addr>().is_ok()) {
        return None;
    }
    match port.strip_prefix(':') {
        None => port.is_empty().then_some((name, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some((name, Some(digits.parse().ok()?)))
        }
        Some(_) => None,
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| !label.is_empty())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl fmt::Display for SiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SiteError::NotOnlyName { text, name } => {
                write!(f, "{text:?} is more than a host name; write {name}")
            }
            SiteError::NoName(text) => {
                write!(f, "{text:?} is no host name; write one like chat.example.org")
            }
            SiteError::NotAscii(text) => {
                write!(f, "{text:?} is not how browsers send it; write its xn-- form")
            }
            SiteError::Wildcard(text) => {
                write!(f, "{text:?} would let any site in; name each one")
            }
            SiteError::Null => f.write_str(
                "\"null\" is the origin of every sandboxed page, so it would let any site in",
            ),
            SiteError::NotOnlyOrigin { text, origin } => {
                write!(f, "{text:?} is more than an origin; write {origin}")
            }
            SiteError::NoScheme(text) => {
                write!(f, "{text:?} has no scheme; write an origin like https://chat.example.org")
            }
            SiteError::WebSocket { text, origin } => {
                write!(f, "{text:?} is a socket; the origin is the page that opens it: {origin}")
            }
            SiteError::NoOrigin(text) => write!(
                f,
                "{text:?} is no origin; write scheme://host or scheme://host:port, \
                 like https://chat.example.org"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seen: Result<String, SiteError>, expected: &str) {
        let seen = seen.unwrap_or_else(|error| format!("error: {error}"));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_host_is_a_name_alone() {
        check(host("chat.example.org"), "chat.example.org");
        check(host("Chat.Example.ORG."), "chat.example.org");
        check(host("build_7-x"), "build_7-x");
        check(host("192.168.1.5"), "192.168.1.5");
        check(host("::1"), "::1");
    }

    #[test]
    fn a_host_that_is_more_is_cut_down() {
        let more = |text: &str| format!("error: {text:?} is more than a host name; write a.org");
        check(host("https://a.org"), &more("https://a.org"));
        check(host("https://a.org:8/x"), &more("https://a.org:8/x"));
        check(host("A.org:8080"), &more("A.org:8080"));
        check(host("a.org/"), &more("a.org/"));
    }

    #[test]
    fn a_host_that_is_none_says_so() {
        let none = |text: &str| {
            format!("error: {text:?} is no host name; write one like chat.example.org")
        };
        check(host(""), &none(""));
        check(host("."), &none("."));
        check(host("a..b"), &none("a..b"));
        check(host("a b"), &none("a b"));
        check(host("[::1]:80"), &none("[::1]:80"));
        check(host(&"a".repeat(254)), &none(&"a".repeat(254)));
        check(host("*.a.org"), "error: \"*.a.org\" would let any site in; name each one");
        check(
            host("房间.cn"),
            "error: \"房间.cn\" is not how browsers send it; write its xn-- form",
        );
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        check(origin("https://chat.example.org"), "https://chat.example.org");
        check(origin("HTTPS://Chat.Example.org"), "https://chat.example.org");
        check(origin("http://localhost:3000"), "http://localhost:3000");
        check(origin("http://a.org:80"), "http://a.org");
        check(origin("https://a.org:443"), "https://a.org");
        check(origin("http://a.org:443"), "http://a.org:443");
        check(origin("http://[::1]:3000"), "http://[::1]:3000");
        check(origin("http://[::1]"), "http://[::1]");
        check(origin("chrome-extension://abcdefgh"), "chrome-extension://abcdefgh");
    }

    #[test]
    fn an_origin_that_is_more_is_cut_down() {
        let more =
            |text: &str| format!("error: {text:?} is more than an origin; write https://a.org");
        check(origin("https://a.org/"), &more("https://a.org/"));
        check(origin("https://a.org/x?y#z"), &more("https://a.org/x?y#z"));
        check(origin("https://me:pw@a.org"), &more("https://me:pw@a.org"));
        check(
            origin("wss://a.org/ws"),
            "error: \"wss://a.org/ws\" is a socket; \
             the origin is the page that opens it: https://a.org",
        );
    }

    #[test]
    fn an_origin_that_is_none_says_so() {
        let none = |text: &str| {
            format!(
                "error: {text:?} is no origin; write scheme://host or scheme://host:port, \
                 like https://chat.example.org"
            )
        };
        for text in [
            "https://",
            "://a",
            "1x://a",
            "https://a:b",
            "https://a:99999",
            "https://a:+80",
            "https://a b",
        ] {
            check(origin(text), &none(text));
        }
        check(origin("https://[::1"), &none("https://[::1"));
        check(origin("https://[x]"), &none("https://[x]"));
        check(origin("https://[::1]x"), &none("https://[::1]x"));
        check(
            origin("a.org"),
            "error: \"a.org\" has no scheme; write an origin like https://chat.example.org",
        );
        check(origin("*"), "error: \"*\" would let any site in; name each one");
        check(
            origin("null"),
            "error: \"null\" is the origin of every sandboxed page, \
             so it would let any site in",
        );
        check(
            origin("https://房间.cn"),
            "error: \"https://房间.cn\" is not how browsers send it; write its xn-- form",
        );
    }
}
