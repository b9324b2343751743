"""The JSON of assets: the images that overlays use."""

from __future__ import annotations

import uuid

import msgspec

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Page, Timestamp, Url
from reelwright.db.models import Asset


class AssetOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that overlays may name as `asset:<id>`. `width` and `height` are as displayed."""

    id: uuid.UUID
    name: str
    url: Url
    kind: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    created_at: Timestamp

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
            size_bytes=asset.size_bytes,
            sha256=asset.sha256,
            created_at=asset.created_at,
        )


class AssetPage(Page[AssetOut], frozen=True, kw_only=True):
    """One page of assets."""
