//! "Did you mean": the known word that a mistyped one is closest to.

/// The known word nearest to `word`, if one is near enough to be worth suggesting: at most one
/// letter in three is wrong. `_` and upper case count as right.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().replace('_', "-").chars().collect();
    known
        .into_iter()
        .map(|known| (distance(&word, known), known))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, known)| *distance <= known.len().max(word.len()) / 3)
        .map(|(_, known)| known)
}

/// How many letters to insert, drop or change.
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (i, b) in to.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, a) in from.iter().enumerate() {
            let changed = diagonal + usize::from(*a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["addr", "trace", "trace-format", "max-connections"];

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, KNOWN), expected, "for {word:?}");
    }

    #[test]
    fn a_slip_is_recognised() {
        check("adr", Some("addr"));
        check("addrs", Some("addr"));
        check("Addr", Some("addr"));
        check("trcae", None); // two of five
        check("tarce-format", Some("trace-format"));
        check("trace_format", Some("trace-format"));
        check("maxconnections", Some("max-connections"));
    }

    #[test]
    fn another_word_is_not() {
        check("", None);
        check("port", None);
        check("listen", None);
        check(&"addr".repeat(1000), None);
    }

    #[test]
    fn the_distance_counts_letters() {
        let distance = |a: &str, b| super::distance(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("ab", ""), 2);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("flaw", "lawn"), 2);
    }
}
