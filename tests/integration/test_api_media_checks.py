"""Whether media processes run here: asked of real processes, and seldom."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelwright.api.readiness import MediaChecks
from reelwright.media.sandbox import kernel_support
from reelwright.settings import Settings
from reelwright.settings_reader import parse


def with_ffmpeg(folder: Path, script: str) -> Settings:
    """Settings with this shell script for ffmpeg."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return parse({"APP_ENV": "test", "MEDIA_ROOT": str(folder / "media"), "FFMPEG_BIN": str(program)})


@pytest.fixture
def nothing_known() -> Iterator[None]:
    """What the kernel offers is measured anew."""
    kernel_support.measured.cache_clear()
    yield
    kernel_support.measured.cache_clear()


@pytest.mark.parametrize("script", ["echo ffmpeg version $$", "echo $$; exit 1"], ids=["works", "fails"])
async def test_one_run_answers_all_who_ask_for_a_while(tmp_path: Path, script: str) -> None:
    """However many ask, at once or one by one, ffmpeg runs once; then, after a while, again. Each run of this ffmpeg
    tells its own number, so one run is one answer."""
    checks = MediaChecks(with_ffmpeg(tmp_path, script), keep_s=3600)
    at_once = await asyncio.gather(*(checks.checks() for _ in range(10)))
    afterwards = [await checks.checks() for _ in range(10)]
    answers = {ffmpeg for ffmpeg, _ in at_once + afterwards}
    assert len(answers) == 1
    (answer,) = answers
    assert answer.ok == ("version" in script)
    assert any(character.isdigit() for character in answer.detail or "")

    forgetful = MediaChecks(with_ffmpeg(tmp_path, script), keep_s=0)
    assert len({(await forgetful.checks())[0] for _ in range(3)}) == 3


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("python", ["/bin/false", "/no/such/program"])
async def test_processes_that_do_not_start_are_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    """Where the launcher fails, or there is none, both checks say so and nothing is raised."""
    monkeypatch.setattr(sys, "executable", python)
    checks = await MediaChecks(with_ffmpeg(tmp_path, "echo ffmpeg version 1")).checks()
    assert [(check.name, check.ok) for check in checks] == [("ffmpeg", False), ("containment", False)]
    assert all(check.detail for check in checks)


async def test_a_launcher_that_hangs_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running over its time is a failed check, not an error of the request."""

    def hang() -> kernel_support.Containment:
        raise subprocess.TimeoutExpired(["launcher"], 30)

    monkeypatch.setattr(kernel_support, "available", hang)
    _, containment = await MediaChecks(with_ffmpeg(tmp_path, "echo ffmpeg version 1")).checks()
    assert (containment.ok, containment.detail) == (False, "cannot be tried: TimeoutExpired")
