"""The program that proves outputs: it tells how far it is, and ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from reelwright import source_codecs
from reelwright.errors import JobFailed, ReelwrightError
from reelwright.media.checks.decoded_groups import Sample
from reelwright.media.checks.inspection import Inspection
from reelwright.media.checks.inspector import Inspector
from tests.support.media_files import material

LOOK = Inspection(decoders=source_codecs.whitelist(source_codecs.VIDEO), max_pixels=10**8)


@pytest.fixture(scope="session")
def long(common_footage: Path) -> Path:
    """A minute that takes a second or more to decode: five seconds, coded once, and again and again behind them."""
    picture = "testsrc2=size=640x360:rate=50:duration=5"
    group = material(common_footage / "group.mp4", "-f", "lavfi", "-i", picture, "-preset", "ultrafast")
    return material(common_footage / "twelve groups.mp4", "-stream_loop", "11", "-i", str(group), "-c", "copy")


@pytest.mark.slow
async def test_progress_rises_and_all_frames_are_decoded(inspector: Inspector, long: Path) -> None:
    told: list[float] = []
    found = await inspector.inspect(long, None, LOOK, wall_s=60, report=told.append)
    assert (found.video.packets, found.video.decoded, found.video.errors) == (3000, 3000, 0)
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1


async def test_of_a_long_file_some_groups_are_decoded_the_first_and_the_last_among_them(
    inspector: Inspector, long: Path
) -> None:
    """Each for the same time, the last one to its end."""
    wanted = Sample(seconds=11, groups=4)
    some = Inspection(decoders=LOOK.decoders, max_pixels=LOOK.max_pixels, sample=wanted)
    found = (await inspector.inspect(long, None, some, wall_s=60, report=lambda _: None)).video
    assert found.packets == 3000
    assert (found.groups, found.groups_decoded, found.whole) == (12, 4, False)
    assert found.decoded == 3 * 2 * 50 + 250
    assert found.errors == 0


async def test_a_check_that_is_not_wanted_any_more_ends_at_once(inspector: Inspector, long: Path) -> None:
    begun = asyncio.Event()
    asking = asyncio.create_task(inspector.inspect(long, None, LOOK, wall_s=60, report=lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    asking.cancel()
    await asyncio.wait([asking], timeout=2)
    assert asking.cancelled()


async def test_what_takes_too_long_is_ended(inspector: Inspector, long: Path) -> None:
    with pytest.raises(JobFailed) as failed:
        await inspector.inspect(long, None, LOOK, wall_s=0.2, report=lambda _: None)
    assert (failed.value.code, failed.value.stage) == ("timed_out", "verify")


async def test_what_is_no_media_is_refused(inspector: Inspector, tmp_path: Path) -> None:
    path = tmp_path / "none.mp4"
    path.write_bytes(b"\0" * 5000)
    with pytest.raises(ReelwrightError):
        await inspector.inspect(path, None, LOOK, wall_s=60, report=lambda _: None)
