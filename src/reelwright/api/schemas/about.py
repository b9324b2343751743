"""The JSON that the service answers about itself: what it is, whether it lives, whether it can work."""

from __future__ import annotations

from typing import Literal

import msgspec


class ServiceOut(msgspec.Struct, frozen=True, kw_only=True):
    """What this is and where its documentation lies."""

    message: str
    name: str
    version: str
    docs: str
    redoc: str
    openapi: str


class HealthOut(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["healthy"] = "healthy"


class CheckOut(msgspec.Struct, frozen=True, kw_only=True):
    """One part that the service needs."""

    name: str
    ok: bool
    detail: str | None = None


class ReadyOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the service can do its work, part by part. `degraded`: it takes uploads and jobs, which wait for a worker
    that can do them."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: list[CheckOut]
