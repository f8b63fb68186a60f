//! Axum's chat example: one channel for all, and for each client a task that receives from it.

use futures_util::{Sink, SinkExt, Stream, StreamExt, future, pin_mut};
use tokio::sync::broadcast::{self, Sender};

/// Messages that the channel keeps for those who are behind. The example has 100, behind which a
/// client is let go without a word; here nobody may miss anything.
const KEPT: usize = 4096;

/// The channel that all clients share.
pub fn channel<M: Clone>() -> Sender<M> {
    broadcast::channel(KEPT).0
}

/// Serves one client until it goes.
pub async fn serve<S, M, E>(channel: &Sender<M>, socket: S, is_text: fn(&M) -> bool)
where
    M: Clone,
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E>,
{
    let mut receiver = channel.subscribe();
    let (mut write, mut read) = socket.split();
    let written = async {
        while let Ok(message) = receiver.recv().await {
            if write.send(message).await.is_err() {
                return;
            }
        }
    };
    let told = async {
        while let Some(Ok(message)) = read.next().await {
            if is_text(&message) {
                // There is at least this client to receive it.
                channel.send(message).ok();
            }
        }
    };
    pin_mut!(written, told);
    future::select(told, written).await;
}
