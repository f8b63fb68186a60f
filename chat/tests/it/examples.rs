//! The programs of `examples/`, run as they are.

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::sockets::{PATIENCE, answer};

#[allow(dead_code, reason = "its `main` is called by nobody here")]
#[path = "../../examples/mount.rs"]
mod mount;

#[tokio::test]
async fn another_app_has_a_chat_and_its_own_pages() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let app = tokio::spawn(mount::serve(listener, async { stopped.await.unwrap_or_default() }));
    for (path, words) in
        [("/about", "ours"), ("/rooms/lobby", "data-room=\"lobby\""), ("/rooms", "\"lobby\"")]
    {
        let request = format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
        let told = answer(addr, &request).await;
        assert!(told.contains(words), "{path}: {told}");
    }
    stop.send(()).unwrap();
    timeout(PATIENCE, app).await.expect("an end in time").unwrap().unwrap();
}
