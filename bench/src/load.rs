//! What the servers have to do.

use std::error::Error;
use std::io::{self, Write};

/// How many clients, and what they publish.
#[derive(Clone, Debug)]
pub struct Load {
    pub title: &'static str,
    pub clients: u32,
    pub args: &'static [&'static str],
    /// How many times the floor it may cost at most.
    pub of_the_floor: f64,
    /// Whether it is compared with what people usually write.
    pub is_flat_out: bool,
}

/// Descriptors besides those of the clients.
const OTHER_DESCRIPTORS: u64 = 100;

impl Load {
    const ALL: [Self; 4] = [
        Self {
            title: "paced: 1,000 clients, 100 messages/s",
            clients: 1_000,
            args: &["--clients", "1000", "--rate", "100"],
            of_the_floor: 1.10,
            is_flat_out: false,
        },
        Self {
            title: "flat out: 1,000 clients, 1 publisher",
            clients: 1_000,
            args: &["--clients", "1000"],
            of_the_floor: 1.3,
            is_flat_out: true,
        },
        Self {
            title: "flat out: 100 clients, 10 publishers",
            clients: 100,
            args: &["--clients", "100", "--publishers", "10"],
            of_the_floor: 1.3,
            is_flat_out: true,
        },
        Self {
            title: "10,000 clients, 10 messages/s",
            clients: 10_000,
            args: &["--clients", "10000", "--rate", "10"],
            of_the_floor: 1.10,
            is_flat_out: false,
        },
    ];

    /// A short one that tells much.
    pub fn guard() -> Self {
        let [_, _, flat_out, _] = Self::ALL;
        flat_out
    }
}

/// Those for which this computer has descriptors; the others are named.
pub fn possible() -> Result<Vec<Load>, Box<dyn Error>> {
    let most = rlimit::increase_nofile_limit(u64::MAX)?;
    let mut loads = Vec::new();
    for load in Load::ALL {
        match u64::from(load.clients) + OTHER_DESCRIPTORS <= most {
            true => loads.push(load),
            false => writeln!(io::stderr(), "left out, with {most} open files: {}", load.title)?,
        }
    }
    Ok(loads)
}
