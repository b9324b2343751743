"""Writes `.env.example` and `docs/configuration.md` from the settings themselves. A test holds both up to date."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import get_type_hints

from msgspec import Meta

from reelwright.settings import Settings
from reelwright.settings_reader import OLD_NAMES

ROOT = Path(__file__).parents[1]
OF_COMPOSE = {"AUTH": "in compose, whose ports are this machine's alone, `off`"}
"""compose.yaml has a default of its own for these: a value in `.env` would hide it."""


def sections() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Heading and (name, default, meaning) of every setting, in the order of the source."""
    hints = get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    found: list[tuple[str, list[tuple[str, str, str]]]] = []
    for heading, field in re.findall(r"^    # (.+)$|^    (\w+): Annotated", inspect.getsource(Settings), re.MULTILINE):
        if heading:
            found.append((heading, []))
            continue
        value = getattr(defaults, field)
        text = _shown(value)
        meaning = next(
            part.description for part in hints[field].__metadata__ if isinstance(part, Meta) and part.description
        )
        found[-1][1].append((field.upper(), text, meaning))
    return found


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def env_example() -> str:
    old_names = ", ".join(f"{old} ({new})" for old, new in OLD_NAMES.items())
    lines = [
        "# Reelwright's settings: name=default, each with its meaning. Copied to `.env` as it is, this file",
        "# serves `make up` (embedded database, bundled ffmpeg, folders beside it) and compose, whose services",
        "# set the database, the paths and the public bind themselves. The environment wins over `.env`; an",
        "# empty value means the default.",
        "#",
        f"# Also read under their old names: {old_names}.",
        "# UPLOAD_DIR and PROCESSED_DIR became folders below MEDIA_ROOT. REDIS_URL and SECRET_KEY have no successor.",
    ]
    for heading, settings in sections():
        lines += ["", f"# --- {heading}"]
        for name, default, meaning in settings:
            lines += (
                [f"# {meaning} Empty: `{default}`; {OF_COMPOSE[name]}.", f"{name}="]
                if name in OF_COMPOSE
                else [f"# {meaning}", f"{name}={default}"]
            )
    return "\n".join(lines) + "\n"


def configuration() -> str:
    lines = [
        "# Configuration",
        "",
        "Settings come from the environment and from a file `.env` in the current folder; the environment wins, an",
        "empty value means the default. Wrong values are all named at start, and nothing starts. Paths may be",
        "relative to the current folder. Names end in their unit where they have one (`_s` seconds, `_bytes` bytes).",
        "",
        "This page is written by `scripts/document_settings.py` from `src/reelwright/settings.py`.",
    ]
    for heading, settings in sections():
        lines += ["", f"## {heading}", "", "| Setting | Default | Meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {f'`{default}`' if default else 'empty'} | {meaning} |"
            for name, default, meaning in settings
        ]
    lines += ["", "## Old names", "", "Read where the new name is not set:", ""]
    lines += [f"- `{old}`: now `{new}`" for old, new in OLD_NAMES.items()]
    return "\n".join(lines) + "\n"


DOCUMENTS = {ROOT / ".env.example": env_example, ROOT / "docs" / "configuration.md": configuration}

if __name__ == "__main__":
    for path, write in DOCUMENTS.items():
        path.write_text(write())
