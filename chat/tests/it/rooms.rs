//! Rooms over pipes: who is in them, how many there are, and in which order they speak.

use std::time::Duration;

use chat::{Limits, Wire};
use tokio::time::{Instant, interval};

use crate::client::World;

#[tokio::test(start_paused = true)]
async fn crowds_are_counted_not_listed() {
    let world = World::new(Limits { presence_names: 2, ..Limits::default() });
    let (_a, _b, _c) = (world.join("a").await, world.join("b").await, world.join("c").await);
    let mut d = world.connect(Wire::Json, 1 << 16);
    d.hello("d", "{}").await;
    d.hear_type("welcome").await;
    assert_eq!(d.hear().await, r#"{"type":"presence","room":"lobby","count":4}"#);
    let change = d.hear_type("presence").await;
    assert_eq!((&change["count"], &change["joined"]), (&4.into(), &serde_json::json!([])));
}

#[tokio::test(start_paused = true)]
async fn a_room_that_stays_empty_is_closed_and_the_lobby_is_not() {
    let world = World::new(Limits::default());
    let mut ann = world.connect(Wire::Json, 1 << 16);
    ann.hello("ann", r#"{"attic":{},"lobby":{}}"#).await;
    let before = ann.hear_type("welcome").await["rooms"].clone();
    ann.close().await;
    world.saw("event=room_closed room=attic").await;
    let mut bob = world.connect(Wire::Json, 1 << 16);
    bob.hello("bob", r#"{"attic":{},"lobby":{}}"#).await;
    let after = bob.hear_type("welcome").await["rooms"].clone();
    assert_ne!(before["attic"]["epoch"], after["attic"]["epoch"]);
    assert_eq!(before["lobby"]["epoch"], after["lobby"]["epoch"]);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_used_again_is_kept_as_long_again() {
    let world = World::new(Limits::default());
    let visit = async |name: &str| {
        let mut client = world.connect(Wire::Json, 1 << 16);
        client.hello(name, r#"{"attic":{}}"#).await;
        client.hear_type("presence").await;
        client.close().await;
    };
    visit("ann").await;
    let mut every = interval(Duration::from_secs(5));
    for _ in 0..100 {
        every.tick().await;
    }
    visit("bob").await;
    let start = Instant::now();
    world.saw("event=room_closed room=attic").await;
    assert!(start.elapsed() >= Duration::from_secs(600), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn rooms_are_bounded() {
    let world = World::new(Limits { rooms: 2, rooms_per_session: 2, ..Limits::default() });
    let mut ann = world.connect(Wire::Json, 1 << 16);
    ann.hello("ann", r#"{"a":{},"b":{}}"#).await;
    assert_eq!(ann.hear_type("error").await["code"], "too_many_rooms");
    ann.hello("ann", r#"{"a":{},"b":{},"c":{}}"#).await;
    assert_eq!(ann.hear_type("error").await["code"], "too_many_joined");
    ann.hello("ann", r#"{"A":{},"lobby":{}}"#).await;
    assert_eq!(ann.hear_type("welcome").await["rooms"]["a"]["head"], 0);
    ann.say(r#"{"type":"post","room":"A","body":"up here"}"#).await;
    assert_eq!(ann.hear_type("message").await["room"], "a");
    ann.say(r#"{"type":"post","body":"down there"}"#).await;
    assert_eq!(ann.hear_type("message").await["room"], "lobby");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_one_order() {
    const POSTERS: usize = 8;
    const POSTS: usize = 200;
    let world = World::new(Limits::default());
    let mut clients = vec![];
    for n in 0..POSTERS {
        clients.push(world.join(&format!("n{n}")).await);
    }
    let talking = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            let mut seen = vec![];
            for n in 0..POSTS {
                client.post(&n.to_string()).await;
                seen.extend(client.messages(1).await);
            }
            seen.extend(client.messages(POSTERS * POSTS - POSTS).await);
            seen
        })
    });
    let mut orders = vec![];
    for talk in talking.collect::<Vec<_>>() {
        orders.push(talk.await.unwrap());
    }
    let numbers = orders[0].iter().map(|(seq, _)| *seq);
    assert!(numbers.eq(1..=(POSTERS * POSTS) as u64));
    assert!(orders.iter().all(|order| *order == orders[0]));
}
