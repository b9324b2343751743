"""Bit rates: what was asked for is what comes out, in one pass or two."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import pytest

from reelwright.edits import ladder
from reelwright.edits.codecs import Codec, Container
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, resolve
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe.prober import Prober
from tests.support import recipes
from tests.support.media_files import material

LENGTH_S = 10


@pytest.fixture(scope="session")
def clip(common_footage: Path) -> Path:
    """Ten seconds that are hard to code in places, with two tracks."""
    grain = "noise=alls=24:allf=t:enable='lt(mod(t,4),2)'"
    return material(
        common_footage / "rates.mp4",
        *("-f", "lavfi", "-i", f"testsrc2=size=256x144:rate=25:duration={LENGTH_S},{grain}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={LENGTH_S}"),
        *("-map", "0", "-map", "1", "-map", "1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    )


def bits_a_second(path: Path) -> float:
    """Of the picture alone."""
    with av.open(str(path)) as opened:
        return sum(packet.size for packet in opened.demux(video=0)) * 8 / LENGTH_S


@pytest.mark.parametrize(
    ("codec", "container", "two_pass"),
    [
        pytest.param("h264", "mp4", False, marks=pytest.mark.slow),
        ("h264", "mp4", True),
        pytest.param("hevc", "mp4", True, marks=pytest.mark.slow),
        pytest.param("vp9", "webm", True, marks=pytest.mark.slow),
        pytest.param("av1", "mp4", False, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
async def test_the_bit_rate_is_the_wanted_one(
    prober: Prober, clip: Path, tmp_path: Path, codec: Codec, container: Container, two_pass: bool
) -> None:
    """Within 10 %: encoders steer by what they have spent, and what the last second costs comes too late to be made up
    for. The percentage rises over both passes, and neither is without it."""
    media = await prober.probe(clip)
    wanted = Ladder(
        qualities=(Quality.SOURCE, Quality.P240)[: 2 if codec == "h264" else 1],
        codec=codec,
        container=container,
        video_bit_rate=160_000,
        two_pass=two_pass,
        preset="superfast",
    )
    plan = resolve(
        transcode(ladder.outputs(wanted, media.main_video.display_size)), Facts(sha256="0" * 64, media=media)
    )
    reports: list[float] = []
    slots = {"in0": clip} | {f"out{number}": tmp_path / "work" / f"out{number}" for number in range(len(plan.outputs))}
    await recipes.make(plan, slots, report=lambda percent, _: reports.append(percent))
    for number, expected in enumerate(plan.outputs):
        made = slots[f"out{number}"]
        assert mismatches(expected, await prober.probe(made)) == []
        assert bits_a_second(made) == pytest.approx(expected.output.pictures.bit_rate, rel=0.1)
    assert all(a <= b for a, b in itertools.pairwise(reports))
    assert reports[-1] == pytest.approx(100, abs=1)
