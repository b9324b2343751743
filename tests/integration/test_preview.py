"""A preview shows what the result will show: frame by frame, through the same graph, wherever reading begins."""

from __future__ import annotations

import asyncio
import io
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import ImageFacts, Plan
from reelwright.edits.plan.several_steps import resolve_several_steps
from reelwright.edits.steps import Step
from reelwright.errors import Busy, UnreadableMedia
from reelwright.media.ffmpeg import executable, preview_run
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.preview import ImageFormat, Look, preview_command
from reelwright.storage import in_use
from tests.support import footage, frame_judge, recipes
from tests.support.footage import Footage

Picture = npt.NDArray[np.uint8]

SOURCES: dict[str, dict[str, Any]] = {
    "even": {"seconds": 7, "keyframe_every": 50},
    "uneven": {"seconds": 7, "variable": True, "keyframe_every": 40},
    "rotated": {"seconds": 6, "rotation": 90, "container": "mov"},
    "interlaced": {"seconds": 6, "interlaced": True},
    "matroska, begins late": {"seconds": 6, "container": "mkv", "start_offset_s": "5"},
    "not seekable": {"seconds": 6, "container": "ts"},
    "slides": {"seconds": 12, "frame_rate": "1/2", "keyframe_every": 2, "b_frames": 0},
}
KEEP = {"type": "keep", "intervals": [{"start": 0.5, "end": 2}, {"start": 3, "end": 5.5}]}
OVERLAY = {
    "type": "overlay",
    "layers": [
        {"type": "image", "image_path": "a", "x": 20, "y": 20, "start": 0.4, "end": 2.6, "fade_in": 0.5},
    ],
}
EDITS: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "trim": [{"type": "trim", "start": 2.3, "end": 5.9}],
    "keep, faster, blurred": [KEEP, {"type": "speed", "factor": 1.7}, {"type": "fit", "aspect": "1:1", "fill": "blur"}],
    "slower, laid over, faded": [{"type": "speed", "factor": 0.5}, OVERLAY, {"type": "fade", "in": 1, "out": 1}],
    "laid over, cut, turned, trimmed": [
        OVERLAY,
        {"type": "cut", "intervals": [{"start": 1, "end": 1.5}]},
        {"type": "rotate", "degrees": 90},
        {"type": "trim", "start": 0.7},
    ],
}


async def plan_of(prober: Prober, source: Path, steps: list[dict[str, Any]]) -> Plan:
    edit = Edit(
        steps=msgspec.convert(steps, tuple[Step, ...]),
        outputs=(FileOutput(video=VideoEncoding(crf=6, preset="ultrafast"), audio=AudioEncoding()),),
    )
    images = [ImageFacts(sha256="1" * 64, width=recipes.PATCH[0], height=recipes.PATCH[1])] * str(steps).count(
        "'image'"
    )
    media = await prober.probe(source)
    assert media.duration_s is not None
    return resolve_several_steps(edit, recipes.facts(media, *images), Fraction(repr(media.duration_s)), [], ())


async def looked_at(plan: Plan, look: Look, source: Path, patch: Path, work: Path, **limits: Any) -> bytes:
    slots = {"in0": source} | {f"in{number}": patch for number in range(1, len(plan.sources))}
    command = preview_command(plan, look, await recipes.ffmpeg_can())
    bounds = {"timeout_s": 60, "memory_bytes": 4 * 2**30, "most_bytes": 2**26, **limits}
    ffmpeg = executable.ffmpeg_path(recipes.SETTINGS)
    return await preview_run.make(command, look.file_name, slots, ffmpeg=ffmpeg, work_root=work, **bounds)


def pictures(data: bytes | Path) -> list[tuple[Fraction, Picture]]:
    """Frames as a viewer sees them, with their times."""
    with av.open(io.BytesIO(data) if isinstance(data, bytes) else str(data), "r") as opened:
        return [
            (
                (frame.pts or 0) * (frame.time_base or Fraction(0)),
                frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False),
            )
            for frame in opened.decode(video=0)
        ]


def gray(picture: Picture) -> Picture:
    luma: Picture = (picture @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
    return luma


COMBINATIONS = [
    pytest.param(source, edit, marks=[] if (row + column) % 8 == 0 else [pytest.mark.slow])
    for row, source in enumerate(SOURCES)
    for column, edit in enumerate(EDITS)
]


@pytest.mark.few(2)
@pytest.mark.parametrize(("source", "edit"), COMBINATIONS)
async def test_it_is_the_frame_of_the_result(
    prober: Prober, patch: Path, tmp_path: Path, source: str, edit: str
) -> None:
    made: Footage = footage.make(**SOURCES[source])
    plan = await plan_of(prober, made.path, EDITS[edit])
    slots = {"in0": made.path} | {f"in{number}": patch for number in range(1, len(plan.sources))}
    await recipes.make(plan, {**slots, "out0": tmp_path / "work" / "out.mp4"})
    result = pictures(tmp_path / "work" / "out.mp4")
    length = Fraction(plan.outputs[0].duration_s)
    for share in (Fraction(0), Fraction(1, 3), Fraction(4, 7), Fraction(99, 100)):
        at = length * share
        image: ImageFormat = "webp" if share == Fraction(1, 3) else "png"
        ((_, seen),) = pictures(await looked_at(plan, Look(at, image=image), made.path, patch, tmp_path))
        place = max((number for number, (time, _) in enumerate(result) if time <= at), default=0)
        likeness = [
            frame_judge.ssim(gray(seen), gray(result[number][1])) if 0 <= number < len(result) else 0.0
            for number in (place - 1, place, place + 1)
        ]
        assert seen.shape == result[place][1].shape
        assert likeness[1] >= 0.98, (share, image, likeness)
    assert [path.name for path in tmp_path.iterdir()] == ["work"], "nothing is left behind"


@pytest.mark.few(1)
@pytest.mark.parametrize("edit", ["nothing", "keep, faster, blurred"])
async def test_a_draft_is_small_and_in_step(prober: Prober, patch: Path, tmp_path: Path, edit: str) -> None:
    """Its frames are those from there on, and the sound is where it is in the result."""
    made = footage.make(seconds=6, keyframe_every=50, size=(656, 368))
    plan = await plan_of(prober, made.path, EDITS[edit])
    slots = {"in0": made.path, "out0": tmp_path / "work" / "out.mp4"}
    await recipes.make(plan, slots)
    begin, lasting = (Fraction(7, 2), Fraction(2)) if edit == "nothing" else (Fraction(1, 2), Fraction(3, 2))
    draft = tmp_path / "draft.mp4"
    draft.write_bytes(await looked_at(plan, Look(begin, lasting), made.path, patch, tmp_path))
    result = [picture for time, picture in pictures(tmp_path / "work" / "out.mp4") if begin <= time < begin + lasting]
    drawn = pictures(draft)
    assert abs(len(drawn) - len(result)) <= 1
    assert drawn[0][1].shape[1] == min(640, plan.outputs[0].width)
    beeps = [time - float(begin) for time in frame_judge.beep_offsets_s(tmp_path / "work" / "out.mp4")]
    beeps = [time for time in beeps if 0.05 < time < float(lasting) - 0.05]
    heard = [time for time in frame_judge.beep_offsets_s(draft) if 0.05 < time < float(lasting) - 0.05]
    assert len(beeps) == len(heard)
    assert all(abs(mine - theirs) < 0.03 for mine, theirs in zip(heard, beeps, strict=True)), (heard, beeps)


async def test_it_is_bounded_in_time_and_ends_with_who_waits(prober: Prober, patch: Path, tmp_path: Path) -> None:
    """The source is one that is waited for in vain."""
    plan = await plan_of(prober, footage.make(seconds=2).path, [])
    never, work = tmp_path / "never.mp4", tmp_path / "work"
    os.mkfifo(never)
    work.mkdir()
    with pytest.raises(Busy, match="takes longer"):
        await looked_at(plan, Look(Fraction(0)), never, patch, work, timeout_s=0.3)
    assert list(work.iterdir()) == []
    waiting = asyncio.create_task(looked_at(plan, Look(Fraction(0)), never, patch, work))
    while not (folders := list(work.glob("*-0"))):
        await asyncio.sleep(0.01)
    assert in_use.held(folders[0])
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert list(work.iterdir()) == []


async def test_a_source_that_gives_nothing_is_said_to_be_damaged(prober: Prober, patch: Path, tmp_path: Path) -> None:
    made = footage.make(seconds=2)
    plan = await plan_of(prober, made.path, [])
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(made.path.read_bytes()[:64])
    with pytest.raises(UnreadableMedia):
        await looked_at(plan, Look(Fraction(1)), broken, patch, tmp_path)
