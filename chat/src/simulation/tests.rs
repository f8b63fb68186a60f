use std::env;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::model::Counts;
use super::run::{Ended, run};

/// The variable that asks for one seed, and for how many.
const SEED: &str = "CHAT_SIMULATION_SEED";
const SEEDS: &str = "CHAT_SIMULATION_SEEDS";

fn asked(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|number| number.parse().unwrap())
}

/// Tells who asked for it.
fn tell(text: &str) {
    writeln!(io::stderr(), "{text}").unwrap();
}

/// A run on a thread of its own, as nothing else of it may be left.
fn alone(seed: u64) -> Ended {
    let ended = thread::scope(|scope| scope.spawn(|| run(seed)).join());
    ended.unwrap_or_else(|_| Ended {
        counts: Counts::default(),
        wrong: Some("it panicked".into()),
        story: Vec::new(),
    })
}

#[test]
fn whatever_happens_nothing_is_lost_or_told_twice() {
    let seeds = match asked(SEED) {
        Some(seed) => seed..seed + 1,
        None => 0..asked(SEEDS).unwrap_or(100),
    };
    let next = AtomicU64::new(seeds.start);
    let (failed, sum) = (Mutex::new(Vec::new()), Mutex::new(Counts::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return;
            }
            let ended = alone(seed);
            sum.lock().unwrap_or_else(PoisonError::into_inner).add(ended.counts);
            if let Some(wrong) = ended.wrong {
                failed.lock().unwrap_or_else(PoisonError::into_inner).push((seed, wrong));
            }
            if asked(SEED).is_some() {
                tell(&ended.story.join("\n"));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    let sum = sum.into_inner().unwrap();
    if asked(SEED).or(asked(SEEDS)).is_some() {
        tell(&format!("{seeds:?}: {sum:?}"));
    }
    let told = failed.iter().map(|(seed, wrong)| format!("{SEED}={seed}: {wrong}\n"));
    assert!(failed.is_empty(), "again with\n{}", told.collect::<String>());
    // Where nothing goes wrong, nothing is shown.
    let Counts { acked, heard, dups, visits, resets, gaps, lost } = sum;
    let troubles = [acked, heard, dups, visits, resets, gaps, lost];
    assert!(seeds.count() < 100 || troubles.iter().all(|n| *n >= 20), "{sum:?}");
}

#[test]
fn a_seed_is_always_the_same_run() {
    for seed in [1, 4] {
        let (one, two) = (alone(seed), alone(seed));
        let differ = one.story.iter().zip(&two.story).position(|(one, two)| one != two);
        if let Some(at) = differ {
            let part = |story: &[String]| story[at.saturating_sub(5)..=at].join("\n");
            panic!("seed {seed}:\n{}\n\nand\n{}", part(&one.story), part(&two.story));
        }
        assert_eq!(one.story.len(), two.story.len(), "seed {seed}");
        assert!(one.story.len() > 500, "seed {seed}: {} lines", one.story.len());
    }
}
