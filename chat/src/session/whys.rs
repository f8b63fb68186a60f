//! What became of a message, for a client that asks.

use super::Session;
use super::answers::{Asking, Done};
use super::pending::Pending;
use crate::command::{Reply, Which};
use crate::name::RoomName;
use crate::refused::Refused;

impl Session {
    pub(super) fn why(
        &self,
        id: Option<u64>,
        room: Option<&RoomName>,
        which: Which,
        pending: &mut Pending,
    ) -> Done {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        // Whoever reads the room is asked next, and so must not be held here.
        let room = self.membership(&mut self.side.lock(), room)?.shared();
        let (rooms, sender) = (std::sync::Arc::clone(&self.rooms), login.author().sender);
        pending.push(async move {
            let report = rooms.report(&room, &which, &sender).await;
            let told = match (report, which) {
                (Ok(report), _) => Ok(Reply::Delivery { id, report }),
                (Err(refused), Which::Mid(mid)) => {
                    let why = rooms.refusal(&sender, &mid).ok_or(refused);
                    why.map(|refused| Reply::Unposted { id, mid, refused })
                }
                (Err(refused), _) => Err(refused),
            };
            (Asking::of(id, room.name().clone()), told.map(|told| vec![told]))
        });
        Ok(vec![])
    }
}
