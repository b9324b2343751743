"""The JSON of the trash."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Page, Timestamp
from reelwright.api.schemas.videos import VideoOut
from reelwright.db.models import Video


class TrashedOut(msgspec.Struct, frozen=True, kw_only=True):
    """A video that was deleted. Its addresses answer 404 until it is had back; its bytes count as stored."""

    video: VideoOut
    trashed_at: Timestamp
    trash_until: Annotated[Timestamp, Meta(description="Then it goes for good.")]
    reason: Annotated[
        Literal["requested", "expired"], Meta(description="Whether somebody deleted it, or its end had come.")
    ]

    @classmethod
    def of(cls, video: Video, addresses: Addresses) -> TrashedOut:
        return msgspec.convert(
            {
                "video": VideoOut.of(video, addresses, in_list=True),
                "trashed_at": video.trashed_at,
                "trash_until": video.trash_until,
                "reason": video.trash_reason,
            },
            cls,
        )


class TrashPage(Page[TrashedOut], frozen=True, kw_only=True):
    """One page of the trash, what goes first before others."""
