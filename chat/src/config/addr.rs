//! The address grammar: what `--addr` takes and what each form means.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The port of an address that names none.
pub(crate) const DEFAULT_PORT: u16 = 8080;

/// One address to listen on, as asked for: not yet resolved, not yet bound.
///
/// | written | means |
/// |---|---|
/// | `8080`, `:8080`, `*:8080` | every interface, IPv6 and IPv4 |
/// | `localhost`, `localhost:3000` | both loopbacks, `127.0.0.1` and `[::1]` |
/// | `127.0.0.1`, `[::1]`, `::1` | that address, port 8080 |
/// | `192.168.0.1:3000`, `[::1]:0` | that address and port; 0 is any free port |
/// | `chat.example.org:80` | whatever that name resolves to |
///
/// `Display` writes the shortest form that parses back to the same value, port included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addr {
    /// Where to listen.
    pub host: Host,
    /// The port; 0 asks for any free one.
    pub port: u16,
}

/// The interfaces that an [`Addr`] asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Every interface of this computer, IPv6 and IPv4.
    Every,
    /// Both loopbacks: only this computer can connect.
    Localhost,
    /// One address.
    Ip(IpAddr),
    /// A name, resolved when it is listened on.
    Name(String),
}

/// Why a text is not an address. Its `Display` says what was wrong and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrError(Bad);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bad {
    Empty,
    NoPort(String),
    Port { text: String, port: String },
    Url { text: String, instead: Option<Addr> },
    Ambiguous { text: String, with_port: String, without: Ipv6Addr },
    Several(String),
    Host(String),
}

impl Addr {
    /// This address with another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Addr {
        Addr { host: self.host.clone(), port }
    }

    /// The address of the page for a browser on this computer.
    #[must_use]
    pub fn url(&self) -> String {
        match self.host {
            Host::Every => format!("http://localhost:{}", self.port),
            Host::Ip(ip) if ip.is_unspecified() => format!("http://localhost:{}", self.port),
            _ => format!("http://{self}"),
        }
    }
}

impl FromStr for Addr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Addr, AddrError> {
        parse(text).map_err(AddrError)
    }
}

fn parse(text: &str) -> Result<Addr, Bad> {
    if text.is_empty() {
        return Err(Bad::Empty);
    }
    if let Some((_, rest)) = text.split_once("://") {
        let instead = rest.split('/').next().and_then(|host| host.parse().ok());
        return Err(Bad::Url { text: text.into(), instead });
    }
    if text.contains(',') {
        return Err(Bad::Several(text.into()));
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return bare_ip(text, ip);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Addr { host: Host::Every, port: port(text, text)? });
    }
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Addr { host: Host::Localhost, port: DEFAULT_PORT });
    }
    if let Some(rest) = text.strip_prefix('[') {
        let bad = || Bad::Host(text.into());
        let (ip, rest) = rest.split_once(']').ok_or_else(bad)?;
        let host = Host::Ip(IpAddr::V6(ip.parse().map_err(|_| bad())?));
        return match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok(Addr { host, port: DEFAULT_PORT }),
            None => Err(bad()),
            Some(number) => Ok(Addr { host, port: port(text, number)? }),
        };
    }
    let Some((name, number)) = text.rsplit_once(':') else {
        return Err(match is_name(text) {
            true => Bad::NoPort(text.into()),
            false => Bad::Host(text.into()),
        });
    };
    let host = host(text, name)?;
    Ok(Addr { host, port: port(text, number)? })
}

fn host(text: &str, name: &str) -> Result<Host, Bad> {
    if name.is_empty() || name == "*" {
        return Ok(Host::Every);
    }
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(Host::Localhost);
    }
    if let Ok(ip) = name.parse() {
        return Ok(Host::Ip(IpAddr::V4(ip)));
    }
    // An all-digit last label would be an IPv4 address that is none: 256.1.1.1 or 10.0.0
    let label = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    match is_name(name) && !label.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(Host::Name(name.to_ascii_lowercase())),
        false => Err(Bad::Host(text.into())),
    }
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn port(text: &str, number: &str) -> Result<u16, Bad> {
    if number.is_empty() {
        return Err(Bad::NoPort(text.into()));
    }
    let bad = || Bad::Port { text: text.into(), port: number.into() };
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad()); // "+80" would parse
    }
    number.parse().map_err(|_| bad())
}

/// `::1:8080` is an IPv6 address that nobody means; brackets tell which of the two is meant.
fn bare_ip(text: &str, ip: IpAddr) -> Result<Addr, Bad> {
    if let (IpAddr::V6(whole), Some((front, back))) = (ip, text.rsplit_once(':'))
        && front.parse::<Ipv6Addr>().is_ok()
        && port(text, back).is_ok()
    {
        let with_port = format!("[{front}]:{back}");
        return Err(Bad::Ambiguous { text: text.into(), with_port, without: whole });
    }
    Ok(Addr { host: Host::Ip(ip), port: DEFAULT_PORT })
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match &self.host {
            Host::Every => write!(f, ":{port}"),
            Host::Localhost => write!(f, "localhost:{port}"),
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}:{port}"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{port}"),
            Host::Name(name) => write!(f, "{name}:{port}"),
        }
    }
}

impl fmt::Display for AddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const TRY: &str = "try :8080, 127.0.0.1:8080 or [::1]:8080";
        match &self.0 {
            Bad::Empty => write!(f, "the address is empty; {TRY}"),
            Bad::NoPort(text) => write!(f, "{text:?} has no port; {TRY}"),
            Bad::Port { text, port } => {
                write!(f, "{text:?} asks for port {port:?}; ports are numbers from 0 to 65535")
            }
            Bad::Url { text, instead: Some(addr) } => {
                write!(f, "{text:?} is the address of a page; to listen there write {addr}")
            }
            Bad::Url { text, instead: None } => {
                write!(f, "{text:?} is the address of a page; {TRY}")
            }
            Bad::Ambiguous { text, with_port, without } => {
                write!(f, "{text:?} can be read two ways; write {with_port} or [{without}]")
            }
            Bad::Several(text) => {
                write!(f, "{text:?} is more than one address; give --addr once for each")
            }
            Bad::Host(text) => {
                write!(f, "{text:?} is neither an address nor a name; {TRY}")
            }
        }
    }
}

impl std::error::Error for AddrError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let seen = match text.parse::<Addr>() {
            Ok(addr) => {
                let again = addr.to_string().parse();
                assert_eq!(again, Ok(addr.clone()), "{addr} does not parse back to itself");
                let Addr { host, port } = addr;
                match host {
                    Host::Every => format!("every {port}"),
                    Host::Localhost => format!("localhost {port}"),
                    Host::Ip(ip) => format!("ip {ip} {port}"),
                    Host::Name(name) => format!("name {name} {port}"),
                }
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(seen, expected, "for {text:?}");
    }

    #[test]
    fn a_port_alone_is_every_interface() {
        check("8080", "every 8080");
        check(":8080", "every 8080");
        check("*:8080", "every 8080");
        check(":0", "every 0");
        check("65535", "every 65535");
    }

    #[test]
    fn localhost_is_both_loopbacks() {
        check("localhost", "localhost 8080");
        check("LocalHost", "localhost 8080");
        check("localhost:3000", "localhost 3000");
        check("localhost:0", "localhost 0");
    }

    #[test]
    fn an_ip_has_the_default_port_unless_it_names_one() {
        check("127.0.0.1", "ip 127.0.0.1 8080");
        check("0.0.0.0", "ip 0.0.0.0 8080");
        check("192.168.0.1:3000", "ip 192.168.0.1 3000");
        check("::1", "ip ::1 8080");
        check("::", "ip :: 8080");
        check("fe80::1", "ip fe80::1 8080");
        check("1:2:3:4:5:6:7:8", "ip 1:2:3:4:5:6:7:8 8080");
        check("[::1]", "ip ::1 8080");
        check("[::1]:0", "ip ::1 0");
        check("[::]:80", "ip :: 80");
    }

    #[test]
    fn a_name_needs_a_port() {
        check("chat.example.org:80", "name chat.example.org 80");
        check("Build-7_x:80", "name build-7_x 80");
        check("localhost.:80", "name localhost. 80");
        check("3com.org:80", "name 3com.org 80");
    }

    const TRY: &str = "try :8080, 127.0.0.1:8080 or [::1]:8080";

    #[test]
    fn without_a_port_it_says_what_to_write() {
        check("foo", &format!("\"foo\" has no port; {TRY}"));
        check("foo:", &format!("\"foo:\" has no port; {TRY}"));
        check(":", &format!("\":\" has no port; {TRY}"));
        check("[::1]:", &format!("\"[::1]:\" has no port; {TRY}"));
        check("", &format!("the address is empty; {TRY}"));
    }

    #[test]
    fn a_bad_port_is_named() {
        let ports = "ports are numbers from 0 to 65535";
        check("99999", &format!("\"99999\" asks for port \"99999\"; {ports}"));
        check("localhost:65536", &format!("\"localhost:65536\" asks for port \"65536\"; {ports}"));
        check(":http", &format!("\":http\" asks for port \"http\"; {ports}"));
        check(":+80", &format!("\":+80\" asks for port \"+80\"; {ports}"));
        check("[::1]:-1", &format!("\"[::1]:-1\" asks for port \"-1\"; {ports}"));
        check("a:80/", &format!("\"a:80/\" asks for port \"80/\"; {ports}"));
    }

    #[test]
    fn a_url_is_told_what_it_means_here() {
        check(
            "http://localhost:8080/",
            "\"http://localhost:8080/\" is the address of a page; \
             to listen there write localhost:8080",
        );
        check("http://", &format!("\"http://\" is the address of a page; {TRY}"));
        check("ws://x", &format!("\"ws://x\" is the address of a page; {TRY}"));
    }

    #[test]
    fn an_ipv6_address_that_ends_like_a_port_asks_for_brackets() {
        check("::1:8080", "\"::1:8080\" can be read two ways; write [::1]:8080 or [::1:8080]");
        check("fe80::1:2", "\"fe80::1:2\" can be read two ways; write [fe80::1]:2 or [fe80::1:2]");
    }

    #[test]
    fn several_addresses_are_several_flags() {
        check(
            "localhost:1,localhost:2",
            "\"localhost:1,localhost:2\" is more than one address; give --addr once for each",
        );
    }

    #[test]
    fn garbage_is_quoted_so_that_a_terminal_cannot_obey_it() {
        let bad = |quoted: &str| format!("{quoted} is neither an address nor a name; {TRY}");
        check("a b:80", &bad("\"a b:80\""));
        check("256.1.1.1:80", &bad("\"256.1.1.1:80\""));
        check("10.0.0:80", &bad("\"10.0.0:80\""));
        check("10.0.0.:80", &bad("\"10.0.0.:80\""));
        check(".:80", &bad("\".:80\""));
        check("[::1", &bad("\"[::1\""));
        check("[::1]80", &bad("\"[::1]80\""));
        check("[nope]:80", &bad("\"[nope]:80\""));
        check("::1::2:80", &bad("\"::1::2:80\""));
        check("\u{1b}[31m:80", &bad("\"\\u{1b}[31m:80\""));
        check("房间:80", &bad("\"房间:80\""));
        check("/run/chat.sock", &bad("\"/run/chat.sock\""));
    }

    #[test]
    fn the_page_of_a_wildcard_is_on_localhost() {
        let url = |text: &str| text.parse::<Addr>().unwrap().url();
        assert_eq!(url(":80"), "http://localhost:80");
        assert_eq!(url("0.0.0.0:80"), "http://localhost:80");
        assert_eq!(url("[::1]:80"), "http://[::1]:80");
        assert_eq!(url("localhost"), "http://localhost:8080");
        assert_eq!(url("10.0.0.7:1"), "http://10.0.0.7:1");
    }
}
