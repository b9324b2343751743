"""Adaptive streaming of any source: what the manifests say is so, and every rendition can be changed for every other at
every border."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import av
import pytest

from reelwright.edits import ladder, rendition_bit_rates
from reelwright.edits.codecs import Codec
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.streaming import Streaming
from reelwright.errors import VerifyFailed
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.packaging.packager import finish
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.hls_reader import Playlist, read_playlist, tags, told_codec
from tests.support.media_files import ffmpeg
from tests.support.source_kinds import of_kind, some_slow, tracks

SECOND = Fraction(1) - Fraction(1, 10**6)
WHOLE = Fraction(0), Fraction(100)
TWO = (Quality.SOURCE, Quality.P240)

SECONDS = 5
"""Three segments, the last one short."""
SOURCES = ("two tracks", "vfr mp4", "silent", "webm 29.97", "late sound")


async def make(
    prober: Prober, source: Path, work: Path, *, segment_s: int = 2, qualities: tuple[Quality, ...] = TWO, **wish: Any
) -> Plan:
    """Make the renditions and all that is streamed of them in `work`."""
    media = await prober.probe(source)
    streaming = Streaming(hls=True, dash=True, segment_s=segment_s)
    wanted = Ladder(**{"qualities": qualities, "streaming": streaming, "preset": "superfast", **wish})
    outputs = ladder.outputs(wanted, (media.main_video.display_width, media.main_video.display_height))
    plan = resolve(transcode(outputs, (), streaming), Facts(sha256="0" * 64, media=media))
    targets = [work / f"out{number}.mp4" for number in range(len(outputs))]
    await recipes.make(plan, {"in0": source} | {f"out{number}": target for number, target in enumerate(targets)})
    made = [await prober.probe(target) for target in targets]
    for expected, rendition in zip(plan.outputs, made, strict=True):
        assert mismatches(expected, rendition) == []
    assert plan.streaming is not None
    finish(plan.streaming, made, work)
    assert {path.name for path in work.iterdir()} == {file.name for file in plan.files} | {t.name for t in targets}
    return plan


def densest_rate(playlist: Playlist) -> float:
    """Frames a second in the most crowded stretch of a second or more."""
    runs = [times[first:] for times in (part.times_s for part in playlist.parts) for first in range(len(times))]
    spans = ((len([t for t in run if t - run[0] < SECOND]), run) for run in runs)
    return max(float(count / (run[count] - run[0])) for count, run in spans if count < len(run))


def judge(work: Path, segment_s: int = 2) -> dict[str, Playlist]:
    """Read everything that the master playlist names; returns the media playlists."""
    found = tags((work / "master.m3u8").read_text())
    variants = [tag for tag in found if tag.name == "#EXT-X-STREAM-INF"]
    sounds = [tag.attributes for tag in found if tag.name == "#EXT-X-MEDIA"]
    pictures = {tag.uri: read_playlist(work, tag.uri) for tag in variants}
    heard = {sound["URI"]: read_playlist(work, sound["URI"]) for sound in sounds}
    first = next(iter(pictures.values()))
    codecs = {told_codec(work / uri.replace("m3u8", "mp4")) for uri in heard}
    for tag in variants:
        attributes, playlist = tag.attributes, pictures[tag.uri]
        assert playlist.borders_s == first.borders_s
        assert playlist.target_s == first.target_s
        told = attributes["CODECS"].split(",")
        assert (told[0], set(told[1:])) == (told_codec(work / tag.uri.replace("m3u8", "mp4")), codecs)
        with av.open(str(work / tag.uri.replace("m3u8", "mp4"))) as opened:
            stream = opened.streams.video[0]
            assert attributes["RESOLUTION"] == f"{stream.width}x{stream.height}"
        every = [playlist, *list(heard.values())[:1]]
        average = sum(8 * sum(p.size_bytes for p in one.parts) / sum(p.lasts_s for p in one.parts) for one in every)
        assert int(attributes["BANDWIDTH"]) >= int(attributes["AVERAGE-BANDWIDTH"]) >= int(average)
        assert float(attributes["FRAME-RATE"]) == pytest.approx(densest_rate(playlist), rel=0.001)
        for part in playlist.parts[:-1]:
            assert int(attributes["BANDWIDTH"]) >= int(8 * part.size_bytes / part.lasts_s)
        assert ("AUDIO" in attributes) == bool(sounds)
    frame_s = max(b - a for part in first.parts for a, b in zip(part.times_s, part.times_s[1:], strict=False))
    for number, border in enumerate(first.borders_s):
        assert 0 <= border - number * segment_s < frame_s + Fraction(1, 100)
    for playlist in heard.values():
        assert playlist.target_s == first.target_s
    return pictures | heard


@pytest.mark.few(1)
@pytest.mark.parametrize("name", some_slow(SOURCES, ("silent", "webm 29.97")))
async def test_any_source(prober: Prober, tmp_path: Path, name: str) -> None:
    """Segments begin with the first frame of each two seconds; a player gets every frame and every track in step."""
    source = of_kind(name, seconds=SECONDS)
    await make(prober, source.path, tmp_path / "work", preset=Ladder().preset)
    judge(tmp_path / "work")
    for manifest in ("master.m3u8", "manifest.mpd"):
        played = tmp_path / f"{manifest}.mkv"
        maps = [part for track in tracks(name) for part in ("-map", f"0:a:{track}")]
        ffmpeg("-i", str(tmp_path / "work" / manifest), "-map", "0:v:0", *maps, "-c", "copy", str(played))
        frame_judge.judge_cut(source, played, *WHOLE, min_ssim=0.9)
        for track in tracks(name):
            frame_judge.judge_sync(source, played, *WHOLE, track=track, within_s=0.004)


@pytest.mark.parametrize(("seconds", "pictures", "sounds"), [(4, 2, 2), (4.04, 2, 3), (4.5, 3, 3)])
async def test_no_segment_is_as_short_as_what_its_encoder_needs_to_start(
    prober: Prober, tmp_path: Path, seconds: float, pictures: int, sounds: int
) -> None:
    """What is left over at the end belongs to the segment before: hls.js, which heeds no edit list, expects segments
    later by that, would look for one so short behind the end, and wait there for ever."""
    source = footage.make(seconds=seconds)
    await make(prober, source.path, tmp_path / "work", preset="veryfast")  # whose frames are reordered
    found = judge(tmp_path / "work")
    assert {name: len(playlist.parts) for name, playlist in found.items()} == {
        "v0.m3u8": pictures,
        "v1.m3u8": pictures,
        "a0.m3u8": sounds,
    }


@pytest.mark.parametrize(
    ("codec", "audio"), [("hevc", "aac"), pytest.param("vp9", "opus", marks=pytest.mark.slow), ("av1", "aac")]
)
@pytest.mark.slow
async def test_any_codec(prober: Prober, tmp_path: Path, codec: str, audio: str) -> None:
    """Key frames where they are wished and nowhere else, closed groups, the right name."""
    source = of_kind("hevc 10 bit", seconds=SECONDS, size=(160, 90))
    await make(prober, source.path, tmp_path / "work", codec=codec, audio_codec=audio)
    judge(tmp_path / "work")


async def test_hevc_of_a_variable_frame_rate(prober: Prober, tmp_path: Path) -> None:
    """Key frames come when they are wished, however few frames lie between."""
    source = of_kind("vfr mp4", seconds=SECONDS)
    await make(prober, source.path, tmp_path / "work", codec="hevc")
    judge(tmp_path / "work")


@pytest.mark.slow
async def test_cuts_and_stills_do_not_move_borders(prober: Prober, tmp_path: Path) -> None:
    """A new scene gets no key frame of its own; a picture that stands longer than a segment makes a longer one."""
    source = tmp_path / "cuts.mp4"
    scenes = "hue=h=floor(t/0.7)*97,negate=enable='lt(mod(t,1.4),0.7)'"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=96x54:rate=25:duration=12"),
        *("-vf", f"{scenes},select='not(between(t,3.01,8.5))'", "-fps_mode", "vfr", "-c:v", "libx264"),
        *("-pix_fmt", "yuv420p", "-preset", "ultrafast", str(source)),
    )
    for codec in ("h264", "vp9"):
        work = tmp_path / codec
        await make(prober, source, work, codec=codec)
        first = read_playlist(work, "v0.m3u8")
        assert [round(float(border), 2) for border in first.borders_s] == [0, 2, 8.52, 10]
        assert first.borders_s == read_playlist(work, "v1.m3u8").borders_s
        assert first.target_s == 7


async def test_a_picture_that_begins_late_is_shown_from_the_start(prober: Prober, tmp_path: Path) -> None:
    """Players begin with what is there first: without a picture they would skip the sound before it."""
    source = of_kind("late picture", seconds=SECONDS)
    await make(prober, source.path, tmp_path / "work")
    first = judge(tmp_path / "work")["v0.m3u8"]
    assert [float(time) for time in first.parts[0].times_s[:3]] == pytest.approx([0, 0.44, 0.48])
    assert sum(part.lasts_s for part in first.parts) == pytest.approx(SECONDS + 0.4)


async def test_the_manifest_of_dash_finds_the_same_segments(prober: Prober, tmp_path: Path) -> None:
    """Ranges of header and index are those of the files; languages as players name them."""
    source = of_kind("two tracks", seconds=SECONDS)
    work = tmp_path / "work"
    await make(prober, source.path, work)
    name = "{urn:mpeg:dash:schema:mpd:2011}"
    manifest = ElementTree.parse(work / "manifest.mpd").getroot()
    groups = list(manifest.iter(f"{name}AdaptationSet"))
    assert [(group.attrib["contentType"], group.get("lang")) for group in groups] == [
        ("video", None),
        ("audio", "en"),
        ("audio", "hi"),
    ]
    for one in manifest.iter(f"{name}Representation"):
        media = (work / str(one.findtext(f"{name}BaseURL"))).read_bytes()
        base, header = one.find(f"{name}SegmentBase"), one.find(f"{name}SegmentBase/{name}Initialization")
        assert base is not None
        assert header is not None
        start, last = map(int, base.attrib["indexRange"].split("-"))
        assert header.attrib["range"] == f"0-{start - 1}"
        assert media[start + 4 : start + 8] == b"sidx"
        assert media[last + 5 : last + 9] == b"moof"


async def test_what_cannot_be_streamed_is_not_published(prober: Prober, tmp_path: Path) -> None:
    """Renditions whose borders differ, and files that are not what they should be."""
    source = of_kind("silent", seconds=SECONDS)
    work = tmp_path / "work"
    plan = await make(prober, source.path, work)
    assert plan.streaming is not None
    made = [await prober.probe(work / f"out{number}.mp4") for number in range(2)]
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0")
    made_again = ("-i", str(work / "out1.mp4"), *coded, "-f", "mp4")
    flags = ("-movflags", "+dash+delay_moov+skip_sidx+skip_trailer+frag_keyframe")
    for name, gap in (("v0", "40"), ("v1", "50")):
        ffmpeg(*made_again, "-g", gap, *flags, str(work / f"{name}.fragments"))
        (work / f"{name}.mp4").unlink()
    whole = (work / "v0.fragments").read_bytes()
    with pytest.raises(VerifyFailed, match=r"v1\.mp4 begin at other times"):
        finish(plan.streaming, made, work)
    (work / "v0.mp4").unlink()
    (work / "v1.fragments").write_bytes(whole)
    (work / "v0.fragments").write_bytes(whole[:-1])
    with pytest.raises(VerifyFailed, match=r"v0\.mp4 cannot be streamed"):
        finish(plan.streaming, made, work)


@pytest.mark.parametrize(
    ("codec", "times"),
    [
        ("h264", 1.5),
        *(
            pytest.param(codec, times, marks=pytest.mark.slow)
            for codec, times in (("hevc", 1.5), ("av1", 2.5), ("vp9", 2.5))
        ),
    ],
)
async def test_the_most_demanding_picture_fits_through_a_network(
    prober: Prober, tmp_path: Path, codec: Codec, times: float
) -> None:
    """What would take seven times as much by its factor alone keeps to its peak, with a buffer of a second; encoders
    that see no further ahead find to it within seconds."""
    source = tmp_path / "noise.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=272x152:rate=25:duration=8", "-vf", "noise=alls=40:allf=t"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", "10", str(source)),
    )
    plan = await make(prober, source, tmp_path / "work", qualities=(Quality.SOURCE,), codec=codec)
    peak = plan.outputs[0].output.pictures.peak_bit_rate
    assert peak == rendition_bit_rates.streamed_peak((272, 152), codec)
    (playlist,) = judge(tmp_path / "work").values()
    for part in playlist.parts:
        assert 8 * part.size_bytes / part.lasts_s < times * peak
