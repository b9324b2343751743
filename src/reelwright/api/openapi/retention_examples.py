"""Example bodies of the trash, and of what ends; as in examples.py."""

from __future__ import annotations

from typing import Any

from reelwright.api.openapi.examples import NOW, VIDEO

TRASHED: dict[str, Any] = {
    "video": VIDEO,
    "trashed_at": NOW,
    "trash_until": "2026-11-22T10:15:30.123456Z",
    "reason": "requested",
}
TRASH: dict[str, Any] = {"items": [TRASHED], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
ENDINGS: dict[str, Any] = {
    "at": NOW,
    "items": [
        {
            "project": "shop",
            "kind": "videos",
            "count": 12,
            "held": 1,
            "size_bytes": 73_104_112,
            "into_trash": True,
        },
        {"project": "shop", "kind": "events", "count": 310, "held": 0, "size_bytes": 0, "into_trash": False},
    ],
}
