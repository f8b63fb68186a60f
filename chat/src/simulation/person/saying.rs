//! What a client says.

use serde_json::json;
use tokio::time::timeout;

use super::{INBOX, Left, PATIENCE, Person, ROOMS};
use crate::simulation::line::Line;

/// Something that is said, and said again until it is acknowledged.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Post(&'static str),
    /// Something else instead of what was said in this log at this place.
    Edit(&'static str, String, u64),
    /// To somebody alone, by the name that he had then.
    Direct(String),
}

impl Said {
    /// Where it is acknowledged.
    pub(super) fn place(&self) -> &'static str {
        match self {
            Self::Post(room) | Self::Edit(room, ..) => room,
            Self::Direct(_) => INBOX,
        }
    }

    /// What it is said instead of.
    pub(super) fn of(&self) -> Option<u64> {
        match self {
            Self::Edit(_, _, of) => Some(*of),
            _ => None,
        }
    }
}

impl Person {
    pub(super) async fn speak(&mut self, line: &mut Line) -> Result<(), Left> {
        let room = ROOMS[self.lot.below(ROOMS.len() as u64) as usize];
        for _ in 0..=self.lot.below(4) {
            self.said += 1;
            let (number, mid) = (self.said, self.mid(self.said));
            let said = self.something(room);
            self.tell(&said, &mid);
            self.unconfirmed.insert(number, said.clone());
            self.post(line, number, &said).await?;
        }
        Ok(())
    }

    /// Tells the model where it has to be.
    fn tell(&self, said: &Said, mid: &str) {
        let mut model = self.model.borrow_mut();
        model.said(&self.place(said.place()), mid, said.of());
        if let Said::Direct(to) = said {
            model.said(&format!("{INBOX}{}", whose(to)), mid, None);
        }
    }

    /// What is said next, in a room or to somebody.
    fn something(&mut self, room: &'static str) -> Said {
        match self.lot.below(6) {
            0 => {
                let here = |own: &&(&str, String, u64)| own.0 == room && own.1 == self.logs[room];
                let own: Vec<_> = self.own.iter().filter(here).collect();
                let Some(at) = own.len().checked_sub(1) else { return Said::Post(room) };
                // Mostly what was said last.
                let (_, log, of) = own[at.saturating_sub(self.lot.below(4) as usize)];
                Said::Edit(room, log.clone(), *of)
            }
            1 => {
                let names = self.model.borrow().names();
                Said::Direct(names[self.lot.below(names.len() as u64) as usize].clone())
            }
            _ => Said::Post(room),
        }
    }

    pub(super) async fn post(&self, line: &mut Line, number: u64, said: &Said) -> Result<(), Left> {
        let mid = self.mid(number);
        let mut post = json!({ "type": "post", "id": number, "mid": mid, "body": mid });
        match said {
            Said::Post(room) => post["room"] = (*room).into(),
            Said::Edit(room, _, of) => {
                (post["type"], post["room"], post["of"]) =
                    ("edit".into(), (*room).into(), (*of).into());
            }
            Said::Direct(to) => post["to"] = json!([to]),
        }
        // A write that waits for a server that does not read.
        timeout(PATIENCE, line.say(&post)).await.map_err(|_| Left::Broken)??;
        Ok(())
    }

    /// What the model calls a place.
    pub(super) fn place(&self, place: &str) -> String {
        if place == INBOX { format!("{INBOX}{}", self.who) } else { place.into() }
    }
}

/// Who has a name: a number may follow.
pub(super) fn whose(name: &str) -> &str {
    name.split(|letter: char| !letter.is_alphabetic()).next().unwrap_or(name)
}
