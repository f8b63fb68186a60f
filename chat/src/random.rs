//! The only place that asks for what nobody can guess.

/// Random base-32 digits, five bits each.
pub(crate) fn random_text(digits: usize) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut random = vec![0; digits];
    getrandom::fill(&mut random).expect("the operating system has random bytes");
    random.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect()
}

/// A random number that fits an `i64`.
pub(crate) fn random_number() -> u64 {
    getrandom::u64().expect("the operating system has random bytes") >> 1
}
