"""Videos that are awkward in one way each, as cameras, tuners, browsers and editors really make them.

Everything is synthesised: by ffmpeg, or by changing bytes that ffmpeg has written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.media_files import ffmpeg

SIZE = (160, 96)
DNXHD = ("-c:v", "dnxhd", "-b:v", "120M", "-pix_fmt", "yuv422p", "-flags", "+ilme+ildct")
H264 = ("-c:v", "libx264", "-preset", "ultrafast")


def picture(*, seconds: float = 1, rate: str = "25", size: tuple[int, int] = SIZE) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size[0]}x{size[1]}:r={rate}:d={seconds}")


def sound(seconds: float = 1, *, rate: int = 48000) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=r={rate}:d={seconds}")


def made(path: Path, *arguments: str) -> Path:
    """The file that ffmpeg makes, once."""
    if not path.exists():
        ffmpeg(*arguments, str(path))
    return path


def without_packets(path: Path, source: Path, stream: str, which: str) -> Path:
    """A copy that lacks the packets of a stream for which an expression (of `n`, their number) is true."""
    escaped = which.replace(",", "\\,")
    return made(path, "-i", str(source), "-map", "0", "-c", "copy", f"-bsf:{stream}", f"noise=drop={escaped}")


def joined(path: Path, *parts: Path) -> Path:
    """One after the other, byte by byte."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def box(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), name) + payload


def with_box(path: Path, source: Path, entry: bytes, added: bytes) -> Path:
    """An MP4, its index at its end, whose picture's sample entry (`avc1`, ...) has one more box."""
    data = bytearray(source.read_bytes())
    at, end = 0, len(data)
    sizes: list[int] = []
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", entry):
        while data[at + 4 : at + 8] != name:
            at += int.from_bytes(data[at : at + 4])
            assert at < end
        sizes.append(at)
        end = at + int.from_bytes(data[at : at + 4])
        at += 16 if name == b"stsd" else 8
    for place in sizes:
        size = int.from_bytes(data[place : place + 4]) + len(added)
        data[place : place + 4] = struct.pack(">I", size)
    data[end:end] = added
    path.write_bytes(data)
    return path


def without_key_frame_list(path: Path, source: Path) -> Path:
    """An MP4 whose picture has no `stss` any more: it says of every frame that decoding can begin there."""
    data = source.read_bytes()
    assert data.count(b"stss") == 1
    path.write_bytes(data.replace(b"stss", b"free"))
    return path


def clean_aperture(width: int, height: int) -> bytes:
    """`clap`: the middle of the picture (ISO/IEC 14496-12, 12.1.4)."""
    return box(b"clap", struct.pack(">8I", width, 1, height, 1, 0, 1, 0, 1))


def dolby_vision(profile: int, compatibility: int) -> bytes:
    """`dvcC`: level 1, with RPU and base layer."""
    bits = profile << 9 | 1 << 3 | 0b101
    return box(b"dvcC", bytes((1, 0)) + struct.pack(">H", bits) + bytes((compatibility << 4,)) + bytes(19))


def with_pixel_crop(path: Path, source: Path, *, top: int, bottom: int) -> Path:
    """A live-written Matroska file without checksums, whose picture is cropped by its container."""
    data = source.read_bytes()
    tracks = data.rindex(b"\x16\x54\xae\x6b", 0, data.index(b"V_MPEG4/ISO/AVC"))
    track = _content(data, tracks, 4)[0]
    video = data.index(b"\xe0", data.index(b"V_MPEG4/ISO/AVC"))
    begin, end = _content(data, video, 1)
    added = b"\x54\xbb\x81" + bytes((top,)) + b"\x54\xaa\x81" + bytes((bottom,))
    cropped = _element(b"\xe0", data[begin:end] + added)
    begin, behind = _content(data, track, 1)
    entry = _element(b"\xae", data[begin:video] + cropped + data[end:behind])
    begin, all_behind = _content(data, tracks, 4)
    assert all_behind == behind
    path.write_bytes(data[:tracks] + _element(data[tracks : tracks + 4], entry) + data[behind:])
    return path


def _element(identifier: bytes, content: bytes) -> bytes:
    """Of EBML (RFC 8794)."""
    return identifier + (len(content) | 1 << 56).to_bytes(8) + content


def _content(data: bytes, at: int, identifier_length: int) -> tuple[int, int]:
    """Where the content of the element begins and ends."""
    at += identifier_length
    length = 9 - data[at].bit_length()
    size = int.from_bytes(data[at : at + length]) & ~(1 << 7 * length)
    return at + length, at + length + size


def with_empty_samples(path: Path, source: Path, samples: Sequence[int]) -> Path:
    """An MP4 of MJPEG, with samples (by number, from 1 on) whose bytes now trail the sample before them."""
    data = bytearray(source.read_bytes())
    table = data.index(b"stsz") + 16
    for sample in samples:
        before, own = (table + 4 * number for number in (sample - 1, sample))
        moved = int.from_bytes(data[own : own + 4])
        data[before : before + 4] = struct.pack(">I", int.from_bytes(data[before : before + 4]) + moved)
        data[own : own + 4] = bytes(4)
    path.write_bytes(data)
    return path


def _fields(name: str, order: str, *arguments: str, size: tuple[int, int] = SIZE) -> Callable[[Path], Path]:
    interlaced = ("-vf", f"setfield={order}", *arguments)
    return lambda folder: made(folder / name, *picture(size=size, seconds=0.4), *interlaced)


def _plain(name: str, *arguments: str, seconds: float = 1, rate: str = "25") -> Callable[[Path], Path]:
    return lambda folder: made(folder / name, *picture(seconds=seconds, rate=rate), *arguments)


def _sounding(folder: Path, name: str, *arguments: str) -> Path:
    return made(folder / name, *picture(), *sound(), *H264, "-bf", "2", "-g", "12", *arguments)


def _mid_group(name: str, drop: int = 5) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return without_packets(folder / name, _sounding(folder, f"whole-{name}"), "v", f"lt(n,{drop})")

    return make


def _changing_fields(folder: Path) -> Path:
    """A title of whole pictures, then interlaced ones."""
    parts = [
        made(folder / f"part-{order}.ts", *picture(seconds=0.12), "-vf", f"setfield={order}", *options)
        for order, options in (
            ("prog", ("-c:v", "mpeg2video")),
            ("bff", ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-output_ts_offset", "0.12")),
        )
    ]
    return joined(folder / "changing.ts", *parts)


def _cropped_matroska(folder: Path) -> Path:
    live = made(folder / "live.mkv", *picture(), *H264, "-live", "1", "-write_crc32", "0")
    return with_pixel_crop(folder / "cropped.mkv", live, top=10, bottom=6)


def _cropped_mp4(folder: Path) -> Path:
    whole = made(folder / "whole.mp4", *picture(), *H264)
    return with_box(folder / "clap.mp4", whole, b"avc1", clean_aperture(140, 80))


def _cover_first(folder: Path) -> Path:
    """A cover that is larger and calls itself a video and default, as the video does."""
    cover = ("-f", "lavfi", "-i", "color=s=320x240:r=1,trim=end_frame=1")
    return made(
        folder / "cover-first.mkv", *cover, *picture(seconds=2), "-map", "0", "-map", "1", "-c:v:0", "mjpeg",
        "-c:v:1", "libx264", "-disposition:v:0", "default", "-disposition:v:1", "default",
    )  # fmt: skip


def _one_frame(folder: Path) -> Path:
    return made(folder / "one-frame.mkv", *picture(), *sound(), "-frames:v", "1", *H264)


def _empty_sound(name: str, *codecs: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        mute = ("-bsf:a", "noise=drop=1")
        return made(folder / name, *picture(), *sound(), *codecs, *mute)

    return make


def _dumb_sound(folder: Path) -> Path:
    """A track whose every packet is noise."""
    noise = ("-bsf:a", "noise=amount=1", "-c:a", "ac3")
    return made(folder / "dumb.mkv", *picture(), *sound(), *H264, *noise)


def _restarted(name: str, *options: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        suffix = Path(name).suffix
        part = made(folder / f"part-{name}", *picture(seconds=2, rate="10"), *sound(2), *options)
        return joined(folder / f"restarted-{name}{suffix}", part, part)

    return make


def _short_second_track(folder: Path) -> Path:
    """Two tracks, both shorter than their decoders' delay, as in the moving pictures of phones."""
    two = ("-map", "0", "-map", "1", "-c:v", "libx264", "-bf", "3", "-frames:v", "3")
    return made(folder / "two-short.mp4", *picture(), *picture(size=(320, 192)), *two)


def _hollow_samples(folder: Path) -> Path:
    whole = made(folder / "mjpeg.mp4", *picture(), "-c:v", "mjpeg")
    return with_empty_samples(folder / "hollow.mp4", whole, (7, 8, 20))


def _many_fonts(folder: Path) -> Path:
    font = folder / "font.ttf"
    font.write_bytes(bytes(100))
    attached = [option for number in range(40) for option in ("-attach", str(font))]
    types = [option for number in range(40) for option in (f"-metadata:s:{number + 1}", "mimetype=font/ttf")]
    return made(folder / "fonts.mkv", *picture(), *attached, *H264, *types)


def _dolby_vision(folder: Path) -> Path:
    ten_bit = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1")
    whole = made(folder / "hevc.mp4", *picture(seconds=0.2), *ten_bit, "-x265-params", "log-level=error")
    return with_box(folder / "dolby-vision.mp4", whole, b"hvc1", dolby_vision(5, 0))


KINDS: dict[str, Callable[[Path], Path]] = {
    "DV in AVI": _fields(
        "dv.avi", "bff", "-r", "30000/1001", "-pix_fmt", "yuv411p", "-c:v", "dvvideo", size=(720, 480)
    ),
    "raw DV": _fields("raw.dv", "bff", "-c:v", "dvvideo", size=(720, 576)),
    "interlaced MPEG-4, top first": _fields("top.avi", "tff", "-c:v", "mpeg4", "-flags", "+ilme+ildct"),
    "interlaced MPEG-4, bottom first": _fields("bottom.mp4", "bff", "-c:v", "mpeg4", "-flags", "+ilme+ildct"),
    "interlaced MPEG-2 in MXF": _fields("fields.mxf", "tff", "-c:v", "mpeg2video", "-flags", "+ilme+ildct"),
    "interlaced H.264": _fields("fields.mp4", "bff", "-c:v", "libx264", "-flags", "+ilme+ildct"),
    "interlaced ProRes": _fields("fields.mov", "tff", "-c:v", "prores_ks", "-flags", "+ilme+ildct"),
    "interlaced DNxHD": _fields("dnxhd.mov", "tff", *DNXHD, size=(1920, 1080)),
    "interlaced after a title": _changing_fields,
    "Matroska's PixelCrop": _cropped_matroska,
    "MP4's clean aperture": _cropped_mp4,
    "Theora's picture region": lambda folder: made(
        folder / "region.ogv", *picture(size=(162, 98)), "-c:v", "libtheora"
    ),
    "H.264's conformance window": lambda folder: made(folder / "window.mp4", *picture(size=(162, 90)), *H264),
    "a cover before the video": _cover_first,
    "a video of one frame": _one_frame,
    **{
        f"a single frame, {suffix}": _plain(f"single.{suffix}", "-frames:v", "1", *codec)
        for suffix, codec in {
            "flv": ("-c:v", "flv"),
            "wmv": ("-c:v", "wmv2"),
            "ts": H264,
            "mpg": ("-c:v", "mpeg2video"),
        }.items()
    },
    "uncompressed fields": _fields("raw.mov", "bff", "-c:v", "rawvideo", "-pix_fmt", "uyvy422"),
    "interlaced FFV1": _fields("ffv1.mkv", "tff", "-c:v", "ffv1", "-flags", "+ildct"),
    "grey": _plain("grey.mp4", *H264, "-vf", "format=gray", "-color_range", "tv"),
    "full range": _plain("full.mkv", *H264, "-vf", "scale=out_range=pc", "-color_range", "pc"),
    # Packets of sound that end behind those of the picture: only then has one recording ended when the next begins.
    "a clock that starts anew, TS": _restarted("clock.ts", *H264, "-pes_payload_size", "8000"),
    "a clock that starts anew, PS": _restarted("clock.mpg", "-c:v", "mpeg2video", "-r", "25"),
    "TS from within a group": _mid_group("middle.ts"),
    "MP4 from within a group": _mid_group("middle.mp4"),
    "Matroska from within a group": _mid_group("middle.mkv"),
    "AVI from within a group": _mid_group("middle.avi"),
    "H.264 with B frames in AVI": _plain("frames.avi", *H264, "-bf", "2", "-g", "12"),
    "Xvid with B frames": _plain("xvid.avi", "-c:v", "libxvid", "-bf", "2"),
    "two tracks of three frames": _short_second_track,
    "sound without packets, WebM": _empty_sound("mute.webm", "-c:v", "libvpx", "-c:a", "libopus"),
    "sound without packets, Matroska": _empty_sound("mute.mkv", *H264),
    "sound without packets, AVI": _empty_sound("mute.avi", "-c:v", "mpeg4"),
    "sound that is noise": _dumb_sound,
    "samples without data": _hollow_samples,
    "forty fonts": _many_fonts,
    **{
        f"one frame a second, {suffix}": _plain(f"slow.{suffix}", *codec, rate="1", seconds=2)
        for suffix, codec in {
            "flv": ("-c:v", "flv"),
            "wmv": ("-c:v", "wmv2"),
            "mkv": H264,
            "mp4": H264,
            "avi": ("-c:v", "mpeg4"),
            "ts": H264,
            "webm": ("-c:v", "libvpx"),
        }.items()
    },
    "a programme stream": _plain("plain.mpg", "-c:v", "mpeg2video", "-f", "dvd"),
    "H.264 in a programme stream": _plain("sparse.mpg", *H264, "-bf", "2", "-f", "vob"),
    "an elementary stream": _plain("bare.m2v", "-c:v", "mpeg2video"),
    "an animated GIF": _plain("uneven.gif", "-vf", "select='not(mod(n,5))+eq(n,7)'", "-fps_mode", "vfr"),
    "Dolby Vision without a base layer for others": _dolby_vision,
    "variable rate": _plain("variable.mp4", *H264, "-vf", "select='not(mod(n,3))+gt(n,15)'", "-fps_mode", "vfr"),
}


def make(name: str, folder: Path) -> Path:
    """One of KINDS."""
    folder.mkdir(exist_ok=True)
    return KINDS[name](folder)
