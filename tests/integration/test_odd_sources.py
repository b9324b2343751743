"""Awkward videos through every kind of edit: sizes, counts and fields come out as the probe has said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from reelwright.edits import ladder
from reelwright.edits.edit import Edit, overlay, transcode, trim
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.layers import TextLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, ImageFacts, resolve
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, odd_files, recipes

SIZES = {
    "raw DV": ((720, 576), (768, 576)),
    "an animated GIF": ((160, 96), (160, 96)),
    "interlaced MPEG-2 in MXF": ((160, 96), (160, 96)),
    "Matroska's PixelCrop": ((160, 80), (160, 80)),
    "MP4's clean aperture": ((140, 80), (140, 80)),
    "a cover before the video": ((160, 96), (160, 96)),
}
"""Of a trim, and as seen."""


async def make(prober: Prober, edit: Edit, media: MediaInfo, source: Path, work: Path) -> MediaInfo:
    layers = (ImageFacts(sha256="1" * 64, width=20, height=10),) * len(
        edit.steps[0].layers if edit.steps and hasattr(edit.steps[0], "layers") else ()
    )
    plan = resolve(edit, Facts(sha256="0" * 64, media=media, layers=layers))
    slots = {"in0": source, "out0": work / "out.mp4"}
    if layers:
        slots["in1"] = odd_files.made(
            source.parent / "layer.png", "-f", "lavfi", "-i", "color=red:s=20x10", "-frames:v", "1"
        )
    await recipes.make(plan, slots)
    output = await prober.probe(slots["out0"])
    assert mismatches(plan.outputs[0], output) == []
    return output


@pytest.mark.few(3)
@pytest.mark.parametrize("kind", SIZES)
async def test_every_edit_takes_it(prober: Prober, tmp_path: Path, kind: str) -> None:
    source = odd_files.make(kind, tmp_path / "source")
    media = await prober.probe(source)
    assert media.duration_s is not None
    coded, shown = SIZES[kind]
    half = await make(prober, trim(media.duration_s * 0.6, media.duration_s), media, source, tmp_path / "trim")
    assert (half.main_video.width, half.main_video.height) == coded
    assert Fraction(half.main_video.start_s) <= Fraction(repr(media.main_video.longest_frame_s))
    assert half.main_video.field_order == media.main_video.field_order
    drawn = await make(prober, overlay((TextLayer(text="a"),)), media, source, tmp_path / "overlay")
    assert (drawn.main_video.width, drawn.main_video.height) == shown
    wanted = ladder.outputs(Ladder(qualities=(Quality.P240,)), shown)
    rendition = await make(prober, transcode(wanted), media, source, tmp_path / "transcode")
    assert rendition.main_video.field_order == "progressive"
    assert abs(rendition.main_video.width * shown[1] - rendition.main_video.height * shown[0]) < 4 * max(shown)


@pytest.mark.parametrize("offsets", [("40", "1"), ("1", "40")], ids=["back", "on"])
async def test_a_join_of_recordings_that_begin_far_from_zero_is_cut_across(
    prober: Prober, tmp_path: Path, offsets: tuple[str, str]
) -> None:
    """Clocks that begin at any time, and jump either way: every frame of the interval is there."""
    parts = [footage.make(container="ts", b_frames=0, start_offset_s=offset).path for offset in offsets]
    source, target = odd_files.joined(tmp_path / "joined.ts", *parts), tmp_path / "work" / "out.mp4"
    await recipes.edited(prober, trim(1.5, 2.5), source, target)
    numbers = [frame.number for frame in frame_judge.read(target)]
    assert len(numbers) in (24, 25, 26)
    assert numbers == [*range(numbers[0], 50), *range(numbers[-1] + 1)]


@pytest.mark.parametrize(("container", "video", "audio"), [("ts", "h264", 0), ("mpg", "mpeg2video", 1)])
async def test_a_cut_across_a_join_of_recordings_has_every_frame(
    prober: Prober, tmp_path: Path, container: str, video: str, audio: int
) -> None:
    """Their clock starts anew there; seconds are counted on."""
    part = footage.make(container=container, video=video, size=(160, 96), seconds=2, b_frames=0, audio=audio)
    source = odd_files.joined(tmp_path / f"joined.{container}", part.path, part.path)
    media = await prober.probe(source)
    assert media.clock_jumps
    assert media.duration_s == pytest.approx(4, abs=0.1)
    first_s = float(Fraction(media.main_video.start_s) - media.start)
    start, end = first_s + 41 / 25 - 0.02, first_s + 60 / 25
    output = await make(prober, trim(start, end), media, source, tmp_path / "trim")
    numbers = [frame.number for frame in frame_judge.read(tmp_path / "trim" / "out.mp4")]
    assert numbers[:15] == [*range(41, 50), *range(6)]
    assert numbers[15:] == list(range(6, len(numbers) - 9))
    assert output.duration_s == pytest.approx(end - start, abs=0.05)
