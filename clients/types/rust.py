"""Writes the data of events as Rust: a struct each, and one enum over the kinds."""

from __future__ import annotations

import re
import textwrap

from shapes import Message, Reader, Shape

HEADER = """//! The events by kind. Written by `clients/types/generate`: do not edit.
//!
//! Words that may grow, such as a status, are text; a kind or a field that is newer than this client is ignored.

mod bodies;

pub use self::bodies::*;
use crate::item::Event;
"""

BODIES = """//! What events carry. Written by `clients/types/generate`: do not edit.

use serde::Deserialize;

use crate::amount::Amount;
"""

KEYWORDS = {"type", "match", "ref", "move", "use", "where", "loop", "in", "for", "box", "final", "override"}


def expression(shape: Shape, reader: Reader) -> str:
    """The type of a field."""
    if shape.what == "ref":
        target = reader.named[shape.name]
        if target.what == "enum":
            return "String"
        return shape.name if target.what == "object" else "serde_json::Value"
    if shape.what == "list":
        return f"Vec<{expression(shape.inner[0], reader)}>"
    if shape.what == "union":
        rest = [part for part in shape.inner if part.what != "null"]
        if len(rest) == 1 and len(rest) < len(shape.inner):
            return f"Option<{expression(rest[0], reader)}>"
        return "serde_json::Value"
    whole = "u64" if shape.natural else "i64"
    scalars = {"string": "String", "enum": "String", "integer": whole, "number": "f64", "boolean": "bool",
               "money": "Amount"}
    return scalars.get(shape.what, "serde_json::Value")


def comment(doc: str, indent: str = "") -> list[str]:
    """A doc comment of at most 100 columns."""
    return [f"{indent}/// {line}" for line in textwrap.wrap(doc or "See the protocol.", 96 - len(indent))]


def struct(name: str, shape: Shape, reader: Reader) -> list[str]:
    """The struct of a named object."""
    lines = [*comment(shape.doc), "#[derive(Debug, Clone, Deserialize)]", "#[non_exhaustive]", f"pub struct {name} {{"]
    for field in shape.fields:
        kind = expression(field.shape, reader)
        lines += comment(field.doc, "    ")
        attributes = []
        word = re.sub(r"\W", "_", field.name)
        if word in KEYWORDS:
            attributes.append(f'rename = "{field.name}"')
            word = "kind" if word == "type" else f"{word}_"
        if not field.required:
            attributes.append("default")
            if not kind.startswith("Option<"):
                kind = f"Option<{kind}>"
        if attributes:
            lines.append(f"    #[serde({', '.join(attributes)})]")
        lines.append(f"    pub {word}: {kind},")
    return [*lines, "}"]


def reached(messages: list[Message], reader: Reader) -> list[str]:
    """The names of the objects that events carry, each once."""
    seen: list[str] = []

    def walk(shape: Shape) -> None:
        if shape.what == "ref" and shape.name not in seen:
            if reader.named[shape.name].what == "object":
                seen.append(shape.name)
                walk(reader.named[shape.name])
        for part in shape.inner:
            walk(part)
        for field in shape.fields:
            walk(field.shape)

    for message in messages:
        walk(message.data)
    return sorted(seen)


def write(reader: Reader) -> str:
    """The module of the enum."""
    events = [message for message in reader.messages if not message.hint]
    lines = [*HEADER.splitlines(), "", "/// What happened, by kind.", "#[derive(Debug, Clone)]", "#[non_exhaustive]",
             "pub enum Change {"]
    for message in events:
        lines += [*comment(message.doc, "    "), f"    {message.type_name}(Box<{expression(message.data, reader)}>),"]
    lines += ["    /// A kind that is newer than this client. The event has it all the same.", "    Unknown,", "}", "",
              "impl Event {", "    /// The body by kind.", "    ///", "    /// # Errors",
              "    /// When the body has another shape than its kind.",
              "    pub fn change(&self) -> Result<Change, serde_json::Error> {",
              "        Ok(match self.kind.as_str() {"]
    for message in events:
        lines.append(f'            "{message.kind}" => Change::{message.type_name}(self.data()?),')
    lines += ["            _ => Change::Unknown,", "        })", "    }", "}"]
    return "\n".join(lines) + "\n"


def write_bodies(reader: Reader) -> str:
    """The module of the structs."""
    lines = BODIES.splitlines()
    for name in reached([message for message in reader.messages if not message.hint], reader):
        lines += ["", *struct(name, reader.named[name], reader)]
    return "\n".join(lines) + "\n"
