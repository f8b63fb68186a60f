//! For tests: a file with a bit of everything in it.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;

use super::Durability;
use super::catalog::{Catalog, Key};
use super::file::File;
use super::members::{Kept, TokenHash};
use super::store::{Commits, Outcome, Proposal, Target, Work};
use crate::command::Token;
use crate::entry::{Content, Epoch, MemberId, Mid, Sender, Seq, Timestamp};
use crate::name::{Name, RoomName};

pub(super) const ANN: MemberId = MemberId(0xff);
pub(super) const BOB: MemberId = MemberId(7);

/// A folder with a file, gone with this.
pub(super) struct Sample {
    folder: PathBuf,
}

/// A file that is open, and what is known of it.
pub(super) struct Writing {
    pub(super) file: File,
    pub(super) catalog: Catalog,
}

impl Sample {
    pub(super) fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let folder = format!("chat-history-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir(&folder).unwrap();
        Self { folder }
    }

    /// Two members; the lobby with an edit and a deletion, a room `tea`, and a direct message.
    pub(super) fn filled() -> Self {
        let sample = Self::new();
        let mut writing = sample.open();
        writing.keep(ANN, "ann", None);
        writing.keep(BOB, "bob", Some(1_000));
        let post = |body: &str| Content::Post { body: body.into(), reply: None };
        let lobby = || room("lobby");
        writing.post(&[lobby()], Some(ANN), "ann", Some("m1"), post("one"));
        let answer = Content::Post { body: "two".into(), reply: Some(Seq(1)) };
        writing.post(&[lobby()], None, "zoe", Some("m1"), answer);
        let edit = Content::Edit { of: Seq(1), body: "ONE".into() };
        writing.post(&[lobby()], Some(ANN), "ann", None, edit);
        writing.post(&[lobby()], Some(BOB), "bob", Some("m2"), post("SECRET"));
        writing.post(&[lobby()], Some(BOB), "bob", None, Content::Delete { of: Seq(4) });
        writing.post(&[room("tea")], Some(BOB), "bob", None, post("喝茶"));
        let inboxes = [target(Key::Inbox(BOB), true), target(Key::Inbox(ANN), false)];
        writing.post(&inboxes, Some(BOB), "bob", Some("d1"), post("for you"));
        writing.file.close().unwrap();
        sample
    }

    pub(super) fn path(&self) -> PathBuf {
        self.file("chat.db")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The names of the files there are.
    pub(super) fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(super) fn open(&self) -> Writing {
        let file = File::open(&self.path(), Durability::Process, &trace::off()).unwrap();
        let catalog = file.catalog().unwrap();
        Writing { file, catalog }
    }

    /// Changes the file behind everybody's back.
    pub(super) fn sql(&self, sql: &str) {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

pub(super) fn room(name: &str) -> Target {
    target(Key::Room(RoomName::new(name).unwrap()), false)
}

pub(super) fn target(key: Key, copy: bool) -> Target {
    Target { key, epoch: Epoch::new("k3f9"), copy }
}

impl Writing {
    pub(super) fn commit(&mut self, batch: &[Work<'_>]) -> Vec<Outcome> {
        let mut commits = Commits { db: &mut self.file.db, catalog: &self.catalog };
        commits.commit(batch).unwrap()
    }

    pub(super) fn keep(&mut self, id: MemberId, name: &str, left: Option<u64>) {
        let token = TokenHash::of(&Token::new(name));
        let name = Name::new(name).unwrap();
        let kept = Kept { id, name, token, left: left.map(Timestamp) };
        self.commit(&[Work::Keep(&kept)]);
    }

    pub(super) fn post(
        &mut self,
        targets: &[Target],
        member: Option<MemberId>,
        name: &str,
        mid: Option<&str>,
        content: Content,
    ) {
        let from = Name::new(name).unwrap();
        let sender = member.map_or(Sender::Name(from.clone()), Sender::Member);
        let inbox = matches!(targets[0].key, Key::Inbox(_));
        let to = inbox.then(|| [Name::new("ann").unwrap(), Name::new("eve").unwrap()].into());
        let targets = targets.iter().map(|Target { key, epoch, copy }| Target {
            key: key.clone(),
            epoch: epoch.clone(),
            copy: *copy,
        });
        let proposal = Proposal {
            targets: targets.collect(),
            at: Timestamp(1_795_000_000_000),
            sender,
            from,
            mid: mid.and_then(Mid::new),
            content,
            to,
        };
        assert!(self.commit(&[Work::Post(&proposal)])[0].is_ok());
    }
}
