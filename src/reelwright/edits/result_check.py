"""One thing that a result was held to before it was published, as it is stored with it and shown."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["ok", "failed", "noted"]


class ResultCheck(msgspec.Struct, frozen=True, kw_only=True):
    """`seen`: what the file turned out to be; `wanted`: what was planned, where that is known. `noted` is worth a look
    and no fault: a source may be black, silent, or stand still as well."""

    name: str
    outcome: Outcome
    seen: str
    wanted: str | None = None

    @property
    def complaint(self) -> str:
        """The check in a sentence about what is wrong."""
        return f"{self.name}: {self.seen}" + (f", expected {self.wanted}" if self.wanted else "")


def check(name: str, right: bool, seen: str, wanted: str | None = None) -> ResultCheck:
    return ResultCheck(name=name, outcome="ok" if right else "failed", seen=seen, wanted=wanted)


def note(name: str, noticed: bool, seen: str) -> ResultCheck:
    return ResultCheck(name=name, outcome="noted" if noticed else "ok", seen=seen)
