//! The server goes away under the page, and comes back.

use serde_json::json;

use crate::cdp::Res;
use crate::lab::World;
use crate::page::DESK;

pub(crate) async fn it_comes_back_after_a_stop(world: &World) -> Res {
    comes_back(world, World::terminate).await
}

pub(crate) async fn it_comes_back_after_a_kill(world: &World) -> Res {
    comes_back(world, World::kill).await
}

async fn comes_back(world: &World, stop: impl AsyncFnOnce(&World) -> Res) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    let second = world.tab(&ann.context, DESK, &world.url("/")).await?;
    ann.say("before").await?;
    for page in [&ann, &bob, &second] {
        page.sees("before").await?;
    }
    stop(world).await?;
    ann.until("document.querySelector('#state').textContent !== 'online'").await?;
    ann.say("typed while it was down").await?;
    ann.say("and more").await?;
    let waiting = "document.querySelectorAll('#pending .row[data-state=pending]').length === 2";
    ann.until(waiting).await?;
    ann.until("document.querySelector('.note').textContent.startsWith('Not sent yet')").await?;
    ann.until("!document.querySelector('#banner').hidden").await?;
    ann.until("document.querySelector('#state').textContent === 'offline'").await?;
    assert_eq!(ann.texts().await?, ["before"], "rows stay while the server is away");
    world.restart().await?;
    for page in [&ann, &bob, &second] {
        page.sees("and more").await?;
    }
    bob.say("welcome back").await?;
    for page in [&ann, &bob, &second] {
        page.sees("welcome back").await?;
        page.until("document.querySelector('#banner').hidden").await?;
        page.until("document.querySelectorAll('#pending .row').length === 0").await?;
        let all = ["before", "typed while it was down", "and more", "welcome back"];
        assert_eq!(page.texts().await?, all, "everything once and in order");
        let rules = "[...document.querySelectorAll('.rule:not(.day):not(.unread)')].map((x) => x.textContent)";
        assert_eq!(page.js(rules).await?, json!(["Server restarted"]));
        page.until("document.querySelector('.badge .count').textContent === '2'").await?;
    }
    Ok(())
}

pub(crate) async fn what_waits_survives_the_page(world: &World) -> Res {
    let (ann, bob) = (world.person("ann").await?, world.person("bob").await?);
    world.kill().await?;
    ann.until("document.querySelector('#state').textContent !== 'online'").await?;
    ann.say("typed into a page that was closed").await?;
    // A tab of the same browser that stays, or the browser forgets everything with the last one.
    let keeper = world.tab(&ann.context, DESK, "about:blank").await?;
    ann.close().await?;
    world.restart().await?;
    let again = world.tab(&keeper.context, DESK, &world.url("/rooms/lobby")).await?;
    again.sees("typed into a page that was closed").await?;
    bob.sees("typed into a page that was closed").await?;
    assert_eq!(again.texts().await?.len(), 1);
    Ok(())
}
