//! What everybody in a room is told besides its entries: who is there, and who is writing.

use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use super::Room;
use super::state::State;
use crate::command::Reply;
use crate::entry::{News, Notice, Slot};
use crate::name::Name;
use crate::presence::Change;

impl Room {
    /// Shows everybody in the room that somebody is writing.
    pub(crate) fn typing(&self, name: &Name) {
        self.tell(self.state(), News::Typing(name.clone()));
    }

    fn tell(&self, state: MutexGuard<'_, State>, news: News) {
        let notice = Notice { room: self.name.clone(), news, encoded: state.log.encoded() };
        self.append(state, Slot::Notice(Arc::new(notice)));
    }

    /// Who is here, for somebody who asked.
    pub(crate) fn who(&self, id: Option<u64>) -> Reply {
        self.present(&self.state(), id)
    }

    pub(super) fn present(&self, state: &State, id: Option<u64>) -> Reply {
        let count = state.presence.count();
        let members = (count <= self.common.limits.presence_names).then(|| state.presence.names());
        Reply::Present { id, room: self.name.clone(), count, members }
    }

    /// Members in it now.
    pub fn count(&self) -> usize {
        self.state().presence.count()
    }

    /// Tells the changes of presence up to `now`, and says when there will be more to tell.
    pub fn tick(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        for mut change in state.presence.take(now) {
            let crowd = change.count > self.common.limits.presence_names;
            if crowd {
                change.joined.clear();
                change.left.clear();
            }
            let refresh = std::mem::replace(&mut state.crowd, crowd) && !crowd;
            let Change { count, joined, left } = change;
            self.tell(state, News::Presence { count, joined, left, refresh });
            state = self.state();
        }
        if state.presence.count() == 0 {
            state.empty_since.get_or_insert(now);
        }
        state.presence.due(now)
    }
}
