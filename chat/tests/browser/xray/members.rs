//! Whom the X-ray counts: who is in the room, and nobody else.

use serde_json::json;

use super::model::asked;
use crate::cdp::Res;
use crate::lab::World;
use crate::page::DESK;

/// The story as text, a sign for each column, and how many are there at its end.
const STORY: &str = r"
    const bare = (step) => ({ ...step, room: undefined });
    const tea = (step) => ({ ...step, room: 'tea' });
    const comes = (us, client, wire) => bare(event(us, 'accepted', client, { wire }));
    const refused = (us, client, code) => bare(event(us, 'refused', client, { code }));
    const sent = (us, client, seq) => event(us, 'sent', client, { seq });
    const batch = (us, client, seq, entries = 1) => event(us, 'batch', client, { entries, seq });
    const pumped = (us, clients, seq, entries = 1) => event(us, 'pumped', undefined, { clients, entries, seq, us: 41 });
    const reader = (us, client) => event(us, 'accepted', client, { wire: 'sse' });
    const zed = [comes(1, 1, 'text-lines'), joined(2, 1, 'zed')];
    const S = 1_000_000;
    const story = (lines) => {
      const { model, now } = tell(lines.flat(Infinity));
      const columns = it.columns(model);
      const rows = model.rows.map((row) => {
        const cells = it.cells(model, row, columns, now).map(({ line, mark }) => mark || line);
        return `${cells.join(' ')} ${plain(it.sentence(row))}`;
      });
      return [...rows, model.present];
    };
";

pub(crate) async fn xray_who_has_gone_stays_gone(world: &World) -> Res {
    let script = r"
        const gone = [
          zed, comes(3, 2, 'text-lines'), joined(4, 2, 'ann'), event(5, 'left', 2, { why: 'closed' }),
          refused(6, 2, 'not_joined'), sent(7, 2, 0), bare(event(8, 'closed', 2, { why: 'closed' })),
          said(10, 1, 4), sent(30, 1, 4), refused(2 * S, 3, 'busy'),
        ];
        // Whose going nobody told is gone with the connection.
        const cut = [zed, joined(4, 2, 'ann'), tea(joined(5, 2, 'ann')), bare(event(8, 'closed', 2, { why: 'gone' })), said(10, 1, 4), sent(30, 1, 4)];
        // Who came back unseen is there again, from where nobody saw anything.
        const back = [zed, joined(4, 2, 'ann'), event(5, 'left', 2, { why: 'gone' }), { event: 'lost', lost: 7 }, said(10, 2, 4), sent(30, 1, 4), sent(31, 2, 4)];
        return [gone, cut, back].map((lines) => story(lines))";
    let told = json!([
        [
            "comes - - zed joins",
            "| comes - ann joins",
            "| goes - ann leaves (closed)",
            "| misses - ann is refused: not_joined",
            "| has - ann gets #0 from before",
            "says - - zed says #4",
            "has - - #4 reaches 1 in 10 µs",
            "| - misses client 3 is refused: busy",
            1
        ],
        [
            "comes - zed joins",
            "| comes ann joins",
            "| comes ann joins",
            "| goes ann leaves (gone)",
            "says - zed says #4",
            "has - #4 reaches 1 in 10 µs",
            1
        ],
        [
            "comes - zed joins",
            "| comes ann joins",
            "| goes ann leaves (gone)",
            "| + 7 events are missing here",
            "| says ann says #4",
            "has has #4 reaches all 2 in 11 µs",
            2
        ],
    ]);
    assert_eq!(asked(world, DESK, &format!("{STORY}{script}")).await?, told);
    Ok(())
}

pub(crate) async fn xray_who_has_not_come_is_not_there(world: &World) -> Res {
    let script = r"
        const early = [
          zed, comes(3, 2, 'text-lines'), refused(4, 2, 'name_taken'), said(10, 1, 1), pumped(60, 1, 1), said(70, 1, 2), sent(90, 1, 2),
          joined(2 * S, 2, 'ann'), said(2 * S + 10, 1, 3), pumped(2 * S + 60, 2, 3),
        ];
        // In another room is not in this one.
        const elsewhere = [zed, tea(joined(5, 2, 'ann')), said(10, 1, 1), sent(30, 1, 1), refused(2 * S, 1, 'busy')];
        return [early, elsewhere].map((lines) => story(lines))";
    let told = json!([
        [
            "comes - zed joins",
            "| misses ann is refused: name_taken",
            "says - zed says #1",
            "has - #1 reaches 1 in 41 µs",
            "says - zed says #2",
            "has - #2 reaches 1 in 10 µs",
            "| comes ann joins",
            "says | zed says #3",
            "has has #3 reaches all 2 in 41 µs",
            2
        ],
        [
            "comes - zed joins",
            "| comes ann joins",
            "says | zed says #1",
            "has | #1 reaches 1 in 10 µs",
            "misses | zed is refused: busy",
            2
        ],
    ]);
    assert_eq!(asked(world, DESK, &format!("{STORY}{script}")).await?, told);
    Ok(())
}

pub(crate) async fn xray_told_apart_and_at_once_add_up(world: &World) -> Res {
    let script = r"
        const here = [zed, reader(3, 2)];
        const two = [...here, joined(4, 3, 'ann')];
        const rows = (...lines) => story(lines).filter((row) => / #/.test(row));
        return [
          rows(here, said(10, 1, 2), pumped(60, 1, 2), batch(70, 2, 2)),
          rows(here, said(10, 1, 2), batch(50, 2, 2), pumped(60, 1, 2)),
          rows(here, said(10, 1, 2), batch(50, 2, 2)),
          // Somebody is behind, and has it a little later.
          rows(two, said(10, 1, 2), pumped(60, 1, 2), sent(65, 2, 2), refused(2 * S, 1, 'busy')),
          rows(two, said(10, 1, 2), pumped(60, 1, 2), batch(120, 3, 2), batch(125, 2, 2)),
          rows(two, said(10, 1, 2), said(12, 1, 3), pumped(60, 1, 3, 2), batch(120, 3, 3, 2), batch(125, 2, 3, 2)),
          rows(two, said(10, 1, 2), said(12, 1, 3), batch(50, 2, 3), pumped(60, 2, 3, 2)),
        ]";
    let told = json!([
        ["says | zed says #2", "has has #2 reaches 1 in 41 µs"],
        ["says | zed says #2", "has has #2 reaches 1 in 41 µs"],
        ["says | zed says #2", "| has #2 reaches 0 of 1"],
        ["says | | zed says #2", "| has | #2 reaches 1 of 2 in 41 µs"],
        ["says | | zed says #2", "has has has #2 reaches all 2 in 100 µs"],
        [
            "says | | zed says #2",
            "says | | zed says #3",
            "has has has #2 – #3 reaches all 2 in 98 µs"
        ],
        [
            "says | | zed says #2",
            "says | | zed says #3",
            "has has has #2 – #3 reaches all 2 in 41 µs"
        ],
    ]);
    assert_eq!(asked(world, DESK, &format!("{STORY}{script}")).await?, told);
    Ok(())
}
