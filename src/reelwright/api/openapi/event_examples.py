"""Example bodies of events and webhooks; as in examples.py."""

from __future__ import annotations

from typing import Any

_LABELS: dict[str, Any] = {"title": None, "tags": [], "external_id": "order-4711", "metadata": {}}
SUCCEEDED: dict[str, Any] = {
    "id": "evt_0b6d6d0c9a3f4f1e8c7b5a4d3e2f1a0b",
    "seq": 1042,
    "type": "job.succeeded",
    "timestamp": "2026-11-21T10:15:34.123456Z",
    "data": {
        "job_id": "0199f0d3-5c0d-7f00-a5d4-2e6f70b1c8a9",
        "job_type": "trim",
        "status": "SUCCESS",
        "attempt": 1,
        "video_id": "0199f0d2-7a51-7c3e-9b60-3f1f1a2b4c5d",
        "input_variant_id": None,
        "output_variant_id": "0199f0d4-11aa-7b21-8c1e-9d8c7b6a5f4e",
        "variant_ids": ["0199f0d4-11aa-7b21-8c1e-9d8c7b6a5f4e"],
        "reused_from": None,
        "error_code": None,
        "error_message": None,
        **_LABELS,
    },
}
CREATED: dict[str, Any] = {
    "id": "evt_1c7e7e1dab4051f29d8c6b5e4f302b1c",
    "seq": 1040,
    "type": "video.created",
    "timestamp": "2026-11-21T10:15:30.123456Z",
    "data": {
        "video_id": "0199f0d2-7a51-7c3e-9b60-3f1f1a2b4c5d",
        "filename": "holiday.mp4",
        "format": "mp4",
        "size_bytes": 1055736,
        "duration_s": 12.48,
        "width": 1920,
        "height": 1080,
        "kept_until": None,
        "reason": None,
        **_LABELS,
    },
}
DISABLED: dict[str, Any] = {
    "id": "evt_2d8f8f2ebc5162a3ae9d7c6f50413c2d",
    "seq": 1043,
    "type": "webhook.disabled",
    "timestamp": "2026-11-21T10:16:00.123456Z",
    "data": {
        "webhook_id": "0199f0d6-33cc-7d43-8e30-1f0e9d8c7b6a",
        "url": "https://shop.example/hooks",
        "reason": "gone",
    },
}
EVENTS: dict[str, Any] = {"items": [CREATED, SUCCEEDED], "next_after": 1042, "last_seq": 1042}

REQUESTS: dict[str, Any] = {
    "all that happens": {"url": "https://shop.example/hooks/videos"},
    "how jobs end": {
        "url": "https://shop.example/hooks/jobs",
        "events": ["job.succeeded", "job.failed", "job.cancelled"],
        "description": "the shop's orders",
    },
}
WEBHOOK: dict[str, Any] = {
    "id": "0199f0d6-33cc-7d43-8e30-1f0e9d8c7b6a",
    "url": "https://shop.example/hooks/jobs",
    "events": ["job.succeeded", "job.failed", "job.cancelled"],
    "description": "the shop's orders",
    "enabled": True,
    "disabled_reason": None,
    "of_requests": False,
    "failing_since": None,
    "last_success_at": None,
    "created_at": "2026-11-21T10:15:30.123456Z",
}
MADE: dict[str, Any] = {**WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4Q1pE3mC9vA="}
PAGE: dict[str, Any] = {"items": [WEBHOOK], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
SECRET: dict[str, Any] = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4Q1pE3mC9vA=",
    "previous_until": "2026-11-22T10:15:30.123456Z",
}
DELIVERY: dict[str, Any] = {
    "id": "0199f0d7-44dd-7e54-9f41-2a1f0e9d8c7b",
    "webhook_id": WEBHOOK["id"],
    "event_id": SUCCEEDED["id"],
    "event_seq": 1042,
    "event_type": "job.succeeded",
    "state": "pending",
    "attempts": 1,
    "next_at": "2026-11-21T10:15:39.623456Z",
    "created_at": "2026-11-21T10:15:34.123456Z",
    "ended_at": None,
}
TRIES: dict[str, Any] = {
    **DELIVERY,
    "tries": [
        {
            "number": 1,
            "at": "2026-11-21T10:15:34.130456Z",
            "duration_ms": 41,
            "outcome": "failing",
            "status": 502,
            "answer": "<html>Bad Gateway</html>",
            "error": None,
        }
    ],
}
DELIVERIES: dict[str, Any] = {"items": [DELIVERY], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
REPLAYS: dict[str, Any] = {"all since": {"after": 1000}, "some": {"after": 0, "until": 1042, "types": ["job.failed"]}}
REPLAYED: dict[str, Any] = {"queued": 42, "next_after": None}
