//! Real sockets, on loopback and free ports.

use std::error::Error as _;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;

const DEADLINE: Duration = Duration::from_secs(10);

async fn try_listen(texts: &[&str]) -> Result<Listening, ListenError> {
    let addrs: Vec<Addr> = texts.iter().map(|text| text.parse().unwrap()).collect();
    listen(&addrs).await
}

async fn listening(texts: &[&str]) -> Listening {
    try_listen(texts).await.unwrap()
}

fn bound(listening: &Listening) -> Vec<SocketAddr> {
    listening.listeners.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

/// Connects to `at` and proves that `listener` is who answers.
async fn reach(listener: &TcpListener, at: SocketAddr) {
    let client = timeout(DEADLINE, TcpStream::connect(at)).await.unwrap().unwrap();
    let (_, from) = timeout(DEADLINE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(from.port(), client.local_addr().unwrap().port());
}

fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

#[track_caller]
fn check(error: &ListenError, message: &str, hint: &str) {
    assert_eq!(error.to_string(), message);
    assert_eq!(error.hint(), hint);
    assert!(error.source().is_none(), "the message says it all: {:?}", error.source());
}

#[tokio::test]
async fn one_address_is_one_listener() {
    let one = listening(&["127.0.0.1:0"]).await;
    let [at] = bound(&one)[..] else { panic!("{one:?}") };
    assert_eq!(one.addrs, [Addr { host: Host::Ip(at.ip()), port: at.port() }]);
    assert_ne!(at.port(), 0);
    reach(&one.listeners[0], at).await;
}

#[tokio::test]
async fn localhost_is_both_loopbacks_at_one_port() {
    let both = listening(&["localhost:0"]).await;
    let port = both.addrs[0].port;
    let mut expected = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
    if has_ipv6() {
        expected.push(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
    }
    assert_eq!(bound(&both), expected);
    assert_eq!(both.addrs, [Addr { host: Host::Localhost, port }]);
    for (listener, at) in both.listeners.iter().zip(expected) {
        reach(listener, at).await;
    }
}

#[test]
fn an_interface_that_does_not_exist_is_left_out_while_another_does() {
    let _runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = _runtime.enter();
    // 192.0.2.1 is nobody's: it stands for the loopback that a computer lacks.
    let [nobodys, loopback] = [Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into()];
    let none = Listening::default();
    for ips in [[nobodys, loopback], [loopback, nobodys]] {
        let (listeners, port) = none.bind(&Host::Localhost, &ips, 0).unwrap();
        let at: Vec<_> = listeners.iter().map(|at| at.local_addr().unwrap()).collect();
        assert_eq!(at, [SocketAddr::new(loopback, port)]);
    }
    let error = none.bind(&Host::Localhost, &[nobodys], 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
}

#[tokio::test]
async fn a_port_alone_is_reached_by_either_version_of_ip() {
    let every = listening(&[":0"]).await;
    let port = every.addrs[0].port;
    assert_eq!(every.addrs, [Addr { host: Host::Every, port }]);
    // Connections are made to loopback only; the wildcard covers it.
    let v4 = every.listeners.last().unwrap();
    reach(v4, SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    if has_ipv6() {
        assert_eq!(bound(&every)[0].ip(), IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        reach(&every.listeners[0], SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await;
    }
}

#[tokio::test]
async fn a_second_free_port_is_the_same_number() {
    if !has_ipv6() {
        return;
    }
    let two = listening(&["127.0.0.1:0", "[::1]:0"]).await;
    let [v4, v6] = bound(&two)[..] else { panic!("{two:?}") };
    assert_eq!(v4.port(), v6.port());
    assert_eq!(two.addrs[1].port, v6.port());
    // The same address twice is one listener; localhost adds what is missing.
    let two = listening(&["127.0.0.1:0", "127.0.0.1:0", "localhost:0"]).await;
    let ips: Vec<_> = bound(&two).iter().map(SocketAddr::ip).collect();
    assert_eq!(ips, [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]);
}

#[tokio::test]
async fn a_number_that_is_taken_there_is_another_one() {
    if !has_ipv6() {
        return;
    }
    let mut first = listening(&["127.0.0.1:0"]).await;
    let taken = listening(&[&format!("[::1]:{}", first.addrs[0].port)]).await;
    first.add(&"[::1]:0".parse().unwrap()).await.unwrap();
    assert_ne!(bound(&first)[1].port(), bound(&taken)[0].port());
}

#[tokio::test]
async fn a_name_is_resolved() {
    // The one name that every computer can resolve without a network.
    let localhost = Addr { host: Host::Name("localhost".into()), port: 0 };
    let named = listen(&[localhost]).await.unwrap();
    assert!(!named.listeners.is_empty());
    assert!(bound(&named).iter().all(|at| at.ip().is_loopback()), "{named:?}");
    assert!(named.only_here(&named.addrs[0]));
}

#[tokio::test]
async fn only_loopbacks_are_only_here() {
    let some = listening(&["localhost:0", "127.0.0.1:0", ":0"]).await;
    let here: Vec<_> = some.addrs.iter().map(|addr| some.only_here(addr)).collect();
    assert_eq!(here, [true, true, false]);
    let named = Addr { host: Host::Name("localhost".into()), port: 0 };
    let some = listen(&[named, "0.0.0.0:0".parse().unwrap()]).await.unwrap();
    let here: Vec<_> = some.addrs.iter().map(|addr| some.only_here(addr)).collect();
    assert_eq!(here, [true, false]);
}

#[tokio::test]
async fn a_port_in_use_suggests_the_next() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let next = port.checked_add(1).unwrap_or(8080);
    let error = try_listen(&[&format!("localhost:{port}")]).await.unwrap_err();
    check(
        &error,
        &format!("port {port} is already in use"),
        &format!(
            "It may be another chat.   Try: chat --addr localhost:{next}     \
             or any free port: chat --addr localhost:0"
        ),
    );
}

#[tokio::test]
async fn a_port_in_use_on_one_loopback_is_in_use() {
    if !has_ipv6() {
        return;
    }
    let other = std::net::TcpListener::bind("[::1]:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let error = try_listen(&[&format!("localhost:{port}")]).await.unwrap_err();
    assert_eq!(error.to_string(), format!("port {port} is already in use"));
}

#[tokio::test]
async fn a_port_in_use_on_ipv4_is_in_use_for_every_interface() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let error = try_listen(&[&format!(":{port}")]).await.unwrap_err();
    assert_eq!(error.to_string(), format!("port {port} is already in use"));
}

#[tokio::test]
async fn two_addresses_that_overlap_are_told_apart() {
    let free = listening(&["127.0.0.1:0"]).await.addrs[0].port;
    let (every, local) = (&*format!(":{free}"), &*format!("localhost:{free}"));
    let hint = format!("Give only one of them: chat --addr :{free}");
    let error = try_listen(&[every, local]).await.unwrap_err();
    check(&error, &format!("--addr :{free} and --addr localhost:{free} overlap"), &hint);
    let error = try_listen(&[local, every]).await.unwrap_err();
    check(&error, &format!("--addr localhost:{free} and --addr :{free} overlap"), &hint);
    let (every, local) = (&*format!("0.0.0.0:{free}"), &*format!("127.0.0.1:{free}"));
    for pair in [[every, local], [local, every]] {
        let error = try_listen(&pair).await.unwrap_err();
        assert_eq!(error.hint(), format!("Give only one of them: chat --addr 0.0.0.0:{free}"));
    }
}

#[tokio::test]
async fn an_address_of_another_computer_is_refused() {
    let error = try_listen(&["192.0.2.1:9000"]).await.unwrap_err();
    check(
        &error,
        "192.0.2.1:9000 is not an address of this computer",
        "Try: chat --addr localhost:9000 (only this computer can connect) \
         or chat --addr :9000 (every interface)",
    );
}

#[tokio::test]
async fn a_name_without_an_address_says_so() {
    let error = try_listen(&["nobody.invalid:80"]).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot find the address of nobody.invalid:80");
    assert!(error.source().is_some());
    assert_eq!(
        error.hint(),
        "Try an address instead of the name: chat --addr localhost:80 or chat --addr :80"
    );
}

#[test]
fn a_refusal_of_the_system_is_worded_by_the_port() {
    let refused = |text: &str| {
        let addr: Addr = text.parse().unwrap();
        let why = Listening::default().why(&addr, ErrorKind::PermissionDenied.into());
        ListenError { addr, why }
    };
    let low = refused(":80");
    assert_eq!(low.to_string(), "not allowed to listen on port 80");
    assert!(
        low.hint().starts_with("Ports below 1024 need a privilege.   Try: chat --addr :8080"),
        "{}",
        low.hint()
    );
    check(
        &refused("localhost:5000"),
        "not allowed to listen on localhost:5000",
        "Try: chat --addr localhost:8080     or any free port: chat --addr localhost:0",
    );
    let first_open = refused(":1024");
    assert_eq!(first_open.to_string(), "not allowed to listen on :1024");
    assert!(first_open.hint().starts_with("Try: chat --addr :8080 "), "{}", first_open.hint());
    let addr: Addr = ":1".parse().unwrap();
    let why = Listening::default().why(&addr, io::Error::other("the cable is cut"));
    let other = ListenError { addr, why };
    assert_eq!(other.to_string(), "cannot listen on :1");
    assert_eq!(other.source().unwrap().to_string(), "the cable is cut");
}

#[tokio::test]
async fn nothing_stays_bound_after_an_error() {
    let free = listening(&["127.0.0.1:0"]).await.addrs[0].port;
    let first = &*format!("127.0.0.1:{free}");
    try_listen(&[first, "192.0.2.1:9000"]).await.unwrap_err();
    listening(&[first]).await;
}

#[tokio::test]
async fn a_port_is_free_again_at_once_after_a_server_ends() {
    let first = listening(&["127.0.0.1:0"]).await;
    let at = bound(&first)[0];
    let mut client = TcpStream::connect(at).await.unwrap();
    let (served, _) = first.listeners[0].accept().await.unwrap();
    drop((first, served)); // the server closes first, so the wait for late packets is its own
    assert_eq!(timeout(DEADLINE, client.read(&mut [0])).await.unwrap().unwrap(), 0);
    drop(client);
    listening(&[&at.to_string()]).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn accepted_connections_have_a_small_send_buffer() {
    let one = listening(&["127.0.0.1:0"]).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let _never_reads = socket.connect(bound(&one)[0]).await.unwrap();
    let (served, _) = one.listeners[0].accept().await.unwrap();
    let mut taken = 0;
    // Until the system has taken nothing more for a while: it grows its buffers in steps.
    while timeout(Duration::from_millis(100), served.writable()).await.is_ok() {
        match served.try_write(&[0; 16 << 10]) {
            Ok(bytes) => taken += bytes,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(taken < 512 << 10, "the system holds {taken} bytes of one stalled connection");
    }
    assert!(taken >= 32 << 10, "the system takes only {taken} bytes");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_herd_of_connections_waits_in_the_backlog() {
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let herd = 512;
    if most.trim().parse::<usize>().unwrap() < herd {
        return;
    }
    let one = listening(&["127.0.0.1:0"]).await;
    let at = bound(&one)[0];
    let mut clients = Vec::new();
    for _ in 0..herd {
        clients.push(timeout(DEADLINE, TcpStream::connect(at)).await.unwrap().unwrap());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn accepted_connections_notice_that_a_network_is_gone() {
    let one = listening(&["127.0.0.1:0"]).await;
    let _client = TcpStream::connect(bound(&one)[0]).await.unwrap();
    let (accepted, _) = timeout(DEADLINE, one.listeners[0].accept()).await.unwrap().unwrap();
    let options = SockRef::from(&accepted);
    assert!(options.keepalive().unwrap());
    assert_eq!(options.tcp_keepalive_time().unwrap(), KEEPALIVE);
    assert_eq!(options.tcp_keepalive_interval().unwrap(), KEEPALIVE_PROBES);
    assert_eq!(options.tcp_user_timeout().unwrap(), Some(crate::limits::UNACKNOWLEDGED));
}
