"""Runs a module as `python -m` does, for `make coverage`: what was measured is saved before a signal ends the process.

uvicorn, once it has shut down, raises the signal that it was sent, with the system's own handler in place: nothing that
was to happen at the process's exit happens then.
"""

from __future__ import annotations

import runpy
import signal
import sys

import coverage

_raise = signal.raise_signal


def raise_signal(number: int) -> None:
    if (running := coverage.Coverage.current()) is not None:
        running.stop()
        running.save()
    _raise(number)


if __name__ == "__main__":
    signal.raise_signal = raise_signal
    del sys.path[0]  # this folder
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
