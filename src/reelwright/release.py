"""Which release this is. A module of its own: the programs that read files need not know it, and its look-up would be
half of their start."""

from __future__ import annotations

from importlib.metadata import version

RELEASE = version("reelwright")
