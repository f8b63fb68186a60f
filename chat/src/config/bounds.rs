//! The limits that can be chosen: their flags, what they may be, and what follows from them.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::Args;
use clap::builder::StyledStr;

use super::error::Wrong;
use super::pick::Pick;
use crate::limits::{Limits, MOST_BODY_BYTES};

/// More connections than one computer has ports and memory for.
const MOST_CONNECTIONS: usize = 10_000_000;

/// More than any computer accepts in a second.
const MOST_HANDSHAKES: u32 = 1_000_000;

/// From what loads the page in some minutes to what no network brings.
const BYTES: RangeInclusive<u32> = 1 << 10..=1 << 30;

const MESSAGE_BYTES: RangeInclusive<usize> = 1..=MOST_BODY_BYTES;

/// As many rooms, or names, as take a large computer's memory if all are full.
const MANY: usize = 100_000;

/// The flags of the limits, as text.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitFlags {
    /// Connections at once [default: what the open files leave, at most 10000]
    ///
    /// The limit of open files is raised at the start as far as the system allows: `ulimit -Hn`,
    /// LimitNOFILE of systemd. What came of it is shown by `chat config`.
    #[arg(long, value_name = "N", global = true)]
    max_connections: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "Connections at once from one address; loopback is exempt",
        Limits::default().connections_per_address
    ))]
    max_connections_per_address: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "New connections in a second, and twice as many at once; the others wait",
        Limits::default().handshakes_per_second
    ))]
    max_handshakes: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "Requests a client may make in a second, and four times as many at once",
        Limits::default().messages_per_second
    ))]
    max_messages: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "Bytes of one message; a frame or a line may have 6 times as many and 4096",
        Limits::default().body_bytes
    ))]
    max_message_bytes: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "Bytes of one connection that are read in a second; the others wait",
        Limits::default().bytes_per_second
    ))]
    max_bytes: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "Rooms at once; one takes up to 4 MiB of memory",
        Limits::default().rooms
    ))]
    max_rooms: Option<String>,

    #[arg(long, value_name = "N", global = true, hide_short_help = true, help = with_default(
        "Names reserved for members who are away; one takes up to 64 KiB of memory",
        Limits::default().reservations
    ))]
    max_names: Option<String>,
}

impl LimitFlags {
    /// What the command line gave for each.
    pub(super) fn each(self) -> [(&'static str, Option<String>); 8] {
        [
            ("max-connections", self.max_connections),
            ("max-connections-per-address", self.max_connections_per_address),
            ("max-handshakes", self.max_handshakes),
            ("max-messages", self.max_messages),
            ("max-message-bytes", self.max_message_bytes),
            ("max-bytes", self.max_bytes),
            ("max-rooms", self.max_rooms),
            ("max-names", self.max_names),
        ]
    }
}

fn with_default(text: &str, default: impl Display) -> StyledStr {
    format!("{text} [default: {default}]").into()
}

/// The limits with what was chosen in their place. The number of connections follows from the
/// `descriptors` of the process, where they are known.
pub(super) fn chosen(pick: &mut Pick, descriptors: Option<u64>) -> Result<Limits, Wrong> {
    let usual = Limits::default();
    let connections = descriptors.map_or(usual.connections, Limits::connections_for);
    let connections = number(pick, "max-connections", connections, 1..=MOST_CONNECTIONS)?;
    let connections_per_address = number(
        pick,
        "max-connections-per-address",
        usual.connections_per_address,
        1..=MOST_CONNECTIONS,
    )?;
    let handshakes =
        number(pick, "max-handshakes", usual.handshakes_per_second, 1..=MOST_HANDSHAKES)?;
    let messages = number(pick, "max-messages", usual.messages_per_second, 1..=u32::MAX)?;
    let body_bytes = number(pick, "max-message-bytes", usual.body_bytes, MESSAGE_BYTES)?;
    let bytes = number(pick, "max-bytes", usual.bytes_per_second, BYTES)?;
    let rooms = number(pick, "max-rooms", usual.rooms, 1..=MANY)?;
    let reservations = number(pick, "max-names", usual.reservations, 1..=MANY)?;
    let frame_bytes = Limits::frame_bytes_for(body_bytes);
    Ok(Limits {
        connections,
        connections_per_address,
        handshakes_per_second: handshakes,
        handshakes_at_once: handshakes.saturating_mul(2),
        messages_per_second: messages,
        messages_at_once: messages.saturating_mul(4),
        body_bytes,
        frame_bytes,
        bytes_per_second: bytes,
        bytes_at_once: bytes.max(u32::try_from(frame_bytes).unwrap_or(u32::MAX)),
        rooms,
        reservations,
        ..usual
    })
}

fn number<N: Copy + Display + FromStr + PartialOrd>(
    pick: &mut Pick,
    key: &'static str,
    usual: N,
    range: RangeInclusive<N>,
) -> Result<N, Wrong> {
    pick.one(key, &usual.to_string(), |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("{text:?} is not a number from {} to {}", range.start(), range.end())),
    })
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{config, refused};
    use crate::limits::Limits;

    #[test]
    fn each_has_a_least_and_a_most() {
        for (key, least, most) in [
            ("max-connections", 1_u64, 10_000_000_u64),
            ("max-connections-per-address", 1, 10_000_000),
            ("max-handshakes", 1, 1_000_000),
            ("max-messages", 1, u32::MAX.into()),
            ("max-message-bytes", 1, 65_536),
            ("max-bytes", 1_024, 1 << 30),
            ("max-rooms", 1, 100_000),
            ("max-names", 1, 100_000),
        ] {
            for good in [least, most] {
                config(&[&format!("--{key}={good}")], &[], None);
            }
            let (below, above) = ((least - 1).to_string(), (most + 1).to_string());
            for bad in [&*below, &above, "-1", "many", "1.5", "99999999999999999999999", ""] {
                let why = format!("--{key}: {bad:?} is not a number from {least} to {most}");
                refused(&[&format!("--{key}={bad}")], &[], None, &why);
            }
        }
    }

    #[test]
    fn what_is_not_chosen_is_as_usual() {
        assert_eq!(config(&[], &[], None).limits, Limits::default());
    }

    #[test]
    fn others_follow_from_those_that_are_chosen() {
        let limits = |args: &[&str]| config(args, &[], None).limits;
        let seen = limits(&["--max-handshakes=5", "--max-messages=7"]);
        assert_eq!((seen.handshakes_per_second, seen.handshakes_at_once), (5, 10));
        assert_eq!((seen.messages_per_second, seen.messages_at_once), (7, 28));
        let seen = limits(&["--max-message-bytes=65536"]);
        assert_eq!((seen.body_bytes, seen.frame_bytes), (65_536, 6 * 65_536 + 4_096));
        // A frame passes without a rest.
        let seen = limits(&["--max-bytes=1024", "--max-message-bytes=100"]);
        assert_eq!((seen.bytes_per_second, seen.bytes_at_once), (1_024, 4_696));
        let seen = limits(&["--max-bytes=2000000", "--max-rooms=3", "--max-names=4"]);
        assert_eq!((seen.bytes_per_second, seen.bytes_at_once), (2_000_000, 2_000_000));
        assert_eq!((seen.rooms, seen.reservations), (3, 4));
    }
}
