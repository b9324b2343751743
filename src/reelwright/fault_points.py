"""Named points at which a test may kill, pause or fail a process. Without a test they cost one look at a dict.

A test arms points through the environment of the process it starts:
`REELWRIGHT_FAULTS="claimed=kill;rendered, not renamed=pause:/tmp/go"`.

    kill            the process gets SIGKILL, as if the power went
    pause:PATH      the process touches PATH.reached and waits until PATH appears
    fail            raises FaultInjected once
Only APP_ENV=test honours the variable.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

POINTS = frozenset(
    {
        "upload stored, not inserted",
        "upload inserted, not committed",
        "resumable: appended, not released",
        "submit: result taken, not committed",
        "submit: encode shared, not committed",
        "request: committed, not answered",
        "claimed",
        "ffmpeg started",
        "rendered, not verified",
        "rendered, not renamed",
        "renamed, not committed",
        "committed, not finished",
    }
)


class FaultInjected(Exception):
    """Raised by a point that a test armed with `fail`."""


def _armed() -> dict[str, str]:
    if os.environ.get("APP_ENV") != "test":
        return {}
    pairs = (item.partition("=") for item in os.environ.get("REELWRIGHT_FAULTS", "").split(";") if item)
    armed = {name: action for name, _, action in pairs}
    if unknown := armed.keys() - POINTS:
        raise ValueError(f"unknown fault points: {sorted(unknown)}")
    return armed


_ARMED = _armed()


def point(name: str) -> None:
    """Announce a point. Blocks the calling thread where a test wants a pause: the whole process stands still there."""
    assert name in POINTS, name
    action = _ARMED.get(name)
    if action is None:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "fail":
        del _ARMED[name]
        raise FaultInjected(name)
    else:
        go = Path(action.removeprefix("pause:"))
        go.with_name(go.name + ".reached").touch()
        while not go.exists():
            time.sleep(0.01)
