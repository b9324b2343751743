"""What a process counts and measures, under Prometheus's conventions: base units, `_total` for what only rises.

Label values come from sets that the code fixes (routes, kinds, stages, codes), never from a client. What the database
or the disk knows is read when somebody scrapes, by the collectors that `registry` joins.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reelwright.release import RELEASE

logger = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nothing here asks for

SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
LONG_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800, 3600, 10800)
SPEEDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)


def _from_zero(counter: Counter, *values: str) -> None:
    """Have a counter say 0 of all values of its label: what only appears with its first count has no rate then."""
    for value in values:
        counter.labels(value)


REQUESTS = Counter("reelwright_http_requests", "Answered requests.", ["method", "route", "status"])
REQUEST_TIME = Histogram(
    "reelwright_http_request_duration_seconds",
    "From the request's head to the last byte of the answer.",
    ["method", "route"],
    buckets=SHORT_S,
)
CONNECTIONS = Gauge("reelwright_http_connections_open", "Connections of clients.")
CONNECTIONS_ENDED = Counter(
    "reelwright_http_connections_ended",
    "Connections that were ended for a client: head_timeout, body_timeout, send_timeout, crowded.",
    ["reason"],
)
_from_zero(CONNECTIONS_ENDED, "head_timeout", "body_timeout", "send_timeout", "crowded")
IDEMPOTENT_REQUESTS = Counter(
    "reelwright_idempotent_requests",
    "Requests with an Idempotency-Key: made, replayed, refused (by what they ask for), request_under_way,"
    " idempotency_key_reused.",
    ["outcome"],
)
_from_zero(IDEMPOTENT_REQUESTS, "made", "replayed", "refused", "request_under_way", "idempotency_key_reused")
UPLOADS = Counter("reelwright_uploads", "Uploads of videos by outcome: stored, or the code of the error.", ["outcome"])
UPLOAD_BYTES = Counter("reelwright_upload_bytes", "Bytes of videos that arrived, also of uploads that then failed.")
UPLOADS_STORED_ALREADY = Counter(
    "reelwright_uploads_stored_already", "Uploads whose bytes the project had: they lie on the disk once."
)
TOKENS_MADE = Counter("reelwright_tokens_made", "Tokens that keys made, or wrote again, by purpose.", ["purpose"])
_from_zero(TOKENS_MADE, "upload", "read", "play", "download")
TOKENS_REFUSED = Counter(
    "reelwright_tokens_refused",
    "Requests whose token was refused: unknown, expired, revoked, key_ended, used, elsewhere (it is for other things).",
    ["reason"],
)
_from_zero(TOKENS_REFUSED, "unknown", "expired", "revoked", "key_ended", "used", "elsewhere")
EVENT_STREAMS = Gauge("reelwright_event_streams_open", "Clients that follow a job live.")
EVENT_LAG = Histogram(
    "reelwright_event_lag_seconds",
    "From the transaction of a job's transition, by the database's clock, to its sending to a client.",
    buckets=SHORT_S,
)

WEBHOOK_TRIES = Counter(
    "reelwright_webhook_tries",
    "Messages sent to webhooks by outcome: delivered, gone, redirected, busy, refused, failing, unreachable, stalled,"
    " not_allowed.",
    ["outcome"],
)
_from_zero(WEBHOOK_TRIES, "delivered", "gone", "redirected", "busy", "refused", "failing", "unreachable", "stalled")
_from_zero(WEBHOOK_TRIES, "not_allowed")
WEBHOOKS_GIVEN_UP = Counter("reelwright_webhook_deliveries_given_up", "Deliveries that no endpoint took in 24 hours.")
WEBHOOK_LAG = Histogram(
    "reelwright_webhook_lag_seconds",
    "From the commit of an event to its delivery, of those that were taken at the first try.",
    buckets=SHORT_S,
)
WEBHOOKS_UNDER_WAY = Gauge("reelwright_webhooks_under_way", "Endpoints that this worker is sending to.")

TRANSITIONS = Counter("reelwright_job_transitions", "Committed transitions of jobs.", ["kind", "state"])
REUSED = Counter(
    "reelwright_jobs_reused",
    "Jobs that needed no encode of their own: they took the result of an equal job, or share its encode.",
    ["kind", "taken"],
)
NOT_SPLICED = Counter(
    "reelwright_cuts_not_spliced",
    "Cuts that were coded anew although they were asked for otherwise, by reason; `auto` counts as well.",
    ["reason"],
)
FAILURES = Counter(
    "reelwright_job_failures",
    "Failed attempts by code; state PENDING: it is tried again, FAILURE: it is not.",
    ["kind", "code", "state"],
)
POSTPONEMENTS = Counter(
    "reelwright_job_postponements",
    "Attempts that ended through the machine's fault and not the job's, by code; the job waits and is tried again.",
    ["kind", "code"],
)
NO_ROOM = Counter(
    "reelwright_job_room_waits",
    "Looks at a job for which there was too little of something on the machine: disk, memory, cores; the job waits.",
    ["kind"],
)
HINDERED = Gauge(
    "reelwright_worker_hindered",
    "1 while this worker takes no jobs, by code: its disk, ffmpeg or machine does not work, or the database is away.",
    ["code"],
)
JOB_TIME = Histogram(
    "reelwright_job_attempt_duration_seconds",
    "Time of one attempt from its claim to its end.",
    ["kind", "outcome"],
    buckets=LONG_S,
)
STAGE_TIME = Histogram(
    "reelwright_job_stage_duration_seconds",
    "Time of one stage of an attempt; `queued` is the wait before it.",
    ["kind", "stage"],
    buckets=LONG_S,
)
RUNNING = Gauge("reelwright_worker_jobs_running", "Jobs that this worker works on.")
SLOTS = Gauge("reelwright_worker_slots", "Jobs that this worker may work on at once.")
FFMPEG_SPEED = Histogram(
    "reelwright_ffmpeg_speed_ratio", "Seconds of output that a render made in a second.", ["kind"], buckets=SPEEDS
)

Gauge("reelwright_build_info", "1, for the version that runs.", ["version"]).labels(RELEASE).set(1)


class Disk(Collector):
    """The disk of MEDIA_ROOT."""

    def __init__(self, media_root: Path) -> None:
        self.media_root = media_root

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            usage = shutil.disk_usage(self.media_root)
        except OSError as error:  # the other numbers matter all the more now
            logger.warning("metrics without the disk of MEDIA_ROOT: %s", error.strerror)
            return
        yield GaugeMetricFamily("reelwright_disk_free_bytes", "Free space of MEDIA_ROOT's disk.", value=usage.free)
        yield GaugeMetricFamily("reelwright_disk_used_bytes", "Used space of MEDIA_ROOT's disk.", value=usage.used)


def registry(*collectors: Collector) -> CollectorRegistry:
    """Return everything that this process measures, and what the collectors read when it is scraped."""
    registry = CollectorRegistry()
    for collector in (REGISTRY, *collectors):
        registry.register(collector)
    return registry
