"""Writes the shapes as annotations for Lua language servers. No program loads this file."""

from __future__ import annotations

from shapes import Reader, Shape

HEADER = """---@meta
-- The shapes of events, requests and answers, for editors. Written by `clients/types/generate`: do not edit.
"""

SCALARS = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "any": "any",
           "null": "nil", "money": "number"}


def expression(shape: Shape) -> str:
    """The type as an annotation."""
    if shape.what == "ref":
        return f"tollbell.{shape.name}"
    if shape.what == "list":
        inner = expression(shape.inner[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if shape.what == "enum":
        return "|".join(f'"{value}"' for value in shape.values)
    if shape.what == "union":
        return "|".join(expression(part) for part in shape.inner)
    return SCALARS.get(shape.what, "table")


def named(name: str, shape: Shape) -> list[str]:
    """The annotation of a named shape."""
    doc = [f"--- {shape.doc}"] if shape.doc else []
    if shape.what != "object":
        return [*doc, f"---@alias tollbell.{name} {expression(shape)}"]
    lines = [*doc, f"---@class tollbell.{name}"]
    for field in shape.fields:
        word = field.name if field.required else f"{field.name}?"
        lines.append(f"---@field {word} {expression(field.shape)} {field.doc}".rstrip())
    return lines


def write(reader: Reader) -> str:
    """The file."""
    parts = [HEADER.rstrip().splitlines()]
    parts += [named(name, shape) for name, shape in sorted(reader.named.items())
              if shape.what in ("object", "union", "enum")]
    for message in reader.messages:
        ending, seq = ("Hint", []) if message.hint else (
            "Event", ["---@field seq integer Its number in the log.", "---@field at string When it was committed."])
        parts.append([
            f"--- {message.doc}", f"---@class tollbell.{message.type_name}{ending}",
            f'---@field kind "{message.kind}"', *seq, "---@field topics string[]",
            f"---@field data {expression(message.data)}",
        ])
    events = "|".join(f"tollbell.{message.type_name}Event" for message in reader.messages if not message.hint)
    parts.append(["--- Any event. Test `event.kind` first.", f"---@alias tollbell.Event {events}"])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"
