"""Where the folders that ship with the code are: in a checkout beside `src/`, in an installation inside the package."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder `migrations` or `assets`."""
    installed = _HERE / "_packaged" / name
    return installed if installed.is_dir() else _HERE.parents[1] / name
