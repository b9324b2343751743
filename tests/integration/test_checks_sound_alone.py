"""Files of sound alone, and GIFs, that are not as planned are caught, by the check that is meant for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import pyvips

from reelwright.edits.codecs import AUDIO_CODECS, SOUND_CONTAINERS, Container, SoundContainer
from reelwright.edits.edit import Edit
from reelwright.edits.gifs_and_previews import Gif
from reelwright.edits.outputs import AudioEncoding, FileOutput
from reelwright.edits.plan import Plan, resolve
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import ReelwrightError
from reelwright.media.checks.image_checker import ImageChecker
from reelwright.media.checks.inspector import Inspector
from reelwright.media.checks.made_images import image_mismatches
from reelwright.media.probe.prober import Prober
from tests.support import recipes
from tests.support.media_files import ffmpeg


@dataclass(frozen=True)
class Good:
    """Four seconds of bursts at uneven times, in every format, and two of a GIF, from 1 s on."""

    plan: Plan
    source: Path
    work: Path


@pytest.fixture(scope="module")
async def good(prober: Prober, folder: Path) -> Good:
    source = folder / "source.mp4"
    sound = "aevalsrc=0.3*sin(3000*t)*lt(mod(0.9*t*t+0.3*t\\,1)\\,0.35):s=32000:c=stereo"
    picture = "testsrc2=size=96x64:rate=25,format=yuv420p"
    ffmpeg(*("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", "6", "-c:a", "aac"), str(source))
    outputs = tuple(
        FileOutput(container=container, video=None, audio=AudioEncoding(codec=AUDIO_CODECS[container][0]))
        for container in SOUND_CONTAINERS
    )
    edit = Edit(steps=(TrimStep(start=1, end=5),), outputs=outputs, sidecars=(Gif(duration=2),))
    plan = resolve(edit, recipes.facts(await prober.probe(source)))
    made = {f"out{number}": folder / "work" / f"out{number}" for number in range(len(outputs))}
    await recipes.make(plan, {"in0": source} | made)
    return Good(plan, source, folder / "work")


async def failed(prober: Prober, inspector: Inspector, good: Good, container: Container, path: Path) -> set[str]:
    """The checks that a file fails, "unreadable" where it cannot even be asked."""
    number = SOUND_CONTAINERS.index(container)
    try:
        checks = await recipes.checked(prober, inspector, good.plan, number, path, good.source)
    except ReelwrightError:
        return {"unreadable"}
    return {check.name for check in checks if check.outcome == "failed"}


@pytest.mark.parametrize("container", SOUND_CONTAINERS)
async def test_what_is_as_planned_fails_no_check(
    prober: Prober, inspector: Inspector, good: Good, container: SoundContainer
) -> None:
    """Though an MP3 of 32,000 samples a second begins 35 ms from its zero."""
    made = good.work / f"out{SOUND_CONTAINERS.index(container)}"
    assert await failed(prober, inspector, good, container, made) == set()


BROKEN: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "cut": (("-af", "atrim=end=3.4"), {"duration", "audio_times"}),
    "too long": (("-af", "apad=pad_dur=0.5"), {"duration", "audio_times"}),
    "late": (("-af", "adelay=150:all=1,atrim=end=4"), {"sync"}),
    "a stretch silent": (("-af", "volume=0:enable='between(t,1,3)'"), {"silence"}),
    "mono": (("-ac", "1"), {"audio_format"}),
    "another rate": (("-ar", "16000"), {"audio_format"}),
    "cut off at full scale": (("-af", "volume=40dB"), {"clipping"}),
}


@pytest.mark.parametrize("container", ["wav", pytest.param("m4a", marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", BROKEN)
async def test_what_is_broken_is_caught(
    prober: Prober, inspector: Inspector, good: Good, tmp_path: Path, container: SoundContainer, how: str
) -> None:
    options, checks = BROKEN[how]
    target = tmp_path / f"broken.{container}"
    made = good.work / f"out{SOUND_CONTAINERS.index(container)}"
    ffmpeg("-i", str(made), *options, "-movflags", "+faststart", str(target))
    assert await failed(prober, inspector, good, container, target) & checks


@pytest.mark.parametrize("container", SOUND_CONTAINERS)
async def test_damage_and_another_format_are_caught(
    prober: Prober, inspector: Inspector, good: Good, tmp_path: Path, container: SoundContainer
) -> None:
    content = bytearray((good.work / f"out{SOUND_CONTAINERS.index(container)}").read_bytes())
    half = tmp_path / "half"
    half.write_bytes(content[: len(content) // 2])
    assert await failed(prober, inspector, good, container, half)
    other = SOUND_CONTAINERS[SOUND_CONTAINERS.index(container) - 1]
    assert await failed(prober, inspector, good, other, good.work / f"out{SOUND_CONTAINERS.index(container)}")
    if container != "wav":  # any bytes are samples of a WAV
        for place in range(len(content) // 2, len(content) // 2 + 4000, 7):
            content[place] ^= 0x5A
        damaged = tmp_path / "damaged"
        damaged.write_bytes(content)
        assert await failed(prober, inspector, good, container, damaged)


async def test_a_gif_that_lacks_frames_or_time_is_caught(good: Good, tmp_path: Path) -> None:
    (sidecar,) = good.plan.sidecars
    expected = sidecar.files[0].image
    assert expected is not None
    whole = pyvips.Image.gifload(str(good.work / "animation.gif"), n=-1)
    short, slow, cut = tmp_path / "short.gif", tmp_path / "slow.gif", tmp_path / "cut.gif"
    pyvips.Image.gifload(str(good.work / "animation.gif"), n=23).write_to_file(str(short))
    slower = whole.copy()
    slower.set_type(pyvips.GValue.array_int_type, "delay", [100] * 24)
    slower.write_to_file(str(slow))
    cut.write_bytes((good.work / "animation.gif").read_bytes()[:-500])
    async with ImageChecker(memory_bytes=2**30) as checker:
        assert image_mismatches(expected, await checker.look(good.work / "animation.gif")) == []
        assert "23 frames, expected 24" in image_mismatches(expected, await checker.look(short))[0]
        assert "2400 ms, expected 2000 ms" in image_mismatches(expected, await checker.look(slow))[0]
        with pytest.raises(ReelwrightError):
            await checker.look(cut)
