"""The step `concat`: sources of every kind before and after a video, joined to the frame and to the sample."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import ImageFacts, VideoFacts
from reelwright.edits.steps import Step
from reelwright.edits.steps.concat import Clip, ConcatStep, CrossFade
from reelwright.edits.steps.trim import TrimStep
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes

FAST = FileOutput(video=VideoEncoding(preset="ultrafast"), audio=AudioEncoding())
PATIENCE_S = 120

OTHERS: dict[str, dict[str, Any]] = {
    "its own kind": {},
    "another size and rate": {"size": (108, 192), "frame_rate": "30000/1001", "seconds": 2.3},
    "variable": {"variable": True},
    "turned, silent": {"rotation": 90, "audio": 0},
    "interlaced, mono": {"interlaced": True, "channels": "mono", "sample_rate": 44100},
    "late sound, ts": {"container": "ts", "audio_delay_s": 1, "start_offset_s": "9"},
    "late picture": {"video_delay_frames": 12},
    "50 frames, 5.1": {"frame_rate": "50", "channels": "5.1", "container": "mkv"},
    "webm": {"container": "webm", "video": "vp9"},
}


async def known(prober: Prober, *paths: Path) -> list[recipes.Layer]:
    return [(VideoFacts(sha256=f"{n}" * 64, media=await prober.probe(path)), path) for n, path in enumerate(paths, 2)]


async def made(
    prober: Prober, tmp_path: Path, source: Path, layers: list[recipes.Layer], *steps: Step, outputs: int = 1
) -> list[Path]:
    targets = [tmp_path / "work" / f"{number}.mp4" for number in range(outputs)]
    edit = Edit(steps=steps, outputs=(FAST,) * outputs)
    async with asyncio.timeout(PATIENCE_S):
        result = await recipes.edited(prober, edit, source, *targets, layers=layers)
    assert result.missing == ()
    return targets


def clips(count: int, **more: Any) -> tuple[Clip, ...]:
    return tuple(Clip(source="a", **more) for _ in range(count))


@pytest.mark.few(4)
@pytest.mark.parametrize("name", OTHERS)
async def test_parts_follow_each_other_frame_by_frame(prober: Prober, tmp_path: Path, name: str) -> None:
    """Before and after: what is on display in each at the video's rate; its bursts of sound with it."""
    main, other = footage.make(), footage.make(**OTHERS[name])
    layers = await known(prober, other.path, other.path)
    target = (
        await made(prober, tmp_path, main.path, layers, ConcatStep(before=clips(1), after=clips(1), fill="stretch"))
    )[0]
    facts = layers[0][0]
    assert isinstance(facts, VideoFacts)
    length = Fraction(repr(facts.media.duration_s))
    count = round(length * 25)
    shown = [
        max((n for n, time in enumerate(other.frame_times_s) if time <= Fraction(frame, 25)), default=0)
        for frame in range(count)
    ]
    decoded = frame_judge.read(target)
    numbers = [frame.number for frame in decoded]
    assert len(numbers) == 2 * count + 50
    assert numbers[count : count + 50] == list(range(50))
    for part in (numbers[:count], numbers[count + 50 :]):
        # an instant that falls together with a frame's start belongs to either side of it, by rounding
        assert all(abs(a - b) <= 1 for a, b in zip(part, shown, strict=True)), (part, shown)
        assert sum(a != b for a, b in zip(part, shown, strict=True)) <= (0 if name == "its own kind" else 3)
    assert [frame.time_s - decoded[0].time_s for frame in decoded] == [Fraction(n, 25) for n in range(len(decoded))]
    heard = frame_judge.beep_offsets_s(other.path) if OTHERS[name].get("audio") != 0 else []
    slot = count / 25
    wanted = [onset + begin for begin in (0, slot + 2) for onset in heard if onset + footage.BURST_S < slot]
    wanted += [slot + onset for onset in frame_judge.beep_offsets_s(main.path)]
    found = frame_judge.beep_offsets_s(target)
    assert found == pytest.approx(sorted(wanted), abs=0.005)


@pytest.mark.parametrize("transition", ["fade", "wipeleft"])
async def test_a_cross_fade_overlaps_picture_and_sound(prober: Prober, tmp_path: Path, transition: Any) -> None:
    main, other = footage.make(), footage.make(seconds=3)
    layers = await known(prober, other.path, other.path)
    step = ConcatStep(
        before=clips(1, start=0.4, end=2.4), after=clips(1), transition=CrossFade(type=transition, duration=0.4)
    )
    target = (await made(prober, tmp_path, main.path, layers, step))[0]
    numbers = [frame.number for frame in frame_judge.read(target)]
    assert len(numbers) == 50 + 50 + 75 - 2 * 10
    assert numbers[:40] == list(range(10, 50))
    assert numbers[50:80] == list(range(10, 40))
    assert numbers[90:] == list(range(10, 75))
    # where one begins nothing of it is heard yet: of the first clip at 0.6, 1.6, of the video at 2.6, then of the last
    assert frame_judge.beep_offsets_s(target) == pytest.approx([0.6, 1.6, 2.6, 4.2, 5.2], abs=0.01)


@pytest.mark.few(1)
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("overlap", [None, CrossFade(duration=0.2)])
async def test_late_sound_of_several_tracks_in_several_outputs_ends(
    prober: Prober, tmp_path: Path, overlap: CrossFade | None, outputs: int
) -> None:
    """No graph waits for another for ever; where a clip has no track of the language, its usual one is heard."""
    main = footage.make(audio=2, audio_delay_s=1, seconds=3, languages=("eng", "ger"))
    late = footage.make(container="ts", audio_delay_s=1, seconds=3)
    silent = footage.make(audio=0, frame_rate="30")
    layers = await known(prober, late.path, silent.path, main.path)
    step = ConcatStep(before=clips(1), after=clips(2), transition=overlap)
    for target in await made(
        prober, tmp_path, main.path, layers, TrimStep(start=0.4), step, TrimStep(start=0.2), outputs=outputs
    ):
        media = await prober.probe(target)
        assert len(media.audio) == 2


async def test_pictures_stand_and_a_silent_video_gets_a_track(prober: Prober, tmp_path: Path, patch: Path) -> None:
    """A title card that fades into the video, and a clip that is heard behind it."""
    main, loud = footage.make(audio=0, frame_rate="30"), footage.make()
    layers = [recipes.drawn(patch), *(await known(prober, loud.path))]
    step = ConcatStep(
        before=(Clip(source="a", duration=1),), after=clips(1), fill="blur", transition=CrossFade(duration=0.5)
    )
    target = (await made(prober, tmp_path, main.path, layers, step))[0]
    decoded = frame_judge.read(target)
    assert len(decoded) == 30 + 60 + 60 - 2 * 15
    assert frame_judge.beep_offsets_s(target) == pytest.approx([3], abs=0.01)
    assert isinstance(layers[0][0], ImageFacts)
    middle = [frame.picture[54, 96] for frame in decoded[:14]]
    assert max(middle) - min(middle) <= 4


async def test_slides_of_a_sparse_video_become_even(prober: Prober, tmp_path: Path) -> None:
    """As a clip and as the video itself: a usual rate where there is no grid."""
    slides = footage.slides(tmp_path / "slides.mp4", (0, 1.5, 3.25), sound_s=4)
    main = footage.make()
    layers = await known(prober, slides)
    target = (await made(prober, tmp_path, main.path, layers, ConcatStep(after=clips(1, start=1, end=3.5))))[0]
    numbers = [frame.number for frame in frame_judge.read(target)]
    assert numbers[:50] == list(range(50))
    tail = numbers[50:]
    assert len(tail) in (62, 63)
    assert (tail[0], tail[11], tail[14], tail[55], tail[60]) == (0, 0, 1, 1, 2)
    other = tmp_path / "other"
    other.mkdir()
    layers = await known(prober, main.path)
    reverse = (await made(prober, other, slides, layers, ConcatStep(before=clips(1))))[0]
    numbers = [frame.number for frame in frame_judge.read(reverse)]
    assert numbers[:50] == list(range(50))
    assert set(numbers[50:]) == {0, 1, 2}
