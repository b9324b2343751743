"""Example bodies of keys; as in examples.py."""

from __future__ import annotations

from typing import Any

REQUESTS: dict[str, Any] = {
    "a server that uploads and edits": {"name": "the shop's server", "project": "shop"},
    "one that only looks": {"name": "player pages", "project": "shop", "scopes": ["read"]},
}
KEY: dict[str, Any] = {
    "id": "0199f0d5-22bb-7c32-9d2f-0e9d8c7b6a5f",
    "name": "the shop's server",
    "project": "shop",
    "hint": "rw_mJ4w9Qx",
    "scopes": ["read", "write"],
    "created_at": "2026-11-21T10:15:30.123456Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
MADE: dict[str, Any] = {**KEY, "key": "rw_mJ4w9Qx (54 characters)"}
REVOKED: dict[str, Any] = {**KEY, "revoked_at": "2026-11-22T08:00:00.000000Z"}
PAGE: dict[str, Any] = {"items": [KEY], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
