//! What a person, or a log, is told once the server listens.

use std::fmt::Write;

use crate::config::{Addr, Config, Host, TraceTo, this_computer};
use crate::listen::Listening;

/// What the banner tells.
#[derive(Clone, Debug)]
pub struct Banner {
    /// The addresses that are listened on, and whether only this computer can connect to them.
    addrs: Vec<(Addr, bool)>,
    /// This computer's name, if it has one.
    name: Option<String>,
    trace: TraceTo,
    history: String,
    pid: u32,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Banner {
    /// The banner of this process, once it listens.
    #[must_use]
    pub fn new(config: &Config, listening: &Listening) -> Banner {
        let addr = |addr: &Addr| (addr.clone(), listening.only_here(addr));
        Banner {
            addrs: listening.addrs.iter().map(addr).collect(),
            name: this_computer(),
            trace: config.trace.clone(),
            history: history(config),
            pid: std::process::id(),
        }
    }

    /// The screen for a terminal, the line for anything else.
    #[must_use]
    pub fn text(&self, terminal: bool) -> String {
        if terminal { self.screen() } else { self.line() }
    }

    /// For a terminal: where the page is, who can connect and how to change that, where the
    /// trace goes, how to stop. Several lines, each ended.
    fn screen(&self) -> String {
        let mut pages = Vec::new();
        for (addr, only_here) in &self.addrs {
            pages.extend(self.pages(addr, *only_here));
        }
        let width = pages.iter().map(|(url, _)| url.len()).max().unwrap_or(0);
        let mut text = format!("chat {VERSION}\n");
        for (i, (url, who)) in pages.iter().enumerate() {
            let label = if i == 0 { "Page" } else { "" };
            let _ = writeln!(text, "  {label:<9} {url:<width$}   {who}");
        }
        let _ = writeln!(text, "  Trace     {}", self.trace());
        let _ = writeln!(text, "  History   {}", self.history);
        text.push_str("Ctrl-C stops it.\n");
        text
    }

    /// For a log: one line of `key=value`.
    fn line(&self) -> String {
        let mut text = "listening".to_owned();
        for (addr, _) in &self.addrs {
            let _ = write!(text, " url={}", addr.url());
        }
        let _ = writeln!(text, " version={VERSION} pid={}", self.pid);
        text
    }

    /// The addresses of the page, each with who can use it.
    fn pages(&self, addr: &Addr, only_here: bool) -> Vec<(String, String)> {
        let port = addr.port;
        if only_here {
            let who = "only this computer can connect; to let your network in: chat --addr";
            return vec![(addr.url(), format!("{who} :{port}"))];
        }
        let here = "to keep it to this computer: chat --addr localhost";
        let network = format!("your network can connect; {here}:{port}");
        let any = match addr.host {
            Host::Every => true,
            Host::Ip(ip) => ip.is_unspecified(),
            Host::Localhost | Host::Name(_) => false,
        };
        match &self.name {
            Some(name) if any => vec![
                (addr.url(), "this computer".into()),
                (format!("http://{name}:{port}"), network),
            ],
            _ => vec![(addr.url(), network)],
        }
    }

    fn trace(&self) -> String {
        match &self.trace {
            TraceTo::Off => "off; to watch every step: chat --trace stdout".into(),
            TraceTo::Stdout | TraceTo::Stderr => self.trace.to_string(),
            #[cfg(feature = "tracing")]
            TraceTo::Tracing => self.trace.to_string(),
            TraceTo::File(path) => format!("to the end of {}", path.display()),
        }
    }
}

/// What is kept, where, and for how long.
fn history(config: &Config) -> String {
    let Some(path) = &config.data else { return "in memory, gone when this stops".into() };
    let mut text = format!("in {}", path.display());
    if let Some(age) = config.keep.age {
        let _ = write!(text, ", dropped after {} days", age.as_secs() / (24 * 3600));
    }
    if let Some(bytes) = config.keep.bytes {
        let _ = write!(text, ", the oldest dropped beyond {} MiB", bytes >> 20);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::listen;

    fn banner(addrs: &[(&str, bool)], trace: &str) -> (String, String) {
        let addrs: Vec<_> =
            addrs.iter().map(|(addr, here)| (addr.parse().unwrap(), *here)).collect();
        let trace = match trace {
            "off" => TraceTo::Off,
            "stdout" => TraceTo::Stdout,
            file => TraceTo::File(file.into()),
        };
        let (name, history) = (Some("studio".into()), "in memory, gone when this stops".into());
        let banner = Banner { addrs, name, trace, history, pid: 4242 };
        (banner.text(true), banner.text(false))
    }

    #[test]
    fn at_first_only_this_computer_can_connect() {
        let (screen, line) = banner(&[("localhost:8080", true)], "off");
        insta::assert_snapshot!(screen, @r"
        chat 0.1.0
          Page      http://localhost:8080   only this computer can connect; to let your network in: chat --addr :8080
          Trace     off; to watch every step: chat --trace stdout
          History   in memory, gone when this stops
        Ctrl-C stops it.
        ");
        assert_eq!(line, "listening url=http://localhost:8080 version=0.1.0 pid=4242\n");
    }

    #[test]
    fn every_interface_is_also_this_computers_name() {
        let (screen, line) = banner(&[(":3000", false)], "stdout");
        insta::assert_snapshot!(screen, @r"
        chat 0.1.0
          Page      http://localhost:3000   this computer
                    http://studio:3000      your network can connect; to keep it to this computer: chat --addr localhost:3000
          Trace     stdout
          History   in memory, gone when this stops
        Ctrl-C stops it.
        ");
        assert_eq!(line, "listening url=http://localhost:3000 version=0.1.0 pid=4242\n");
    }

    #[test]
    fn several_addresses_are_several_lines() {
        let (screen, line) = banner(&[("127.0.0.1:80", true), ("10.0.0.7:80", false)], "trace.txt");
        insta::assert_snapshot!(screen, @r"
        chat 0.1.0
          Page      http://127.0.0.1:80   only this computer can connect; to let your network in: chat --addr :80
                    http://10.0.0.7:80    your network can connect; to keep it to this computer: chat --addr localhost:80
          Trace     to the end of trace.txt
          History   in memory, gone when this stops
        Ctrl-C stops it.
        ");
        assert_eq!(
            line,
            "listening url=http://127.0.0.1:80 url=http://10.0.0.7:80 version=0.1.0 pid=4242\n"
        );
    }

    #[test]
    fn a_computer_without_a_name_is_not_a_url_without_a_host() {
        let addrs = vec![(":80".parse().unwrap(), false)];
        let history = String::new();
        let banner = Banner { addrs, name: None, trace: TraceTo::Off, history, pid: 1 };
        assert!(!banner.screen().contains("http://:"), "{}", banner.screen());
    }

    #[test]
    fn it_says_what_is_kept() {
        let kept = |args: &[&str]| history(&crate::config::tests::config(args, &[], None));
        assert_eq!(kept(&["--data", "off"]), "in memory, gone when this stops");
        assert_eq!(kept(&[]), "in chat.db");
        assert_eq!(
            kept(&["--data", "a.db", "--keep-days", "30", "--keep-bytes", "2G"]),
            "in a.db, dropped after 30 days, the oldest dropped beyond 2048 MiB"
        );
    }

    #[tokio::test]
    async fn it_tells_what_is_listened_on() {
        let config = crate::config::tests::config(&["--addr", "localhost:0"], &[], None);
        let listening = listen(&config.addrs).await.unwrap();
        let banner = Banner::new(&config, &listening);
        let port = listening.addrs[0].port;
        assert_eq!(banner.addrs, [(Addr { host: Host::Localhost, port }, true)]);
        assert_eq!((banner.trace, banner.pid), (TraceTo::Off, std::process::id()));
    }
}
