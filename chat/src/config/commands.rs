//! What the program does besides serving, as the command line names it.

use std::path::PathBuf;

use clap::Subcommand;

use super::measure::BenchFlags;
use super::remote::RemoteCommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print every setting and where it came from
    Config,
    /// Say what is damaged or missing in the file of --data
    ///
    /// Nothing in it is changed, and a server may have it meanwhile. What is damaged is on stdout, a
    /// line each, with its room and number, and the exit code is 0 if there is nothing, 1 if there
    /// is, 4 if the file cannot be used.
    Check {
        /// Another file than that of --data
        file: Option<PathBuf>,
    },
    /// Copy the file of --data into another, while a server goes on
    ///
    /// As it is at one moment, and checked like `chat check`. Nothing is overwritten. The copy is
    /// readable by its owner only.
    Backup {
        /// The file of the copy; there must be none yet
        file: PathBuf,
    },
    /// Write everything in the file of --data to stdout, a JSON object a line
    ///
    /// Rooms, inboxes, edits, deletions, and members with the hashes of their tokens, as they are at
    /// one moment; a server may have the file meanwhile. What is damaged is left out and named on
    /// stderr, and the exit code is 1.
    Export {
        /// Another file than that of --data
        file: Option<PathBuf>,
    },
    /// Read from stdin what was exported into a new file: all, or nothing
    ///
    /// The file of --data, which may not be there yet or has to be empty. A line that is wrong is
    /// named by its number.
    Import {
        /// Another file than that of --data
        file: Option<PathBuf>,
    },
    /// Show a trace that was saved in the X-ray page
    ///
    /// A file of --trace with --trace-format json, of `chat trace --json`, or one that the flight
    /// recorder wrote. It is served on a free port of this computer until Ctrl-C; lines that are not
    /// understood are counted.
    Xray {
        /// The file
        file: PathBuf,
    },
    #[command(flatten)]
    Remote(RemoteCommand),
    /// Measure what delivering to everyone costs on this computer
    ///
    /// Clients connect to a server that is started for it, in a process of its own, and publish; each
    /// must get every message exactly once and in order. The server keeps nothing and bounds as
    /// little as possible, unless other options say so.
    Bench(Box<BenchFlags>),
    /// Say what on this computer bounds how many can connect, and how to raise it
    Doctor,
    /// Serve until stdin ends: whoever started it is gone
    #[command(hide = true)]
    Attached,
}

#[cfg(test)]
mod tests {
    use crate::bench::Target;
    use crate::config::Asked;
    use crate::config::tests::asked;

    /// What the server of a bench is given, from the second on.
    fn benched(args: &[&str], env: &[(&str, &str)], file: Option<&str>) -> Vec<String> {
        let plan = match asked(&[&["bench", "--clients", "1"], args].concat(), env, file) {
            Ok(Asked::Bench(plan)) => plan,
            other => panic!("{other:?}"),
        };
        let Target::Own(args) = plan.target else { panic!("{plan:?}") };
        args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_bench_raises_only_what_nobody_said() {
        let raised = [
            "--data=off",
            "--max-connections=65",
            "--max-handshakes=1000000",
            "--max-messages=4294967295",
            "--max-bytes=1073741824",
            "--max-message-bytes=65536",
        ];
        assert_eq!(benched(&[], &[], None), raised);
        let seen = benched(&["--max-bytes=2000"], &[], None);
        assert_eq!(seen[..4], raised[..4]);
        assert_eq!(seen[4..], ["--max-message-bytes=65536", "--max-bytes=2000"]);
        let file = "data = 'a.db'\nmax-messages = 50\nmax-connections = 9\ntrace = 'off'";
        let seen =
            benched(&[], &[("CHAT_MAX_BYTES", "?"), ("CHAT_CONFIG", "/nonexistent")], Some(file));
        assert_eq!(seen[..3], [raised[2], raised[4], raised[5]]);
        assert_eq!((seen[3].as_str(), seen.len()), ("--config", 5));
    }

    #[test]
    fn a_port_is_an_address_too() {
        assert_eq!(asked(&["--port", "8099"], &[], None), asked(&["--addr", "8099"], &[], None));
        assert!(asked(&["--port", "8099"], &[], None).is_ok());
    }

    #[test]
    fn a_message_is_asked_for_by_its_number() {
        let why = "a message is asked for by its number, which chat send prints as seq=";
        for bad in ["abc", "1.5", "99999999999999999999"] {
            let seen = asked(&["why", bad], &[], None).unwrap_err();
            assert!(seen.contains(&format!("'{bad}'")) && seen.contains(why), "{seen}");
        }
    }

    #[test]
    fn what_starts_no_server_has_no_settings_of_one() {
        let seen = asked(&["bench", "--to", ":1", "--max-bytes", "2000"], &[], None);
        assert_eq!(seen, Err("--max-bytes: no server is started here".into()));
        let broken = [("CHAT_CONFIG", "/nonexistent"), ("CHAT_ADDR", "?"), ("CHAT_MAX_BYTES", "?")];
        for command in [&["doctor"][..], &["xray", "f"], &["why", "1"], &["send", "x"], &["trace"]]
        {
            assert!(asked(command, &broken, None).is_ok(), "{command:?}");
            let otherwise = match command[0] {
                "doctor" | "xray" => "",
                _ => "; --server names one that runs",
            };
            let seen = asked(&[command, &["--addr", ":8099"]].concat(), &[], None);
            assert_eq!(seen, Err(format!("--addr: no server is started here{otherwise}")));
            let seen = asked(command, &[], Some("xray = 'off'"));
            assert_eq!(seen, Err(format!("--config: no server is started here{otherwise}")));
        }
    }
}
