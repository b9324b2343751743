"""The units in deploy/systemd: systemd understands them, they are tight, and leave room for our own containment."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
MOST_EXPOSED = 25
"""Of 100, as `systemd-analyze security` counts; a unit that says nothing has 96."""
CONTAINMENT = {
    *("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp", "prctl", "prlimit64"),
    *("setsid", "execve", "pidfd_open", "kill", "linkat", "fsync", "memfd_create", "sched_setaffinity"),
}
"""System calls of the launcher, the workers and PostgreSQL's clients."""

pytestmark = pytest.mark.needs("systemd-analyze")


def analysed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, with the programs of this virtual environment, under a name that needs no quotes."""
    programs = tmp_path / "programs"
    programs.symlink_to(Path(sys.executable).parent)
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/reelwright/.venv/bin", str(programs))
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def test_systemd_understands_the_units(installed: Path) -> None:
    """No unknown option, no missing program, no unit that another one names in vain."""
    names = [*SERVICES, "reelwright.target"]
    found = analysed("verify", "--man=no", *(str(installed / name) for name in names))
    ours = [line for line in found.stderr.splitlines() if "reelwright" in line]
    assert (found.returncode, ours) == (0, [])
    broken = (installed / "reelwright-api.service").read_text().replace("Restart=always", "Restart=sometimes")
    (installed / "reelwright-api.service").write_text(broken)
    assert "sometimes" in analysed("verify", "--man=no", str(installed / "reelwright-api.service")).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_the_units_are_tight(installed: Path, name: str) -> None:
    """By systemd's own count of what a service could do to the machine."""
    found = analysed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(installed / name))
    assert found.returncode == 0, found.stdout[-300:] + found.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_media_processes_can_confine_themselves(name: str) -> None:
    """What the launcher needs is not taken away by the unit's own filter of system calls, nor is a child's memory."""
    text = (UNITS / name).read_text()
    allowed: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", text, re.MULTILINE):
        names = _calls(line.removeprefix("~").split())
        allowed = allowed - names if line.startswith("~") else allowed | names
    assert CONTAINMENT - allowed == set()
    assert "MemoryDenyWriteExecute=true" not in text  # libvips makes code at run time


def _calls(groups: list[str]) -> set[str]:
    found: set[str] = set()
    for group in groups:
        if not group.startswith("@"):
            found.add(group)
            continue
        lines = analysed("syscall-filter", group).stdout.splitlines()[1:]
        found |= _calls([line.strip() for line in lines if line.strip() and not line.strip().startswith("#")])
    return found
