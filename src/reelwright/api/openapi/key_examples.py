"""Example bodies of keys and tokens; as in examples.py."""

from __future__ import annotations

from typing import Any

REQUESTS: dict[str, Any] = {
    "a server that uploads and edits": {"name": "the shop's server", "project": "shop"},
    "one that only looks": {"name": "player pages", "project": "shop", "scopes": ["read"]},
    "one that may do so much": {
        "name": "trial",
        "project": "trials",
        "limits": {"requests_per_minute": 600, "jobs_per_minute": 10, "unfinished_jobs": 3, "concurrent_uploads": 2},
    },
}
CHANGES: dict[str, Any] = {
    "more jobs, and as many requests as the settings say": {
        "limits": {"jobs_per_minute": 60, "requests_per_minute": None}
    },
    "another name": {"name": "the shop's old server"},
}
LIMITS: dict[str, Any] = {
    "requests_per_minute": None,
    "jobs_per_minute": None,
    "unfinished_jobs": None,
    "concurrent_uploads": None,
    "stored_bytes": None,
    "made_minutes_per_day": None,
    "made_minutes_per_month": None,
}
_USED: dict[str, Any] = {name: {"limit": None, "used": None} for name in LIMITS}
KEEP: dict[str, Any] = {
    "videos_s": 604800,
    "results_s": None,
    "assets_s": None,
    "jobs_s": None,
    "events_s": None,
    "deliveries_s": None,
    "trash_s": 86400,
}
ALL_LIMITS: dict[str, Any] = {
    "service": [
        {
            "name": "max_upload_bytes",
            "value": 10_737_418_240,
            "unit": "bytes",
            "status": 413,
            "setting": "MAX_UPLOAD_BYTES",
            "meaning": "Largest upload, bytes (10 GiB).",
        }
    ],
    "key": {
        **_USED,
        "jobs_per_minute": {"limit": 10, "used": 3},
        "unfinished_jobs": {"limit": None, "used": 2},
        "stored_bytes": {"limit": None, "used": 73_104_112},
    },
    "project": {
        **_USED,
        "unfinished_jobs": {"limit": None, "used": 5},
        "stored_bytes": {"limit": 100_000_000_000, "used": 73_104_112},
    },
    "keep": {**dict.fromkeys(KEEP, 0), "videos_s": 604800, "events_s": 2592000, "deliveries_s": 2592000},
    "queue_share": 1,
}
PROJECT_CHANGES: dict[str, Any] = {
    "a hundred gigabytes": {"limits": {"stored_bytes": 100_000_000_000}},
    "videos for a week, and a day to have them back": {"keep": {"videos_s": 604800, "trash_s": 86400}},
    "three times the time of others": {"queue_share": 3},
}
PROJECT: dict[str, Any] = {
    "id": "0199f0d5-0c11-7a58-8c0e-5d4c3b2a1f0e",
    "name": "shop",
    "created_at": "2026-11-21T10:15:30.123456Z",
    "limits": {**LIMITS, "stored_bytes": 100_000_000_000},
    "keep": KEEP,
    "queue_share": 1,
    "stored_bytes": 73_104_112,
}
PROJECTS: dict[str, Any] = {"items": [PROJECT], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
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
    "limits": LIMITS,
}
MADE: dict[str, Any] = {**KEY, "key": "rw_mJ4w9Qx (54 characters)"}
LIMITED: dict[str, Any] = {**KEY, "limits": {**LIMITS, "jobs_per_minute": 60}}
REVOKED: dict[str, Any] = {**KEY, "revoked_at": "2026-11-22T08:00:00.000000Z"}
PAGE: dict[str, Any] = {"items": [KEY], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}

TOKEN_REQUESTS: dict[str, Any] = {
    "one upload of a browser": {"purpose": "upload", "max_bytes": 2147483648, "expires_in_s": 900},
    "a player": {"purpose": "play", "variant_id": "0199f0d4-11aa-7b21-8c1e-9d8c7b6a5f4e"},
}
TOKEN: dict[str, Any] = {
    "id": "0199f0d6-7a10-7d51-b0c2-4a5b6c7d8e9f",
    "purpose": "play",
    "video_id": None,
    "upload_id": None,
    "variant_id": "0199f0d4-11aa-7b21-8c1e-9d8c7b6a5f4e",
    "job_id": None,
    "max_bytes": None,
    "key_id": "0199f0d5-22bb-7c32-9d2f-0e9d8c7b6a5f",
    "created_at": "2026-11-21T10:15:30.123456Z",
    "expires_at": "2026-11-21T11:15:00.000000Z",
    "revoked_at": None,
    "used_at": None,
}
_SIGNED = "/signed/rwt_AZnw1noQ.../variants/0199f0d4-11aa-7b21-8c1e-9d8c7b6a5f4e/files"
TOKEN_MADE: dict[str, Any] = {
    **TOKEN,
    "token": "rwt_AZnw1noQ... (68 characters)",
    "url": f"{_SIGNED}/720p.mp4",
    "hls_url": f"{_SIGNED}/master.m3u8",
    "dash_url": None,
}
TOKEN_REVOKED: dict[str, Any] = {**TOKEN, "revoked_at": "2026-11-21T10:20:00.000000Z"}
TOKENS_REVOKED: dict[str, Any] = {"revoked": 2}
TOKEN_PAGE: dict[str, Any] = {"items": [TOKEN], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
