//! The TOML file: flat keys with the names of the settings.

use std::path::Path;

use clap::Command;
use toml::{Table, Value};

use super::Problem;

/// The settings of a file as text, in the form in which a flag would take them.
pub(super) fn read(path: &Path, settings: &Command) -> Result<Vec<(String, String)>, Problem> {
    let place = path.display().to_string();
    let problem =
        |cause: String, cure: &str| Problem { place: place.clone(), cause, cure: cure.to_owned() };
    let text = std::fs::read_to_string(path).map_err(|error| {
        problem(
            format!("cannot read the file: {error}"),
            "give --config a readable TOML file in UTF-8",
        )
    })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map_or(1, |span| 1 + text.bytes().take(span.start).filter(|b| *b == b'\n').count());
        problem(
            format!("not TOML at line {line}: {}", error.message()),
            "write one `key = value` a line",
        )
    })?;
    table
        .into_iter()
        .map(|(key, value)| {
            let text = setting(&place, &key, value, settings)?;
            Ok((key, text))
        })
        .collect()
}

fn setting(place: &str, key: &str, value: Value, settings: &Command) -> Result<String, Problem> {
    let place = format!("{key} in {place}");
    let problem =
        |cause: &str, cure: String| Problem { place: place.clone(), cause: cause.to_owned(), cure };
    let known = || settings.get_arguments().filter(|arg| arg.get_id() != "config");
    let Some(arg) = known().find(|arg| arg.get_id() == key) else {
        let keys = known().map(|arg| arg.get_id().as_str());
        return Err(problem("no setting has this name", did_you_mean(key, keys)));
    };
    let is_list = arg.get_value_delimiter().is_some();
    let is_switch = arg.get_value_parser().type_id() == std::any::TypeId::of::<bool>();
    match value {
        Value::Boolean(value) if is_switch => Ok(value.to_string()),
        _ if is_switch => {
            Err(problem("not true or false", format!("write `{key} = true` without quotes")))
        }
        Value::Array(values) if is_list => {
            let texts: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(",")).ok_or_else(|| {
                problem(
                    "the list holds something else than text",
                    "put every entry in quotes".to_owned(),
                )
            })
        }
        _ if is_list => Err(problem("not a list", format!("write `{key} = [\"…\", \"…\"]`"))),
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        other => {
            let cause =
                format!("a setting is a text or a whole number, not a {}", other.type_str());
            Err(problem(&cause, format!("write `{key} = …` at the top level")))
        }
    }
}

fn did_you_mean<'a>(key: &str, keys: impl Iterator<Item = &'a str>) -> String {
    let nearest = keys.map(|known| (distance(key, known), known)).min();
    match nearest {
        Some((steps, known)) if steps <= 2 + key.len() / 6 => format!("did you mean `{known}`?"),
        _ => "`tollbell config-doc` lists all settings".to_owned(),
    }
}

/// How many characters must be added, removed or replaced to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(to.bytes()) {
            left = (diagonal + usize::from(a != b)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, left);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_mistakes() {
        for (from, to, steps) in [
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("pool-size", "pool_size", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }
}
