"""`reelwright doctor`: what is wrong with a machine is found, and said with what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.db.revisions import newest_revision
from reelwright.settings import Settings
from tests.conftest import execute
from tests.support.service import Service, free_port

Finding = dict[str, Any]


async def examined(folder: Path, settings: Settings, *, status: int, **changes: Any) -> dict[str, Finding]:
    """The doctor's findings by name."""
    ended = await Service(msgspec.structs.replace(settings, **changes), folder).command("doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(ended.output)}
    assert ended.status == status, found
    for finding in found.values():
        assert (finding["state"] == "ok") == (finding["advice"] is None), finding
    return found


@pytest.mark.from_nothing
async def test_a_machine_that_the_tests_run_on_is_fit(tmp_path: Path, settings: Settings) -> None:
    """Nothing fails, every part is looked at, and nothing is left behind or made."""
    found = await examined(tmp_path, settings, status=0)
    looked = ["python", "libraries", "ffmpeg", "fonts", "MEDIA_ROOT", "WORK_ROOT"]
    looked += ["database", "schema", "notifications", "clock"]
    assert {found[name]["state"] for name in looked} == {"ok"}
    assert set(found) >= {"disk space", "one disk", "connections", "open files", "processes", "encoders in hardware"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
async def test_a_broken_machine_is_told_part_by_part(tmp_path: Path, settings: Settings) -> None:
    """No database, no ffmpeg, folders that cannot be written: each failed, with advice; the rest is examined."""
    sealed = tmp_path / "sealed"
    sealed.mkdir(mode=0o500)
    read_only = sealed if os.geteuid() else Path("/sys/kernel")  # where even root makes no file
    found = await examined(
        tmp_path,
        settings,
        status=1,
        database_url=f"postgresql://me:s3cret@127.0.0.1:{free_port()}/films",
        ffmpeg_bin="/opt/nothing/ffmpeg",
        media_root=str(read_only / "media"),
    )
    assert {name for name, finding in found.items() if finding["state"] == "failed"} == {
        *("database", "ffmpeg", "MEDIA_ROOT", "WORK_ROOT")
    }
    assert "Connection refused" in found["database"]["detail"]
    assert "DB_HOST" in found["database"]["advice"]
    assert "s3cret" not in str(found)
    assert "FFMPEG_BIN" in found["ffmpeg"]["advice"]
    assert "MEDIA_ROOT" in found["MEDIA_ROOT"]["advice"]
    assert found["fonts"]["state"] == "ok"


@pytest.mark.slow
async def test_a_schema_that_does_not_fit_is_told(tmp_path: Path, settings: Settings) -> None:
    """One that is behind fails and names the command; one that is ahead is a warning, here as people read it."""
    url = settings.database_url
    await execute(url, "UPDATE alembic_version SET version_num = '0001'")
    schema = (await examined(tmp_path, settings, status=1))["schema"]
    assert schema == {
        "name": "schema",
        "state": "failed",
        "detail": f"0001, needed {newest_revision()}",
        "advice": "Run `reelwright migrate`.",
    }
    await execute(url, "UPDATE alembic_version SET version_num = '9999'")
    ended = await Service(settings, tmp_path).command("doctor")
    lines = ended.output.splitlines()
    at = lines.index("warning  schema: 9999, made by a newer version")
    assert (ended.status, lines[at + 1]) == (0, "         Upgrade the program as well.")
    assert any(line.startswith("ok       python: Python 3.") for line in lines)


@pytest.mark.slow
async def test_what_is_not_as_it_could_be_is_a_warning(tmp_path: Path, settings: Settings) -> None:
    """A work folder on another file system is said, with what it costs; too little space fails."""
    found = await examined(tmp_path, settings, status=1, work_root="/dev/shm/work", disk_reserve_bytes=2**60)
    assert found["one disk"]["state"] == "warning"
    assert "cross-device" in found["one disk"]["detail"]
    assert found["disk space"]["state"] == "failed"
    assert not Path("/dev/shm/work").exists()
