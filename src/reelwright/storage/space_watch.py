"""The free space of the disk while a file comes in of which nobody knows how large it becomes."""

from __future__ import annotations

from reelwright.storage.local import LocalStorage

SPACE_CHECK_BYTES = 256 << 20
"""Written since the last look at the disk."""


class SpaceWatch:
    """Looks at the disk again and again while a file is written of which nobody knows how large it becomes."""

    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage
        self._unchecked_bytes = 0

    def wrote(self, size_bytes: int) -> None:
        """Raises NoSpace once the reserve is eaten into."""
        self._unchecked_bytes += size_bytes
        if self._unchecked_bytes >= SPACE_CHECK_BYTES:
            self._unchecked_bytes = 0
            self._storage.require_space(0)
