"""What one look at a machine has found."""

from __future__ import annotations

import enum

import msgspec


class State(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works, less well or less safely than it could."""
    FAILED = "failed"
    """The service, or a part of it, does not work here."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`detail`: what was seen. `advice`: one sentence on what to do; None where nothing is to be done."""

    name: str
    state: State
    detail: str
    advice: str | None = None


def ok(name: str, detail: str) -> Finding:
    return Finding(name=name, state=State.OK, detail=detail)


def warning(name: str, detail: str, advice: str) -> Finding:
    return Finding(name=name, state=State.WARNING, detail=detail, advice=advice)


def failed(name: str, detail: str, advice: str) -> Finding:
    return Finding(name=name, state=State.FAILED, detail=detail, advice=advice)
