"""Reads `asyncapi.json` and `openapi.json` into shapes that any language can be written from.

Only what an application meets is read: the data of events and hints, and the bodies of requests and answers. The
messages of the protocol itself are the clients' business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

SCALARS = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "object": "any"}
MONEY = {"Decimal", "AmountText"}
#: Named scalars that say no more to a program than what they are.
REFERENCE = "#/components/schemas/"


@dataclass
class Shape:
    """A type. `what`: string, integer, number, boolean, any, money, null, list, enum, object, union or ref."""

    what: str
    inner: list[Shape] = field(default_factory=list)
    name: str = ""
    values: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    doc: str = ""
    #: An integer that is never below 0.
    natural: bool = False


@dataclass
class Field:
    """A property of an object. One that is not required may be absent."""

    name: str
    shape: Shape
    required: bool
    doc: str


@dataclass
class Message:
    """A kind of event or hint: its word, what it means, and the shape of its data."""

    kind: str
    doc: str
    data: Shape
    hint: bool

    @property
    def type_name(self) -> str:
        """`payment.made` as `PaymentMade`."""
        return "".join(part.capitalize() for part in self.kind.replace(".", "_").split("_"))


class Reader:
    """Collects the named shapes that are reached."""

    def __init__(self, folder: Path) -> None:
        self.async_document = json.loads((folder / "asyncapi.json").read_text())
        self.open_document = json.loads((folder / "openapi.json").read_text())
        self.named: dict[str, Shape] = {}
        self._schemas: dict[str, dict] = {}
        self.messages = self._read_messages()
        self._read_bodies()

    def _read_messages(self) -> list[Message]:
        self._schemas = self.async_document["components"]["schemas"]
        found = []
        for name, message in sorted(self.async_document["components"]["messages"].items()):
            properties = message["payload"].get("properties", {})
            if "const" in properties.get("kind", {}):
                hint = properties["type"]["const"] == "hint"
                found.append(Message(name, message.get("summary", ""), self.shape(properties["data"]), hint))
        for channel in self.async_document["channels"].values():
            snapshot = channel.get("x-snapshot")
            if isinstance(snapshot, dict):
                self.shape(snapshot)
        return found

    def _read_bodies(self) -> None:
        asynchronous, self._schemas = self._schemas, self.open_document["components"]["schemas"]
        for name, schema in self._schemas.items():
            # Envelopes are taken off by the clients; a name with two meanings keeps that of the events.
            if not name.startswith("Data_") and asynchronous.get(name, schema) == schema:
                self._name(name)

    def shape(self, schema: dict) -> Shape:
        """The shape of a schema."""
        reference = schema.get("$ref")
        if reference is not None:
            return self._name(reference.removeprefix(REFERENCE))
        doc = " ".join(schema.get("description", "").split())
        if "allOf" in schema:
            fields: dict[str, Field] = {}
            for part in schema["allOf"]:
                shape = self._resolved(self.shape(part))
                fields.update({field.name: field for field in shape.fields})
            return Shape("object", fields=list(fields.values()), doc=doc)
        if "oneOf" in schema:
            return Shape("union", [self.shape(part) for part in schema["oneOf"]], doc=doc)
        types = schema.get("type", "object")
        if isinstance(types, list):
            return Shape("union", [self.shape({**schema, "type": one}) for one in types], doc=doc)
        if "enum" in schema:
            return Shape("enum", values=list(schema["enum"]), doc=doc)
        if types == "array":
            return Shape("list", [self.shape(schema.get("items", {}))], doc=doc)
        if types == "object" and "properties" in schema:
            required = set(schema.get("required", []))
            fields = {name: self._field(name, part, name in required) for name, part in schema["properties"].items()}
            return Shape("object", fields=list(fields.values()), doc=doc)
        return Shape("null" if types == "null" else SCALARS[types], doc=doc, natural=schema.get("minimum") == 0)

    def _field(self, name: str, schema: dict, required: bool) -> Field:
        parts = [schema, *schema.get("oneOf", [])]
        doc = next((part["description"] for part in parts if "description" in part), "")
        return Field(name, self.shape(schema), required, " ".join(doc.split()))

    def _name(self, name: str) -> Shape:
        if name in MONEY:
            return Shape("money")
        if name not in self.named:
            self.named[name] = Shape("any")  # what refers to itself ends here
            self.named[name] = self.shape(self._schemas[name])
        resolved = self.named[name]
        if resolved.what in ("object", "union", "enum"):
            return Shape("ref", name=name)
        return resolved

    def _resolved(self, shape: Shape) -> Shape:
        return self.named[shape.name] if shape.what == "ref" else shape
