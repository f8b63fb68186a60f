//! The delivery report as lines.

use std::fmt::Write;
use std::time::Duration;

use crate::command::{Report, Row, Standing, Waits};
use crate::limits::AWAY_LINES;

pub(super) fn delivery(report: &Report) -> String {
    let Report { room, seq, from, reached, of, more, .. } = report;
    let place = match room.as_str() {
        "@" => String::new(),
        room => format!("#{room} "),
    };
    let mut lines = format!("* {place}{seq} from {from} reached {reached} of {of}");
    if let Some(took) = report.took {
        let _ = write!(lines, " in {}", length(took));
    }
    if let Some(since) = report.since {
        let _ = write!(lines, "; what was before {since} is not known");
    }
    let mut away = 0;
    for row in &report.rows {
        away += usize::from(row.standing == Standing::Away);
        if row.standing != Standing::Away || away <= AWAY_LINES {
            let _ = write!(lines, "\n* {}", told(row));
        }
    }
    match away.saturating_sub(AWAY_LINES) {
        0 => {}
        1 => lines += "\n* and 1 more who was not there",
        unsaid => {
            let _ = write!(lines, "\n* and {unsaid} more who were not there");
        }
    }
    if *more > 0 {
        let _ = write!(lines, "\n* and {more} more");
    }
    lines
}

fn told(row: &Row) -> String {
    let name = row.name.as_ref().map_or("a reader of events", |name| name.as_str());
    let mut line = match row.client {
        Some(client) => format!("{name} ({}, {})", client.0, row.wire),
        None => name.to_owned(),
    };
    let after = |time: Option<Duration>| {
        time.map_or_else(String::new, |time| format!(" after {}", length(time)))
    };
    line += &match row.standing {
        Standing::Acked(time) => format!(" has it{}", after(time)),
        Standing::Sent => format!(" was written to{}", after(row.sent)),
        Standing::Behind { by, since, why } => {
            let why = match why {
                Waits::Stalled(time) => format!("has taken nothing for {}", length(time)),
                Waits::Reading => "reads what is stored".to_owned(),
                Waits::Turn => "has its turn next".to_owned(),
            };
            let since = since.map_or_else(String::new, |time| format!(" for {}", length(time)));
            format!(" is behind by {by}{since}: {why}")
        }
        Standing::Gap(why) => format!(" missed it ({})", why.as_str()),
        Standing::Waiting => " has it waiting in the inbox".to_owned(),
        Standing::Untold => " is not told such a change".to_owned(),
        Standing::Later => " came later".to_owned(),
        Standing::Unsent => " left before it was written".to_owned(),
        Standing::Away => " was not there".to_owned(),
    };
    if row.late && !matches!(row.standing, Standing::Later) {
        line += ", and came later";
    }
    if let Some(left) = row.left {
        let _ = write!(line, "; left {} ago ({})", length(left.ago), left.why.as_str());
    }
    line
}

/// A time as people say it: three digits at most.
fn length(time: Duration) -> String {
    match time.as_micros() {
        us @ 0..1_000 => format!("{us} us"),
        us @ 1_000..1_000_000 => format!("{} ms", us / 1_000),
        us @ 1_000_000..120_000_000 => format!("{} s", us / 1_000_000),
        us @ 120_000_000..7_200_000_000 => format!("{} min", us / 60_000_000),
        us @ 7_200_000_000..172_800_000_000 => format!("{} h", us / 3_600_000_000),
        us => format!("{} d", us / 86_400_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Left, Missed};
    use crate::end::End;
    use crate::entry::{ClientId, Epoch, Seq, Timestamp};
    use crate::name::{Name, RoomName};

    fn row(standing: Standing) -> Row {
        let (client, name) = (Some(ClientId(3)), Some(Name::new("bob").unwrap()));
        let (wire, confirms, sent) = ("chat.v1", true, Some(Duration::from_micros(41)));
        Row { client, member: None, name, wire, confirms, standing, sent, late: false, left: None }
    }

    #[test]
    fn every_state_has_words() {
        let since = Some(Duration::from_millis(4_100));
        let behind = |why| Standing::Behind { by: 212, since, why };
        let cases = [
            (Standing::Acked(since), "has it after 4 s"),
            (Standing::Sent, "was written to after 41 us"),
            (
                behind(Waits::Stalled(Duration::from_secs(4))),
                "is behind by 212 for 4 s: has taken nothing for 4 s",
            ),
            (behind(Waits::Reading), "is behind by 212 for 4 s: reads what is stored"),
            (behind(Waits::Turn), "is behind by 212 for 4 s: has its turn next"),
            (Standing::Gap(Missed::Slow), "missed it (slow)"),
            (Standing::Waiting, "has it waiting in the inbox"),
            (Standing::Untold, "is not told such a change"),
            (Standing::Later, "came later"),
            (Standing::Unsent, "left before it was written"),
            (Standing::Away, "was not there"),
        ];
        for (standing, words) in cases {
            assert_eq!(told(&row(standing)), format!("bob (3, chat.v1) {words}"));
        }
        let left = Some(Left { why: End::Gone, ago: Duration::from_secs(61) });
        let row = Row { left, late: true, name: None, wire: "sse", ..row(Standing::Sent) };
        let expected = "a reader of events (3, sse) was written to after 41 us, and came later; \
             left 61 s ago (gone)";
        assert_eq!(told(&row), expected);
    }

    #[test]
    fn of_those_who_were_away_three_are_named() {
        let lines = |away: usize, more| {
            let rows = [vec![row(Standing::Sent)], vec![row(Standing::Away); away]].concat();
            let rows = [rows, vec![row(Standing::Untold)]].concat();
            let (room, from) = (RoomName::lobby(), Name::new("ann").unwrap());
            let (epoch, seq, at) = (Epoch::new("e"), Seq(7), Timestamp(0));
            let (reached, of, took, since) = (0, 1, None, None);
            delivery(&Report { room, epoch, seq, from, at, reached, of, took, rows, more, since })
        };
        for (away, named, end) in [
            (3, 3, "told such a change"),
            (4, 3, "* and 1 more who was not there"),
            (14, 3, "* and 11 more who were not there"),
        ] {
            let seen = lines(away, 0);
            assert!(seen.contains("was written to") && seen.contains("not told"), "{seen}");
            assert_eq!(seen.matches("chat.v1) was not there").count(), named, "{seen}");
            assert!(seen.ends_with(end), "{seen}");
        }
        assert!(lines(5, 9).ends_with("* and 2 more who were not there\n* and 9 more"));
    }

    #[test]
    fn a_time_has_a_unit_that_fits() {
        let told = [7, 999, 1_000, 999_999, 1_000_000, 119_999_999, 120_000_000];
        let told = told.map(|us| length(Duration::from_micros(us)));
        assert_eq!(told, ["7 us", "999 us", "1 ms", "999 ms", "1 s", "119 s", "2 min"]);
        let told = [7_199, 7_200, 172_799, 172_800].map(|s| length(Duration::from_secs(s)));
        assert_eq!(told, ["119 min", "2 h", "47 h", "2 d"]);
    }
}
