//! The evening that `tests/it/evening` tells, as the X-ray shows it.

use serde_json::json;

use super::model::asked;
use crate::cdp::Res;
use crate::lab::World;
use crate::page::{DESK, View};

/// Its trace, as `chat --trace FILE --trace-format json --trace-bodies show` writes it.
pub(crate) const EVENING: &str = include_str!("../../evening/evening.ndjson");

/// The lanes as text: what stands before the room, a sign for each column, the sentence.
const DRAWN: &str = r"
    const { seen, model, rates, steps, now } = tell(evening);
    const columns = it.columns(model, { me: 'bob' });
    const signs = { comes: '<', says: '«', has: '●', late: '◐', waits: '◌', misses: '×', slow: '‖', goes: '○' };
    const lines = { '|': '│', '+': '╷', x: '╵', '.': '·', '-': ' ' };
    const rows = model.rows.map((row) => {
      const cells = it.cells(model, row, columns, now).map(({ line, mark }) => signs[mark] ?? lines[line]);
      return `┃${cells.join('')} ${plain(it.sentence(row))}`;
    });
    const heads = columns.map((column) => it.label(column.lane) + (column.you ? ' (you)' : '')).join(', ');
    const found = it.findings(steps, { now, since: -Infinity }).map((one) => {
      const time = one.us === undefined ? '' : it.length(one.us);
      return `${one.level}: ${plain(it.x(`finding.${one.what}`, one.lane ? it.whoExactly(one.lane) : '', { ...one, time }))}`;
    });
    const bar = ({ kind, lane, from, to, acked, last, cut }) =>
      `${kind} ${lane ? it.label(lane) : ''} ${from}..${to}${acked === undefined ? '' : ` acked ${acked}`}${last ? ' last' : ''}${cut ? ' cut' : ''}`;
    const scoped = (seq) => {
      const { bars, end, ticks, coarse } = it.scope(model.rows.find((row) => row.message?.seq === seq).message);
      return [`#${seq}: 0..${end} µs, ticks ${ticks.join(' ')}, ${coarse ? 'coarse' : 'fine'}`, ...bars.map(bar), ''].join('\n');
    };
    return [
      heads, ...rows, '',
      `missed ${rates.missed}, at most ${rates.busiest.received} received and ${rates.busiest.delivered} delivered in a second`, '',
      ...found, '',
      ...[5, 7, 27].map(scoped),
    ].join('\n')";

/// What is drawn of it, what stands out, and the messages under the microscope that reports were
/// asked for, beside those reports.
pub(crate) async fn xray_an_evening_is_a_story(world: &World) -> Res {
    let lines: Vec<&str> = EVENING.lines().collect();
    let script = format!("const evening = {}; {DRAWN}", json!(lines));
    for (name, language) in [("lanes", "en-US"), ("lanes-zh", "zh-CN")] {
        let story = asked(world, View { language, ..DESK }, &script).await?;
        let story = story.as_str().ok_or("no text")?;
        insta::with_settings!({ snapshot_path => "../../evening", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, story);
        });
    }
    Ok(())
}
