"""The JSON of imports: where a video is fetched from, and how far that has come."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.api.schemas.keeping import VideoSaidIn
from reelwright.api.schemas.timing import ExpiresAt, Priority, RunAt
from reelwright.db.models import Job
from reelwright.errors import AddressRefused, FieldError, InvalidInput
from reelwright.jobs.imports import WantedImport
from reelwright.library.display_names import display_name
from reelwright.outbound import headers
from reelwright.outbound.url import Target

Headers = Annotated[
    dict[str, str],
    Meta(
        description="Headers that go along, such as `Authorization`: to the host of the address alone, not to where"
        " it redirects. Never shown, forgotten when the job ends.",
        examples=[{"Authorization": "Bearer ..."}],
    ),
]
Filename = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1024,
        description="What the video is called. Omitted: as the other side, or its address, calls it.",
    ),
]


class ImportIn(VideoSaidIn, frozen=True, kw_only=True):
    """A video to fetch from an address."""

    url: Annotated[
        str,
        Meta(
            min_length=1,
            description="`https://` or `http://`, of a file on the public internet. Its query is shown nowhere and"
            " forgotten when the job ends.",
            examples=["https://media.example.org/holiday.mp4"],
        ),
    ]
    headers: Headers | None = None
    filename: Filename | None = None
    priority: Priority = 0
    run_at: RunAt = None
    expires_at: ExpiresAt = None

    def wanted(self) -> WantedImport:
        """Raises InvalidInput that names every wrong field, and repeats no value."""
        given = self.headers or {}
        errors = [
            FieldError("/headers" + (f"/{_escaped(name)}" if name else ""), detail)
            for name, detail in headers.faults(given).items()
        ]
        target = None
        try:
            target = Target.read(self.url)
        except AddressRefused as refused:
            errors.insert(0, FieldError("/url", refused.detail, refused.code))
        if errors or target is None:
            raise InvalidInput(errors)
        filename = None if self.filename is None else display_name(self.filename)
        return WantedImport(target, given, filename)


class TransferOut(msgspec.Struct, frozen=True, kw_only=True):
    """Of an import: where from, without what may be secret of that, and how far. `size_bytes` is null until, and
    unless, the other side says it; `bytes_per_s` is that of the last seconds."""

    url: str
    received_bytes: int
    size_bytes: int | None
    bytes_per_s: float | None

    @classmethod
    def of(cls, job: Job) -> TransferOut | None:
        found = (job.recipe_json or {}).get("transfer")
        return None if found is None else cls(**found)


def _escaped(name: str) -> str:
    """As JSON pointers have it."""
    return name[:100].replace("~", "~0").replace("/", "~1")
