//! The layer of the command line: what clap takes, as text, and the help that it prints.

use std::path::PathBuf;

use clap::Parser;

use super::bounds::LimitFlags;
use super::commands::Command;
use super::inside::InsideFlags;
use super::layer::{Layer, Source};
use super::retention::RetentionFlags;

const HELP: &str = "\
{about}

Examples:
  chat                                 talk at http://localhost:8080
  chat --addr :8080                    let the local network in
  chat --trace stdout                  watch every join, message and leave
  chat --trace stdout --trace-format json | jq 'select(.event==\"left\")'

{usage-heading} {usage}

{all-args}{after-help}
";

const EVERY_FLAG: &str = "\
Every flag is also a variable: --trace-format is CHAT_TRACE_FORMAT, lists take commas.";

const MORE: &str = "\
Every flag is also a variable: --trace-format is CHAT_TRACE_FORMAT, lists take commas. An empty
variable counts as unset.

A setting is taken from the first of these that names it:
  1. the flag
  2. the variable
  3. the file of --config or CHAT_CONFIG: TOML whose keys are the flag names, for instance
       addr = [\"localhost:8080\", \"192.168.1.20:8080\"]
       trace-format = \"json\"
  4. the default
`chat config` prints the outcome in the form of such a file.

Exit codes:
  0  stopped as asked (Ctrl-C, SIGINT, SIGTERM)
  1  failed while running, told to stop twice, or found damage or a wrong line
  2  wrong flags or configuration
  3  cannot listen
  4  cannot use the data";

/// A chat-room server you can see inside
#[derive(Debug, Parser)]
#[command(
    name = "chat",
    bin_name = "chat",
    version,
    help_template = HELP,
    override_usage = "chat [OPTIONS]\n       chat <COMMAND> [OPTIONS]",
    after_help = EVERY_FLAG,
    after_long_help = MORE,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Flags {
    /// Where to listen: 8080 or :8080 (every interface), localhost:8080, 192.168.0.1:80, [::1]:0
    /// [default: localhost:8080]
    ///
    /// `localhost` is both loopbacks, so only this computer can connect. An address without a
    /// port has port 8080; port 0 is any free one. Repeat the flag to listen on several.
    #[arg(short, long, alias = "port", value_name = "ADDR", global = true)]
    addr: Vec<String>,

    /// A further name that people reach this server by
    ///
    /// Behind a proxy, or in DNS. Requests for another host are refused, so that no foreign page can reach this server by
    /// pointing its own name here. IP addresses, `localhost` and this computer's name are always
    /// served. Repeat the flag for several.
    #[arg(long, value_name = "NAME", global = true, help_heading = "Who may connect")]
    host: Vec<String>,

    /// A page from elsewhere that may connect, as scheme://host[:port]
    ///
    /// Pages served by this server always may, and on this computer pages from any other local
    /// port. Repeat the flag for several.
    #[arg(
        long,
        value_name = "ORIGIN",
        global = true,
        hide_short_help = true,
        help_heading = "Who may connect"
    )]
    allow_origin: Vec<String>,

    /// A proxy to believe when it says for whom it asks, by its IP address
    ///
    /// The clients of a proxy are bounded by their own addresses: the last one in the header
    /// X-Forwarded-For that is not that of another such proxy. Whoever else sends the header is
    /// not believed. Repeat the flag for several.
    #[arg(
        long,
        value_name = "ADDR",
        global = true,
        hide_short_help = true,
        help_heading = "Who may connect"
    )]
    trust_proxy: Vec<String>,

    #[command(flatten)]
    limits: LimitFlags,

    /// The file that keeps what is said, or off [default: chat.db]
    ///
    /// It is made if there is none, readable by its owner only, with up to three more beside it
    /// while the server runs. With off, everything is gone when the server stops.
    #[arg(short, long, value_name = "FILE", global = true, help_heading = "What is kept")]
    data: Option<String>,

    /// What a stored message survives: power (cuts) or process [default: power]
    ///
    /// With power each message waits until the disk has it, together with those that came
    /// meanwhile; with process the operating system has it, and a power cut may take it.
    #[arg(
        long,
        value_name = "WHAT",
        global = true,
        hide_short_help = true,
        help_heading = "What is kept"
    )]
    durability: Option<String>,

    #[command(flatten)]
    keep: RetentionFlags,

    #[command(flatten)]
    inside: InsideFlags,

    /// Take settings from this TOML file
    #[arg(short, long, value_name = "FILE", global = true, help_heading = "General")]
    pub(super) config: Option<PathBuf>,

    /// Print help; --help says more than -h
    #[arg(short, long, global = true, action = clap::ArgAction::Help, help_heading = "General")]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = "General")]
    version: Option<bool>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

impl Flags {
    /// The command, and what the command line gave besides as a layer.
    pub(super) fn split(mut self) -> (Option<Command>, Layer) {
        (self.command.take(), self.layer())
    }

    fn layer(self) -> Layer {
        let mut layer = Layer::default();
        let mut put = |key, values: Vec<String>| {
            if !values.is_empty() {
                layer.put(key, values, Source::Flag(key));
            }
        };
        put("addr", self.addr);
        put("host", self.host);
        put("allow-origin", self.allow_origin);
        put("trust-proxy", self.trust_proxy);
        for (key, value) in self.limits.each() {
            put(key, Vec::from_iter(value));
        }
        put("data", Vec::from_iter(self.data));
        put("durability", Vec::from_iter(self.durability));
        self.keep.put(&mut put);
        self.inside.put(&mut put);
        layer
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::layer::KEYS;

    #[test]
    fn clap_finds_nothing_wrong_with_the_definition() {
        Flags::command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_and_every_flag_a_setting() {
        let command = Flags::command();
        let mut flags: Vec<_> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
        flags.retain(|flag| !["config", "help", "version"].contains(flag));
        let mut keys: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        flags.sort_unstable();
        keys.sort_unstable();
        assert_eq!(flags, keys);
    }

    #[test]
    fn each_flag_lands_under_its_own_name() {
        for key in &KEYS {
            let flag = format!("--{}", key.name);
            let layer = Flags::try_parse_from(["chat", &flag, "x"]).unwrap().layer();
            let mut expected = Layer::default();
            expected.put(key.name, vec!["x".into()], Source::Flag(key.name));
            assert_eq!(layer, expected);
        }
    }

    #[test]
    fn lists_repeat_and_flags_may_follow_the_command() {
        let flags = Flags::try_parse_from(["chat", "-a", "1", "config", "-t", "off"]).unwrap();
        let (command, layer) = flags.split();
        assert!(matches!(command, Some(Command::Config)));
        assert_eq!(layer.get("addr").unwrap().values, ["1"]);
        assert_eq!(layer.get("trace").unwrap().values, ["off"]);
        let layer = Flags::try_parse_from(["chat", "-a", "1", "-a", "2"]).unwrap().layer();
        assert_eq!(layer.get("addr").unwrap().values, ["1", "2"]);
    }
}
