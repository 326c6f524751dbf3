//! A TOML table that is read key by key: every mistake is noted, and so is every key that nobody asked for.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive, str::FromStr};

use toml::{Table, Value};

use super::Problem;

/// A table, where it stands, and what is wrong with it so far.
pub(super) struct Keys<'a> {
    place: String,
    table: Table,
    asked: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Keys<'a> {
    /// The whole text; nothing when it is not TOML.
    pub(super) fn of_text(text: &str, problems: &'a mut Vec<Problem>) -> Option<Self> {
        match text.parse::<Table>() {
            Ok(table) => Some(Self { place: String::new(), table, asked: Vec::new(), problems }),
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| 1 + before.matches('\n').count());
                let cause = format!("not TOML: {}", error.message());
                let cure = "write `key = value`, with text in quotes".to_owned();
                problems.push(Problem { place: format!("line {line}"), cause, cure });
                None
            }
        }
    }

    /// Notes what is wrong with a key.
    pub(super) fn problem(&mut self, key: &str, cause: impl Into<String>, cure: &str) {
        let place = format!("{key}{}", self.place);
        self.problems.push(Problem { place, cause: cause.into(), cure: cure.to_owned() });
    }

    /// Notes that a key is missing.
    pub(super) fn missing(&mut self, key: &str, cure: &str) {
        self.problem(key, "it is missing", cure);
    }

    /// Whether a key was written.
    pub(super) fn has(&mut self, key: &str) -> bool {
        self.asked.push(key.to_owned());
        self.table.contains_key(key)
    }

    /// A text, if there is one.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => {
                self.problem(key, "not a text", &format!("write `{key} = \"…\"`"));
                None
            }
        }
    }

    /// A text, or what stands for it.
    pub(super) fn text_or(&mut self, key: &str, default: &str) -> String {
        self.text(key).unwrap_or_else(|| default.to_owned())
    }

    /// A text that must be there.
    pub(super) fn need(&mut self, key: &str, what: &str) -> Option<String> {
        if self.has(key) {
            return self.text(key);
        }
        self.missing(key, &format!("give {what}"));
        None
    }

    /// A text that means something.
    pub(super) fn parsed<T>(&mut self, key: &str, default: &str, what: &str) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.text_or(key, default);
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(key, format!("cannot use `{text}`: {error}"), &format!("give {what}"));
                None
            }
        }
    }

    /// A whole number.
    pub(super) fn number(
        &mut self,
        key: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.take(key);
        let number = match &value {
            None => Some(default),
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            Some(_) => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let cause = format!("not a whole number from {} to {}", range.start(), range.end());
            self.problem(key, cause, &format!("write it like `{key} = {default}`"));
        }
        number
    }

    /// True or false; false when it is not there.
    pub(super) fn switch(&mut self, key: &str) -> Option<bool> {
        match self.take(key) {
            None => Some(false),
            Some(Value::Boolean(value)) => Some(value),
            Some(_) => {
                let cure = format!("write `{key} = true` without quotes");
                self.problem(key, "not true or false", &cure);
                None
            }
        }
    }

    /// A list of texts; empty when it is not there.
    pub(super) fn list(&mut self, key: &str) -> Option<Vec<String>> {
        let Some(value) = self.take(key) else { return Some(Vec::new()) };
        let texts = value.as_array().and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        if texts.is_none() {
            self.problem(key, "not a list of texts", &format!("write `{key} = [\"…\", \"…\"]`"));
        }
        texts
    }

    /// A table of texts; empty when it is not there.
    pub(super) fn texts(&mut self, key: &str) -> Option<BTreeMap<String, String>> {
        let Some(value) = self.take(key) else { return Some(BTreeMap::new()) };
        let text =
            |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let texts = value.as_table().and_then(|table| table.iter().map(text).collect());
        if texts.is_none() {
            let cure = format!("write `{key} = {{ NAME = \"value\" }}`");
            self.problem(key, "not a table of texts", &cure);
        }
        texts
    }

    /// A table that must be there.
    pub(super) fn inner(&mut self, key: &str, what: &str) -> Option<Keys<'_>> {
        match self.take(key) {
            Some(Value::Table(table)) => {
                let place = format!(" in [{key}]");
                Some(Keys { place, table, asked: Vec::new(), problems: self.problems })
            }
            _ => {
                self.missing(key, &format!("add a table {what}"));
                None
            }
        }
    }

    /// Reads each table of a list of tables; they are told apart by their `code`, or else by their number.
    pub(super) fn each<T>(&mut self, key: &str, read: impl Fn(Keys<'_>) -> T) -> Vec<T> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let tables = value.as_array().map(|values| {
            values.iter().map(|value| value.as_table().cloned()).collect::<Option<Vec<_>>>()
        });
        let Some(Some(tables)) = tables else {
            self.problem(key, "not a list of tables", &format!("write each as `[[{key}]]`"));
            return Vec::new();
        };
        let keys = tables.into_iter().enumerate().map(|(at, table)| {
            let code = table.get("code").and_then(Value::as_str);
            let name =
                code.map_or_else(|| format!("number {}", at + 1), |code| format!("`{code}`"));
            let place = format!(" of game {name}");
            read(Keys { place, table, asked: Vec::new(), problems: self.problems })
        });
        keys.collect()
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(mut self) {
        let unknown: Vec<_> = self.table.keys().cloned().collect();
        self.asked.sort_unstable();
        self.asked.dedup();
        let cure = format!("the keys here are {}", self.asked.join(", "));
        for key in unknown {
            self.problem(&key, "no key has this name", &cure);
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.asked.push(key.to_owned());
        self.table.remove(key)
    }
}
