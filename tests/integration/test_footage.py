"""The yardstick itself: footage reads back as it was made, and a wrong cut does not pass."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from tests.support import footage, frame_judge
from tests.support.source_kinds import KINDS, of_kind, tracks


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_footage_reads_back_as_it_was_made(name: str) -> None:
    """Every frame shows its number, upright, at the time that make() says; bursts are at whole seconds."""
    source, options = of_kind(name), KINDS[name]
    decoded = frame_judge.read(source.path)
    assert [frame.number for frame in decoded] == list(range(len(source.frame_times_s)))
    assert [frame.time_s for frame in decoded] == list(source.frame_times_s)
    width, height = options.get("size", footage.SIZE)
    assert decoded[0].picture.shape == (height, width)

    zero_s = float(source.frame_times_s[0]) - options.get("video_delay_frames", 0) / 25
    seconds = [1] if options.get("audio_delay_s") else [0, 1]
    if name in ("avi mpeg4", "flv"):
        zero_s = frame_judge.beep_offsets_s(source.path)[0]  # it does not say how late the decoder is
    if name == "wmv":
        seconds = [1]  # its decoder never gives the first block
        zero_s = frame_judge.beep_offsets_s(source.path)[0] - 1
    for track in tracks(name):
        onsets = frame_judge.beep_offsets_s(source.path, track)
        assert onsets == pytest.approx([zero_s + second for second in seconds], abs=0.001)


def test_one_argument_list_is_made_once() -> None:
    """The second call gives the first one's footage without running anything, also in another process."""
    first = footage.make(seconds=0.2, size=(160, 90))
    made_at = first.path.stat().st_mtime_ns
    assert footage.make(seconds=0.2, size=(160, 90)) is first
    footage.make.cache_clear()
    assert footage.make(seconds=0.2, size=(160, 90)) == first
    assert first.path.stat().st_mtime_ns == made_at


@pytest.mark.parametrize("number", [0, 1, 255, 4095, 65535])
def test_numbers_survive_half_size_and_noise(number: int) -> None:
    """The barcode can be read at half an odd size under strong noise, and from one copy when the other is hidden."""
    gray = footage.picture(number, (321, 181)).mean(axis=2)
    noise = np.random.default_rng(1).normal(0, 25, gray.shape)
    small = np.clip(gray + noise, 0, 255).astype(np.uint8)[::2, ::2]
    assert footage.read_number(small) == number
    small[: small.shape[0] // 2] = 128
    assert footage.read_number(small) == number


def test_a_picture_without_barcode_has_no_number() -> None:
    """Texture alone, a flat picture and a damaged code give -1, not some number."""
    picture = footage.picture(77, (320, 180))[..., 0].copy()
    picture[:, 100:130] = 255
    assert footage.read_number(picture) == -1
    assert footage.read_number(np.full(footage.SIZE[::-1], 128, np.uint8)) == -1
    assert footage.read_number(footage.picture(77, (320, 180))[120:160, :, 0].copy()) == -1


def test_ssim_of_known_pictures() -> None:
    """Equal pictures give 1; two flat ones give the luminance term, computed by hand."""
    picture = footage.picture(3)[..., 1].copy()
    assert frame_judge.ssim(picture, picture) == pytest.approx(1.0, abs=1e-6)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    flat = np.full((40, 40), 100, np.uint8), np.full((40, 40), 150, np.uint8)
    assert frame_judge.ssim(*flat) == pytest.approx(expected, abs=1e-4)


START, END = Fraction("0.6"), Fraction("1.6")
"""Frames 15 to 39 of the source."""


def order(**changes: int) -> str:
    """A shuffleframes argument for 25 frames: place k shows frame `changes["atk"]` instead of k; -1 drops it."""
    return " ".join(str(changes.get(f"at{place}", place)) for place in range(25))


def cut(folder: Path, source: Path, filters: str, *, start_frame: int = 15, end_frame: int = 40, late: int = 0) -> Path:
    """A cut made by decoding everything, with `filters` after it; the sound comes `late` ms."""
    path = folder / "cut.mp4"
    pictures = f"[0:v]trim=start_frame={start_frame}:end_frame={end_frame},setpts=PTS-STARTPTS,{filters}[v]"
    sound = f"[0:a]atrim=0.6:1.6,asetpts=PTS-STARTPTS+{late}/1000/TB[a]"
    argv = [get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-i", str(source)]
    argv += ["-filter_complex", f"{pictures};{sound}", "-map", "[v]", "-map", "[a]", "-fps_mode", "passthrough"]
    argv += ["-enc_time_base:v", "1:1000", "-c:v", "libx264", "-crf", "18", "-preset", "veryfast", str(path)]
    subprocess.run(argv, check=True)
    return path


@pytest.fixture(scope="module")
def source() -> footage.Footage:
    return of_kind("plain")


def test_a_right_cut_passes(tmp_path: Path, source: footage.Footage) -> None:
    """A cut of the right frames, encoded as the service encodes, is accepted, at half size too."""
    right = cut(tmp_path, source.path, "null")
    frame_judge.judge_cut(source, right, START, END)
    frame_judge.judge_sync(source, right, START, END)
    frame_judge.judge_cut(source, cut(tmp_path, source.path, "scale=160:90:flags=bicubic"), START, END, min_ssim=0.95)


@pytest.mark.few(6)
@pytest.mark.parametrize(
    ("wrong", "options", "message"),
    [
        ("null", {"start_frame": 16}, r"24 frames instead of 25 .* missing \[15\]"),
        ("null", {"start_frame": 14}, r"26 frames .* not asked for \[14\]"),
        ("null", {"end_frame": 39}, r"missing \[39\]"),
        ("null", {"end_frame": 41}, r"not asked for \[40\]"),
        ("null", {"start_frame": 14, "end_frame": 39}, r"first 14, last 38, missing \[39\], not asked for \[14\]"),
        (f"shuffleframes={order(at20=19)}", {}, r"25 frames .* missing \[35\], repeated \[34\]"),
        (f"shuffleframes={order(at20=21, at21=20)}", {}, r"out of order at \[35\]"),
        (f"shuffleframes={order(at20=-1)}", {}, r"missing \[35\]"),
        ("gblur=sigma=0.7:enable=eq(n\\,20)", {}, r"frame 35 has SSIM 0\.9"),
        ("tmix=frames=2", {}, r"unreadable|SSIM"),
        ("setpts=PTS+eq(N\\,20)*0.002/TB", {}, r"frame 35 is 0\.802000 s after"),
        ("setpts=PTS*1.002", {}, r"in the source"),
    ],
    ids=[
        *("late-start", "early-start", "early-end", "late-end", "shifted", "duplicate", "swapped", "dropped"),
        *("one-blurred", "blended", "one-late", "slower"),
    ],
)
def test_a_wrong_cut_fails(
    tmp_path: Path, source: footage.Footage, wrong: str, options: dict[str, int], message: str
) -> None:
    """One frame too few, too many, repeated, swapped, blurred or 2 ms late is enough, and the message says which."""
    made = cut(tmp_path, source.path, wrong, **options)
    with pytest.raises(AssertionError, match=message):
        frame_judge.judge_cut(source, made, START, END)


@pytest.mark.parametrize("late", [-8, 8])
def test_sound_out_of_step_fails(tmp_path: Path, source: footage.Footage, late: int) -> None:
    """Sound that has moved by 8 ms against the pictures is not accepted."""
    made = cut(tmp_path, source.path, "null", late=late)
    with pytest.raises(AssertionError, match=r"s from the first frame|bursts at"):
        frame_judge.judge_sync(source, made, START, END)
