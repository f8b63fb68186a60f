//! A way to the server that can be cut, as a network is.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cdp::Res;
use crate::lab::World;

pub(super) struct Relay {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Relay {
    pub(super) async fn new(world: &World) -> Res<Self> {
        let listener = TcpListener::bind("localhost:0").await?;
        let (port, server) = (listener.local_addr()?.port(), world.port);
        let (cut, cuts) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut cuts = cuts.clone();
                tokio::spawn(async move {
                    let relayed = async {
                        let mut far = TcpStream::connect(("localhost", server)).await?;
                        copy_bidirectional(&mut near, &mut far).await
                    };
                    tokio::select! {
                        _ = relayed => {}
                        _ = cuts.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Ok(Self { port, cut })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Breaks what goes this way, and whatever tries to, until it is mended.
    pub(super) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(super) fn mend(&self) {
        self.cut.send_replace(false);
    }
}
