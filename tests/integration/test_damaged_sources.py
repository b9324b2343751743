"""Damaged sources: what is intact can be cut out, every time; what is damaged is never published."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest

from reelwright.edits.edit import trim
from reelwright.edits.plan import Facts, resolve
from reelwright.errors import MediaProcessFailed
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.ffmpeg import executable
from reelwright.media.ffmpeg.runner import run
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.compile import compile_plan
from tests.support import footage, frame_judge, recipes

FRAME_S = Fraction(1, 25)


async def cut(prober: Prober, source: Path, end: float, target: Path) -> list[str]:
    """Cut from 0; the complaints about the outcome."""
    plan = resolve(trim(0.0, end), Facts(sha256="0" * 64, media=await prober.probe(source)))
    await recipes.make(plan, {"in0": source, "out0": target})
    return mismatches(plan.outputs[0], await prober.probe(target))


def overwritten(source: Path, target: Path) -> Fraction:
    """A copy with bytes 40 to 45 % random. The time from which something that is shown or heard depends on them."""
    content = bytearray(source.read_bytes())
    first, last = len(content) * 40 // 100, len(content) * 45 // 100
    content[first:last] = random.Random(1).randbytes(last - first)
    target.write_bytes(content)
    with av.open(source) as container:
        packets: list[Any] = [packet for packet in container.demux() if packet.size]
    # Pictures are decoded from those before them: all packets from the first damaged one on count.
    return Fraction(min(packet.pts * packet.time_base for packet in packets if packet.pos + packet.size > first))


@pytest.mark.slow
async def test_an_interval_is_cut_when_all_that_it_needs_is_intact(prober: Prober, tmp_path: Path) -> None:
    """Up to the last frame before the damage every run succeeds; one frame more never does, and says why."""
    source = footage.make(seconds=4)
    intact_s = overwritten(source.path, tmp_path / "damaged.mp4")
    border = intact_s // FRAME_S * FRAME_S
    for number in range(8):
        for frames_before in (0, 1, 4):
            target = tmp_path / f"{number}-{frames_before}" / "out.mp4"
            assert await cut(prober, tmp_path / "damaged.mp4", float(border - frames_before * FRAME_S), target) == []
        with pytest.raises(MediaProcessFailed, match="the source is damaged") as failed:
            await cut(prober, tmp_path / "damaged.mp4", float(border + FRAME_S), tmp_path / f"{number}" / "out.mp4")
        assert (failed.value.code, failed.value.retryable) == ("source_damaged", False)


@pytest.mark.parametrize("container", ["ts", "asf"])
async def test_a_torn_end_can_be_cut_to_the_end(prober: Prober, tmp_path: Path, container: str) -> None:
    """A file that was cut off in the middle of a packet ends where its duration says."""
    whole = footage.make(container=container, seconds=4).path
    for share in (0.6, 0.75):
        torn = tmp_path / f"torn-{share}.{container}"
        torn.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share) + 77])
        duration_s = (await prober.probe(torn)).duration_s
        assert duration_s is not None
        assert await cut(prober, torn, duration_s, tmp_path / f"{share}" / "out.mp4") == []


@pytest.mark.parametrize(
    "how",
    [{}, {"open_gop": True}, {"variable": True}, {"container": "mkv", "video": "hevc"}, {"container": "ts"}],
    ids=lambda how: " ".join(map(str, how.values())) or "mp4",
)
async def test_what_is_not_read_is_not_missed(prober: Prober, tmp_path: Path, how: dict[str, Any]) -> None:
    """The second try, on intact sources: the frames and the sound of the interval, all of them."""
    source = footage.make(**how)
    start, end = Fraction("0.717"), Fraction("1.333")
    plan = resolve(trim(float(start), float(end)), Facts(sha256="0" * 64, media=await prober.probe(source.path)))
    recipe = compile_plan(plan, await recipes.ffmpeg_can())
    (command,) = recipe.commands
    again = msgspec.structs.replace(command, arguments=command.if_damaged)
    target = tmp_path / "work" / "out.mp4"
    target.parent.mkdir()
    await run(
        msgspec.structs.replace(recipe, commands=(again,)),
        {"in0": source.path, "out0": target},
        ffmpeg=executable.ffmpeg_path(recipes.SETTINGS),
        work=target.parent,
        budget=recipes.BUDGET,
        report=lambda *_: None,
    )
    assert mismatches(plan.outputs[0], await prober.probe(target)) == []
    frame_judge.judge_cut(source, target, start, end)
    frame_judge.judge_sync(source, target, start, end)
