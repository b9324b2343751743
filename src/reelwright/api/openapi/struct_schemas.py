"""Schemas of msgspec Structs in the OpenAPI document, as msgspec itself gives them.

It also checks them, so they are exact: constraints wherever they stand, discriminators, docstrings and
`additionalProperties: false`. What is added is what generators of clients need to know which side writes a struct:

- One that refuses unknown fields is written by clients. A field that may be left out is not required, and its default
  is told in words: with the keyword `default`, generators for TypeScript demand the field.
- Any other is written by the service. Every field is there, whatever default it has in our code.

Private names of Litestar are used in this module only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_origin

import msgspec
from litestar.openapi.spec import Discriminator, Reference, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from reelwright.api.http.problem_document import Problem

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
        _fill(schema, _as_written(field_definition.annotation, described[name]), references)
        return schema


def form_fields(struct: type[msgspec.Struct]) -> dict[str, Schema]:
    """Return a schema for each field of a struct that comes as a form: there, what is left out is not there, and
    nothing is null."""
    described, name = _described(struct)
    fields = {}
    for field, part in _as_written(struct, described[name])["properties"].items():
        kinds = [kind for kind in part.get("anyOf", []) if kind != {"type": "null"}]
        notes = {key: value for key, value in part.items() if key != "anyOf"}
        fields[field] = Schema()
        _fill(fields[field], {**notes, **kinds[0]} if kinds else part, {})
    return fields


def _described(kind: Any) -> tuple[dict[str, Any], str]:
    """msgspec's schemas of a type and of all that it refers to, by name, and the type's own name."""
    (root,), components = msgspec.json.schema_components([kind])
    return components, _name(root["$ref"])


def _as_written(kind: Any, described: Mapping[str, Any]) -> dict[str, Any]:
    """A struct's schema as clients meet it. Other types (enumerations) as they are."""
    struct = get_origin(kind) or kind
    if not issubclass(struct, msgspec.Struct):
        return dict(described)
    properties = {name: _plain(part, name) for name, part in described["properties"].items()}
    defaults = {name: part.pop("default") for name, part in properties.items() if "default" in part}
    if struct.__struct_config__.forbid_unknown_fields:
        for name, default in defaults.items():
            if not isinstance(default, dict | list | None):
                description = properties[name].get("description", "")
                properties[name]["description"] = f"{description} Omitted: `{_shown(default)}`.".lstrip()
        return {**described, "properties": properties}
    optional = {field.encode_name for field in msgspec.structs.fields(kind) if field.default is msgspec.UNSET}
    required = [name for name in properties if name not in optional]
    return {**described, "properties": properties, **({"required": required} if required else {})}


def _shown(default: Any) -> str:
    return msgspec.json.encode(default).decode()


def _plain(part: Any, name: str = "") -> Any:
    """The same schema in words that all generators know: words have a type, and a name where they are one choice of
    several; an object without named members may have any; what is said of a type that may be null is said of both."""
    if isinstance(part, list):
        return [_plain(item, name) for item in part]
    if not isinstance(part, dict):
        return part
    plain = {key: value if key in ("default", "examples", "enum") else _plain(value) for key, value in part.items()}
    if plain == {"type": "object"}:
        plain["additionalProperties"] = True
    if "enum" in plain and "type" not in plain:
        plain["type"] = "string" if all(isinstance(word, str) for word in plain["enum"]) else "integer"
    if len(plain.get("enum", [])) == 1:
        (plain["const"],) = plain.pop("enum")
    if len(kinds := plain.get("anyOf", [])) == 2 and kinds[1] == {"type": "null"}:
        inner = dict(kinds[0])
        notes = {key: inner.pop(key) for key in ("description", "examples") if key in inner}
        if "enum" in inner or inner.get("type") == "object":
            inner["title"] = "".join(word.capitalize() for word in name.split("_"))
        plain |= {"anyOf": [*inner["anyOf"], kinds[1]] if inner.keys() == {"anyOf"} else [inner, kinds[1]], **notes}
    return plain


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
