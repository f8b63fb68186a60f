//! Who may ask: the Host and Origin of every request, and the headers of every answer.

use std::future::ready;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;

use super::looking::Xray;
use super::problem::Problem;
use crate::tracers::Tracers;

/// Which names this server has, and whose pages may use it.
///
/// An IP address and `localhost` are always served: a page from elsewhere cannot make a browser
/// send them (DNS rebinding needs a name).
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Further names of this server, without port, in any case.
    pub hosts: Vec<String>,
    /// Origins besides our own, as `scheme://host[:port]`.
    pub origins: Vec<String>,
    /// Proxies that are believed when they say for whom they ask, in `X-Forwarded-For`. Whoever
    /// else says so is not.
    pub proxies: Vec<IpAddr>,
    /// Who may look inside: `/xray`, `/debug/flight`.
    pub xray: Xray,
}

/// Headers of every answer: nothing from elsewhere runs in the page, and nothing from here is
/// framed or embedded elsewhere.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Where a request comes from, as browsers tell it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is refused before anything looks at it.
#[derive(Debug, PartialEq, Eq)]
enum Denied {
    NoHost,
    TwoHosts,
    Host(String),
    Origin(String),
}

impl Denied {
    fn code(&self) -> &'static str {
        match self {
            Self::NoHost => "no_host",
            Self::TwoHosts => "two_hosts",
            Self::Host(_) => "wrong_host",
            Self::Origin(_) => "wrong_origin",
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let code = denied.code();
        let (status, text) = match denied {
            Denied::NoHost => (StatusCode::BAD_REQUEST, "the Host header is missing".into()),
            Denied::TwoHosts => (StatusCode::BAD_REQUEST, "there are two Host headers".into()),
            Denied::Host(host) => (
                StatusCode::MISDIRECTED_REQUEST,
                format!(
                    "{host:?} is not a name of this server; its operator can add it: \
                     chat --host NAME"
                ),
            ),
            Denied::Origin(origin) => (
                StatusCode::FORBIDDEN,
                format!(
                    "pages from {origin:?} may not use this server; its operator can let them: \
                     chat --allow-origin ORIGIN"
                ),
            ),
        };
        Self::new(status, code, text)
    }
}

impl Access {
    fn check(&self, request: &Request) -> Result<(), Denied> {
        let headers = request.headers();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().map(text);
        if hosts.next().is_some() {
            return Err(Denied::TwoHosts);
        }
        // A request may name its host twice; both have to be ours.
        let authority = request.uri().authority().map(|authority| authority.to_string());
        let host = host.or_else(|| authority.clone()).ok_or(Denied::NoHost)?;
        for host in [Some(&host), authority.as_ref()].into_iter().flatten() {
            if !self.serves(name(host)) {
                return Err(Denied::Host(host.clone()));
            }
        }
        match headers.get(header::ORIGIN).map(text) {
            Some(origin) if !self.admits(&origin, &host) => Err(Denied::Origin(origin)),
            // A browser that keeps the Origin of a form to itself still says that it is foreign.
            None if request.method() == Method::POST && is_foreign(headers) => {
                Err(Denied::Origin("another site".into()))
            }
            _ => Ok(()),
        }
    }

    fn serves(&self, name: &str) -> bool {
        ip(name).is_some()
            || name.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    /// A page may talk to the server it came from. One from this computer may talk to a server on
    /// this computer: that is how pages are developed.
    fn admits(&self, origin: &str, host: &str) -> bool {
        if self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
            return true;
        }
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return false,
        };
        let bare =
            |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_lowercase();
        bare(authority) == bare(host) || (is_loopback(name(authority)) && is_loopback(name(host)))
    }
}

/// Whether a page of another site has the browser ask.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get(SEC_FETCH_SITE);
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

/// A host without its port.
pub(super) fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

fn ip(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

pub(super) fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || ip(name).is_some_and(|ip| ip.is_loopback())
}

/// `router` behind the checks, with an answer to methods that it does not know, and with the
/// headers.
pub(crate) fn guarded(router: Router, access: Access, tracers: Tracers) -> Router {
    let asked = tracers.clone();
    let router = router.method_not_allowed_fallback(move |headers: HeaderMap| {
        let problem = Problem::wrong_method();
        asked.request_refused(None, None, problem.code());
        ready(problem.told_to(&headers))
    });
    router.layer(middleware::from_fn_with_state((Arc::new(access), tracers), guard))
}

async fn guard(
    State((access, tracers)): State<(Arc<Access>, Tracers)>,
    request: Request,
    next: Next,
) -> Response {
    let response = match access.check(&request) {
        Ok(()) => next.run(request).await,
        Err(denied) => {
            tracers.request_refused(None, None, denied.code());
            Problem::from(denied).told_to(request.headers())
        }
    };
    with_headers(response)
}

/// An answer as every one is.
pub(super) fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn check(host: &str, origin: Option<&str>) -> Result<(), Denied> {
        let hosts = vec!["chat.example".into()];
        let origins = vec!["https://friend.example".into()];
        let access = Access { hosts, origins, ..Access::default() };
        let mut request = Request::builder().uri("/");
        if !host.is_empty() {
            request = request.header(header::HOST, host);
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        access.check(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1:8080",
            "192.168.0.7",
            "[::1]:8080",
            "[fe80::1]",
            "chat.example",
            "Chat.Example:443",
        ] {
            assert_eq!(check(host, None), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "chat.example.evil",
            "127.0.0.1.evil",
            "::1",
            "a:b:c",
            "localhost.",
        ] {
            assert_eq!(check(host, None), Err(Denied::Host(host.into())), "{host}");
        }
        assert_eq!(check("", None), Err(Denied::NoHost));
    }

    #[test]
    fn origins() {
        for (host, origin) in [
            ("chat.example", "https://chat.example"),
            ("chat.example:443", "https://chat.example"),
            ("chat.example", "http://CHAT.example:80"),
            ("localhost:8080", "http://localhost:8080"),
            ("localhost:8080", "http://localhost:3000"),
            ("127.0.0.1:8080", "http://[::1]:3000"),
            ("192.168.0.7:8080", "http://192.168.0.7:8080"),
            ("chat.example", "https://friend.example"),
        ] {
            assert_eq!(check(host, Some(origin)), Ok(()), "{host} {origin}");
        }
        for (host, origin) in [
            ("chat.example", "null"),
            ("chat.example", ""),
            ("chat.example", "https://evil-chat.example"),
            ("chat.example", "https://chat.example.evil"),
            ("chat.example", "https://chat.example:8443"),
            ("chat.example", "https://chat.example:80"),
            ("chat.example", "http://localhost:3000"),
            ("localhost:8080", "https://chat.example"),
            ("localhost:8080", "http://localhost.evil"),
            ("192.168.0.7:8080", "http://127.0.0.1:8080"),
            ("chat.example", "file://chat.example"),
            ("chat.example", "https://chat.example."),
        ] {
            assert_eq!(
                check(host, Some(origin)),
                Err(Denied::Origin(origin.into())),
                "{host} {origin}"
            );
        }
    }

    #[test]
    fn a_form_on_another_site_is_refused_without_an_origin_as_well() {
        let check = |method: Method, site: &str| {
            let request = Request::builder().method(method).uri("/").header(header::HOST, "[::1]");
            let request = request.header(SEC_FETCH_SITE, site).body(Body::empty()).unwrap();
            Access::default().check(&request)
        };
        for site in ["cross-site", "same-site", "", "x"] {
            let denied = Err(Denied::Origin("another site".into()));
            assert_eq!(check(Method::POST, site), denied, "{site}");
            assert_eq!(check(Method::GET, site), Ok(()), "{site}");
        }
        for site in ["same-origin", "none"] {
            assert_eq!(check(Method::POST, site), Ok(()), "{site}");
        }
    }

    #[test]
    fn a_request_that_names_two_hosts_needs_both() {
        let request =
            Request::builder().uri("http://evil.example/").header(header::HOST, "localhost");
        let denied = Access::default().check(&request.body(Body::empty()).unwrap());
        assert_eq!(denied, Err(Denied::Host("evil.example".into())));
        let twice = Request::builder().uri("/").header(header::HOST, "localhost");
        let twice = twice.header(header::HOST, "localhost").body(Body::empty()).unwrap();
        assert_eq!(Access::default().check(&twice), Err(Denied::TwoHosts));
    }
}
