//! What `--trace` takes.

use std::fmt;
use std::path::PathBuf;

use super::nearest::nearest;

/// Where the trace goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceTo {
    /// Nowhere; nothing is formatted.
    Off,
    /// Standard output, which carries nothing else.
    Stdout,
    /// Standard error, between the banner and the errors.
    Stderr,
    /// The end of this file, made if it does not exist.
    File(PathBuf),
    /// The `tracing` ecosystem: whatever subscriber the program has.
    #[cfg(feature = "tracing")]
    Tracing,
}

/// How a trace line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFormat {
    /// `message key=value key=value`, for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

impl TraceTo {
    /// Every other word is a file, so the words that somebody who wants no file would write are
    /// refused: a file named `on` is found much later, and full.
    pub(super) fn parse(text: &str) -> Result<TraceTo, String> {
        const TRY: &str = "write stdout, stderr, off or a file";
        let lower = text.to_lowercase();
        match text {
            "stdout" => return Ok(TraceTo::Stdout),
            "stderr" => return Ok(TraceTo::Stderr),
            "off" => return Ok(TraceTo::Off),
            #[cfg(feature = "tracing")]
            "tracing" => return Ok(TraceTo::Tracing),
            #[cfg(not(feature = "tracing"))]
            "tracing" => {
                const BUILD: &str = "cargo install --path chat --features tracing";
                return Err(format!(
                    "this chat was built without it; {BUILD}; for a file of that name: ./tracing"
                ));
            }
            "" => return Err(format!("it is empty; {TRY}")),
            _ => {}
        }
        match lower.as_str() {
            word @ ("stdout" | "stderr" | "off" | "tracing") => {
                Err(format!("{text:?} is written {word}; for a file of that name: ./{text}"))
            }
            "-" | "on" | "true" | "false" | "yes" | "no" | "none" | "1" | "0" | "text" | "json" => {
                Err(format!("{text:?} is no place to trace to; {TRY} (./{text})"))
            }
            _ => match nearest(text, ["stdout", "stderr"]) {
                Some(word) => {
                    Err(format!("did you mean {word}? For a file of that name: ./{text}"))
                }
                None => Ok(TraceTo::File(text.into())),
            },
        }
    }
}

impl fmt::Display for TraceTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceTo::Off => f.write_str("off"),
            TraceTo::Stdout => f.write_str("stdout"),
            TraceTo::Stderr => f.write_str("stderr"),
            TraceTo::File(path) => path.display().fmt(f),
            #[cfg(feature = "tracing")]
            TraceTo::Tracing => f.write_str("tracing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<TraceTo, &str>) {
        assert_eq!(TraceTo::parse(text), expected.map_err(str::to_owned), "for {text:?}");
    }

    #[test]
    fn three_words_and_files() {
        check("off", Ok(TraceTo::Off));
        check("stdout", Ok(TraceTo::Stdout));
        check("stderr", Ok(TraceTo::Stderr));
        check("trace.txt", Ok(TraceTo::File("trace.txt".into())));
        check("./off", Ok(TraceTo::File("./off".into())));
        check("/dev/full", Ok(TraceTo::File("/dev/full".into())));
        check("./tracing", Ok(TraceTo::File("./tracing".into())));
    }

    #[test]
    fn a_mistyped_word_is_no_file() {
        check("stdot", Err("did you mean stdout? For a file of that name: ./stdot"));
        check("sterr", Err("did you mean stderr? For a file of that name: ./sterr"));
        check("./stdot", Ok(TraceTo::File("./stdot".into())));
        check("out.log", Ok(TraceTo::File("out.log".into())));
    }

    #[test]
    fn tracing_has_to_be_built_in() {
        #[cfg(feature = "tracing")]
        check("tracing", Ok(TraceTo::Tracing));
        #[cfg(not(feature = "tracing"))]
        check(
            "tracing",
            Err("this chat was built without it; cargo install --path chat --features tracing; \
                 for a file of that name: ./tracing"),
        );
        check("Tracing", Err("\"Tracing\" is written tracing; for a file of that name: ./Tracing"));
    }

    #[test]
    fn a_word_that_nobody_means_as_a_file_is_refused() {
        check("Stdout", Err("\"Stdout\" is written stdout; for a file of that name: ./Stdout"));
        check("OFF", Err("\"OFF\" is written off; for a file of that name: ./OFF"));
        check("", Err("it is empty; write stdout, stderr, off or a file"));
        for word in ["-", "on", "True", "1", "json"] {
            let why = format!(
                "{word:?} is no place to trace to; write stdout, stderr, off or a file (./{word})"
            );
            check(word, Err(&why));
        }
    }
}
