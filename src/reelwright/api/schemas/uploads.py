"""The JSON of uploads on their way."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.http.addresses import Addresses
from reelwright.api.http.problem_document import ProblemField
from reelwright.api.schemas.base import Address, Timestamp
from reelwright.db.models import Upload

UploadState = Literal["receiving", "whole", "stored", "refused"]


class UploadProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why an uploaded file was not taken: what its last request was, or would have been, answered with."""

    status: int
    code: Annotated[str, Meta(description="Stable; listed at `/docs/errors`.")]
    detail: str
    errors: Annotated[list[ProblemField] | UnsetType, Meta(description="Every wrong field, where it was one.")] = UNSET


class UploadOut(msgspec.Struct, frozen=True, kw_only=True):
    """An upload that comes in several requests. `offset`: how many bytes are there by now."""

    id: uuid.UUID
    state: Annotated[
        UploadState,
        Meta(
            description="`receiving`; `whole`: all is there and is being examined, or it is a part and waits for the"
            " others; `stored`: it is the video `video_id`; `refused`: `problem` says why."
        ),
    ]
    offset: int
    size_bytes: Annotated[int | None, Meta(description="Of the whole file. Null: the client has not said yet.")]
    filename: str
    is_part: Annotated[bool, Meta(description="Of another upload, that is made of several.")]
    video_id: uuid.UUID | None
    video_url: Address | None
    problem: UploadProblem | None
    created_at: Timestamp
    expires_at: Annotated[
        Timestamp, Meta(description="Then it is forgotten, and its bytes go, unless something is added before.")
    ]
    events_url: Address

    @classmethod
    def of(cls, upload: Upload, offset: int, addresses: Addresses) -> UploadOut:
        return cls(
            id=upload.id,
            state=msgspec.convert(upload.state, UploadState),
            offset=offset,
            size_bytes=upload.length_bytes,
            filename=upload.filename,
            is_part=upload.is_part,
            video_id=upload.video_id,
            video_url=None if upload.video_id is None else addresses.video(upload.video_id),
            problem=None if upload.problem is None else _problem(upload.problem),
            created_at=upload.created_at,
            expires_at=upload.expires_at,
            events_url=addresses.upload_events(upload.id),
        )


def _problem(stored: dict[str, Any]) -> UploadProblem:
    return msgspec.convert({**stored, **stored["extra"]}, UploadProblem)
