//! What a client makes of what it is told.

use serde_json::Value;

use super::{Left, Person, ROOMS};
use crate::simulation::line::{number, text};
use crate::simulation::model::Told;

impl Person {
    /// Something the server said.
    pub(super) fn take(&mut self, value: &Value) -> Result<(), Left> {
        let room = ROOMS.into_iter().find(|room| value["room"] == *room);
        match (value["type"].as_str().unwrap_or_default(), room) {
            ("message", Some(room)) => self.hear(room, value),
            ("ok", _) => {
                let asked = value["id"].as_u64().unwrap_or_default();
                let Some(room) = self.unconfirmed.remove(&asked) else {
                    self.wrong(format!("was acknowledged what it did not ask: {value}"));
                    return Err(Left::Broken);
                };
                let mid = self.mid(asked);
                let told = Told { seq: number(&value["seq"]), mid: mid.clone(), body: mid };
                let (log, dup) = (&self.logs[room], value["dup"] == true);
                self.model.borrow_mut().acked(self.who, room, log, told, dup);
            }
            ("reset", Some(room)) => {
                let (known, seen) = self.seen[room].clone();
                let (log, why) = (self.logs[room].clone(), text(&value["why"]));
                if (why == "epoch") == (known == log) {
                    self.wrong(format!("was reset for {why} in {room}, from {known} to {log}"));
                }
                self.model.borrow_mut().reset(self.who, room, seen, &why);
                self.seen.insert(room, (log, number(&value["oldest"]) - 1));
            }
            ("gap", Some(room)) => {
                let (log, seen) = self.seen[room].clone();
                let (after, next) = (number(&value["after"]), number(&value["next"]));
                if after != seen || next <= after {
                    self.wrong(format!("is at {seen} of {room} and was told {value}"));
                }
                self.model.borrow_mut().gap(self.who, room, after, next);
                self.seen.insert(room, (log, next - 1));
            }
            ("presence", _) => {}
            ("error", _) if value["code"] == "busy" || value["code"] == "not_stored" => {
                // It stays unconfirmed and is said again on the next visit.
                return Err(Left::Broken);
            }
            ("bye", _) => return Err(Left::Broken),
            _ => self.wrong(format!("was told {value}")),
        }
        Ok(())
    }

    fn hear(&mut self, room: &'static str, value: &Value) {
        let told = Told {
            seq: number(&value["seq"]),
            mid: text(&value["mid"]),
            body: text(&value["body"]),
        };
        let (log, seen) = self.seen[room].clone();
        let due = (self.logs[room].clone(), seen + 1, seen);
        if (log.clone(), told.seq, number(&value["prev"])) != due {
            self.wrong(format!("is at {seen} of {room} {log} and was told {value}"));
        }
        self.seen.insert(room, (log.clone(), told.seq));
        self.model.borrow_mut().heard(self.who, room, &log, told);
    }
}
