"""Example bodies of the trash, of what ends, of what is used; as in examples.py."""

from __future__ import annotations

from typing import Any

from reelwright.api.openapi.examples import LISTED_VIDEO, NOW

TRASHED: dict[str, Any] = {
    "video": LISTED_VIDEO,
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
_USE: dict[str, Any] = {
    "received_bytes": 73_104_112,
    "sent_bytes": 210_530_004,
    "stored_bytes": 98_210_004,
    "most_stored_bytes": 99_000_123,
    "made_minutes": 12.35,
    "work_s": 431.2,
    "jobs_succeeded": 17,
    "jobs_failed": 1,
    "jobs_cancelled": 0,
}
USAGE: dict[str, Any] = {
    "items": [{"project": "shop", "total": _USE, "days": [{"day": "2026-11-21", **_USE}]}],
    "total": 1,
    "page": 1,
    "page_size": 20,
}
