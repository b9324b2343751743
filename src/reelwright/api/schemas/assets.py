"""The JSON of assets: the pictures, sounds and subtitles that edits use."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Page, Timestamp, Url
from reelwright.api.schemas.keeping import AssetKeptUntil
from reelwright.db.models import Asset


class AssetOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, a sound or subtitles that edits may name as `asset:<id>`. `width` and `height`, as displayed, are a
    picture's; `duration_s` is a sound's."""

    id: uuid.UUID
    name: str
    url: Url
    kind: Annotated[str, Meta(description="`image`, `audio` or `subtitles`.")]
    content_type: str
    width: int | None
    height: int | None
    duration_s: float | None = None
    size_bytes: int
    sha256: str
    created_at: Timestamp
    kept_until: AssetKeptUntil

    @classmethod
    def of(cls, asset: Asset, addresses: Addresses) -> AssetOut:
        return cls(
            id=asset.id,
            name=asset.name,
            url=addresses.asset_file(asset.id),
            kind=asset.kind,
            content_type=asset.content_type,
            width=asset.width,
            height=asset.height,
            duration_s=None if asset.media_info is None else asset.media_info.get("duration_s"),
            size_bytes=asset.size_bytes,
            sha256=asset.sha256,
            created_at=asset.created_at,
            kept_until=asset.kept_until,
        )


class AssetPage(Page[AssetOut], frozen=True, kw_only=True):
    """One page of assets."""
