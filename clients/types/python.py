"""Writes the shapes as Python: `TypedDict`s for bodies, a class for each kind of event."""

from __future__ import annotations

import keyword
import textwrap

from shapes import Field, Message, Reader, Shape

HEADER = '''"""The shapes of events, requests and answers. Written by `clients/types/generate`: do not edit.

`PaymentMade` is a body; `PaymentMadeEvent` is the event that carries it. Amounts are `Money`, exact in both
directions; give them as `Decimal`, `int` or text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal, TypedDict, Union

from .items import Event, Hint

#: An amount as the hub gives it.
Money = Union[int, Decimal]
#: An amount as the hub takes it.
MoneyText = Union[int, Decimal, str]
'''

SCALARS = {
    "string": "str", "integer": "int", "number": "Union[int, Decimal]", "boolean": "bool", "any": "Any",
    "null": "None", "money": "Money",
}


def expression(shape: Shape) -> str:
    """The type as an expression."""
    if shape.what == "ref":
        return f'"{shape.name}"'
    if shape.what == "list":
        return f"list[{expression(shape.inner[0])}]"
    if shape.what == "enum":
        return f"Literal[{', '.join(repr(value) for value in shape.values)}]".replace("'", '"')
    if shape.what == "union":
        return f"Union[{', '.join(expression(part) for part in shape.inner)}]"
    if shape.what == "object":
        return "dict[str, Any]"
    return SCALARS[shape.what]


def comment(doc: str, indent: str = "") -> list[str]:
    """A `#:` comment of at most 120 columns."""
    return [f"{indent}#: {line}" for line in textwrap.wrap(doc, 117 - len(indent))]


def block(name: str, base: str, fields: list[Field], doc: str, total: bool) -> list[str]:
    """A TypedDict. A field whose name is a word of Python needs the form of a call."""
    if any(keyword.iskeyword(field.name) for field in fields):
        lines = [*comment(doc), f"{name} = TypedDict(", f'    "{name}",', "    {"]
        lines += [f'        "{field.name}": {expression(field.shape)},' for field in fields]
        return [*lines, "    },", *([] if total else ["    total=False,"]), ")"]
    lines = [f"class {name}({base}{'' if total else ', total=False'}):"]
    if doc:
        lines += textwrap.wrap(f'"""{doc}"""', 115, initial_indent="    ", subsequent_indent="    ")
        lines.append("")
    for field in fields:
        lines += comment(field.doc, "    ") + [f"    {field.name}: {expression(field.shape)}"]
    return lines if fields else [*lines, "    pass"]


def named(name: str, shape: Shape) -> list[str]:
    """The definition of a named shape."""
    if shape.what == "object":
        sure = [field for field in shape.fields if field.required]
        perhaps = [field for field in shape.fields if not field.required]
        if not perhaps:
            return block(name, "TypedDict", sure, shape.doc, True)
        # A word of Python among the fields that may be absent leaves no way to say which are sure.
        if not sure or any(keyword.iskeyword(field.name) for field in perhaps):
            return block(name, "TypedDict", sure + perhaps, shape.doc, False)
        inner = block(f"_{name}", "TypedDict", sure, "", True)
        return [*inner, "", "", *block(name, f"_{name}", perhaps, shape.doc, False)]
    if shape.what == "union" and all(part.what == "object" for part in shape.inner):
        lines, names = [], []
        for number, part in enumerate(shape.inner, 1):
            names.append(f"{name}{number}")
            lines += [*named(names[-1], part), "", ""]
        members = ", ".join(f'"{one}"' for one in names)
        return [*lines, *comment(shape.doc), f"{name} = Union[{members}]"]
    return [*comment(shape.doc), f"{name} = {expression(shape)}"]


def carrier(message: Message) -> list[str]:
    """The class of one kind."""
    name = message.type_name + ("Hint" if message.hint else "Event")
    base = "Hint" if message.hint else "Event"
    lines = [f"class {name}({base}):", f'    """{message.doc}"""', ""]
    if not message.hint:
        lines.append(f'    KIND: ClassVar[str] = "{message.kind}"')
    return [*lines, f'    kind: Literal["{message.kind}"]', f"    data: {expression(message.data)}".replace('"', "")
            if message.data.what == "ref" else f"    data: {expression(message.data)}"]


def write(reader: Reader) -> str:
    """The module."""
    parts = [HEADER.rstrip().splitlines()]
    parts += [named(name, shape) for name, shape in sorted(reader.named.items())
              if shape.what in ("object", "union", "enum")]
    parts += [carrier(message) for message in reader.messages]
    table = ["#: The class of each kind.", "EVENTS: dict[str, type[Event]] = {"]
    table += [f'    "{message.kind}": {message.type_name}Event,' for message in reader.messages if not message.hint]
    parts.append([*table, "}"])
    return "\n\n\n".join("\n".join(part) for part in parts) + "\n"
