"""docs/architecture.md tells where things are: whatever file or folder it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
ROOTS = (ROOT, ROOT / "src" / "reelwright")


def named() -> list[str]:
    """Every path that the page names, in backquotes or as a link, beside its line."""
    found = []
    for line in PAGE.read_text().splitlines():
        paths = re.findall(r"`([\w./]*(?:/|\.(?:py|md|toml|sql)))`|\]\(([\w./]+)\)", line)
        folder = ""
        for quoted, linked in paths:
            path = quoted or f"docs/{linked}"
            if quoted and "/" not in path and line.count("`") > 2 and folder and exists(folder + path):
                path = folder + path  # "`streams.py` there"
            folder = path[: path.rfind("/") + 1] or folder
            found.append(path)
    return found


def exists(path: str) -> bool:
    return any((root / path).exists() for root in ROOTS)


@pytest.mark.parametrize("path", sorted(set(named())))
def test_what_the_page_names_is_there(path: str) -> None:
    """A reader follows it to a file, not to what once was."""
    assert exists(path)


def test_no_room_is_missing() -> None:
    """Every package of the source is named."""
    text = PAGE.read_text()
    packages = {path.parent.relative_to(ROOTS[1]).as_posix() for path in ROOTS[1].rglob("__init__.py")} - {"."}
    assert sorted(package for package in packages if f"{package.split('/')[-1]}/" not in text) == []
