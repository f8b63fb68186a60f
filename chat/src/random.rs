//! The only place that asks for what nobody can guess.

/// Random base-32 digits, five bits each.
pub(crate) fn random_text(digits: usize) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut random = vec![0; digits];
    fill(&mut random);
    random.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect()
}

/// A random number that fits an `i64`.
pub(crate) fn random_number() -> u64 {
    let mut random = [0; 8];
    fill(&mut random);
    u64::from_le_bytes(random) >> 1
}

fn fill(random: &mut [u8]) {
    #[cfg(test)]
    if crate::seeded::fill(random) {
        return;
    }
    getrandom::fill(random).expect("the operating system has random bytes");
}
