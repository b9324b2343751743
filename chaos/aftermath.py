"""What is left when nothing fails any more: waited for, then looked at, row by row and frame by frame."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av

from chaos.evidence import Ended, Evidence, Happened, Made
from chaos.receivers import Receiver
from tests.support import invariants
from tests.support.hls_reader import read_playlist
from tests.support.service import Service

LOOK_S = 0.5
AT_REST_S = 60.0
"""So long sweeps may take."""

_UNFINISHED = (
    "SELECT (SELECT count(*) FROM jobs WHERE status IN ('PENDING', 'STARTED'))"
    " + (SELECT count(*) FROM webhook_deliveries WHERE state = 'pending') AS left"
)
_SOONER = (
    # tries lie up to a day apart: their clock is turned on, and nothing else
    "UPDATE webhook_deliveries SET next_at = now() WHERE state = 'pending' AND next_at > now()",
    "UPDATE webhooks w SET rests_until = NULL, due_at = now() WHERE EXISTS"
    " (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending')"
    " AND (rests_until IS NOT NULL OR due_at > now())",
)


async def quiet(service: Service, *, patience_s: float) -> None:
    """Wait until all jobs have ended and all messages were taken, or for so long nothing more has: what has not then is
    told by the invariants."""
    least, deadline = math.inf, time.monotonic() + patience_s
    while time.monotonic() < deadline:
        (row,) = await service.sql(_UNFINISHED)
        if row["left"] == 0:
            return
        if row["left"] < least:
            least, deadline = row["left"], time.monotonic() + patience_s
        for statement in _SOONER:
            await service.sql(statement)
        await asyncio.sleep(LOOK_S)


async def length_of_log(service: Service) -> int:
    (row,) = await service.sql("SELECT count(*) AS length FROM events")
    return int(row["length"])


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def gather(service: Service, seen: Evidence, *, everything: Sequence[Receiver], own: Receiver) -> None:
    """Add all that the service's rows and files say. `everything`: receivers that chose all; `own`: the one that
    requests named."""
    seen.state = await invariants.complaints(service, declared=invariants.OUTAGE, within_s=AT_REST_S)
    jobs = await service.sql(
        "SELECT j.id::text, j.labels ->> 'external_id' AS name, j.status, j.error ->> 'code' AS code, w.url AS hook"
        " FROM jobs j LEFT JOIN webhooks w ON w.id = j.webhook_id"
    )
    seen.ended = [Ended(job["id"], job["name"], _outcome(job)) for job in jobs]
    events = await service.sql("SELECT seq, id, type, subject_id::text AS subject FROM events ORDER BY seq")
    seen.log = [Happened(row["seq"], f"evt_{row['id'].hex}", row["type"], row["subject"]) for row in events]
    counts = await service.sql("SELECT job_id::text AS job, count(*) AS count FROM job_events GROUP BY job_id")
    of_job = {row["job"]: row["count"] for row in counts}
    seen.followed = {job: (numbers, of_job.get(job, 0)) for job, (numbers, _) in seen.followed.items()}
    named = {job["id"] for job in jobs if job["hook"] == own.url}
    for receiver in everything:
        receiver.endpoint.due = tuple(seen.log)
    own.endpoint.due = tuple(event for event in seen.log if event.subject in named)
    seen.endpoints = [receiver.endpoint for receiver in (*everything, own)]
    seen.made = await _made(service)


def _outcome(job: Mapping[str, Any]) -> str:
    return str(job["code"] if job["status"] == "FAILURE" else job["status"])


async def _made(service: Service) -> list[Made]:
    rows = await service.sql(
        "SELECT f.key, f.role, v.job_id::text AS job, v.output_index, j.labels ->> 'external_id' AS name, j.plan_json"
        " FROM files f JOIN video_variants v ON v.id = f.variant_id JOIN jobs j ON j.id = v.job_id"
        " WHERE f.role = 'main' OR (f.role = 'hls' AND f.name ~ '^[va][0-9]+[.]m3u8$')"
    )
    return [await asyncio.to_thread(_decoded, service.settings.media_path / row["key"], row) for row in rows]


def _decoded(path: Path, row: Mapping[str, Any]) -> Made:
    planned = json.loads(row["plan_json"])["outputs"][row["output_index"]].get("frame_count")
    is_sound, seen, fault = path.name.startswith("a"), 0, ""
    try:
        if path.suffix == ".m3u8":
            seen = sum(len(part.times_s) for part in read_playlist(path.parent, path.name).parts)
        else:
            with av.open(str(path)) as opened:
                seen = sum(1 for _ in opened.decode(video=0))
    except (OSError, AssertionError, av.FFmpegError) as error:
        fault = repr(error)
    name, planned = (None, None) if is_sound else (row["name"], planned)
    return Made(row["job"], path.name, name, planned, seen, fault)
