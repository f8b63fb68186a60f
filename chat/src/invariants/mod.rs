//! What holds for any bytes at all, as functions that panic where it does not. Fuzzers call them
//! (`chat/fuzz`), and so does a test with every input of their corpora, so that what a fuzzer once
//! found stays found. In no other build.

mod framings;
mod http;
mod messages;

pub use self::framings::{frames, lines, opening};
pub use self::http::http;
pub use self::messages::{body, json, text};

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    type Target = fn(&[u8]);

    #[test]
    fn every_input_of_the_corpora_keeps_them() {
        let targets: [(&str, Target); 7] = [
            ("json", json),
            ("text", text),
            ("body", body),
            ("lines", lines),
            ("opening", opening),
            ("frames", frames),
            ("http", http),
        ];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), targets.len());
        for (name, target) in targets {
            target(b"");
            let inputs: Vec<_> = fs::read_dir(folder.join(name)).unwrap().collect();
            assert!(inputs.len() > 5, "{name}: {} inputs", inputs.len());
            inputs.into_iter().for_each(|input| target(&fs::read(input.unwrap().path()).unwrap()));
        }
    }
}
