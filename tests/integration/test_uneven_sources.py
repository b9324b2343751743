"""Sources that change, jump or are torn on their way: what can be decoded comes out, what cannot is told."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest

from reelwright.edits.edit import Edit, overlay, trim
from reelwright.edits.layers import ImageLayer
from reelwright.edits.outputs import AudioEncoding, FileOutput, Ladder, VideoEncoding
from reelwright.edits.plan import VideoFacts
from reelwright.edits.steps.concat import Clip, ConcatStep
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.media_files import ffmpeg

SECONDS = 2
HALF = 25 * SECONDS
"""Frames of each of two parts."""
FAST = FileOutput(video=VideoEncoding(preset="ultrafast"), audio=AudioEncoding())
INTERRUPTED = "the video lacks something within 1 frame, unless recordings were put together there"


def joined(folder: Path, name: str, suffix: str, **second: Any) -> Path:
    """Two recordings, one after the other, as if one had gone on as the other; the second is made otherwise."""
    parts = [
        footage.make(container="ts", seconds=SECONDS, start_offset_s=str(start), **how).path
        for start, how in ((1, {}), (1 + SECONDS, second))
    ]
    stream = folder / f"{name}.ts"
    stream.write_bytes(b"".join(part.read_bytes() for part in parts))
    if suffix == "ts":
        return stream
    ffmpeg("-i", str(stream), "-c", "copy", str(stream.with_suffix(f".{suffix}")))
    return stream.with_suffix(f".{suffix}")


async def make(
    prober: Prober, source: Path, work: Path, edit: Edit | str, *layers: recipes.Layer
) -> tuple[tuple[str, ...], list[frame_judge.Decoded]]:
    """What the work said is missing, and the frames that came out. The edit, or its operation's name."""
    wanted = edit if isinstance(edit, Edit) else partial(recipes.edit_of, edit)
    made = await recipes.edited(prober, wanted, source, work / "out.mp4", layers=layers)
    return made.missing, frame_judge.read(work / "out.mp4")


CHANGES: dict[str, dict[str, Any]] = {
    "size": {"size": (288, 162)},
    "format": {"pixel_format": "yuv444p"},
    "aspect": {"sample_aspect_ratio": "4/3"},
    "nothing": {},
}


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("change", "suffix"),
    [("nothing", "ts"), ("size", "ts"), ("size", "mp4"), ("size", "flv"), ("format", "mkv"), ("aspect", "ts")],
)
async def test_a_picture_that_changes_in_the_middle_loses_no_frame(
    prober: Prober, folder: Path, tmp_path: Path, change: str, suffix: str
) -> None:
    """Streamed, where the first frame is treated apart; and at the join the packet counters of a broadcast jump, which
    is how one that lacks something looks."""
    source = joined(folder, change, suffix, **CHANGES[change])
    said, found = await make(prober, source, tmp_path / "work", "stream")
    assert [frame.number for frame in found] == [*range(HALF), *range(HALF)]
    assert said == ((INTERRUPTED,) if suffix == "ts" else ())


async def test_a_layer_stays_when_the_picture_below_changes(
    prober: Prober, folder: Path, patch: Path, tmp_path: Path
) -> None:
    """What lies over it is read once, however often the picture changes."""
    source = joined(folder, "size", "mkv", **CHANGES["size"])
    layer = ImageLayer(image_path="a", x=10, y=78, start=1.5, end=3.0)
    _, found = await make(prober, source, tmp_path / "work", overlay((layer,)), recipes.drawn(patch))
    assert [frame.number for frame in found] == [*range(HALF), *range(HALF)]
    with av.open(str(tmp_path / "work" / "out.mp4")) as opened:
        pictures = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    shown = [number for number, rgb in enumerate(pictures) if abs(rgb[88, 20].astype(int) - (255, 0, 255)).max() < 60]
    times = [float(frame.time_s) for frame in found]
    assert shown == [number for number, time in enumerate(times) if 1.5 <= time < 3.0]


@pytest.mark.parametrize("container", ["avi", "mkv"])
async def test_a_last_frame_that_is_damaged_is_missed_aloud(prober: Prober, tmp_path: Path, container: str) -> None:
    """Everything before it is made, by every operation alike, with a warning; who does not want it hears nothing."""
    whole = footage.make(container=container, video="mpeg4", seconds=1, audio=0, b_frames=0)
    source = footage.spoilt(whole.path, tmp_path / f"spoilt.{container}")
    edits: tuple[Edit | str, ...] = (trim(0.2, 1), "transcode")
    for number, edit in enumerate(edits):
        said, found = await make(prober, source, tmp_path / f"{number}", edit)
        assert [frame.number for frame in found] == list(range(0 if edit == "transcode" else 5, 24))
        assert said == ("the last frame of the video is damaged and was left out",)
    said, found = await make(prober, source, tmp_path / "before", trim(0.2, Fraction(24, 25).__float__()))
    assert (len(found), said) == (19, ())


async def test_a_broadcast_with_gaps_is_made_and_they_are_told(prober: Prober, tmp_path: Path) -> None:
    """Packets that got lost on the way, in the picture and in the sound: every frame is there that can be, the last one
    too, and what is damaged is said even where the decoder says nothing; who cuts before that hears nothing."""
    whole = footage.make(container="ts", seconds=SECONDS).path
    packets = [whole.read_bytes()[at : at + 188] for at in range(0, whole.stat().st_size, 188)]
    of_sound = [number for number, packet in enumerate(packets) if packet[1:3] == b"\x01\x01"]  # none that begins one
    lost = {len(packets) // 2 + number for number in range(4)} | {of_sound[len(of_sound) * 3 // 4]}
    source = tmp_path / "gaps.ts"
    source.write_bytes(b"".join(packet for number, packet in enumerate(packets) if number not in lost))
    said, found = await make(prober, source, tmp_path / "whole", trim(0.2, 2))
    assert (len(found), found[-1].number) == (45, HALF - 1)
    assert "2 packets of sound of the video could not be decoded whole" in said[0]
    assert said[1:] == (INTERRUPTED.replace("frame,", "frame and 1 packet of sound,"),)
    said, found = await make(prober, source, tmp_path / "before", trim(0.2, 0.6))
    assert ([frame.number for frame in found], said) == (list(range(5, 15)), ())


async def test_what_the_end_of_a_file_tore_is_told(prober: Prober, tmp_path: Path) -> None:
    """A torn packet is left out, also of a video that is joined; who does not want it hears nothing."""
    content = footage.make(container="flv", seconds=1).path.read_bytes()
    source = tmp_path / "torn.flv"
    source.write_bytes(content[: len(content) * 3 // 4 + 77])
    said, found = await make(prober, source, tmp_path / "whole", "transcode")
    assert said == ("the video is cut off or damaged within 1 frame that had to be left out",)
    assert len(found) > 12
    said, found = await make(prober, source, tmp_path / "before", trim(0, 0.4))
    assert ([frame.number for frame in found], said) == (list(range(10)), ())
    joined_to = Edit(steps=(ConcatStep(after=(Clip(source="a"),)),), outputs=(FAST,))
    layer = VideoFacts(sha256="1" * 64, media=await prober.probe(source)), source
    said, _ = await make(prober, footage.make(seconds=1).path, tmp_path / "joined", joined_to, layer)
    assert said == ("another source is cut off or damaged within 1 packet: something may be missing there",)


async def test_an_index_in_ticks_that_are_no_frames_is_not_trusted(prober: Prober, tmp_path: Path) -> None:
    """AVI of a fine clock: after a seek its frames would bear other times."""
    source = tmp_path / "ticks.avi"
    whole = footage.make(seconds=4, audio=0)
    ffmpeg("-i", str(whole.path), "-c:v", "mjpeg", "-q:v", "3", "-enc_time_base", "1:1000", str(source))
    _, found = await make(prober, source, tmp_path / "work", trim(2.1, 3.5))
    assert [frame.number for frame in found] == list(range(53, 88))


async def test_recordings_whose_clock_starts_anew_are_one_video(prober: Prober, tmp_path: Path) -> None:
    """As long as both, every frame of both; and cut across the join."""
    parts = [footage.make(container="ts", seconds=SECONDS).path for number in range(2)]
    source = tmp_path / "anew.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    said, found = await make(prober, source, tmp_path / "whole", "transcode")
    assert ([frame.number for frame in found], said) == ([*range(HALF), *range(HALF)], (INTERRUPTED,))
    _, found = await make(prober, source, tmp_path / "cut", trim(1.6, 2.6))
    numbers = [frame.number for frame in found]
    at = numbers.index(0)
    assert numbers == [*range(HALF - at, HALF), *range(len(numbers) - at)]
    assert 24 <= len(numbers) <= 26


async def test_two_frames_of_one_time_are_both_worth_seeing(prober: Prober, tmp_path: Path) -> None:
    """Streamed, under the highest rate that a network takes, neither is starved."""
    source = footage.slides(tmp_path / "twice.mkv", tuple((n - (n % 15 == 9)) / 25 for n in range(50)))
    edit = recipes.edit_of("stream", await prober.probe(source), preset=Ladder().preset)
    _, found = await make(prober, source, tmp_path / "work", edit)
    assert [frame.number for frame in found] == list(range(50))
    wanted = frame_judge.read(source)
    assert min(frame_judge.ssim(a.picture, b.picture) for a, b in zip(wanted, found, strict=True)) > 0.9
