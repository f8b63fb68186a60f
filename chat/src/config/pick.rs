//! From layers of text to checked values: the first layer that names a setting wins, and the
//! listing of `chat config` is written down on the way.

use std::fmt::Display;

use super::error::Wrong;
use super::layer::{Given, Layer, Source};

/// Takes settings out of the layers one by one.
pub(super) struct Pick {
    /// Strongest first.
    layers: [Layer; 3],
    listing: String,
}

impl Pick {
    pub(super) fn new(flags: Layer, env: Layer, file: Layer) -> Pick {
        Pick { layers: [flags, env, file], listing: String::new() }
    }

    /// The checked value of a setting; `parse` says what is wrong with a text.
    pub(super) fn one<T, E: Display>(
        &mut self,
        key: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Wrong> {
        let given = self.given(key, &[default]);
        let text = given.values.first().map_or("", String::as_str);
        let value = parse(text).map_err(|why| wrong(key, &given, &why))?;
        self.list_as(key, &quoted(text), &given.source);
        Ok(value)
    }

    /// The checked values of a setting that takes several.
    pub(super) fn all<T, E: Display>(
        &mut self,
        key: &'static str,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Wrong> {
        let given = self.given(key, default);
        let values = given
            .values
            .iter()
            .map(|text| parse(text).map_err(|why| wrong(key, &given, &why)))
            .collect::<Result<_, _>>()?;
        let texts: Vec<_> = given.values.iter().map(|text| quoted(text)).collect();
        let shown = match texts.as_slice() {
            [text] => text.clone(),
            texts => format!("[{}]", texts.join(", ")),
        };
        self.list_as(key, &shown, &given.source);
        Ok(values)
    }

    /// The error of a setting whose values are fine one by one and not together.
    pub(super) fn refuse(&self, key: &'static str, why: &str) -> Wrong {
        wrong(key, &self.given(key, &[]), &why)
    }

    /// Whether a layer names the setting.
    pub(super) fn is_said(&self, key: &str) -> bool {
        self.layers.iter().any(|layer| layer.get(key).is_some())
    }

    /// The settings picked so far as TOML, each with its source as a comment.
    pub(super) fn listing(self) -> String {
        self.listing
    }

    fn given(&self, key: &'static str, default: &[&str]) -> Given {
        self.layers.iter().find_map(|layer| layer.get(key)).cloned().unwrap_or_else(|| Given {
            values: default.iter().map(|text| (*text).to_owned()).collect(),
            source: Source::Default,
        })
    }

    fn list_as(&mut self, key: &str, value: &str, source: &Source) {
        let setting = format!("{key} = {value}");
        let source: String = source.to_string().chars().flat_map(char::escape_debug).collect();
        self.listing.push_str(&format!("{setting:<42} # {source}\n"));
    }
}

fn wrong(key: &'static str, given: &Given, why: &dyn Display) -> Wrong {
    Wrong::Value { key, source: given.source.clone(), why: why.to_string() }
}

/// A number stays a number, everything else is a TOML string on one line.
fn quoted(text: &str) -> String {
    if text.parse::<u32>().is_ok_and(|number| number.to_string() == text) {
        return text.to_owned();
    }
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(value: &str, source: Source) -> Layer {
        let mut layer = Layer::default();
        layer.put("trace", vec![value.into()], source);
        layer
    }

    #[test]
    fn the_strongest_layer_wins() {
        let flag = || layer("flag", Source::Flag("trace"));
        let env = || layer("env", Source::Variable("CHAT_TRACE".into()));
        let file = || layer("file", Source::File { path: "c.toml".into(), line: 3 });
        let none = Layer::default;
        let text = |text: &str| Ok::<_, String>(text.to_owned());
        for (layers, value, source) in [
            ((flag(), env(), file()), "flag", "--trace"),
            ((none(), env(), file()), "env", "CHAT_TRACE"),
            ((none(), none(), file()), "file", "c.toml:3"),
            ((none(), none(), none()), "default", "default"),
        ] {
            let mut pick = Pick::new(layers.0, layers.1, layers.2);
            assert_eq!(pick.one("trace", "default", text).unwrap(), value);
            let setting = format!("trace = \"{value}\"");
            assert_eq!(pick.listing(), format!("{setting:<42} # {source}\n"));
        }
    }

    #[test]
    fn a_listed_value_cannot_break_out_of_its_line() {
        let value = "a\"\\\n\u{1b}\u{7f}\u{9b}";
        let file = layer(value, Source::File { path: "c\n\u{1b}.toml".into(), line: 1 });
        let mut pick = Pick::new(Layer::default(), Layer::default(), file);
        pick.one("trace", "", |text| Ok::<_, String>(text.to_owned())).unwrap();
        let listing = pick.listing();
        assert_eq!(listing.matches('\n').count(), 1, "{listing:?}");
        assert_eq!(listing.matches(char::is_control).count(), 1, "{listing:?}");
        let again: toml::Table = listing.parse().unwrap();
        assert_eq!(again["trace"].as_str(), Some(value));
    }
}
