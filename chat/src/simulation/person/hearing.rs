//! What a client makes of what it is told.

use serde_json::Value;

use super::saying::{Said, whose};
use super::{INBOX, Left, PLACES, Person};
use crate::simulation::line::{number, text};
use crate::simulation::model::Told;

impl Person {
    /// Something the server said.
    pub(super) fn take(&mut self, value: &Value) -> Result<(), Left> {
        // What is in an inbox says whom it is for instead.
        let room = value["room"].as_str().unwrap_or(INBOX);
        let room = PLACES.into_iter().find(|place| *place == room);
        match (value["type"].as_str().unwrap_or_default(), room) {
            ("message" | "edit", Some(room)) => self.hear(room, value),
            ("ok", _) => {
                let asked = value["id"].as_u64().unwrap_or_default();
                let Some(said) = self.unconfirmed.remove(&asked) else {
                    self.wrong(format!("was acknowledged what it did not ask: {value}"));
                    return Err(Left::Broken);
                };
                let (room, mid) = (said.place(), self.mid(asked));
                let (seq, of) = (number(&value["seq"]), said.of());
                let (log, dup) = (self.logs[room].clone(), value["dup"] == true);
                if matches!(said, Said::Post(_)) {
                    self.own.push((room, log.clone(), seq));
                }
                let told = Told { seq, mid: mid.clone(), body: mid, of };
                self.model.borrow_mut().acked(self.who, &self.place(room), &log, told, dup);
            }
            ("reset", Some(room)) => {
                let (known, seen) = self.seen[room].clone();
                let (log, why) = (self.logs[room].clone(), text(&value["why"]));
                if (why == "epoch") == (known == log) {
                    self.wrong(format!("was reset for {why} in {room}, from {known} to {log}"));
                }
                self.model.borrow_mut().reset(self.who, &self.place(room), seen, &why);
                self.seen.insert(room, (log, number(&value["oldest"]) - 1));
            }
            ("gap", Some(room)) => {
                let (log, seen) = self.seen[room].clone();
                let (after, next) = (number(&value["after"]), number(&value["next"]));
                if after != seen || next <= after {
                    self.wrong(format!("is at {seen} of {room} and was told {value}"));
                }
                self.model.borrow_mut().gap(self.who, &self.place(room), after, next);
                self.seen.insert(room, (log, next - 1));
            }
            ("presence", _) => {}
            ("error", _) if value["code"] == "busy" || value["code"] == "not_stored" => {
                // It stays unconfirmed and is said again on the next visit.
                return Err(Left::Broken);
            }
            ("error", _) if value["code"] == "no_message" || value["code"] == "nobody_there" => {
                let asked = value["id"].as_u64().unwrap_or_default();
                if let Some(said) = self.unconfirmed.remove(&asked) {
                    self.refused(&said, &self.mid(asked));
                }
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
            of: value["of"].as_u64(),
        };
        let (log, seen) = self.seen[room].clone();
        let due = (self.logs[room].clone(), seen + 1, seen);
        if (log.clone(), told.seq, number(&value["prev"])) != due {
            self.wrong(format!("is at {seen} of {room} {log} and was told {value}"));
        }
        self.seen.insert(room, (log.clone(), told.seq));
        self.model.borrow_mut().heard(self.who, &self.place(room), &log, told);
    }

    /// What it was about is not there any more.
    fn refused(&self, said: &Said, mid: &str) {
        let mut model = self.model.borrow_mut();
        model.given_up(&self.place(said.place()), mid);
        match said {
            Said::Direct(to) => model.given_up(&format!("{INBOX}{}", whose(to)), mid),
            _ => model.no_message(self.who, mid),
        }
    }
}
