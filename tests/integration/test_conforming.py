"""Copied renditions: a source that is one already is kept as it is, the others are made in the same process."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from reelwright.edits import ladder
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Plan, resolve
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.compile import compile_plan
from tests.support import footage, frame_judge, recipes
from tests.support.media_files import ffmpeg

WHOLE = Fraction(0), Fraction(100)
SIZE = (640, 360)
"""That of one of the renditions."""
WIDE = (640, 120)
"""Of a picture so wide, that is: a third of what is coded and looked at."""


async def planned(prober: Prober, source: Path, **more: Any) -> Plan:
    wanted = Ladder(**{"qualities": (Quality.P360, Quality.P240), "copy_conforming": True, **more})
    media = await prober.probe(source)
    return resolve(transcode(ladder.outputs(wanted, media.main_video.display_size)), recipes.facts(media))


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as opened:
        return [bytes(packet) for packet in opened.demux(video=0) if packet.size]


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("made", "more"),
    [
        ({}, {}),
        ({}, {"two_pass": True, "video_bit_rate": 10_000_000}),
        pytest.param({}, {"qualities": (Quality.P360,)}, marks=pytest.mark.slow),
        ({"variable": True}, {}),
        ({"open_gop": True, "b_frames": 3}, {}),
        ({"video_delay_frames": 10}, {}),
        pytest.param({"audio": 0}, {}, marks=pytest.mark.slow),
        pytest.param({"container": "mkv"}, {"two_pass": True, "video_bit_rate": 10_000_000}, marks=pytest.mark.slow),
        ({"container": "mkv", "frame_rate": "30000/1001", "b_frames": 3, "open_gop": True}, {}),
        pytest.param({"container": "mkv", "variable": True, "b_frames": 3}, {}, marks=pytest.mark.slow),
        pytest.param({"container": "mkv", "video_delay_frames": 10}, {}, marks=pytest.mark.slow),
    ],
)
async def test_a_source_that_conforms_is_copied(
    prober: Prober, tmp_path: Path, made: dict[str, Any], more: dict[str, Any]
) -> None:
    """Packet by packet, in step with its sound, from a key frame on; one process, the rest coded as ever."""
    source = footage.make(size=WIDE, seconds=1.2, keyframe_every=12, **made)
    plan = await planned(prober, source.path, **more)
    assert [one.copied for one in plan.outputs] == [True, False][: len(plan.outputs)]
    assert len(compile_plan(plan, await recipes.ffmpeg_can()).commands) == 1 + ("two_pass" in more)
    slots = {"in0": source.path} | {f"out{n}": tmp_path / "work" / f"out{n}" for n in range(len(plan.outputs))}
    await recipes.make(plan, slots)
    assert packets(slots["out0"]) == packets(source.path)
    with av.open(str(slots["out0"])) as opened:
        assert next(opened.demux(video=0)).is_keyframe
    for number, expected in enumerate(plan.outputs):
        target = slots[f"out{number}"]
        assert mismatches(expected, await prober.probe(target)) == []
        frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.9)
        if made.get("audio") != 0:
            frame_judge.judge_sync(source, target, *WHOLE)


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("name", "made", "why"),
    [
        ("another size", {"size": (600, 340)}, "360p is 636x360, the video 600x340; 240p is"),
        ("another codec", {"video": "hevc"}, "the video is hevc"),
        ("10 bit", {"pixel_format": "yuv420p10le"}, "8-bit"),
        ("4:2:2", {"pixel_format": "yuv422p"}, "4:2:0"),
        ("rotated", {"rotation": 90, "size": (360, 640)}, "turned"),
        ("anamorphic", {"sample_aspect_ratio": "4/3", "size": (480, 360)}, "square pixels"),
        ("interlaced", {"interlaced": True}, "interlaced"),
        ("ts", {"container": "ts"}, "not in mp4, mov or mkv"),
    ],
)
async def test_any_other_is_coded(prober: Prober, name: str, made: dict[str, Any], why: str) -> None:
    """What is only nearly the same is not, and the plan says why."""
    source = footage.make(**{"size": SIZE, "seconds": 0.4, **made})
    plan = await planned(prober, source.path)
    assert not any(one.copied for one in plan.outputs)
    assert plan.warnings[-1].startswith("no rendition could be copied: ")
    assert why in plan.warnings[-1]


async def test_only_when_asked_for_and_not_over_a_wanted_bit_rate(prober: Prober) -> None:
    """By default everything is coded."""
    source = footage.make(size=SIZE, seconds=0.4)
    for more, said in ({"copy_conforming": False}, 0), ({"video_bit_rate": 60_000}, 1):
        plan = await planned(prober, source.path, **more)
        assert not any(one.copied for one in plan.outputs)
        assert len(plan.warnings) == said


@pytest.mark.parametrize("container", ["mp4", "mkv"])
async def test_a_copy_that_lacks_pictures_is_found_out(prober: Prober, tmp_path: Path, container: str) -> None:
    """Also of a source that does not count its frames: by the longest gap between them."""
    source = footage.make(size=WIDE, seconds=3, container=container)
    (expected, _) = (await planned(prober, source.path)).outputs
    assert expected.copied
    whole, lacking = tmp_path / "whole.mp4", tmp_path / "lacking.mp4"
    ffmpeg("-i", str(source.path), "-c", "copy", str(whole))
    ffmpeg("-i", str(source.path), "-c", "copy", "-bsf:v", "noise=drop=between(n\\,30\\,35)", str(lacking))
    assert mismatches(expected, await prober.probe(whole)) == []
    assert mismatches(expected, await prober.probe(lacking)) != []


async def test_pictures_that_an_edit_list_hides_stay_hidden(prober: Prober, tmp_path: Path) -> None:
    """The file begins in the middle of a group of pictures: the copy shows what the source shows."""
    whole = footage.make(size=WIDE, seconds=3)
    cut = tmp_path / "cut.mp4"
    ffmpeg("-ss", "1", "-i", str(whole.path), "-c", "copy", str(cut))
    plan = await planned(prober, cut)
    slots = {"in0": cut} | {f"out{n}": tmp_path / "work" / f"out{n}" for n in range(2)}
    await recipes.make(plan, slots)
    assert plan.outputs[0].copied
    for number, expected in enumerate(plan.outputs):
        assert mismatches(expected, await prober.probe(slots[f"out{number}"])) == []
        assert [frame.number for frame in frame_judge.read(slots[f"out{number}"])] == list(range(25, 75))
