"""Images alone whose moments lie far apart are those that reading all of the video gives, byte for byte; most of it is
not decoded for them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.gifs_and_previews import Preview
from reelwright.edits.plan import Plan, resolve
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.steps import Step
from reelwright.media.ffmpeg.command import Recipe
from reelwright.media.ffmpeg.executable import ffmpeg_path
from reelwright.media.ffmpeg.runner import run
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.compile import compile_plan
from reelwright.media.recipes.several_steps import edit_commands
from tests.support import recipes
from tests.support.media_files import ffmpeg


def told(*_: object) -> None:
    """Nobody listens."""


CODING = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
SOURCES: dict[str, tuple[str, ...]] = {
    "long groups.mp4": (*CODING, "-g", "100", "-bf", "3"),
    "open groups.mkv": (*CODING, "-preset", "superfast", "-x264-params", "open-gop=1:keyint=120:bframes=3"),
    "uneven.mp4": (*CODING, "-g", "40", "-vf", "select='not(mod(n,3))+lt(mod(n,70),20)'", "-fps_mode", "vfr"),
    "ends early.mp4": (*CODING, "-g", "40"),
    "ten bits.mkv": (
        *("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"),
        *("-x265-params", "log-level=1:keyint=100"),
    ),
}
STEPS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"type": "trim", "start": 3.3, "end": 190}, {"type": "crop", "width": 60, "height": 40}],
    [{"type": "cut", "intervals": [{"start": 20, "end": 27.7}]}, {"type": "speed", "factor": 1.25}],
)


def made_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.[jw]*")}


def plan_of(media: Any, steps: list[dict[str, Any]]) -> Plan:
    sidecars = (
        Sprite(every=40.4),
        Thumbnails(at=(0, 1.5, "0:50.1", 100.02, 100.12, 150.33)),
        Poster(at=144),
        *(() if steps else (Preview(),)),  # its bits lie near to the others in what is shorter
    )
    return resolve(
        Edit(steps=msgspec.convert(steps, tuple[Step, ...]), outputs=(), sidecars=sidecars), recipes.facts(media)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
async def test_they_are_those_that_reading_all_gives(prober: Prober, tmp_path: Path, name: str) -> None:
    """Whatever the steps, where a moment lies within a long group, near another one, or behind the last frame."""
    source = tmp_path / name
    picture = "testsrc2=size=96x54:rate=10"  # of which no frame is like another
    seconds = 160 if name.startswith("ends") else 200
    sound = ("-f", "lavfi", "-i", "anullsrc=sample_rate=8000:channel_layout=mono", "-t", "200")
    ffmpeg("-f", "lavfi", "-t", str(seconds), "-i", picture, *sound, *SOURCES[name], str(source))
    media = await prober.probe(source)
    for number, steps in enumerate(STEPS):
        plan, capabilities = plan_of(media, steps), await recipes.ffmpeg_can()
        sought = compile_plan(plan, capabilities)
        assert len(sought.commands) > 4
        read = Recipe(commands=edit_commands(plan, capabilities), capabilities=capabilities)
        found = {}
        for way, recipe in (("sought", sought), ("read", read)):
            folder = tmp_path / f"{way}{number}"
            folder.mkdir()
            program = ffmpeg_path(recipes.SETTINGS)
            assert (
                await run(recipe, {"in0": source}, ffmpeg=program, work=folder, budget=recipes.BUDGET, report=told)
                == ()
            )
            found[way] = made_of(folder)
        assert len(found["read"]) == (8 if steps else 9)
        assert found["sought"] == found["read"], steps
