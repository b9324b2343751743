"""One uploaded file, streamed out of a multipart/form-data body while it arrives: nothing is kept in memory or spooled.

Litestar's own form parsing keeps parts without a filename in memory without limit and writes files twice. Here
every part is bounded, silence ends the upload, and a cut body is an error before the file ends.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from litestar import Request
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)

from reelwright.api.http.closing_answers import close_after_answer
from reelwright.api.http.paced_body import PacedBody
from reelwright.did_you_mean import unknown
from reelwright.errors import (
    FieldError,
    InvalidInput,
    Malformed,
    TooLarge,
    UnsupportedMedia,
)
from reelwright.library.display_names import display_name

MAX_PARTS = 64
MAX_TEXT_BYTES = 64 * 1024
MAX_OVERHEAD_BYTES = 6 * 2**20
"""What a body may hold beside its file: every text field at its largest, and all part headers."""

_Event: TypeAlias = MultipartSegment | bytes | bytearray | None
"""A part begins, some of its bytes, the part ends."""


@dataclass
class IncomingFile:
    """A file that is being received.

    `filename` is the client's name, made fit to show (never a path). `fields` holds the texts that came so far, by
    field: all of them once `chunks()` has ended."""

    filename: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    _chunks: AsyncIterator[bytes] | None = field(default=None, repr=False)

    def chunks(self) -> AsyncIterator[bytes]:
        """The file's bytes, once. Ends normally only when the whole body has come and is right.

        Raises Malformed (cut or broken), TooLarge, InvalidInput (a second file), RequestTimeout (silence, or drops)."""
        if self._chunks is None:
            raise RuntimeError("the file can be read only once")
        chunks, self._chunks = self._chunks, None
        return chunks


@asynccontextmanager
async def incoming_file(
    request: Request[Any, Any, Any],
    *,
    field: str = "file",
    texts: Collection[str] = (),
    repeated: Collection[str] = (),
    max_file_bytes: int,
    idle_timeout_s: float,
) -> AsyncIterator[IncomingFile]:
    """The file in the part `field` of a multipart/form-data request, of a route without `request_max_body_size`.
    `texts`: the text fields that may come with it; `repeated`: those of them that may come more than once.

    Raises UnsupportedMedia (not multipart), Malformed (cut or broken), InvalidInput (no file, or not where it should
    be; an unknown field), TooLarge (file, text fields or number of parts), RequestTimeout (nothing, or next to nothing,
    came for `idle_timeout_s`).
    """
    parser = PushMultipartParser(_boundary(request), max_segment_count=MAX_PARTS)
    body = PacedBody(request, max_file_bytes + MAX_OVERHEAD_BYTES, idle_timeout_s)
    parts = _Parts(_events(body, parser), field, texts, repeated)
    try:
        incoming = await parts.first_file()
        incoming._chunks = parts.file_chunks(max_file_bytes)
        yield incoming
    except Exception:
        if not body.ended:
            close_after_answer(request.scope)
        raise


def _boundary(request: Request[Any, Any, Any]) -> str:
    kind, options = request.content_type
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data":
        close_after_answer(request.scope)
        raise UnsupportedMedia("The file must be sent as multipart/form-data.")
    if not 0 < len(boundary) <= 70 or "\n" in boundary:  # RFC 2046, 5.1.1
        close_after_answer(request.scope)
        raise Malformed("The boundary in the content type is missing or too long.")
    return boundary


async def _events(body: PacedBody, parser: PushMultipartParser) -> AsyncGenerator[_Event, None]:
    """Yield the parts of a body, as the parser tells them. Raises Malformed where it ends before its last boundary."""
    try:
        while chunk := await body.read():
            for event in parser.parse(chunk):
                yield event
        parser.close()
    except ParserLimitReached as error:
        raise TooLarge(f"The form is too large: {error}.") from error
    except MultipartError as error:
        raise Malformed(f"The multipart body is broken: {error}.") from error


class _Parts:
    """Tells the one file of a form from its text fields, which it collects."""

    def __init__(
        self,
        events: AsyncGenerator[_Event, None],
        file_field: str,
        taken: Collection[str],
        repeated: Collection[str],
    ) -> None:
        self._events = events
        self._file_field = file_field
        self._taken = taken
        self._repeated = repeated
        self._fields: dict[str, list[str]] = {}

    async def first_file(self) -> IncomingFile:
        """Reads up to the file's first byte."""
        segment = await self._next_file()
        if segment is None:
            raise InvalidInput([FieldError(f"/{self._file_field}", "the file is missing")])
        filename = display_name(segment.filename or "")
        return IncomingFile(filename, self._fields)

    async def file_chunks(self, max_bytes: int) -> AsyncIterator[bytes]:
        """The bytes of the file part; then the rest of the form is read and checked."""
        size_bytes = 0
        async for event in self._events:
            if event is None:
                break
            assert isinstance(event, bytes | bytearray)
            size_bytes += len(event)
            if size_bytes > max_bytes:
                raise TooLarge(f"The file is larger than {max_bytes} bytes.")
            yield bytes(event)
        if await self._next_file() is not None:
            raise InvalidInput([FieldError(f"/{self._file_field}", "comes twice; one file is taken")])

    async def _next_file(self) -> MultipartSegment | None:
        """Goes on to the next file part, collecting the text fields before it; None at the end of the form."""
        async for event in self._events:
            assert isinstance(event, MultipartSegment)
            name = event.name or ""
            pointer = f"/{name[:100]}"
            if name == self._file_field:
                if not event.filename:
                    raise InvalidInput([FieldError(pointer, "is not a file: it has no filename")])
                return event
            if event.filename is not None:
                raise InvalidInput([FieldError(pointer, f"unknown file; it goes in `{self._file_field}`")])
            if name not in self._taken:
                raise InvalidInput(
                    [FieldError(pointer, unknown("form field", name[:100], (self._file_field, *self._taken)))]
                )
            if name in self._fields and name not in self._repeated:
                raise InvalidInput([FieldError(pointer, "comes twice")])
            self._fields.setdefault(name, []).append(await self._text(pointer))
        return None

    async def _text(self, pointer: str) -> str:
        text = bytearray()
        async for event in self._events:
            if event is None:
                break
            assert isinstance(event, bytes | bytearray)
            text += event
            if len(text) > MAX_TEXT_BYTES:
                raise TooLarge(f"The field {pointer} is longer than {MAX_TEXT_BYTES} bytes.")
        try:
            decoded = text.decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"The field {pointer} is not UTF-8.") from error
        if "\0" in decoded:
            raise InvalidInput([FieldError(pointer, "holds a NUL character")])
        return decoded
