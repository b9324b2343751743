"""A file appears under its name whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelwright.storage.atomic_files import atomically


def write(target: Path, content: bytes) -> None:
    with atomically(target) as incoming:
        incoming.write_bytes(content)


def test_nothing_is_seen_before_the_end_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    """Until then the name is free."""
    target = tmp_path / "a.mp4"
    with atomically(target) as incoming:
        incoming.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    """Neither the file nor what was written of it."""

    def fail() -> None:
        with atomically(tmp_path / "a.mp4") as incoming:
            incoming.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_nobodys_file_is_overwritten(tmp_path: Path) -> None:
    """Not even one that came meanwhile."""
    target = tmp_path / "a.mp4"

    def lose() -> None:
        with atomically(target) as incoming:
            incoming.write_bytes(b"mine")
            target.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        lose()
    assert target.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is renamed then, and still nobody's is overwritten."""

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    target = tmp_path / "a.mp4"
    write(target, b"first")
    with pytest.raises(FileExistsError):
        write(target, b"second")
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]
