"""What Litestar leaves out of the operations of the OpenAPI document: examples, uploads, downloads, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.base import BaseSchemaObject

from reelwright.api.openapi.problem_answers import (
    RETRY_AFTER,
    described_headers,
    meaning_of,
    problem_answer,
    problem_example,
)
from reelwright.api.openapi.struct_schemas import form_fields
from reelwright.error_codes import CODE_BY_STATUS, ERROR_CODES
from reelwright.errors import NotFound, ReelwrightError


class _Verbatim(BaseSchemaObject):
    """A value that is written as it is. Litestar would leave out what is None in it."""

    def __init__(self, value: object) -> None:
        self._value = msgspec.to_builtins(value)

    def to_schema(self) -> Any:
        return self._value


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
            mine = [error for error in errors if error.status == status]
            general = CODE_BY_STATUS.get(status, "")
            examples = (
                {general: problem_example(status, general, ERROR_CODES[general].answer, {})}
                if status in implied
                else {}
            )
            examples |= {error.code: problem_example(status, error.code, error.detail, error.extra) for error in mine}
            headers = RETRY_AFTER if any(error.retry_after_s for error in mine) else None
            self.responses[str(status)] = problem_answer(meaning_of(examples), examples, headers)
        self.responses["default"] = Reference(ref="#/components/responses/Problem")

    def _add_upload(self, field: str, fields: type[msgspec.Struct] | None) -> None:
        file = _bytes("application/octet-stream")
        file.description = "The file."
        texts = form_fields(fields) if fields is not None else {}
        form = Schema(type=OpenAPIType.OBJECT, properties={**texts, field: file}, required=[field])
        self.request_body = RequestBody(
            required=True,
            description=f"One file, in the field `{field}`. It is streamed to its place while it arrives.",
            content={"multipart/form-data": OpenAPIMediaType(schema=form)},
        )

    def _add_raw_body(self, media_type: str) -> None:
        self.request_body = RequestBody(
            required=True,
            description="The bytes themselves. They are streamed to their place while they arrive.",
            content={media_type: OpenAPIMediaType(schema=_bytes(media_type))},
        )

    def _add_download(self, media_type: str) -> None:
        assert self.responses is not None
        # plain bytes first: generators that know no video take them for what they are
        content = {kind: OpenAPIMediaType(schema=_bytes(kind)) for kind in ("application/octet-stream", media_type)}
        shared = {"ETag": "Strong validator.", "Last-Modified": "When the file was made.", "Accept-Ranges": "bytes"}
        part = {**shared, "Content-Range": "Which bytes these are."}
        named = {**shared, "Content-Disposition": "The name to save it under (RFC 6266, RFC 8187)."}
        problems = "#/components/responses/Problem"
        self.responses |= {
            "200": OpenAPIResponse(description="The file.", content=content, headers=described_headers(named)),
            "206": OpenAPIResponse(
                description="The part that `Range` names.", content=content, headers=described_headers(part)
            ),
            "304": OpenAPIResponse(
                description="The file is the one that the client has.", headers=described_headers(shared)
            ),
            "412": Reference(ref=f"{problems}412"),
            "416": Reference(ref=f"{problems}416"),
        }

    def _add_bytes(self, media_types: Sequence[str]) -> None:
        assert self.responses is not None
        content = {kind: OpenAPIMediaType(schema=_bytes(kind)) for kind in media_types}
        self.responses["200"] = OpenAPIResponse(description="The bytes.", content=content)

    def _add_event_stream(self) -> None:
        assert self.responses is not None
        stream = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING), examples={"example": Example(value=_EVENTS_EXAMPLE)}
        )
        self.responses |= {
            "200": OpenAPIResponse(
                description="Server-sent events. The data of `event: state` is a StateEvent, that of `event: progress` "
                "a ProgressEvent, as JSON.",
                content={"text/event-stream": stream},
            ),
            "204": OpenAPIResponse(
                description="It is over, and all of it was seen: nothing comes after `Last-Event-ID`. Do not reconnect."
            ),
        }

    def _add_project_stream(self) -> None:
        assert self.responses is not None
        stream = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING), examples={"example": Example(value=_PROJECT_EVENTS_EXAMPLE)}
        )
        told = (
            "Server-sent events without a name, so that `onmessage` has them. The data of each is an Event, as JSON; of"
            " those named `progress`, which only who asks for them has, a ProgressMessage."
        )
        self.responses["200"] = OpenAPIResponse(description=told, content={"text/event-stream": stream})

    def _add_headers(self, descriptions: Mapping[str, str]) -> None:
        """Request headers."""
        string = Schema(type=OpenAPIType.STRING)
        headers = [Parameter(name, "header", string, text) for name, text in descriptions.items()]
        self.parameters = [*(self.parameters or []), *headers]

    def _tidy_headers(self) -> None:
        for answer in (self.responses or {}).values():
            if not isinstance(answer, OpenAPIResponse) or not answer.headers:
                continue
            answer.headers = dict(sorted(answer.headers.items()))  # Litestar's come in the order of a set
            for header in answer.headers.values():
                if isinstance(header, OpenAPIHeader) and header.schema is None and header.content is None:
                    header.schema = Schema(type=OpenAPIType.STRING)

    def _tidy_parameters(self) -> None:
        for parameter in self.parameters or []:
            if not isinstance(parameter, Parameter) or not isinstance(schema := parameter.schema, Schema):
                continue
            if parameter.param_in == "path" and parameter.name.endswith("_id"):
                parameter.description = f"Id of the {parameter.name.removesuffix('_id')}."
            if schema.type == OpenAPIType.INTEGER:  # Litestar makes their bounds floats
                schema.minimum = None if schema.minimum is None else int(schema.minimum)
                schema.maximum = None if schema.maximum is None else int(schema.maximum)
            # a parameter that may be left out cannot be null
            kinds = [kind for kind in schema.one_of or [] if getattr(kind, "type", None) != OpenAPIType.NULL]
            if len(kinds) == 1:
                parameter.schema = kinds[0]

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


_RANGE_HEADERS = {
    "Range": "One range of bytes: `bytes=0-499`, `bytes=500-`, `bytes=-500`. Else ignored, as by HEAD.",
    "If-Range": "An ETag or a date: `Range` holds only when the file is still that one.",
    "If-None-Match": "ETags: 304 when the file has one of them.",
    "If-Modified-Since": "A date: 304 when the file is not younger.",
    "If-Match": "ETags: 412 when the file has none of them.",
    "If-Unmodified-Since": "A date: 412 when the file is younger.",
}
_EVENT_HEADERS = {
    "Last-Event-ID": "The id of the last event that was seen: only later ones are sent. What is no number counts as 0."
}
_EVENTS_EXAMPLE = (
    'retry: 2000\n\nid: 1\nevent: state\ndata: {"type":"state","job_id":"0199f0d3-5c0d-7f00-a5d4-2e6f70b1c8a9",'
    '"status":"PENDING","attempt":0,"at":"2026-11-21T10:15:30.123456Z","data":{}}\n\nevent: progress\ndata: '
    '{"type":"progress","job_id":"0199f0d3-5c0d-7f00-a5d4-2e6f70b1c8a9","status":"PENDING","progress":0,'
    '"stage":null,"speed":null,"eta_s":4.2,'
    '"eta":{"low_s":2.9,"likely_s":4.2,"high_s":7.3}}\n\n'
)

_PROJECT_EVENTS_EXAMPLE = (
    'retry: 2000\n\nid: 1041\n\nid: 1042\nevent: message\ndata: {"id":"evt_0b6d6d0c9a3f4f1e8c7b5a4d3e2f1a0b",'
    '"seq":1042,"type":"job.started","timestamp":"2026-11-21T10:15:31.123456Z","data":{}}\n\n'
)


def _bytes(media_type: str) -> Schema:
    """Bytes, in the words of OpenAPI 3.1 and, for generators that know no others, of 3.0."""
    return Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, content_media_type=media_type)


def _slug(summary: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in summary.lower()).strip("-")


def operation(
    *,
    request_examples: Mapping[str, object] | None = None,
    responses: Mapping[int, object] | None = None,
    errors: Sequence[ReelwrightError] = (),
    upload: str | None = None,
    form: type[msgspec.Struct] | None = None,
    download: str | None = None,
    event_stream: bool = False,
    project_stream: bool = False,
    bodies: Sequence[str] = (),
    raw_body: str | None = None,
    request_headers: Mapping[str, str] | None = None,
) -> type[Operation]:
    """An `operation_class` for a route.

    `request_examples`: what it shows -> body. `responses`: status -> body, as structs or plain values. `errors`: the
    problems of its own, as they would be raised; what follows from its parameters and its body (400, 404, 413, 415,
    422) is added by itself. `upload`: the file field of a multipart body; `form`: the text fields that may come with
    it. `download`: the media type of a route that answers with a FileDownload, such as `video/*`. `event_stream`: it
    answers with an EventStream of a job's events, `project_stream`: of a project's. `bodies`: the media types of the
    bytes that it answers 200 with. `raw_body`: the media type of a body that is a file, or a part of one.
    `request_headers`: those that it reads, with what they mean.
    """

    @dataclass
    class DescribedOperation(_Described):
        def __post_init__(self) -> None:
            if upload:
                self._add_upload(upload, form)
            if raw_body:
                self._add_raw_body(raw_body)
            if download:
                self._add_download(download)
            if event_stream:
                self._add_event_stream()
            if project_stream:
                self._add_project_stream()
            if bodies:
                self._add_bytes(bodies)
            gone = [NotFound(ERROR_CODES["file_missing"].answer, code="file_missing")] if download else []
            self._add_problems([*gone, *errors], upload or raw_body)
            self._tidy_headers()
            self._tidy_parameters()
            if download or event_stream or project_stream:
                self._add_headers(_RANGE_HEADERS if download else _EVENT_HEADERS)
            self._add_headers(request_headers or {})
            self._add_examples(request_examples or {}, responses or {})

    return DescribedOperation
