//! kill -9 under load.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::people::{Acked, LAST, Listener, Person, Publisher, Stage};
use super::program::{Folder, Program, Talker, program};
use super::{Lot, measured, times};

const PUBLISHERS: usize = 4;
const LISTENERS: usize = 3;

/// Messages of one person that wait for their acknowledgement.
const IN_FLIGHT: usize = 8;

/// Acknowledgements between a start and its end, at most.
const ACKED_BETWEEN: usize = 200;

/// Kills that one file survives: each start looks through all of it, so a long run would do little
/// else.
const KILLS_OF_A_FILE: usize = 250;

pub fn nothing_acknowledged_is_lost() {
    let kills = times("CHAT_TEST_KILLS", 40);
    let (mut lot, mut left, mut acked, mut resent) = (Lot::new(5), kills, 0, 0);
    while left > 0 {
        let some = left.min(KILLS_OF_A_FILE);
        let (more_acked, more_resent) = kill(some, &mut lot);
        (left, acked, resent) = (left - some, acked + more_acked, resent + more_resent);
        if left > 0 {
            measured(&format!("{left} kills to come: {acked} acknowledged, {resent} sent again"));
        }
    }
    measured(&format!(
        "{kills} kills: {acked} acknowledged, {resent} sent again, 0 lost, 0 twice, 0 reordered"
    ));
}

/// Kills the program so many times, on one file; how many messages were acknowledged, and how many
/// sent again.
fn kill(kills: usize, lot: &mut Lot) -> (usize, usize) {
    let folder = Folder::new("kills");
    let data = folder.file("chat.db");
    let start = || Program::start(program(&[], &data, &[])).unwrap_or_else(|why| panic!("{why:?}"));
    let stage = Stage::default();
    let (published, listened) = thread::scope(|scope| {
        let stage = &stage;
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|n| scope.spawn(move || Publisher::new(&format!("pub{n}"), IN_FLIGHT).run(stage)))
            .collect();
        let listeners: Vec<_> = (0..LISTENERS)
            .map(|n| scope.spawn(move || Listener::new(&format!("ear{n}")).run(stage)))
            .collect();
        for kill in 0..kills {
            if kill % 5 == 4 {
                // While it starts, or recovers.
                let mut starting = program(&[], &data, &[]).spawn().unwrap();
                thread::park_timeout(Duration::from_millis(lot.below(60) as u64));
                starting.kill().unwrap();
                starting.wait().unwrap();
            }
            let program = start();
            let before = stage.scene().acked;
            stage.started(program.port);
            stage.wait_for(before + lot.below(ACKED_BETWEEN));
            program.kill();
        }
        let program = start();
        stage.started(program.port);
        stage.over();
        let published: Vec<_> = publishers.into_iter().map(|it| it.join().unwrap()).collect();
        say_the_last_word(program.port);
        let listened: Vec<_> = listeners.into_iter().map(|it| it.join().unwrap()).collect();
        assert_eq!(program.stop().0, Some(0));
        (published, listened)
    });

    let program = start();
    let (epoch, stored) = Person::new("judge").hear_all(program.port, "lobby");
    let stored: Vec<String> =
        stored.iter().map(|entry| entry["body"].as_str().unwrap().into()).collect();
    assert_eq!(stored.iter().collect::<HashSet<_>>().len(), stored.len(), "stored twice");
    for listener in listened {
        assert!(listener.heard == stored, "a listener heard something else");
        assert_eq!(listener.epoch.as_ref(), Some(&epoch));
    }
    let (mut acked, mut resent) = (0, 0);
    for mut publisher in published {
        let (own_epoch, own) = publisher.person.hear_all(program.port, "@");
        let own: Vec<String> =
            own.iter().map(|entry| entry["mid"].as_str().unwrap().into()).collect();
        assert_eq!(own.iter().collect::<HashSet<_>>().len(), own.len(), "stored twice");
        for Acked { mid, room, seq, epoch: at } in &publisher.acked {
            let (log, now) = if *room == "@" { (&own, &own_epoch) } else { (&stored, &epoch) };
            assert_eq!(log.get(*seq as usize - 1), Some(mid), "lost or moved: {room} {seq}");
            assert_eq!(at, now, "{room} is another log");
        }
        // What one person said in one breath keeps its order.
        assert!(
            publisher.acked.iter().filter(|acked| acked.room == "@").is_sorted_by_key(|a| a.seq)
        );
        assert!(
            publisher.acked.iter().filter(|acked| acked.room != "@").is_sorted_by_key(|a| a.seq)
        );
        acked += publisher.acked.len();
        resent += publisher.resent;
    }
    assert_eq!(acked, stage.scene().acked);
    (acked, resent)
}

fn say_the_last_word(port: u16) {
    let mut talker = Talker::connect(port).unwrap();
    Person::new("last").enter(&mut talker, &json!({ "lobby": {} })).unwrap();
    talker.say(&json!({ "type": "post", "body": LAST })).unwrap();
    talker.hear_type("ok").unwrap();
}
