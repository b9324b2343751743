"""When a job is to have its turn, as whoever asks for it says: how urgent it is, not before, and not after. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from reelwright.errors import FieldError

MOST_URGENT: Final = 10
"""Priorities lie between this and its negative."""
MAX_AHEAD_S: Final = 90 * 24 * 3600
"""So far ahead a job may be asked for: until it has ended, what it works on cannot be deleted."""


@dataclass(frozen=True, slots=True)
class Timing:
    """`priority`: higher goes first, within its project. `run_at`: it does not begin before. `expires_at`: if it has
    not begun by then, it ends."""

    priority: int = 0
    run_at: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None

    @property
    def is_planned(self) -> bool:
        """Whether it is bound to times: such a job shares its encode with nobody."""
        return self.run_at is not None or self.expires_at is not None

    def faults(self, now: datetime.datetime) -> list[FieldError]:
        """Return what is wrong with the times, by field."""
        errors = []
        furthest = now + datetime.timedelta(seconds=MAX_AHEAD_S)
        for name, moment in (("run_at", self.run_at), ("expires_at", self.expires_at)):
            if moment is not None and moment > furthest:
                days = MAX_AHEAD_S // (24 * 3600)
                errors.append(FieldError(f"/{name}", f"is more than {days} days ahead: {furthest.isoformat()} at most"))
        if self.expires_at is not None and self.expires_at <= now:
            errors.append(FieldError("/expires_at", f"is past: here it is {now.isoformat()}"))
        elif self.expires_at is not None and self.run_at is not None and self.expires_at <= self.run_at:
            errors.append(FieldError("/expires_at", "is not after `run_at`: the job could never begin"))
        return errors


AT_ONCE: Final = Timing()
"""As soon as a worker is free."""
