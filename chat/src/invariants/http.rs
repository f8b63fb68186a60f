//! Requests to every address.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::runtime;
use tokio::time::timeout;
use tower_service::Service;

use crate::limits::Limits;
use crate::server::{Server, client};
use crate::web::Access;

/// A request: its method and address on the first line, then its headers, an empty line, and its
/// body; `None` if it is none that a connection would let through.
fn request(input: &[u8]) -> Option<Request> {
    let head_end = input.windows(2).position(|end| end == b"\n\n").unwrap_or(input.len());
    let (head, body) = input.split_at(head_end);
    let mut lines = head.split(|&byte| byte == b'\n');
    let mut first = lines.next()?.splitn(2, |&byte| byte == b' ');
    let method = Method::from_bytes(first.next()?).ok()?;
    let uri = Uri::try_from(first.next()?).ok()?;
    let body = Body::from(body.get(2..).unwrap_or_default().to_vec());
    let mut request = Request::builder().method(method).uri(uri).body(body).ok()?;
    for line in lines {
        let at = line.iter().position(|&byte| byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

/// A request, head and body.
pub fn http(input: &[u8]) {
    let Some(request) = request(input) else { return };
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(answered(request));
}

/// Who asks through a proxy, here any private address, is no proxy and said so.
fn forwarded(headers: &HeaderMap) {
    let is_proxy = |ip| matches!(ip, IpAddr::V4(v4) if v4.is_private());
    let Some(ip) = client(headers, is_proxy) else { return };
    assert!(!is_proxy(ip) && ip == ip.to_canonical(), "{ip}");
    assert!(headers.contains_key("x-forwarded-for"), "{ip}");
    assert_eq!(client(headers, |_| true), None);
}

async fn answered(request: Request) {
    let server = Server::new(Limits::default(), Access::default(), Default::default());
    forwarded(request.headers());
    let has_host =
        request.headers().contains_key(header::HOST) || request.uri().authority().is_some();
    let got = server.router().call(request).await;
    let mut answer: Response = got.unwrap_or_else(|never| match never {});
    let (status, headers) = (answer.status(), answer.headers().clone());
    assert!(!status.is_server_error(), "{status}");
    assert_ne!(status, StatusCode::SWITCHING_PROTOCOLS, "no connection, no WebSocket");
    for name in [header::CONTENT_SECURITY_POLICY, header::X_CONTENT_TYPE_OPTIONS] {
        assert_eq!(headers.get_all(&name).iter().count(), 1, "{status} without {name}");
    }
    assert!(has_host || status.is_client_error(), "{status} for no host");
    // What is told as it happens has no end.
    let told =
        timeout(Duration::from_secs(60), answer.body_mut().frame()).await.expect("an answer");
    let told = told.map(|frame| frame.expect("an answer").into_data().unwrap_or_default());
    // What is stored is said as it was, within JSON.
    if status.is_client_error() {
        let told = told.unwrap_or_default();
        let text = str::from_utf8(&told).expect("text");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}
