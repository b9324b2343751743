"""Thumbnails, sprites, previews and posters: each picture is that of its time, of any kind of source."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import pyvips

from reelwright.edits.edit import transcode
from reelwright.edits.gifs_and_previews import Preview
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sidecars import AnySidecar, PlannedSidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.streaming import Streaming
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.checks.image_checker import ImageChecker
from reelwright.media.checks.made_images import image_mismatches
from reelwright.media.probe.prober import Prober
from tests.support import footage, recipes
from tests.support.footage import Footage, Picture, read_number
from tests.support.invariants import processes_about
from tests.support.media_files import ffmpeg
from tests.support.source_kinds import some_slow

SILENT = FileOutput(quality=Quality.P240, video=VideoEncoding(preset="ultrafast"), audio=AudioEncoding(codec="none"))
SOUNDING = FileOutput(quality=Quality.P240, video=VideoEncoding(preset="ultrafast"))

SOURCES: dict[str, dict[str, Any]] = {
    "constant": {},
    "29.97": {"frame_rate": "30000/1001"},
    "variable": {"variable": True},
    "variable mkv": {"variable": True, "container": "mkv"},
    "mpeg2 ts": {"video": "mpeg2video", "container": "ts", "start_offset_s": "1.4"},
    "mpeg2 ts, its sound not read": {"video": "mpeg2video", "container": "ts", "start_offset_s": "1.4"},
    "mpeg4 avi": {"video": "mpeg4", "container": "avi"},
    "late picture": {"video_delay_frames": 10},
    "uneven start": {"frame_rate": "30000/1001", "video_delay_frames": 10, "audio_delay_s": 0.1234},
    "picture ends early": {"seconds": 1, "audio_seconds": 2},
    "one frame": {"seconds": 0.001, "audio": 0},
    "one frame and sound": {"seconds": 0.001, "audio_seconds": 5},
    "rotated": {"rotation": 90},
    "portrait": {"size": (108, 192)},
    "anamorphic": {"sample_aspect_ratio": "4/3"},
    "interlaced": {"interlaced": True},
    "ten bits": {"video": "hevc", "pixel_format": "yuv420p10le"},
}
MUCH_ALIKE = ("29.97", "variable mkv", "mpeg4 avi", "portrait", "interlaced", "mpeg2 ts, its sound not read")
"""Each is like one of the others in all that is heeded here: CI takes them."""


@pytest.fixture(scope="session")
async def checker() -> AsyncIterator[ImageChecker]:
    async with ImageChecker(memory_bytes=4 * 2**30) as running:
        yield running


async def make(
    prober: Prober,
    checker: ImageChecker,
    source: Path,
    work: Path,
    *wishes: AnySidecar,
    rendition: FileOutput = SILENT,
) -> Plan:
    """All is made, and is what was promised."""
    plan = resolve(transcode((rendition,), wishes), Facts(sha256="0" * 64, media=await prober.probe(source)))
    await recipes.make(plan, {"in0": source, "out0": work / "out0.mp4"})
    assert mismatches(plan.outputs[0], await prober.probe(work / "out0.mp4")) == []
    promised = {file.name: file.image for companion in plan.sidecars for file in companion.files if file.image}
    assert {path.name for path in work.iterdir()} == {"out0.mp4", *promised}
    for name, picture in promised.items():
        assert image_mismatches(picture, await checker.look(work / name)) == []
    return plan


def gray(path: Path, **options: Any) -> Picture:
    opened = pyvips.Image.new_from_file(str(path), **options)
    return np.ascontiguousarray(opened.extract_band(0, n=3).colourspace("b-w").numpy())


def pages(path: Path) -> list[tuple[Picture, int]]:
    """Of a moving picture, each with its milliseconds."""
    opened = pyvips.Image.new_from_file(str(path), n=-1)
    moving = "delay" in opened.get_fields()
    high = opened.get("page-height") if moving else opened.height
    delays = opened.get("delay") if moving else [0]
    whole = gray(path, n=-1)
    return [(whole[number * high : (number + 1) * high], delay) for number, delay in enumerate(delays)]


def tiles(work: Path, planned: PlannedSidecar) -> list[Picture]:
    sheets = [gray(work / file.name) for file in planned.files if file.image]
    wide, high = planned.width, planned.height
    return [
        sheet[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
        for sheet in sheets
        for row in range(planned.rows)
        for column in range(planned.columns)
    ]


def wanted(source: Footage, times: Sequence[str]) -> list[int]:
    """The first frame that is not before each time, or the last one there is. Times that were floats are not exact."""
    frames = source.frame_times_s
    last = len(frames) - 1
    exact = (Fraction(at) - Fraction(1, 2_000_000) for at in times)
    return [next((n for n, time in enumerate(frames) if time >= at), last) for at in exact]


@pytest.mark.few(5)
@pytest.mark.parametrize("name", some_slow(SOURCES, MUCH_ALIKE))
async def test_every_picture_is_that_of_its_time(
    prober: Prober, checker: ImageChecker, tmp_path: Path, name: str
) -> None:
    """Also of times that fall on a frame, of several times in one gap, and behind the last frame's start."""
    source = footage.make(**SOURCES[name])
    media = await prober.probe(source.path)
    assert media.duration_s is not None
    middle = source.frame_times_s[len(source.frame_times_s) // 2]
    named = {0.0, media.duration_s / 3, media.duration_s / 3 + 0.001, float(middle), media.duration_s - 0.001}
    work = tmp_path / "work"
    at = media.duration_s * 0.99
    wishes = (Thumbnails(at=tuple(named)), Sprite(every=0.5, width=240, columns=3), Preview(width=240), Poster(at=at))
    rendition = SILENT if "not read" in name else SOUNDING
    plan = await make(prober, checker, source.path, work, *wishes, rendition=rendition)
    thumbnails, sprite, preview, poster = plan.sidecars

    found = [read_number(gray(work / file.name)) for file in thumbnails.files if file.image]
    assert found == wanted(source, thumbnails.at_s)
    assert [read_number(gray(work / "poster.jpg"))] == wanted(source, poster.at_s)
    shown = tiles(work, sprite)
    assert [read_number(tile) for tile in shown[: len(sprite.at_s)]] == wanted(source, sprite.at_s)
    assert all(tile[8:-8, 8:-8].max() < 8 for tile in shown[len(sprite.at_s) :])  # JPEG blurs across the borders
    expected = wanted(source, preview.at_s)
    found = []
    for picture, milliseconds in pages(work / "preview.webp"):
        found += [read_number(picture)] * max(1, round(milliseconds / 100))
    assert found == expected or set(found) == set(expected) == {found[0]}  # one that stands still has no times
    display = media.main_video.display_width / media.main_video.display_height
    for planned in plan.sidecars:
        assert planned.width / planned.height == pytest.approx(display, rel=0.02)


@pytest.mark.parametrize("interlaced", [False, True])
async def test_streams_beside_them_do_not_move_pictures(prober: Prober, tmp_path: Path, interlaced: bool) -> None:
    """Streams show a picture that begins late from the start; stills keep the video's own times."""
    source = footage.make(video_delay_frames=10, interlaced=interlaced)
    media = await prober.probe(source.path)
    wishes = (Thumbnails(at=(0.0, 0.2, 0.399, 0.4, 0.41, 1.0)), Sprite(every=0.25, width=240))
    streaming = Streaming(segment_s=2)
    rendition = msgspec.structs.replace(SOUNDING, video=VideoEncoding(preset="ultrafast", segment_s=2))
    plan = resolve(transcode((rendition,), wishes, streaming), Facts(sha256="0" * 64, media=media))
    work = tmp_path / "work"
    await recipes.make(plan, {"in0": source.path, "out0": work / "out0.mp4"})
    made = await prober.probe(work / "out0.mp4")
    assert (mismatches(plan.outputs[0], made), made.main_video.start_s) == ([], "0")
    thumbnails, sprite = plan.sidecars
    found = [read_number(gray(work / file.name)) for file in thumbnails.files if file.image]
    assert found == wanted(source, thumbnails.at_s)
    assert [read_number(tile) for tile in tiles(work, sprite)[: len(sprite.at_s)]] == wanted(source, sprite.at_s)


@pytest.mark.slow
async def test_several_sheets_and_many_pictures(prober: Prober, checker: ImageChecker, tmp_path: Path) -> None:
    """A sheet that would be too large is several; five hundred thumbnails from one decode."""
    source = footage.make(seconds=3)
    work = tmp_path / "100% work"
    every = 3 / 450
    wishes = (Sprite(count=75, width=640, columns=6), Thumbnails(every=every), Preview(at=1.5, duration=1))
    plan = await make(prober, checker, source.path, work, *wishes)
    sprite, thumbnails, preview = plan.sidecars
    assert (sprite.columns, sprite.rows, len(sprite.files)) == (6, 11, 3)
    assert [read_number(tile) for tile in tiles(work, sprite)[:75]] == list(range(75))
    found = [read_number(gray(work / file.name)) for file in thumbnails.files if file.image]
    assert found == wanted(source, thumbnails.at_s)
    assert [read_number(picture) for picture, _ in pages(work / "preview.webp")] == wanted(source, preview.at_s)
    assert pyvips.Image.new_from_file(str(work / "preview.webp")).get("loop") == 0


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("size", "matrix", "tags"),
    [
        ("320x180", "bt709", ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")),
        ("320x180", "bt601", ()),
        ("1280x720", "bt709", ()),
    ],
)
async def test_pictures_have_the_colours_of_the_video(
    prober: Prober, checker: ImageChecker, tmp_path: Path, size: str, matrix: str, tags: tuple[str, ...]
) -> None:
    """In range and matrix: JPEG and WebP show the red, green and blue that went in, also of footage that does not name
    its matrix: large pictures are BT.709, as players take them."""
    source = tmp_path / "colours.mp4"
    bars = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p" + ("" if tags else ",setparams=colorspace=2")
    colours = {"0xc82828": (200, 40, 40), "0x28b428": (40, 180, 40), "0x3c3cdc": (60, 60, 220), "0x808080": (128,) * 3}
    inputs = [
        part for colour in colours for part in ("-f", "lavfi", "-i", f"color={colour}:size={size}:rate=5:duration=1")
    ]
    graph = f"[0][1][2][3]concat=n=4,{bars}"
    ffmpeg(*inputs, "-filter_complex", graph, "-c:v", "libx264", "-crf", "10", *tags, str(source))
    assert (await prober.probe(source)).main_video.color_space == (matrix if tags else None)
    work = tmp_path / "work"
    await make(prober, checker, source, work, Thumbnails(every=1), Preview(at=0, duration=4, frame_rate=1))
    thumbnails = [pyvips.Image.new_from_file(str(work / f"thumbnail-000{n}.jpg")) for n in range(1, 5)]
    moving = pyvips.Image.new_from_file(str(work / "preview.webp"), n=-1)
    assert moving.get("delay") == [1000] * 4
    for number, colour in enumerate(colours.values()):
        assert np.abs(np.subtract(thumbnails[number](160, 90)[:3], colour)).max() < 9
        assert np.abs(np.subtract(moving(160, 180 * number + 90)[:3], colour)).max() < 9


async def test_pictures_of_hdr_are_tone_mapped(prober: Prober, checker: ImageChecker, tmp_path: Path) -> None:
    """As the SDR rendition is, also beside one that stays HDR."""
    source = tmp_path / "hdr.mp4"
    colour = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv")
    tagged = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    graph = f"smptehdbars=size=320x180:rate=10:duration=1,{tagged}"
    coded = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", *colour)
    ffmpeg("-f", "lavfi", "-i", graph, *coded, str(source))
    assert (await prober.probe(source)).main_video.is_hdr
    hdr = FileOutput(video=VideoEncoding(codec="hevc", preset="ultrafast"), audio=AudioEncoding(codec="none"))
    wishes = Thumbnails(at=(0.5,)), Sprite(count=1, width=320), Preview()
    await make(prober, checker, source, tmp_path / "sdr", *wishes)
    await make(prober, checker, source, tmp_path / "hdr", *wishes, rendition=hdr)
    still = tmp_path / "rendition.png"
    ffmpeg("-ss", "0.5", "-i", str(tmp_path / "sdr" / "out0.mp4"), "-frames:v", "1", "-vf", "scale=320:180", str(still))
    rendition = gray(still).astype(int)
    assert rendition.max() - rendition.min() > 60
    for folder in ("sdr", "hdr"):
        for name in ("thumbnail-0001.jpg", "sprite-1.jpg", "preview.webp"):
            assert np.abs(gray(tmp_path / folder / name) - rendition).mean() < 4, (folder, name)


async def test_a_picture_that_does_not_decode_is_found_out(
    prober: Prober, checker: ImageChecker, tmp_path: Path
) -> None:
    """Cut off, damaged, or no picture at all; the program goes on."""
    source = footage.make()
    work = tmp_path / "work"
    await make(prober, checker, source.path, work, Thumbnails(at=(1,)), Preview())
    for name in ("thumbnail-0001.jpg", "preview.webp"):
        whole = (work / name).read_bytes()
        for number, bad in enumerate((whole[: len(whole) * 2 // 3], whole[:20], b"", b"WEBVTT\n")):
            (path := tmp_path / f"{number}-{name}").write_bytes(bad)
            with pytest.raises((UnreadableMedia, UnsupportedMedia)):
                await checker.look(path)
        assert (await checker.look(work / name)).width == footage.SIZE[0]


@pytest.mark.slow
async def test_pictures_of_a_long_video_cost_little_memory_and_progress_is_told(
    prober: Prober, checker: ImageChecker, tmp_path: Path
) -> None:
    """Frames that nobody wants are let go at once, and a branch that has ended holds nobody up; a picture that is ready
    only at the end does not keep the progress back."""
    source = tmp_path / "long.mp4"
    graph = "testsrc2=size=1280x720:rate=10:duration=30"
    ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(source))
    peaks_kib = [0]

    async def watch() -> None:
        while True:
            for process in processes_about(tmp_path):
                with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
                    peaks_kib.append(int(found[1]) if found else 0)
            await asyncio.sleep(0.02)

    wishes = (Thumbnails(at=(1, 29.95)), Sprite(count=100), Preview(at=0), Poster())
    work = tmp_path / "work"
    plan = resolve(transcode((SILENT,), wishes), Facts(sha256="0" * 64, media=await prober.probe(source)))
    watching = asyncio.create_task(watch())
    told: list[tuple[float, float | None]] = []
    await recipes.make(plan, {"in0": source, "out0": work / "out0.mp4"}, report=lambda *progress: told.append(progress))
    watching.cancel()
    assert all(any(ten <= percent < ten + 10 and speed for percent, speed in told) for ten in range(10, 100, 10))
    assert (await prober.probe(work / "out0.mp4")).main_video.frame_count == 300
    assert 2**14 < max(peaks_kib) < 300 * 2**10, max(peaks_kib)
