"""Room on the storage disk: what must stay free is left alone, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelwright.errors import NoSpace
from reelwright.storage.local import LocalStorage


@pytest.mark.parametrize(("more", "words"), [(0, "must stay free"), (7, "must stay free after 7 more are stored")])
def test_a_disk_without_room_says_how_much_is_free_and_must_stay(tmp_path: Path, more: int, words: str) -> None:
    """In bytes, with what was to be stored."""
    storage = LocalStorage(tmp_path, reserve_bytes=2**60)
    with pytest.raises(NoSpace, match=rf"has \d+ bytes free, {2**60} {words}$"):
        storage.require_space(more)
