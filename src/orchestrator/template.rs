//! Words with placeholders: `-port {port}`. They are parsed when the configuration is read, so that a launch can't
//! meet an unknown one.
//!
//! A filled word is one argument of the game, whatever it holds: no shell ever reads it.

/// The placeholders there are.
pub const NAMES: &[(&str, Slot)] = &[
    ("port", Slot::Port),
    ("password", Slot::Password),
    ("host", Slot::Host),
    ("session", Slot::Session),
    ("server", Slot::Server),
    ("game", Slot::Game),
    ("minutes", Slot::Minutes),
    ("comment", Slot::Comment),
    ("self", Slot::Program),
];

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The port that the server was given.
    Port,
    /// What players must know to join.
    Password,
    /// The address that players are told.
    Host,
    /// The hub's id of the session.
    Session,
    /// Our id of the server.
    Server,
    /// The game's code.
    Game,
    /// How long it may run, in minutes.
    Minutes,
    /// The name that its owner gave it.
    Comment,
    /// The path of this program, for games that are built into it.
    Program,
}

/// A word with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
}

/// Why a word is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It names something that is not there.
    #[error("`{{{0}}}` is no placeholder")]
    Unknown(String),
    /// A brace stands alone.
    #[error("a brace stands alone")]
    Brace,
}

impl Template {
    /// Parses a word; `{{` and `}}` stand for braces.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn parse(word: &str) -> Result<Self, TemplateError> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        let mut rest = word;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            if let Some(behind) = from.strip_prefix("{{") {
                text.push('{');
                rest = behind;
            } else if let Some(behind) = from.strip_prefix("}}") {
                text.push('}');
                rest = behind;
            } else {
                let inner = from.strip_prefix('{').ok_or(TemplateError::Brace)?;
                let (name, behind) = inner.split_once('}').ok_or(TemplateError::Brace)?;
                let slot = NAMES.iter().find(|(known, _)| *known == name);
                let (_, slot) = slot.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
                parts.extend((!text.is_empty()).then(|| Part::Text(std::mem::take(&mut text))));
                parts.push(Part::Slot(*slot));
                rest = behind;
            }
        }
        text.push_str(rest);
        parts.extend((!text.is_empty()).then_some(Part::Text(text)));
        Ok(Self(parts))
    }

    /// The word with everything in its place.
    pub fn fill(&self, value: impl Fn(Slot) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Slot(slot) => value(*slot),
            })
            .collect()
    }

    /// Whether a placeholder occurs.
    pub fn names(&self, slot: Slot) -> bool {
        self.0.contains(&Part::Slot(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(word: &str) -> Result<String, TemplateError> {
        let template = Template::parse(word)?;
        Ok(template.fill(|slot| match slot {
            Slot::Port => "27015".into(),
            Slot::Password => "{host}".into(),
            other => format!("<{other:?}>"),
        }))
    }

    #[test]
    fn placeholders_are_filled_once() {
        for (word, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{port}", "27015"),
            ("-port={port}:{port}!", "-port=27015:27015!"),
            // What a player typed is never read as a placeholder.
            ("{password}", "{host}"),
            ("{{port}}", "{port}"),
            ("{{{port}}}", "{27015}"),
            ("{comment} ä", "<Comment> ä"),
        ] {
            assert_eq!(filled(word).as_deref(), Ok(expected), "{word}");
        }
    }

    #[test]
    fn what_is_no_placeholder_is_refused() {
        let unknown = |name: &str| Err(TemplateError::Unknown(name.into()));
        assert_eq!(filled("{prot}"), unknown("prot"));
        assert_eq!(filled("{}"), unknown(""));
        for word in ["{port", "port}", "{", "}", "a { b"] {
            assert_eq!(filled(word), Err(TemplateError::Brace), "{word}");
        }
    }

    #[test]
    fn every_name_can_be_used() {
        for (name, slot) in NAMES {
            let template = Template::parse(&format!("{{{name}}}")).unwrap();
            assert!(template.names(*slot), "{name}");
        }
    }
}
