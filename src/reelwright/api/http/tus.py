"""tus 1.0.0, the protocol of uploads that resume: what its headers say, and what every answer has to.

The words of https://tus.io/protocols/resumable-upload; what is done about them: api/routes/uploads.py.
"""

from __future__ import annotations

import base64
import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reelwright.api.http.closing_answers import close_after_answer
from reelwright.db.models import Upload
from reelwright.errors import Malformed, ReelwrightError, TooLarge
from reelwright.library.display_names import display_name
from reelwright.library.resumable_upload_writers import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration,concatenation"
ALGORITHMS = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512", "md5": "md5"}
"""Of Upload-Checksum, by their names there -> in hashlib."""
CONTENT_TYPE = "application/offset+octet-stream"
VIDEO_ID = "Reelwright-Video-Id"
"""A header of our own: the video that an upload became."""
EXPOSED_HEADERS = (
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    *("Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Concat", "Upload-Expires"),
)
"""What pages of other origins have to be able to read."""

_OVERRIDABLE = frozenset({"PATCH", "DELETE"})
_MAX_LENGTH = 2**62
_PATH = re.compile(r"/uploads(?:/[^/]*)?/?")
_NAME = re.compile(r"[!-+\--~]+", re.ASCII)  # visible, no comma


class WrongVersion(ReelwrightError):
    code = "tus_version"


def speaks_tus(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard. Raises WrongVersion."""
    given = connection.headers.get("tus-resumable")
    if given != VERSION:
        close_after_answer(connection.scope)
        raise WrongVersion(
            f"Send the header `Tus-Resumable: {VERSION}`" + (f"; {given[:20]} is not spoken here." if given else ".")
        )


def number(headers: Mapping[str, str], name: str) -> int | None:
    """Return a header that is a number of bytes; None where there is none. Raises Malformed, TooLarge."""
    text = headers.get(name.lower())
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise Malformed(f"{name} has to be a whole number of bytes.")
    if len(text) > 19 or int(text) > _MAX_LENGTH:
        raise TooLarge(f"{name} is larger than any file.")
    return int(text)


def required_number(headers: Mapping[str, str], name: str) -> int:
    found = number(headers, name)
    if found is None:
        raise Malformed(f"The header {name} is missing.")
    return found


def length(headers: Mapping[str, str]) -> int | None:
    """Return the length of a new upload, None where it is said later. Raises Malformed, TooLarge."""
    deferred = headers.get("upload-defer-length")
    if deferred is None:
        found = number(headers, "Upload-Length")
        if found is None:
            raise Malformed("Upload-Length is missing; where it is not known yet, send `Upload-Defer-Length: 1`.")
        return found
    if deferred != "1" or "upload-length" in headers:
        raise Malformed("Upload-Defer-Length has to be 1, and comes without Upload-Length.")
    return None


def metadata(text: str) -> dict[str, str]:
    """Return the pairs of Upload-Metadata. Raises Malformed."""
    found: dict[str, str] = {}
    for pair in filter(None, (pair.strip(" ") for pair in text.split(","))):
        name, _, value = pair.partition(" ")
        if not _NAME.fullmatch(name) or name in found:
            raise Malformed("Upload-Metadata holds a name that comes twice, or is none.")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except ValueError as error:  # of Base64, ASCII or UTF-8
            raise Malformed(f"Upload-Metadata: the value of {name[:100]} is not UTF-8 in Base64.") from error
    return found


def filename(pairs: Mapping[str, str]) -> str:
    """Return what Upload-Metadata calls the file; Uppy says `name` as well."""
    return display_name(pairs.get("filename") or pairs.get("name") or "")


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Return what Upload-Checksum promises. Raises Malformed."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    name, _, value = text.partition(" ")
    if name not in ALGORITHMS:
        raise Malformed(f"Upload-Checksum: the algorithms that are known here are {', '.join(ALGORITHMS)}.")
    try:
        return Checksum(ALGORITHMS[name], base64.b64decode(value, validate=True))
    except ValueError as error:  # of Base64 or ASCII
        raise Malformed("Upload-Checksum: the value is not Base64.") from error


@dataclass(frozen=True, slots=True)
class Concatenation:
    """`parts`: of a final upload, None for one that is a part."""

    parts: tuple[uuid.UUID, ...] | None


def concatenation(headers: Mapping[str, str]) -> Concatenation | None:
    """Return what Upload-Concat says. Raises Malformed."""
    text = headers.get("upload-concat")
    if text is None:
        return None
    if text == "partial":
        return Concatenation(None)
    kind, _, addresses = text.partition(";")
    if kind != "final" or not addresses.split():
        raise Malformed("Upload-Concat has to be `partial`, or `final;` and the addresses of parts.")
    try:
        return Concatenation(tuple(uuid.UUID(one.rstrip("/").rpartition("/")[2]) for one in addresses.split()))
    except ValueError as error:
        raise Malformed("Upload-Concat names something else than uploads.") from error


def told(upload: Upload, offset: int, addresses: list[str]) -> dict[str, str]:
    """Return what HEAD tells of an upload. `addresses`: of its parts."""
    headers = {"Cache-Control": "no-store", "Upload-Offset": str(offset), **expiry(upload)}
    if upload.length_bytes is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length_bytes)
    if upload.client_metadata:
        headers["Upload-Metadata"] = upload.client_metadata
    if upload.is_part:
        headers["Upload-Concat"] = "partial"
    elif addresses:
        headers["Upload-Concat"] = "final;" + " ".join(addresses)
    return headers


def expiry(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(upload.expires_at.astimezone(datetime.UTC), usegmt=True)}


class Tus:
    """ASGI middleware, outside of the application: its version on every answer below /uploads, what it can do on those
    to OPTIONS, and `X-HTTP-Method-Override` for clients that can only POST."""

    def __init__(self, app: ASGIApp, *, root_path: str, max_upload_bytes: int) -> None:
        self.app = app
        self._root_path = root_path
        self._abilities = [
            (b"tus-version", VERSION.encode()),
            (b"tus-extension", EXTENSIONS.encode()),
            (b"tus-max-size", b"%d" % max_upload_bytes),
            (b"tus-checksum-algorithm", ",".join(ALGORITHMS).encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _PATH.fullmatch(scope["path"].removeprefix(self._root_path)):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "POST" and (method := _override(scope)) in _OVERRIDABLE:
            scope["method"] = method  # type: ignore[typeddict-item]
        asked = scope["method"]

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"tus-resumable", VERSION.encode())]
                if asked == "OPTIONS":
                    headers += self._abilities
                elif message["status"] == 412:
                    headers.append((b"tus-version", VERSION.encode()))
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, tell)


def _override(scope: Scope) -> str:
    """Only a POST may become something else: who may not change anything here cannot have a GET do it."""
    given = [value for name, value in scope["headers"] if name == b"x-http-method-override"]
    return given[0].decode("latin-1").upper() if given else ""
