//! Lines for people, and all formats side by side in one room.

use chat::{End, Limits, Wire};

use crate::client::{Client, World};

async fn nc(world: &World, name: &str) -> Client {
    let mut client = world.connect(Wire::TextLines, 1 << 16);
    client.say(name).await;
    client.lines_until("* in #lobby").await;
    client
}

#[tokio::test(start_paused = true)]
async fn a_whole_conversation() {
    let world = World::new(Limits::default());
    let mut ann = nc(&world, "ann").await;
    ann.lines_until("* ann joined").await;
    let mut bob = nc(&world, "bob").await;
    bob.lines_until("* bob joined").await;
    ann.lines_until("* bob joined").await;
    let mut heard = String::new();
    for (said, until) in [
        ("hello", "#lobby ann"),
        ("bob: psst", ""),
        ("bob, zoe: both", "* nobody"),
        ("zoe: alone", "* nobody"),
        ("note to self: this is for all", "#lobby ann"),
        ("http://example.org is a link", "#lobby ann"),
        (" bob: for all to see", "#lobby ann"),
        ("//slash", "#lobby ann"),
        ("ann: to myself", "from ann"),
        ("/last 2", "* 5"),
        ("/join tea", "* in #tea"),
        ("in tea", "#tea ann"),
        ("/rooms", "* #tea"),
        ("/leave", "* you left"),
        ("back", "#lobby ann"),
        ("/dance", "* unknown"),
        ("/help", "* /join"),
        ("\u{1b}[2J\u{202e}", "#lobby ann"),
        ("", "* a message"),
    ] {
        ann.say(said).await;
        heard += &format!("> {said}\n");
        if !until.is_empty() {
            heard += &ann.all_lines_until(until).await;
        }
    }
    ann.say("/quit").await;
    assert_eq!(ann.end().await, End::Closed);
    bob.say("still here").await;
    heard += &format!("\nbob:\n{}", bob.all_lines_until("#lobby bob").await);
    insta::assert_snapshot!(heard);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_names_has_a_bound() {
    let world = World::new(Limits::default());
    let mut ann = nc(&world, "ann").await;
    ann.say(&format!("{}: psst", vec!["x"; 16].join(","))).await;
    ann.lines_until("* nobody here is called x").await;
    ann.say(&format!("{}: psst", vec!["x"; 17].join(","))).await;
    ann.lines_until("* a direct message is for 1 to 16 members").await;
    // It may be meant for Ann Lee alone, and 17 names are not looked up.
    let list = format!("Ann Lee,{}: psst", vec!["x"; 16].join(","));
    ann.say(&list).await;
    ann.lines_until("* a direct message is for 1 to 16 members").await;
    ann.say(&format!(" {list}")).await;
    ann.lines_until("#lobby ann: ").await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_until_its_holder_leaves() {
    let world = World::new(Limits::default());
    let ann = nc(&world, "ann").await;
    let mut other = world.connect(Wire::TextLines, 1 << 16);
    other.say("Ann").await;
    let told = "* that name, or one that looks like it, is taken; Ann-2 is free";
    assert_eq!(other.line().await, told);
    ann.vanish().await;
    other.say("ann").await;
    assert!(other.line().await.starts_with("* welcome, ann"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_only_listens_is_left_in_peace() {
    let world = World::new(Limits::default());
    let mut ann = nc(&world, "ann").await;
    tokio::time::advance(std::time::Duration::from_secs(24 * 3600)).await;
    let mut bob = world.join("bob").await;
    bob.post("good morning").await;
    bob.hear_type("ok").await;
    ann.lines_until("#lobby bob: good morning").await;
}

#[tokio::test(start_paused = true)]
async fn every_format_sees_the_same_room_in_its_own_way() {
    let world = World::new(Limits::default());
    let mut pool = world.connect(Wire::Pool, 1 << 16);
    assert_eq!(pool.hear().await, "{\"type\":1,\"body\":\"New User Joined...\"}\n");
    let mut body = world.connect(Wire::Body, 1 << 16);
    let mut json = world.join("ann").await;
    let mut text = nc(&world, "bob").await;
    pool.say("<from pool>").await;
    body.say("from body").await;
    json.post("from json").await;
    text.say("from text").await;
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let told = pool.hear().await;
        if !told.contains("New User") {
            seen.push(told);
        }
    }
    seen.sort();
    assert_eq!(seen[0], "{\"type\":1,\"body\":\"\\u003cfrom pool\\u003e\"}\n");
    assert_eq!(seen[1], "{\"type\":1,\"body\":\"from body\"}\n");
    let mut bodies = Vec::new();
    for _ in 0..4 {
        bodies.push(body.hear().await);
    }
    bodies.sort();
    assert_eq!(bodies, ["<from pool>", "from body", "from json", "from text"]);
    assert_eq!(json.messages(4).await.len(), 4);
    text.lines_until("#lobby bob: from text").await;
    text.say("/quit").await;
    loop {
        if pool.hear().await == "{\"type\":1,\"body\":\"User Disconnected...\"}\n" {
            break;
        }
    }
}
