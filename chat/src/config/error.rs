//! What can be wrong with flags, variables and the file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::layer::Source;

/// A configuration that cannot be used.
///
/// `Display` names the flag, the variable or the line that is wrong, says why, and says what to
/// write instead; `source` is the operating system's reason where there is one.
#[derive(Debug)]
pub struct ConfigError(pub(super) Wrong);

#[derive(Debug)]
pub(super) enum Wrong {
    /// The command line does not parse; the text is clap's, without its `error: `.
    Usage(String),
    /// A value that the setting does not take.
    Value { key: &'static str, source: Source, why: String },
    /// A variable whose bytes are no text.
    NotText { variable: String },
    /// The file cannot be read; `named` is the flag or variable that names it.
    Read { path: PathBuf, named: Source, source: io::Error },
    /// The file is no TOML, or a key of it is unknown or has the wrong shape.
    File { path: PathBuf, line: usize, why: String },
    /// An operation on a file, and none is named.
    NoFile,
    /// The answer (help, version, `chat config`) cannot be written.
    Stdout(io::Error),
}

impl ConfigError {
    /// 2, except where the configuration was right and only its listing could not be written: 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.0 {
            Wrong::Stdout(_) => 1,
            _ => 2,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Wrong::Usage(text) => f.write_str(text),
            Wrong::Value { key, source, why } => match source {
                Source::File { path, line } => {
                    write!(f, "{} line {line}: {key}: {why}", path.display())
                }
                source => write!(f, "{source}: {why}"),
            },
            Wrong::NotText { variable } => write!(f, "{variable}: its value is not UTF-8 text"),
            Wrong::Read { path, named, .. } => {
                write!(f, "cannot read {} (named by {named})", path.display())
            }
            Wrong::File { path, line, why } => {
                write!(f, "{} line {line}: {why}", path.display())
            }
            Wrong::NoFile => f.write_str("nothing is kept with --data off; name a file"),
            Wrong::Stdout(_) => f.write_str("cannot write to stdout"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Wrong::Read { source, .. } | Wrong::Stdout(source) => Some(source),
            _ => None,
        }
    }
}

impl From<Wrong> for ConfigError {
    fn from(wrong: Wrong) -> ConfigError {
        ConfigError(wrong)
    }
}
