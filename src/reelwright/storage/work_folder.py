"""A folder to work in, of an attempt or a preview: held for as long as that lives, so that no sweep takes it away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from reelwright.storage import in_use


class WorkFolder:
    """All methods block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hold: int | None = None

    def make(self) -> None:
        self._hold = in_use.make_held(self.path)

    def remove(self) -> None:
        """Remove the folder with all that is in it; it may be made again."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None

    def used_bytes(self) -> int:
        """Return the bytes of disk that its files take."""
        return sum(path.lstat().st_blocks for path in self.path.rglob("*")) * 512
