"""Example bodies of queues; as in examples.py."""

from __future__ import annotations

from typing import Any

from reelwright.api.openapi.examples import NOW

RESUMED: dict[str, Any] = {
    "name": "media",
    "part_of": "render",
    "paused": False,
    "paused_at": None,
    "paused_by": None,
    "reason": None,
    "waiting": 12,
    "due": 11,
    "running": 2,
    "workers": 1,
}
PAUSED: dict[str, Any] = {
    **RESUMED,
    "paused": True,
    "paused_at": NOW,
    "paused_by": "key operations",
    "reason": "a new disk",
}
QUEUES: dict[str, Any] = {
    "items": [
        {**RESUMED, "name": "render", "part_of": None, "waiting": 0, "due": 0, "running": 0},
        {**RESUMED, "name": "light", "waiting": 1, "due": 1, "running": 0},
        PAUSED,
    ]
}
