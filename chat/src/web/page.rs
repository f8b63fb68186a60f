//! The page: a template and the files it loads, embedded in the binary.

use minijinja::{Environment, Value, context};

use crate::name::RoomName;

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../page/", $name)))),*]
    };
}

const TEMPLATE: &str = include_str!("../../page/index.html");
const XRAY: &str = include_str!("../../page/xray.html");
const FILES: &[(&str, &[u8])] = files![
    "acks.js" "actions.js" "anchor.js" "app.js" "card.js" "complete.js" "compose.js" "copy.js"
    "delivery.js" "drawer.js" "enter.js" "icon-unread.svg" "icon.svg" "inbox.js" "keys.js" "log.js"
    "login.js" "look.css" "mode.js" "older.js" "outbox.js" "pending.js" "people.js" "private.js" "reading.js"
    "removal.js" "report.js" "room.js" "rooms.js" "row.js" "rows.css" "rows.js" "search.js"
    "share.js" "side.css" "side.js" "status.js" "store.js" "style.css" "text.js" "toast.js"
    "tools.js" "travel.js" "typing.js" "wire.js" "words-en.js" "words-zh.js" "words.js"
    "xray-choosers.js" "xray-columns.js" "xray-event.js" "xray-files.js" "xray-findings.js"
    "xray-follow.js" "xray-found.js" "xray-frame.js" "xray-gauges.js" "xray-heads.js"
    "xray-intake.js" "xray-lanes.js" "xray-lines.js" "xray-messages.js" "xray-microscope.js"
    "xray-model.js" "xray-picture.js" "xray-rates.js" "xray-scope.js" "xray-seen.js"
    "xray-sentence.js" "xray-source.js" "xray-trace.js" "xray-tracks.js" "xray-view.js"
    "xray-words-en.js" "xray-words-zh.js" "xray-words.js" "xray.css" "xray.js"
];

/// The languages that the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The first language of an `Accept-Language` header that the page speaks; browsers list them
    /// by preference.
    pub(super) fn preferred(accept: &str) -> Self {
        let known = accept.split(',').find_map(|language| {
            let primary = language.trim().split(['-', ';']).next()?.to_ascii_lowercase();
            match primary.as_str() {
                "zh" => Some(Self::Chinese),
                "en" => Some(Self::English),
                _ => None,
            }
        });
        known.unwrap_or(Self::English)
    }

    fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

/// The template, ready, and the path prefix of its files.
pub(super) struct Page {
    templates: Environment<'static>,
    hash: String,
}

impl Page {
    pub(super) fn new() -> Self {
        let mut templates = Environment::new();
        // The name ends in .html, so what is injected is escaped.
        for (name, template) in [("index.html", TEMPLATE), ("xray.html", XRAY)] {
            templates.add_template(name, template).expect("the embedded template parses");
        }
        let hash = FILES.iter().fold(FNV_OFFSET, |hash, (_, bytes)| fnv(hash, bytes));
        Self { templates, hash: format!("{hash:016x}") }
    }

    /// The page of a room, with a way to the X-ray if that is shown.
    pub(super) fn render(
        &self,
        room: &RoomName,
        host: &str,
        language: Language,
        xray: bool,
    ) -> String {
        let (room, lang, assets) = (room.as_str(), language.tag(), self.assets());
        self.filled("index.html", context! { room, host, lang, assets, xray })
    }

    pub(super) fn render_xray(&self, language: Language) -> String {
        self.filled("xray.html", context! { lang => language.tag(), assets => self.assets() })
    }

    fn filled(&self, name: &str, with: Value) -> String {
        let html = self.templates.get_template(name).and_then(|page| page.render(with));
        html.expect("the embedded template uses only what it is given")
    }

    fn assets(&self) -> Value {
        Value::from_safe_string(format!("/a/{}", self.hash))
    }

    /// A file and its media type.
    pub(super) fn asset(&self, hash: &str, name: &str) -> Option<(&'static str, &'static [u8])> {
        let (name, bytes) = FILES.iter().find(|(file, _)| *file == name && hash == self.hash)?;
        let kind = match name.rsplit('.').next()? {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        Some((kind, bytes))
    }
}

/// FNV-1a, 64 bits: tells versions of our own files apart, and nothing more.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_the_page_speaks() {
        for (accept, expected) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,zh;q=0.5", Language::English),
            ("de, ZH-TW;q=0.8", Language::Chinese),
            ("de", Language::English),
        ] {
            assert_eq!(Language::preferred(accept), expected, "{accept}");
        }
    }

    #[test]
    fn what_is_injected_is_escaped() {
        let html = Page::new().render(&RoomName::lobby(), "\"><script>", Language::Chinese, true);
        assert!(html.contains("lang=\"zh\"") && html.contains("data-room=\"lobby\""));
        assert!(!html.contains("\"><script>"), "{html}");
    }

    #[test]
    fn files_are_found_under_their_hash_only() {
        let page = Page::new();
        assert_eq!(page.asset(&page.hash, "app.js").unwrap().0, "text/javascript; charset=utf-8");
        assert_eq!(page.asset(&page.hash, "icon.svg").unwrap().0, "image/svg+xml");
        assert!(page.asset("0", "app.js").is_none());
        assert!(page.asset(&page.hash, "../Cargo.toml").is_none());
    }
}
