"""Footage whose every frame tells its number and whose sound tells the time, so that an edit can be judged exactly.

Each picture is a moving texture (fine enough that structural similarity means something) with its frame number
written into it twice as a barcode, for programs, and once in seven-segment digits, for people. Each audio track
is silent but for a burst at every whole second of the intended time line, on which frame 0 is at 0 s.

`make` is cached: the same arguments make one file a run, whichever of its processes asks first; it is read only.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from imageio_ffmpeg import get_ffmpeg_exe

from tests.support.media_files import made_once

Picture = npt.NDArray[np.uint8]

VARIABLE_GAPS = (3000, 3750, 3000, 9000, 3003, 45000, 1500, 1500)
"""Gaps between the frames of variable-rate footage, in 1/90000 s: 1/30, 1/24, 1/30, 1/10, 1001/30000, 1/2, 1/60 s."""

SIZE = (192, 108)
"""As small as tells as much: numbers are read at half of it, and its height is no multiple of a coding block's."""

BURST_S = 0.04
BURST_HZ = 1000
"""Pitch of track 0; each further track is 500 Hz higher."""

CODE_ROWS = ((0.32, 0.40), (0.66, 0.74))
"""Where the two copies of the barcode are, as parts of the height: clear of corners, edges and the middle."""
CODE_BITS = 16
CODE_CELLS = 2 + CODE_BITS + 4 + 2
"""White and black to compare with, the number (most significant bit first), its check, black and white."""
CODE_BLACK, CODE_WHITE = 24, 232

_VIDEO_ENCODERS = {
    "h264": "-c:v libx264 -preset superfast -crf 14 -sc_threshold 0",
    "hevc": "-c:v libx265 -preset ultrafast -crf 14 -tag:v hvc1",
    "vp8": "-c:v libvpx -deadline realtime -cpu-used -16 -crf 6 -b:v 8M",  # below zero: the same on any machine
    "vp9": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 16 -b:v 0",
    "av1": "-c:v libsvtav1 -preset 12 -crf 18",
    "prores": "-c:v prores_ks -q:v 6",  # one quantiser for all: else it looks for each slice's
    "dnxhd": "-c:v dnxhd -profile:v dnxhr_hqx",
    "theora": "-c:v libtheora -q:v 10",
}
INTRA = ("prores", "dnxhd", "mjpeg")
_AUDIO_ENCODERS = {"webm": "libopus", "avi": "libmp3lame", "asf": "wmav2", "wmv": "wmav2"} | {
    "mpg": "mp2",
    "ogv": "libvorbis",
}
_MUXERS = {"ts": "mpegts", "m2ts": "mpegts", "mkv": "matroska", "mpg": "vob", "wmv": "asf", "ogv": "ogg"}
_SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")


@dataclass(frozen=True, slots=True)
class Footage:
    path: Path
    frame_times_s: tuple[Fraction, ...]
    """When frame i is shown, exactly as the file says it, counted from the container's start (the first timestamp
    of any stream): the time line that clients see."""


_folders: list[Path] = []


def keep_in(folder: Path) -> None:
    """Where `make` makes its files, for all processes of a run."""
    _folders[:] = [folder]


@functools.cache
def make(
    *,
    container: str = "mp4",
    video: str = "h264",
    frame_rate: str = "25",
    seconds: float = 2,
    size: tuple[int, int] = SIZE,
    pixel_format: str = "yuv420p",
    keyframe_every: int | None = 25,
    b_frames: int = 2,
    open_gop: bool = False,
    variable: bool = False,
    interlaced: bool = False,
    hdr: str = "",
    rotation: int = 0,
    sample_aspect_ratio: str = "1/1",
    audio: int = 1,
    audio_codec: str | None = None,
    channels: str = "stereo",
    sample_rate: int = 48000,
    languages: tuple[str, ...] = (),
    video_delay_frames: int = 0,
    audio_delay_s: float = 0,
    audio_seconds: float | None = None,
    start_offset_s: str = "0",
    cover_art: bool = False,
    mux_options: tuple[str, ...] = (),
) -> Footage:
    """Make a file of `container` (mp4, mov, mkv, webm, avi, ts, flv, asf, wmv, mpg, ogv), named after its options.

    size              the picture as displayed, before the sample aspect ratio is applied; rotation turns it
    keyframe_every    frames; None leaves it to the encoder
    variable          irregular gaps (VARIABLE_GAPS) instead of frame_rate
    interlaced        coded as interlaced, top field first (both fields of a frame show the same moment)
    hdr               of HEVC, by this transfer (smpte2084: HDR10, with what is said of its screen), else SDR
    rotation          degrees that a player turns the coded picture clockwise: mp4, mov and mkv
    audio, channels   number of tracks; layout of each: mono, stereo, 5.1
    video_delay_frames, audio_delay_s   the stream starts so much later; pictures and sound stay in step
    audio_seconds     the sound ends here, on the intended time line, if not with the video
    start_offset_s    added to every timestamp
    """
    told = {name: value for name, value in locals().items() if value != DEFAULTS[name]}
    (folder,) = _folders
    path = folder / f"{_name(told)}.{container}"
    rate = Fraction(frame_rate)
    times = _times_until(Fraction(seconds), rate, variable=variable)
    turn = rotation // 90
    width, height = size if turn % 2 == 0 else size[::-1]

    filters = f"setsar={sample_aspect_ratio}"
    if interlaced:
        filters += ",setfield=tff"
    if variable:
        filters += f",settb=1/90000,setpts={_variable_pts()}"
    if video_delay_frames:
        filters += f",setpts=PTS+{video_delay_frames}/({rate})/TB"

    argv = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-v", "error", "-y"]
    argv += f"-f rawvideo -pixel_format rgb24 -video_size {width}x{height} -framerate {rate} -i pipe:0".split()
    end_s = audio_seconds if audio_seconds is not None else seconds
    for track in range(audio):
        argv += ["-f", "lavfi", "-i", _bursts(track, channels, sample_rate, end_s)]
    if cover_art:
        argv += ["-f", "lavfi", "-i", "testsrc=size=96x96:rate=1:duration=1"]

    argv += ["-map", "0:v", "-filter:v:0", filters]
    argv += [part for track in range(audio) for part in ("-map", f"{track + 1}:a")]
    argv += _video_options(video, keyframe_every, b_frames, open_gop=open_gop, interlaced=interlaced, hdr=hdr)
    argv += ["-pix_fmt:v:0", pixel_format, "-fps_mode:v:0", "passthrough", "-threads", "2"]
    if variable:
        argv += ["-enc_time_base:v:0", "1:90000"]
        argv += ["-video_track_timescale", "90000"] if container in ("mp4", "mov") else []
    if audio:
        argv += ["-c:a", audio_codec or _AUDIO_ENCODERS.get(container, "aac"), "-b:a", "128k"]
        argv += ["-filter:a", f"atrim=start={audio_delay_s}"]
    for track, language in enumerate(languages):
        argv += [f"-metadata:s:a:{track}", f"language={language}"]
    if cover_art:
        argv += ["-map", f"{audio + 1}:v", "-c:v:1", "png", "-disposition:v:1", "attached_pic"]
    argv += ["-flags", "+bitexact" + ("+ilme+ildct" if interlaced else ""), "-fflags", "+bitexact"]
    argv += ["-output_ts_offset", start_offset_s]
    argv += ["-muxdelay", "0", "-muxpreload", "0"] if container in ("ts", "m2ts") else []
    argv += ["-mpegts_m2ts_mode", "1"] if container == "m2ts" else []
    argv += ["-avoid_negative_ts", "disabled"] if container == "avi" else []
    argv += mux_options

    with made_once(path) as target:
        if target is not None:
            argv += ["-f", _MUXERS.get(container, container), f"file:{target}"]
            _run(argv, (np.rot90(picture(number, size), turn) for number in range(len(times))))
            if rotation:
                _mark_rotated(target, rotation)
    return Footage(path, _measured_times(path, times))


DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(make).parameters.items()}


def _name(told: dict[str, object]) -> str:
    options = (f"{name}={value}" for name, value in told.items() if name != "container")
    return re.sub(r"[^\w.=+ -]+", "_", " ".join(options)) or "plain"


def slides(path: Path, times_s: tuple[float, ...], *, sound_s: float = 0, size: tuple[int, int] = SIZE) -> Path:
    """A video whose frame i is shown from `times_s[i]` on, in a container by the path's name."""
    stamps = "+".join(rf"eq(N\,{number})*{round(time * 90000)}" for number, time in enumerate(times_s))
    argv = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-v", "error", "-y"]
    argv += f"-f rawvideo -pixel_format rgb24 -video_size {size[0]}x{size[1]} -framerate 25 -i pipe:0".split()
    argv += ["-f", "lavfi", "-i", f"sine=frequency=300:duration={sound_s}"] if sound_s else []
    argv += ["-vf", f"settb=1/90000,setpts={stamps}", "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000"]
    argv += [*_VIDEO_ENCODERS["h264"].split(), "-pix_fmt", "yuv420p", f"file:{path}"]
    _run(argv, iter(picture(number, size) for number in range(len(times_s))))
    return path


def spoilt(source: Path, target: Path) -> Path:
    """A copy whose last packet of the picture has lost its sense."""
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as opened:
        last = [packet for packet in opened.demux(video=0) if packet.size][-1]
    assert last.pos is not None
    content[last.pos + 24 : last.pos + last.size] = bytes(n % 256 for n in range(last.size - 24))
    target.write_bytes(content)
    return target


def picture(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """The RGB picture (height x width x 3) of frame `number`, upright."""
    width, height = size
    rgb = np.roll(_texture(size), (number, 3 * number), (0, 1))
    cells = np.where(np.array(_code(number)), CODE_WHITE, CODE_BLACK)
    bar = cells[np.arange(width) * CODE_CELLS // width]
    for top, bottom in CODE_ROWS:
        rgb[round(top * height) : round(bottom * height)] = bar[None, :, None]
    _draw_digits(rgb, str(number))
    return rgb


def read_number(luma: Picture) -> int:
    """The number in a picture of any size, or -1 when neither copy of the barcode can be read."""
    height, width = luma.shape
    begins, ends = _cells(width)
    for top, bottom in CODE_ROWS:
        margin = (bottom - top) / 4
        rows = luma[round((top + margin) * height) : round((bottom - margin) * height) or None]
        sums = np.concatenate(([0], rows.sum(axis=0, dtype=np.int64).cumsum()))
        levels = (sums[ends] - sums[begins]) / ((ends - begins) * max(len(rows), 1))
        white, black = levels[0], levels[1]
        if white - black < 60:
            continue
        bits: tuple[bool, ...] = tuple((levels > (white + black) / 2).tolist())
        number = sum(bit << (CODE_BITS - 1 - place) for place, bit in enumerate(bits[2 : 2 + CODE_BITS]))
        if bits == _code(number):
            return number
    return -1


@functools.cache
def _cells(width: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the inner half of each cell of the barcode begins and ends, in columns."""
    edges = np.arange(CODE_CELLS + 1) * width / CODE_CELLS
    quarter = width / CODE_CELLS / 4
    inner = [(round(left + quarter), round(right - quarter)) for left, right in itertools.pairwise(edges)]
    return np.array([begin for begin, _ in inner]), np.array([max(end, begin + 1) for begin, end in inner])


@functools.cache
def _code(number: int) -> tuple[bool, ...]:
    check = (number ^ number >> 4 ^ number >> 8 ^ number >> 12 ^ 0b0101) & 15
    bits = f"10{number:0{CODE_BITS}b}{check:04b}01"
    return tuple(bit == "1" for bit in bits)


@functools.cache
def _texture(size: tuple[int, int]) -> Picture:
    """Coloured noise, smoothed to 3 pixels, that wraps round at the edges so that it can be rolled for ever.

    Its contrast is such that libx264 at CRF 18 keeps an SSIM over 0.98 and that a blur of sigma 0.6 does not.
    """
    width, height = size
    random = np.random.default_rng(20040413)
    noise = 75 * random.standard_normal((height, width, 1)) + 20 * random.standard_normal((height, width, 3))
    for axis in (0, 1):
        for _ in range(2):
            noise = (np.roll(noise, 1, axis) + 2 * noise + np.roll(noise, -1, axis)) / 4
    texture: Picture = np.clip(125 + noise * 78 / noise.std(), 0, 255).astype(np.uint8)
    return texture


def _draw_digits(rgb: Picture, text: str) -> None:
    height, width = rgb.shape[:2]
    tall = min(height, width) // 4
    wide, thick = tall // 2, max(tall // 9, 1)
    top, left = height // 20, (width - len(text) * (wide + 2 * thick)) // 2
    rgb[top : top + tall, max(left - thick, 0) : left + len(text) * (wide + 2 * thick)] = 20
    middle = (tall - thick) // 2
    strokes = {
        "a": (slice(0, thick), slice(0, wide)),
        "b": (slice(0, middle), slice(wide - thick, wide)),
        "c": (slice(middle, tall), slice(wide - thick, wide)),
        "d": (slice(tall - thick, tall), slice(0, wide)),
        "e": (slice(middle, tall), slice(0, thick)),
        "f": (slice(0, middle), slice(0, thick)),
        "g": (slice(middle, middle + thick), slice(0, wide)),
    }
    for place, digit in enumerate(text):
        at = left + place * (wide + 2 * thick)
        for segment in _SEGMENTS[int(digit)]:
            rgb[top : top + tall, at : at + wide][strokes[segment]] = (250, 230, 60)


def _times_until(end: Fraction, rate: Fraction, *, variable: bool) -> list[Fraction]:
    times, time = [], Fraction(0)
    while time < end:
        times.append(time)
        gap = VARIABLE_GAPS[(len(times) - 1) % len(VARIABLE_GAPS)]
        time = time + Fraction(gap, 90000) if variable else len(times) / rate
    return times


def _variable_pts() -> str:
    """A setpts expression for VARIABLE_GAPS, which repeat: whole rounds, then the way into the round."""
    count = len(VARIABLE_GAPS)
    into = "".join(rf"+eq(mod(N\,{count})\,{place})*{sum(VARIABLE_GAPS[:place])}" for place in range(1, count))
    return rf"floor(N/{count})*{sum(VARIABLE_GAPS)}{into}"


def _bursts(track: int, channels: str, sample_rate: int, end_s: float) -> str:
    wave = rf"if(lt(mod(t\,1)\,{BURST_S})\,0.5*sin(2*PI*{BURST_HZ + 500 * track}*t))"
    count = {"mono": 1, "stereo": 2, "5.1": 6}[channels]
    source = f"aevalsrc={'|'.join([wave] * count)}:channel_layout={channels}:sample_rate={sample_rate}"
    return f"{source}:duration={end_s}"


def _video_options(
    codec: str, keyframe_every: int | None, b_frames: int, *, open_gop: bool, interlaced: bool, hdr: str
) -> list[str]:
    options = _VIDEO_ENCODERS.get(codec, f"-c:v {codec} -q:v 2").split()
    if keyframe_every is not None and codec not in INTRA:
        options += ["-g", str(keyframe_every)]
    if codec == "h264":
        options += ["-bf", str(b_frames), "-x264-params", f"open-gop={int(open_gop)}:interlaced={int(interlaced)}"]
    elif codec == "hevc":
        keyframes = f":keyint={keyframe_every}:scenecut=0" if keyframe_every else ""
        options += [
            "-x265-params",
            f"log-level=error:bframes={b_frames}:open-gop={int(open_gop)}{keyframes}{_graded(hdr)}",
        ]
    elif codec in ("mpeg4", "mpeg2video"):
        options += ["-bf", str(b_frames)]
    return options


def _graded(transfer: str) -> str:
    """How x265 is told of HDR; where chroma lies in it is not as usual."""
    if not transfer:
        return ""
    screen = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
    colors = f":colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited:chromaloc=2"
    return f"{colors}:{screen}" if transfer == "smpte2084" else colors


def _run(argv: list[str], pictures: Iterator[Picture]) -> None:
    with tempfile.TemporaryFile() as words, subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=words) as process:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended early: its exit status and words tell why
            for rgb in pictures:
                process.stdin.write(rgb.tobytes())
        process.communicate()
        words.seek(0)
        assert process.returncode == 0, f"{' '.join(argv)}\n{words.read(2000).decode(errors='replace')}"


def _mark_rotated(path: Path, rotation: int) -> None:
    plain = path.rename(path.with_stem(path.stem + "-plain"))
    argv = [get_ffmpeg_exe(), "-nostdin", "-v", "error", "-display_rotation:v:0", str(-rotation), "-i", f"file:{plain}"]
    argv += ["-map", "0", "-c", "copy", "-fflags", "+bitexact", f"file:{path}"]
    subprocess.run(argv, check=True)
    plain.unlink()


def _measured_times(path: Path, intended: list[Fraction]) -> tuple[Fraction, ...]:
    """The presentation times in the file, checked against the intended ones."""
    with av.open(f"file:{path}") as opened:
        starts = [
            stream.start_time * stream.time_base
            for stream in opened.streams
            if stream.start_time is not None and stream.time_base is not None
        ]
        stream = opened.streams.video[0]
        assert stream.time_base is not None
        times = sorted(
            packet.pts * stream.time_base - min(starts) for packet in opened.demux(stream) if packet.pts is not None
        )
    assert len(times) == len(intended), f"{path.name}: {len(times)} of {len(intended)} frames"
    for number, (time, wanted) in enumerate(zip(times, intended, strict=True)):
        off = (time - times[0]) - (wanted - intended[0])
        assert abs(off) <= Fraction(1, 999), f"{path.name}: frame {number} is {float(off):+.6f} s off"
    return tuple(times)
