"""Schemas of msgspec Structs in the OpenAPI document, as msgspec itself gives them.

It also checks them, so they are exact: constraints wherever they stand, discriminators, docstrings and
`additionalProperties: false`. Private names of Litestar are used in this module only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from litestar.openapi.spec import Discriminator, Reference, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from reelwright.api.problems import Problem

_SCHEMA_KEYS = Schema.field_aliases()


class _Tags(dict[str, str]):
    """Tag -> reference. Litestar names its components last, so the names are read when the document is written."""

    def __init__(self, references: Mapping[str, Reference]) -> None:
        super().__init__(dict.fromkeys(references, ""))
        self._references = references

    def items(self) -> Any:
        return [(tag, reference.ref) for tag, reference in self._references.items()]


class StructSchemas(OpenAPISchemaPlugin):
    """Describes msgspec Structs as msgspec does. One of the app's plugins.

    `unseen`: structs that clients meet and no route's type tells of, such as the data of events.
    """

    def __init__(self, *unseen: type[msgspec.Struct]) -> None:
        self._unseen = (Problem, *unseen)  # every operation refers to Problem

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        schema: Schema = schema_creator.schema_registry.get_schema_for_field_definition(field_definition)
        described, name = _described(field_definition.annotation)
        references = {}
        for kind in _named_types(msgspec.inspect.type_info(field_definition.annotation)):
            child = FieldDefinition.from_annotation(kind)
            references[_described(kind)[1]] = schema_creator.for_field_definition(child)
        for kind in self._unseen:
            schema_creator.for_field_definition(FieldDefinition.from_annotation(kind))
        _fill(schema, described[name], references)
        return schema


def _described(kind: Any) -> tuple[dict[str, Any], str]:
    """msgspec's schemas of a type and of all that it refers to, by name, and the type's own name."""
    (root,), components = msgspec.json.schema_components([kind])
    return components, _name(root["$ref"])


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _named_types(node: Any, *, root: bool = True) -> Iterator[Any]:
    """The types with schemas of their own that a type refers to directly."""
    if isinstance(node, tuple):
        for item in node:
            yield from _named_types(item, root=False)
    elif isinstance(node, msgspec.inspect.Type | msgspec.inspect.Field):
        if not root and (named := getattr(node, "cls", None)) is not None:
            yield named
        else:
            for name in node.__struct_fields__:
                yield from _named_types(getattr(node, name), root=False)


def _fill(schema: Schema, described: Mapping[str, Any], references: Mapping[str, Reference]) -> None:
    """Puts a JSON schema into Litestar's object for it."""

    def converted(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        if set(part) == {"$ref"}:
            return references[_name(part["$ref"])]
        inner = Schema()
        _fill(inner, part, references)
        return inner

    for key, value in described.items():
        attribute = _SCHEMA_KEYS.get(key, key)
        if key == "$ref":
            schema.all_of = [references[_name(value)]]
        elif key == "discriminator":
            tags = {tag: references[_name(reference)] for tag, reference in value["mapping"].items()}
            schema.discriminator = Discriminator(value["propertyName"], _Tags(tags))
        elif key == "properties":
            schema.properties = {name: converted(part) for name, part in value.items()}
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            setattr(schema, attribute, [converted(part) for part in value])
        elif key in ("items", "additionalProperties"):
            setattr(schema, attribute, converted(value))
        else:
            setattr(schema, attribute, value)
