//! The delivery report as an object.

use std::time::Duration;

use serde_json::{Value, json};

use crate::command::{Report, Row, Standing, Waits};
use crate::entry::Mid;
use crate::refused::Refused;

pub(super) fn object(report: &Report) -> Value {
    let mut object = json!({
        "type": "delivery", "room": report.room.as_str(), "epoch": report.epoch.as_str(),
        "seq": report.seq.0, "from": report.from.as_str(), "at": report.at.to_string(),
        "reached": report.reached, "of": report.of,
        "rows": report.rows.iter().map(row).collect::<Vec<_>>(),
    });
    put(&mut object, "us", report.took.map(us));
    put(&mut object, "more", (report.more > 0).then_some(report.more as u64));
    if let Some(since) = report.since {
        object["since"] = since.to_string().into();
    }
    object
}

/// Of a message that there is not, because it was refused.
pub(super) fn unposted(mid: &Mid, refused: &Refused) -> Value {
    let (mid, text) = (mid.as_str(), refused.to_string());
    json!({ "type": "delivery", "mid": mid, "refused": refused.code(), "text": text })
}

fn row(row: &Row) -> Value {
    let mut object = json!({ "state": row.standing.as_str() });
    put(&mut object, "client", row.client.map(|client| client.0));
    if let Some(name) = &row.name {
        object["name"] = name.as_str().into();
    }
    if !row.wire.is_empty() {
        object["wire"] = row.wire.into();
    }
    match row.standing {
        Standing::Acked(after) => {
            put(&mut object, "us", after.map(us));
            put(&mut object, "sent_us", row.sent.map(us));
        }
        Standing::Sent => put(&mut object, "us", row.sent.map(us)),
        Standing::Behind { by, since, why } => {
            object["by"] = by.into();
            object["why"] = why.as_str().into();
            put(&mut object, "ms", since.map(ms));
            if let Waits::Stalled(since) = why {
                object["stalled_ms"] = ms(since).into();
            }
        }
        Standing::Gap(why) => object["why"] = why.as_str().into(),
        Standing::Later
        | Standing::Unsent
        | Standing::Away
        | Standing::Waiting
        | Standing::Untold => {}
    }
    if row.late {
        object["late"] = true.into();
    }
    if let Some(left) = row.left {
        object["left"] = json!({ "why": left.why.as_str(), "ms": ms(left.ago) });
    }
    object
}

fn put(object: &mut Value, key: &str, value: Option<u64>) {
    if let Some(value) = value {
        object[key] = value.into();
    }
}

fn us(time: Duration) -> u64 {
    time.as_micros() as u64
}

fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}
