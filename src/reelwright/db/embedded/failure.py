"""The one exception of this package, which every module of it may raise."""

from __future__ import annotations


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be had; the message is one paragraph that says why and what helps."""
