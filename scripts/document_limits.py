"""Writes `docs/limits.md` from `src/reelwright/api/service_limits.py`. A test holds it up to date."""

from __future__ import annotations

from pathlib import Path

from reelwright.api.service_limits import bounds
from reelwright.settings import Settings

ROOT = Path(__file__).parents[1]


def limits() -> str:
    lines = [
        "# Limits",
        "",
        "Every limit of the service, as `GET /limits` lists them with the values that hold where it runs; those of the",
        "key that asks and of its project are there too, with what is used of them",
        "([access.md](access.md#how-much-a-key-may-do)). This page is written by `scripts/document_limits.py` from",
        "`src/reelwright/api/service_limits.py`.",
        "",
        "Beyond a limit the answer is a problem document with the status that is named here; where none is, what is",
        "under way ends, or waits. Those with a setting are changed by it ([configuration.md](configuration.md)), with",
        "this value as it ships; the others are built in.",
        "",
        "| Limit | Value | Unit | Status | Setting | Meaning |",
        "|---|---|---|---|---|---|",
    ]
    for row in bounds(Settings()):
        value = int(row.value) if float(row.value).is_integer() else row.value
        setting = f"`{row.setting}`" if row.setting else ""
        lines.append(f"| `{row.name}` | {value} | {row.unit} | {row.status or ''} | {setting} | {row.meaning} |")
    return "\n".join(lines) + "\n"


DOCUMENTS = {ROOT / "docs" / "limits.md": limits}

if __name__ == "__main__":
    for path, write in DOCUMENTS.items():
        path.write_text(write())
