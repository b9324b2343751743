"""The probe on real files: what it says of honest ones, and that hostile ones get a refusal and nothing else."""

import asyncio
import functools
import os
import random
import signal
import struct
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
import pytest_asyncio

from reelwright.edits.media_info import MediaInfo
from reelwright.errors import NotFound, UnreadableMedia, UnsupportedMedia
from reelwright.media.probe import video_files
from reelwright.media.probe.ffmpeg_first_frame import first_frame
from reelwright.media.probe.packets import decoded_frames
from reelwright.media.probe.prober import Prober
from reelwright.media.probe.rules import ProbeRules
from tests.support import odd_files, recipes
from tests.support.processes import PATIENCE_S, childless, stop_child_of

FORMATS = ("mov", "matroska", "webm", "avi", "mpegts", "flv", "asf", "mpeg", "mpegvideo", "ogg")
RULES = ProbeRules(
    formats=FORMATS,
    max_pixels=8192 * 4320,
    max_streams=8,
    max_duration_s=3600,
    max_frame_rate=240,
    timeout_s=20,
    memory_bytes=4 << 30,
)
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=1")
SOUND = ("-f", "lavfi", "-i", "sine=d=1")


@pytest_asyncio.fixture(scope="session")
async def prober() -> AsyncIterator[Prober]:
    async with recipes.prober(RULES) as started:
        yield started


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@functools.cache
def make(path: Path, *argv: str) -> Path:
    whole = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *argv, str(path)]
    subprocess.run(whole, check=True, stdin=subprocess.DEVNULL)
    return path


def plain(folder: Path) -> Path:
    return make(folder / "plain.mp4", *PICTURE, *SOUND, "-c:v", "libx264")


def large(folder: Path) -> Path:
    """A picture of 32 million pixels, which takes a while."""
    source = ("-f", "lavfi", "-i", "color=s=8000x4000:r=1", "-frames:v", "1")
    return make(folder / "large.mp4", *source, "-c:v", "mjpeg", "-threads", "2")


def boxes(data: bytes | bytearray) -> dict[bytes, tuple[int, int]]:
    """Begin and end of each top-level box of an MP4."""
    found, at = {}, 0
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        found[name] = (at, at + length)
        at += length
    return found


CONTAINERS = {
    "mp4": ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "aac", ("-c:v", "libx264")),
    "mov": ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "aac", ("-c:v", "libx264")),
    "mkv": ("matroska,webm", "h264", "vorbis", ()),
    "webm": ("matroska,webm", "vp8", "opus", ("-c:v", "libvpx", "-c:a", "libopus")),
    "avi": ("avi", "mpeg4", "mp3", ()),
    "ts": ("mpegts", "h264", "aac", ("-c:v", "libx264", "-c:a", "aac")),
    "flv": ("flv", "flv1", "mp3", ()),
    "wmv": ("asf", "msmpeg4v3", "wmav2", ()),
    "mpg": ("mpeg", "mpeg1video", "mp2", ()),
    "ogv": ("ogg", "theora", "vorbis", ("-c:v", "libtheora")),
}


@pytest.mark.parametrize("kind", CONTAINERS)
async def test_every_container_that_is_taken(prober: Prober, folder: Path, kind: str) -> None:
    """Size, codecs, rate, duration and sound of a plain clip are right, whatever it comes in."""
    container, video, audio, options = CONTAINERS[kind]
    path = make(folder / f"plain.{kind}", *PICTURE, *SOUND, *options)
    info = await prober.probe(path)
    assert (info.container, info.size_bytes) == (container, path.stat().st_size)
    assert info.duration_s == pytest.approx(1, abs=0.11)
    picture = info.main_video
    assert (picture.codec, picture.width, picture.height) == (video, 160, 120)
    assert (picture.display_width, picture.display_height, picture.rotation) == (160, 120, 0)
    assert (picture.pixel_format, picture.bit_depth, picture.field_order) == ("yuv420p", 8, "progressive")
    assert picture.sample_aspect_ratio == "1/1"
    if kind != "avi":  # FFmpeg's leaves an empty place after the first frame
        assert (picture.frame_rate, picture.variable_frame_rate) == ("25/1", False)
    assert picture.frame_count == (25 if kind in ("mp4", "mov") else None)
    assert [(sound.codec, sound.channels, sound.sample_rate) for sound in info.audio] == [
        (audio, 1, info.audio[0].sample_rate)
    ]
    assert info.audio[0].sample_rate in (44100, 48000)


@pytest.mark.parametrize(("counter_clockwise", "clockwise"), [(90, 270), (-90, 90), (180, 180), (0, 0)])
async def test_rotation_is_what_a_player_turns(
    prober: Prober, folder: Path, counter_clockwise: int, clockwise: int
) -> None:
    """A quarter turn swaps the displayed sides, and it is clockwise: as ffmpeg itself turns the picture."""
    upright = make(
        folder / "corner.mp4", "-f", "lavfi", "-i", "color=black:s=160x96:d=0.2,drawbox=0:0:32:32:white:t=fill"
    )
    turned = make(
        folder / f"turned{clockwise}.mp4", "-display_rotation", str(counter_clockwise), "-i", str(upright), "-c", "copy"
    )
    picture = (await prober.probe(turned)).main_video
    assert (picture.rotation, picture.width, picture.height) == (clockwise, 160, 96)
    sides = (96, 160) if clockwise in (90, 270) else (160, 96)
    assert (picture.display_width, picture.display_height) == sides
    played = make(folder / f"played{clockwise}.mp4", "-i", str(turned), "-frames:v", "1")
    with av.open(str(played)) as opened:
        grey = next(opened.decode(video=0)).to_ndarray(format="gray")
    right, bottom = grey.shape[1] - 8, grey.shape[0] - 8
    corner = {0: (8, 8), 90: (8, right), 180: (bottom, right), 270: (bottom, 8)}[clockwise]
    assert grey.shape == sides[::-1]
    assert grey[corner] > 200


async def test_sample_aspect_ratio_widens_what_is_seen(prober: Prober, folder: Path) -> None:
    """Anamorphic pictures are reported coded and as seen; turned ones are widened before they are turned."""
    wide = make(folder / "wide.mp4", *PICTURE, "-vf", "setsar=4/3", "-c:v", "libx264")
    picture = (await prober.probe(wide)).main_video
    assert (picture.sample_aspect_ratio, picture.width, picture.display_width) == ("4/3", 160, 213)
    turned = make(folder / "wide_turned.mp4", "-display_rotation", "-90", "-i", str(wide), "-c", "copy")
    picture = (await prober.probe(turned)).main_video
    assert (picture.display_width, picture.display_height) == (120, 213)


@pytest.mark.parametrize("reordered", [True, False])
async def test_variable_frame_rate(prober: Prober, folder: Path, reordered: bool) -> None:
    """The index of an MP4 gives the exact count and the longest gap, with reordered frames too; Matroska no count."""
    keep = "select='not(mod(n,3))+gt(n,15)'"
    path = make(
        folder / f"variable{reordered}.mp4", *PICTURE, "-vf", keep, "-fps_mode", "vfr",
        "-c:v", "libx264", "-bf", "3" if reordered else "0",
    )  # fmt: skip
    picture = (await prober.probe(path)).main_video
    assert (picture.variable_frame_rate, picture.frame_count, picture.longest_frame_s) == (True, 15, 0.12)
    assert picture.frame_rate == "15/1"
    remuxed = make(folder / f"variable{reordered}.mkv", "-i", str(path), "-c", "copy")
    picture = (await prober.probe(remuxed)).main_video
    assert (picture.variable_frame_rate, picture.frame_count) == (True, None)


async def test_a_long_last_gap_is_found(prober: Prober, folder: Path) -> None:
    """Decoding times do not show the gap before the last of reordered frames; the probe reads that end."""
    late = "setpts='PTS+gt(N,23)*0.5/TB'"
    path = make(folder / "late.mp4", *PICTURE, "-vf", late, "-fps_mode", "vfr", "-c:v", "libx264", "-bf", "3")
    picture = (await prober.probe(path)).main_video
    assert picture.longest_frame_s == 0.52  # in whole frames
    assert (picture.variable_frame_rate, picture.frame_count) == (True, 25)


async def test_uneven_reordered_frames_last_to_the_end_of_the_last_one(prober: Prober, folder: Path) -> None:
    """An MP4 states how long decoding takes, which is less where frames wait for later ones; Matroska says the same."""
    uneven = "select='not(mod(n,7))+between(mod(n,20),0,3)'"
    path = make(
        folder / "uneven.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=60:d=4", "-vf", uneven, "-fps_mode", "vfr",
        "-c:v", "libx264",
    )  # fmt: skip
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        assert stream.time_base is not None
        assert stream.duration is not None
        packets = [packet for packet in opened.demux(stream) if packet.size]
        shown = sorted(packet.pts * stream.time_base for packet in packets if packet.pts is not None)
        assert len(shown) == len(packets)
        assert stream.duration * stream.time_base < shown[-1]
    info = await prober.probe(path)
    assert info.duration_s == info.main_video.duration_s == round(float(shown[-1] + Fraction(1, 60)), 6)
    assert Fraction(info.main_video.frame_rate or 0) == Fraction(len(shown)) / (shown[-1] + Fraction(1, 60))
    remuxed = await prober.probe(make(folder / "uneven.mkv", "-i", str(path), "-c", "copy"))
    assert remuxed.duration_s == pytest.approx(info.duration_s, abs=0.002)


async def test_frames_outside_the_edit_list_are_not_counted(prober: Prober, folder: Path) -> None:
    """What is counted is what is decoded: a copy that starts between keyframes hides frames."""
    path = make(folder / "cut.mp4", "-ss", "0.4", "-i", str(plain(folder)), "-c", "copy")
    with av.open(str(path)) as opened:
        decoded = sum(1 for _ in opened.decode(video=0))
    picture = (await prober.probe(path)).main_video
    assert picture.frame_count == decoded < 25
    assert picture.variable_frame_rate is False


async def test_fragments_are_not_counted(prober: Prober, folder: Path) -> None:
    """The index of a fragmented MP4 is not complete, so that no count is claimed from it; the gaps are read."""
    flags = "frag_keyframe+empty_moov"
    path = make(folder / "fragmented.mp4", *PICTURE, "-c:v", "libx264", "-g", "10", "-movflags", flags)
    picture = (await prober.probe(path)).main_video
    assert (picture.frame_count, picture.longest_frame_s) == (None, 0.04)
    assert (picture.frame_rate, picture.variable_frame_rate) == ("25/1", False)


async def test_start_times_are_exact(prober: Prober, folder: Path) -> None:
    """The zero of the time line is the first timestamp of all streams, as a fraction."""
    path = make(folder / "late.ts", *PICTURE, *SOUND, "-c:v", "libx264", "-output_ts_offset", "7")
    info = await prober.probe(path)
    with av.open(str(path)) as opened:
        starts = [s.start_time * s.time_base for s in opened.streams if s.start_time is not None and s.time_base]
    assert info.start == min(starts) > 7
    assert Fraction(info.main_video.start_s) == starts[0]
    assert Fraction(info.audio[0].start_s) == starts[1]
    assert info.main_video.time_base == "1/90000"


async def test_colour_depth_and_interlacing(prober: Prober, folder: Path) -> None:
    """HDR is known by its transfer, ten bits by the decoded frame, fields by their order."""
    colour = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv")
    tagged = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    coded = ("-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-vf", tagged, *colour)
    picture = (await prober.probe(make(folder / "hdr.mp4", *PICTURE, *coded))).main_video
    assert (picture.pixel_format, picture.bit_depth, picture.is_hdr) == ("yuv420p10le", 10, True)
    assert (picture.color_primaries, picture.color_space, picture.color_range) == ("bt2020", "bt2020nc", "tv")
    fields = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-vf", "setfield=tff")
    picture = (await prober.probe(make(folder / "fields.ts", *PICTURE, *fields))).main_video
    assert picture.field_order == "tt"
    assert not picture.is_hdr


async def test_several_sounds_with_languages(prober: Prober, folder: Path) -> None:
    """Tracks keep their order; of the file's text only real language tags pass."""
    path = make(
        folder / "tracks.mkv", *PICTURE, *SOUND, "-f", "lavfi", "-i", "aevalsrc=0|0:d=1",
        "-map", "0", "-map", "1", "-map", "2", "-map", "1", "-c:v", "libx264", "-c:a", "aac",
        "-disposition:a:0", "0", "-disposition:a:1", "default",
        "-metadata:s:a:0", "language=hin", "-metadata:s:a:1", "language=und", "-metadata:s:a:2", "language=<b>",
        "-metadata", "title=<script>alert(1)</script>",
    )  # fmt: skip
    info = await prober.probe(path)
    assert [stream.codec for stream in info.video] == ["h264"]
    assert [(sound.language, sound.channels, sound.layout, sound.default) for sound in info.audio] == [
        ("hin", 1, "mono", False),
        (None, 2, "stereo", True),
        (None, 1, "mono", False),
    ]
    assert "script" not in repr(info)


async def test_cover_art_is_no_moving_picture(prober: Prober, folder: Path) -> None:
    """Even a cover that comes first and is larger leaves the video the main one."""
    cover = make(folder / "large.png", "-f", "lavfi", "-i", "color=s=640x480", "-frames:v", "1")
    path = make(
        folder / "covered.mp4", "-i", str(cover), *PICTURE, "-map", "0", "-map", "1", "-c:v:0", "copy",
        "-disposition:v:0", "attached_pic", "-c:v:1", "libx264",
    )  # fmt: skip
    info = await prober.probe(path)
    assert [(stream.codec, stream.width) for stream in info.video] == [("h264", 160)]
    assert [(one.kind, one.codec) for one in info.other] == [("attached_picture", "png")]


async def test_what_no_edit_keeps_is_known(prober: Prober, folder: Path) -> None:
    """Chapters, subtitles, attachments, further programmes, Dolby Vision: so that a plan can say what is lost."""
    (folder / "text.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    (folder / "chapters.txt").write_text(";FFMETADATA1\n" + "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\n" * 2)
    told = make(
        folder / "told.mkv", *PICTURE, "-i", str(folder / "text.srt"), "-i", str(folder / "chapters.txt"),
        "-map", "0", "-map", "1", "-map_chapters", "2",
        "-attach", str(folder / "chapters.txt"), "-metadata:s:2", "mimetype=text/plain",
    )  # fmt: skip
    info = await prober.probe(told)
    assert (info.chapters, info.programs) == (2, 0)
    assert [one.kind for one in info.other] == ["subtitle", "attachment"]
    channels = make(
        folder / "channels.ts", *PICTURE, *SOUND, *PICTURE, "-map", "0", "-map", "1", "-map", "2",
        "-program", "st=0:st=1", "-program", "st=2",
    )  # fmt: skip
    assert (await prober.probe(channels)).programs == 2
    dolby = (
        await prober.probe(odd_files.make("Dolby Vision without a base layer for others", folder / "dv"))
    ).main_video
    assert (dolby.dolby_vision_profile, dolby.dolby_vision_compatibility) == (5, 0)
    plain_picture = (await prober.probe(plain(folder))).main_video
    assert (plain_picture.dolby_vision_profile, plain_picture.begins_within_group) == (None, False)


async def test_sound_begins_when_it_is_first_heard(prober: Prober, folder: Path) -> None:
    """A recording that begins within its sound: packets that give none are there, and say something else."""
    whole = make(folder / "heard.mkv", *PICTURE, *SOUND, "-c:a", "libmp3lame")
    unheard = make(folder / "unheard.mkv", "-i", str(whole), "-c", "copy", "-bsf:a", "noise=amount='lt(n,10)'")
    assert (await prober.probe(whole)).audio[0].start_s == "0"
    assert float(Fraction((await prober.probe(unheard)).audio[0].start_s)) == pytest.approx(10 * 1152 / 44100, abs=0.03)


async def test_a_recording_that_begins_within_a_packet_of_sound_begins_behind_it(prober: Prober, folder: Path) -> None:
    """Cut anywhere, a programme stream begins with the rest of a packet; no decoder takes it."""
    whole = make(folder / "whole.mpg", *PICTURE, *SOUND, "-c:v", "mpeg2video", "-g", "5", "-c:a", "mp2")
    packs = whole.read_bytes()
    for cut in range(2048, 16 * 2048, 2048):
        path = folder / "begins-anywhere.mpg"
        path.write_bytes(packs[cut:])
        track = (await prober.probe(path)).audio[0]
        with av.open(str(path)) as container:
            frames = (frame for packet in container.demux(audio=0) for frame in decoded_frames(packet))
            heard = next(frames)
            assert Fraction(track.start_s or 0) == heard.pts * heard.time_base


async def test_recordings_within_each_others_last_packets_are_refused(prober: Prober, folder: Path) -> None:
    """ffmpeg sees the one jump twice, and what it makes would stand still for as long as a recording lasts."""
    streams = (*odd_files.picture(seconds=2, rate="10"), *odd_files.sound(2), *odd_files.H264)
    part = odd_files.made(folder / "part.ts", *streams)
    path = odd_files.joined(folder / "within.ts", part, part)
    assert "starts anew" in (await refused(prober, path)).detail


async def test_side_streams_do_not_count_and_are_bounded(prober: Prober, folder: Path) -> None:
    """Attachments are only listed, but not without end."""
    attachment = folder / "attachment.txt"
    attachment.write_text("text")
    for number in (RULES.max_streams + 10, 300):
        attached = [option for _ in range(number) for option in ("-attach", str(attachment))]
        types = [option for one in range(number) for option in (f"-metadata:s:{one + 1}", "mimetype=text/plain")]
        path = make(folder / f"attached{number}.mkv", *PICTURE, *attached, *types)
        if number < 256:
            assert len((await prober.probe(path)).other) == number
        else:
            assert (await refused(prober, path)).code == "too_many_streams"


async def refused(prober: Prober, path: Path) -> UnsupportedMedia | UnreadableMedia:
    with pytest.raises((UnsupportedMedia, UnreadableMedia)) as caught:
        await prober.probe(path)
    error = caught.value
    assert isinstance(error, UnsupportedMedia | UnreadableMedia)
    assert path.name not in error.detail
    return error


async def test_scripts_that_name_other_files_are_not_followed(prober: Prober, folder: Path) -> None:
    """Playlists under a video's name are refused at once; to open what they name would wait for a writer."""
    own = folder / "scripts"
    own.mkdir()
    canary = own / "canary.mp4"
    os.mkfifo(canary)
    scripts = {
        "ffconcat": "ffconcat version 1.0\nfile canary.mp4\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        "dash": f'<?xml version="1.0"?><MPD type="static" mediaPresentationDuration="PT1S"><Period><BaseURL>file://{canary}'
        '</BaseURL><AdaptationSet><Representation id="0" bandwidth="1"/></AdaptationSet></Period></MPD>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
        "text": "a plain text\n" * 100,
    }
    for name, script in scripts.items():
        (own / f"{name}.mp4").write_text(script)
        assert isinstance(await refused(prober, own / f"{name}.mp4"), UnsupportedMedia), name


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "avif", "wav", "srt"])
async def test_what_is_no_video_is_unsupported(prober: Prober, folder: Path, kind: str) -> None:
    """Pictures, sounds and subtitles under a video's name are a 415."""
    if kind == "srt":
        made = folder / "text.srt"
        made.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    elif kind == "wav":
        made = make(folder / "sound.wav", *SOUND)
    else:
        made = make(
            folder / f"still.{kind}", *PICTURE, "-frames:v", "1", *(["-c:v", "libaom-av1"] if kind == "avif" else [])
        )
    disguised = folder / f"{kind}.mp4"
    disguised.write_bytes(made.read_bytes())
    error = await refused(prober, disguised)
    assert (type(error), error.status) == (UnsupportedMedia, 415)


async def test_only_the_formats_of_the_rules_are_taken(prober: Prober, folder: Path) -> None:
    """A container that is readable but not allowed is a 415, under any of its names."""
    mkv = make(folder / "plain.mkv", *PICTURE, *SOUND)
    mov_only, webm = (prober.by(replace(RULES, formats=(name,))) for name in ("mov", "webm"))
    assert (await mov_only.probe(plain(folder))).main_video.width == 160
    assert isinstance(await refused(mov_only, mkv), UnsupportedMedia)
    assert (await webm.probe(mkv)).main_video.width == 160


async def test_videos_without_a_picture(prober: Prober, folder: Path) -> None:
    """A video's container with sound only, or with cover art only, is a 422 with its own code."""
    cover = make(folder / "cover.png", *PICTURE, "-frames:v", "1")
    sound = make(folder / "sound.m4a", *SOUND)
    covered = make(
        folder / "covered.m4a", *SOUND, "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy",
        "-disposition:v:0", "attached_pic",
    )  # fmt: skip
    for path in (sound, covered):
        error = await refused(prober, path)
        assert (error.status, error.code) == (422, "no_video_stream")


async def test_damaged_videos(prober: Prober, folder: Path) -> None:
    """Cut off before its index, with an index and no media, empty, or noise: refused, each by what it is. Where it
    cannot be told without ffmpeg, that shows nothing, too."""
    whole = make(folder / "plain.mp4", *PICTURE, *SOUND, "-c:v", "libx264").read_bytes()
    moov, mdat = boxes(whole)[b"moov"], boxes(whole)[b"mdat"]
    hollow = bytearray(whole)
    hollow[mdat[0] + 8 : mdat[1]] = bytes(mdat[1] - mdat[0] - 8)
    two = make(folder / "two.mp4", "-i", str(folder / "plain.mp4"), *("-map", "0:v") * 2, "-c", "copy")
    hollows = bytearray(two.read_bytes())
    begin, end = boxes(hollows)[b"mdat"]
    hollows[begin + 8 : end] = bytes(end - begin - 8)
    noise = random.Random(1).randbytes(100_000)
    cases = {
        "cut": (whole[: moov[0] - 1000], UnreadableMedia),
        "hollow": (bytes(hollow), UnreadableMedia),
        "two hollow ones": (bytes(hollows), UnreadableMedia),
        "header": (whole[:40], UnreadableMedia),
        "matroska": (b"\x1a\x45\xdf\xa3" + noise, UnreadableMedia),
        "empty": (b"", UnsupportedMedia),
        "noise": (noise, UnsupportedMedia),
        "zeros": (bytes(100_000), UnsupportedMedia),
    }
    for name, (data, kind) in cases.items():
        path = folder / f"{name}.mp4"
        path.write_bytes(data)
        error = await refused(prober, path)
        assert (type(error), error.code) == (kind, kind.code), name
    with pytest.raises(UnreadableMedia):
        await first_frame(folder / "hollow.mp4", 0, replace(RULES, ffmpeg=imageio_ffmpeg.get_ffmpeg_exe()))


def test_a_file_that_says_too_much_is_not_described(folder: Path) -> None:
    """Not by its words: ffmpeg is asked."""
    tags = folder / "tags.txt"
    tags.write_text(";FFMETADATA1\n" + "".join(f"tag{number}=x\n" for number in range(2001)))
    path = make(folder / "tags.mkv", "-i", str(plain(folder)), "-i", str(tags), "-map_metadata", "1", "-c", "copy")
    for source, doubtful in ((path, True), (plain(folder), False)):
        with source.open("rb") as opened:
            assert video_files.examine(opened.fileno(), RULES).doubtful == doubtful


async def test_recordings_that_were_joined_byte_by_byte_are_refused_where_no_clock_may_start_anew(
    prober: Prober, folder: Path
) -> None:
    """Nothing that plays them shows both; the sentence says how to join them."""
    part = make(folder / "part.webm", "-f", "lavfi", "-i", "testsrc2=s=160x120:d=2", "-c:v", "libvpx", "-live", "1")
    error = await refused(prober, odd_files.joined(folder / "joined.webm", part, part))
    assert (error.status, error.code) == (422, "unreadable_media")
    assert "-f concat" in error.detail


async def test_quicktime_is_told_from_mp4(prober: Prober, folder: Path) -> None:
    """By the major brand, whatever the name; a file without a brand is older than MP4."""
    mov = make(folder / "branded.mov", *PICTURE, "-c:v", "libx264")
    old = folder / "old.mp4"
    old.write_bytes(mov.read_bytes().replace(b"ftyp", b"free", 1))
    for path, name in ((mov, "mov"), (old, "mov"), (plain(folder), "mp4")):
        assert (await prober.probe(path)).file_format.name == name


async def test_a_codec_that_is_not_taken_is_never_opened(prober: Prober, folder: Path) -> None:
    """Decoders of what the world does not use stay shut, for sound as well; a setting shuts and opens others."""
    screen = make(folder / "screen.avi", *PICTURE, "-c:v", "zmbv")
    for path in (screen, make(folder / "snow.mkv", *PICTURE, "-c:v", "snow", "-strict", "-2")):
        error = await refused(prober, path)
        assert (error.status, error.code) == (415, "unsupported_codec")
        assert "ALLOWED_VIDEO_CODECS" in error.detail
    deaf = await prober.probe(make(folder / "dfpwm.mov", *PICTURE, *SOUND, "-c:v", "libx264", "-c:a", "dfpwm"))
    assert [track.decodable for track in deaf.audio] == [False]
    other = prober.by(replace(RULES, codecs=("zmbv",)))
    assert (await other.probe(screen)).main_video.codec == "zmbv"
    error = await refused(other, plain(folder))
    assert "coded as h264" in error.detail


async def test_an_unknown_codec_is_unsupported(prober: Prober, folder: Path) -> None:
    """A codec that nothing here decodes is a 415 with its own code."""
    path = folder / "unknown.mp4"
    path.write_bytes(plain(folder).read_bytes().replace(b"avc1", b"zzz9"))
    error = await refused(prober, path)
    assert (error.status, error.code) == (415, "unsupported_codec")


async def test_the_rules_are_kept(prober: Prober, folder: Path) -> None:
    """More pixels, streams, frames a second or seconds than allowed are each refused by name."""
    clip = plain(folder)
    for code, rules in {
        "too_many_pixels": replace(RULES, max_pixels=160 * 120 - 1),
        "too_many_streams": replace(RULES, max_streams=1),
        "frame_rate_too_high": replace(RULES, max_frame_rate=24),
        "too_long": replace(RULES, max_duration_s=0.9),
    }.items():
        error = await refused(prober.by(rules), clip)
        assert (error.status, error.code) == (422, code)


async def test_bombs_are_refused_before_they_go_off(prober: Prober, folder: Path) -> None:
    """A huge picture in a small file, and a file whose few frames last for days."""
    huge = make(
        folder / "huge.mp4", "-f", "lavfi", "-i", "color=s=8192x4336:r=1", "-frames:v", "1",
        "-c:v", "libx264", "-preset", "ultrafast",
    )  # fmt: skip
    assert (await refused(prober, huge)).code == "too_many_pixels"
    unparsed = make(
        folder / "huge.avi", "-f", "lavfi", "-i", "color=s=8192x4336:r=1", "-frames:v", "1", "-c:v", "mjpeg"
    )
    assert (await refused(prober, unparsed)).code == "too_many_pixels"
    slow = make(folder / "slow.mkv", *PICTURE, "-vf", "setpts=N*3500/TB", "-fps_mode", "passthrough")
    assert (await refused(prober, slow)).code == "too_long"


async def test_memory_of_a_probe_is_limited(folder: Path) -> None:
    """A file that needs more than is allowed is refused; the next one is answered."""
    big = large(folder)
    async with recipes.prober(RULES) as roomy:
        assert (await roomy.probe(big)).main_video.width == 8000
        mapped_bytes = _memory_of(roomy)
    async with recipes.prober(replace(RULES, memory_bytes=mapped_bytes + (24 << 20))) as tight:
        assert (await refused(tight, big)).code == "unreadable_media"
        assert (await tight.probe(plain(folder))).main_video.width == 160


def _memory_of(prober: Prober) -> int:
    return int(Path(f"/proc/{prober.server.pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


async def test_what_is_not_there_or_not_a_file(prober: Prober, folder: Path) -> None:
    """A missing file is not found; a folder or a pipe is refused without waiting for it."""
    with pytest.raises(NotFound):
        await prober.probe(folder / "missing.mp4")
    os.mkfifo(folder / "pipe.mp4")
    for path in (folder, folder / "pipe.mp4"):
        with pytest.raises(UnsupportedMedia):
            await prober.probe(path)


async def test_a_probe_that_hangs_is_ended_alone(folder: Path) -> None:
    """A stopped child is killed at the time limit and is a refusal; other files are answered meanwhile."""
    async with recipes.prober(replace(RULES, timeout_s=1.0)) as prober:
        pid = prober.server.pid
        assert pid is not None
        await prober.probe(plain(folder))
        await childless(pid)
        hanging = asyncio.create_task(prober.probe(large(folder)))
        await stop_child_of(pid)
        assert (await prober.probe(plain(folder))).main_video.width == 160
        with pytest.raises(UnreadableMedia, match="too long"):
            await hanging
        assert prober.server.pid == pid


async def test_a_dead_prober_is_replaced(folder: Path) -> None:
    """After kill -9, also while files are being read, every file still gets its answer."""
    async with recipes.prober(RULES) as prober:
        for _ in range(3):
            probes = [asyncio.create_task(prober.probe(plain(folder))) for _ in range(4)]
            await asyncio.sleep(0)
            assert prober.server.pid is not None
            os.kill(prober.server.pid, signal.SIGKILL)
            assert {info.main_video.width for info in await asyncio.gather(*probes)} == {160}


async def test_nothing_is_left_behind(folder: Path) -> None:
    """Leaving the prober ends its process; probes leave no descriptor open."""
    async with recipes.prober(RULES) as prober:
        await prober.probe(plain(folder))
        pid = prober.server.pid
        assert pid is not None
        folders = [Path(f"/proc/{process}/fd") for process in ("self", pid)]
        await childless(pid)
        before = [len(list(one.iterdir())) for one in folders]
        await asyncio.gather(*(prober.probe(plain(folder)) for _ in range(20)))
        async with asyncio.timeout(PATIENCE_S):  # the server closes what was a child's after its end
            while any(len(list(one.iterdir())) > most for one, most in zip(folders, before, strict=True)):
                await asyncio.sleep(0.001)
    assert not Path(f"/proc/{pid}").exists()


async def test_a_cancelled_probe_ends_its_child(folder: Path) -> None:
    """Nobody waits for it any more, so the child is gone long before its time limit."""
    async with recipes.prober(RULES) as prober:
        await prober.probe(plain(folder))
        pid = prober.server.pid
        assert pid is not None
        await childless(pid)
        probing = asyncio.create_task(prober.probe(large(folder)))
        await stop_child_of(pid)
        probing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probing
        await childless(pid)


async def test_mutated_files_get_an_answer(prober: Prober, folder: Path) -> None:
    """Whatever bits are flipped, a probe ends with what the file is or with a refusal, soon."""
    sources = [
        make(folder / f"tiny.{kind}", "-f", "lavfi", "-i", "testsrc2=s=32x32:d=0.4", *CONTAINERS[kind][3][:2])
        for kind in ("mp4", "mkv")
    ]
    dice = random.Random(20)

    async def answer(number: int) -> bool:
        data = bytearray(sources[number % 2].read_bytes())
        for _ in range(dice.choice((1, 4, 16, 64))):
            at = dice.randrange(len(data))
            data[at : at + dice.choice((1, 1, 4))] = dice.choice((dice.randbytes(1), b"\xff\xff\xff\xff", b""))
        path = folder / f"mutant{number}.mp4"
        path.write_bytes(data)
        try:
            async with asyncio.timeout(RULES.timeout_s):
                return isinstance(await prober.probe(path), MediaInfo)
        except (UnsupportedMedia, UnreadableMedia):
            return False

    answers = await asyncio.gather(*(answer(number) for number in range(120)))
    assert 0 < sum(answers) < len(answers)
