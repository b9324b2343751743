"""What Litestar leaves out of the OpenAPI document: exact schemas, problem answers, examples, uploads and downloads.

Litestar describes paths and parameters. Structs are described by msgspec itself, which also checks them: with their
constraints wherever they stand, discriminators, docstrings and `additionalProperties: false`. Private names of
Litestar are used in this module only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.spec import (
    Components,
    Discriminator,
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.base import BaseSchemaObject
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from reelwright.api.problems import MEANINGS, MEANINGS_BY_STATUS, MEDIA_TYPE, Problem, problem_document
from reelwright.errors import ReelwrightError

_SCHEMA_KEYS = Schema.field_aliases()


class _Tags(dict[str, str]):
    """Tag -> reference. Litestar names its components last, so the names are read when the document is written."""

    def __init__(self, references: Mapping[str, Reference]) -> None:
        super().__init__(dict.fromkeys(references, ""))
        self._references = references

    def items(self) -> Any:
        return [(tag, reference.ref) for tag, reference in self._references.items()]


class _Verbatim(BaseSchemaObject):
    """A value that is written as it is. Litestar would leave out what is None in it."""

    def __init__(self, value: object) -> None:
        self._value = msgspec.to_builtins(value)

    def to_schema(self) -> Any:
        return self._value


class StructSchemas(OpenAPISchemaPlugin):
    """Describes msgspec Structs as msgspec does. One of the app's plugins."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        schema: Schema = schema_creator.schema_registry.get_schema_for_field_definition(field_definition)
        described, name = _described(field_definition.annotation)
        references = {}
        for kind in _named_types(msgspec.inspect.type_info(field_definition.annotation)):
            child = FieldDefinition.from_annotation(kind)
            references[_described(kind)[1]] = schema_creator.for_field_definition(child)
        # every operation refers to it
        schema_creator.for_field_definition(FieldDefinition.from_annotation(Problem))
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


def problem_components() -> Components:
    """The problem answers that routes share, for `OpenAPIConfig(components=...)`."""
    answers: dict[str, OpenAPIResponse | Reference] = {
        f"Problem{status}": _problem_answer(meaning, {code: _problem_example(status, code, meaning, {})})
        for status, (code, meaning) in MEANINGS_BY_STATUS.items()
    }
    answers["Problem"] = _problem_answer("Any other error.", {})
    return Components(responses=answers)


def _problem_example(status: int, code: str, detail: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    scope: Any = {"path": "/the/path/of/the/request", "root_path": ""}
    if code == "invalid_input" and not extra:
        extra = {"errors": [{"pointer": "/start", "detail": "Expected `float` >= 0.0"}]}
    if code == "internal":
        extra = {"error_id": "5c6f0e9d3a7b4a0d8f7d0c1b2a3e4f50"}
    return problem_document(scope, status, code, detail, extra)


def _problem_answer(description: str, examples: Mapping[str, object]) -> OpenAPIResponse:
    content = OpenAPIMediaType(
        schema=Reference(ref="#/components/schemas/Problem"),
        examples={code: Example(summary=code, value=value) for code, value in examples.items()} or None,
    )
    return OpenAPIResponse(description=description, content={MEDIA_TYPE: content})


@dataclass
class _Described(Operation):
    """An operation with what Litestar cannot know of it. Made by `operation()`."""

    def _add_problems(self, errors: Sequence[ReelwrightError], upload: str | None) -> None:
        assert self.responses is not None
        self.responses.pop("400", None)  # Litestar's own shape, which is never sent
        places = {getattr(parameter, "param_in", "") for parameter in self.parameters or []}
        implied = {404} if "path" in places else set()
        implied |= {422} if places & {"query", "header", "cookie"} else set()
        implied |= {400, 413, 415, 422} if self.request_body else set()
        implied |= {408, 507} if upload else set()
        for status in sorted(implied):
            self.responses[str(status)] = Reference(ref=f"#/components/responses/Problem{status}")
        for status in sorted({error.status for error in errors}):
            named = {error.code: error for error in errors if error.status == status}
            shared = MEANINGS.get(next(iter(named)), (status, ""))[1] or " ".join(e.detail for e in named.values())
            examples = {c: _problem_example(status, c, e.detail, e.extra) for c, e in named.items()}
            self.responses[str(status)] = _problem_answer(shared, examples)
        self.responses["default"] = Reference(ref="#/components/responses/Problem")

    def _add_upload(self, field: str) -> None:
        file = Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream", description="The file.")
        form = Schema(type=OpenAPIType.OBJECT, properties={field: file}, required=[field])
        self.request_body = RequestBody(
            required=True,
            description=f"One file, in the field `{field}`. It is streamed to its place while it arrives.",
            content={"multipart/form-data": OpenAPIMediaType(schema=form)},
        )

    def _add_download(self, media_type: str) -> None:
        assert self.responses is not None
        content = {media_type: OpenAPIMediaType(schema=Schema(content_media_type=media_type))}
        shared = {"ETag": "Strong validator.", "Last-Modified": "When the file was made.", "Accept-Ranges": "bytes"}
        part = {**shared, "Content-Range": "Which bytes these are."}
        named = {**shared, "Content-Disposition": "The name to save it under (RFC 6266, RFC 8187)."}
        problems = "#/components/responses/Problem"
        self.responses |= {
            "200": OpenAPIResponse(description="The file.", content=content, headers=_headers(named)),
            "206": OpenAPIResponse(description="The part that `Range` names.", content=content, headers=_headers(part)),
            "304": OpenAPIResponse(description="The file is the one that the client has.", headers=_headers(shared)),
            "412": Reference(ref=f"{problems}412"),
            "416": Reference(ref=f"{problems}416"),
        }

    def _add_examples(self, requests: Mapping[str, object], responses: Mapping[int, object]) -> None:
        for content in (self.request_body.content if isinstance(self.request_body, RequestBody) else {}).values():
            if requests:
                content.examples = {
                    _slug(summary): Example(summary=summary, value=_Verbatim(value))
                    for summary, value in requests.items()
                }
        for status, value in responses.items():
            answer = (self.responses or {}).get(str(status))
            if not isinstance(answer, OpenAPIResponse) or not answer.content:
                raise ValueError(f"{self.operation_id}: no answer {status} with a body to give an example of")
            for content in answer.content.values():
                content.examples = {"example": Example(value=_Verbatim(value))}


def _headers(descriptions: Mapping[str, str]) -> dict[str, Any]:
    string = Schema(type=OpenAPIType.STRING)
    return {name: OpenAPIHeader(description=text, schema=string) for name, text in descriptions.items()}


def _slug(summary: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in summary.lower()).strip("-")


def operation(
    *,
    request_examples: Mapping[str, object] | None = None,
    responses: Mapping[int, object] | None = None,
    errors: Sequence[ReelwrightError] = (),
    upload: str | None = None,
    download: str | None = None,
    event_stream: bool = False,
) -> type[Operation]:
    """An `operation_class` for a route.

    `request_examples`: what it shows -> body. `responses`: status -> body, as structs or plain values. `errors`: the
    problems of its own, as they would be raised; what follows from its parameters and its body (400, 404, 413, 415,
    422) is added by itself. `upload`: the file field of a multipart body. `download`: the media type of a route that
    answers with a FileDownload, such as `video/*`. `event_stream`: it answers with an EventStream.
    """

    @dataclass
    class DescribedOperation(_Described):
        def __post_init__(self) -> None:
            if upload:
                self._add_upload(upload)
            if download:
                self._add_download(download)
            if event_stream and self.responses:
                stream = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
                self.responses["200"] = OpenAPIResponse(
                    description="Server-sent events.", content={"text/event-stream": stream}
                )
            self._add_problems(errors, upload)
            self._add_examples(request_examples or {}, responses or {})

    return DescribedOperation
