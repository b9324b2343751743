"""Which embedded servers there are on this machine: for who looks for one where none is."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from reelwright.db.embedded import keeper


def is_there(home: Path) -> bool:
    """Whether anybody has ever begun to make a server in `home`."""
    return (home / "run").is_dir()


def running() -> list[Path]:
    """The homes of those that run, as far as this user may see."""
    homes = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, KeyError, TypeError):
                argv = (entry / "cmdline").read_bytes().decode().rstrip("\0").split("\0")
                if len(argv) > 1 and Path(argv[-2]).name == Path(keeper.__file__).name:
                    homes.add(Path(json.loads(argv[-1])["home"]))
    return sorted(homes)
