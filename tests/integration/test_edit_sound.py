"""The step `audio`: what is heard is as loud as asked for, when it should be, on every kind of source."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from reelwright.edits.edit import Edit
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import SoundFacts
from reelwright.edits.steps.audio import AudioStep, Channels, MixedSound, OtherSound
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import UnsupportedMedia
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.footage import BURST_HZ

FAST = FileOutput(video=VideoEncoding(preset="ultrafast"), audio=AudioEncoding())
TONE_HZ = 300
RATE = 48000


def tone(path: Path, *, seconds: float = 1.5, level: float = 0.25, layout: str = "stereo") -> Path:
    """A tone of constant loudness, in a format by the path's name."""
    count = {"mono": 1, "stereo": 2}[layout]
    wave = f"aevalsrc={'|'.join([f'{level}*sin(2*PI*{TONE_HZ}*t)'] * count)}:c={layout}:s=44100:d={seconds}"
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", wave, f"file:{path}"], check=True)
    return path


async def sound_of(prober: Prober, path: Path) -> tuple[SoundFacts, Path]:
    try:
        media = await prober.probe_sound(path)
    except UnsupportedMedia:
        media = await prober.probe(path)
    return SoundFacts(sha256="2" * 64, media=media), path


def heard(path: Path, track: int = 0) -> npt.NDArray[np.float64]:
    """All samples of a track, channels x time, from zero on."""
    with av.open(str(path)) as opened:
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        stream = opened.streams.audio[track]
        parts = [part.to_ndarray() for frame in opened.decode(stream) for part in resampler.resample(frame)]
        assert stream.start_time is not None
    return np.concatenate(parts, axis=1).astype(np.float64)


def level(samples: npt.NDArray[np.float64], hz: int, start: float, end: float) -> float:
    """How loud a pitch is in a while: the amplitude of its sine."""
    part = samples[0, round(start * RATE) : round(end * RATE)]
    turning = np.exp(-2j * np.pi * hz * np.arange(len(part)) / RATE)
    return float(2 * abs((part * turning).mean()))


async def made(
    prober: Prober, tmp_path: Path, step: AudioStep, source: Path, *others: Path, first: tuple[TrimStep, ...] = ()
) -> Path:
    target = tmp_path / "work" / "out.mp4"
    layers = [await sound_of(prober, path) for path in others]
    edit = Edit(steps=(*first, step), outputs=(FAST,))
    await recipes.edited(prober, edit, source, target, layers=layers)
    return target


@pytest.mark.parametrize(("volume", "times"), [(0.5, 0.5), ("-6dB", 0.501), (1.5, 1.5), (3, 2.0)])
async def test_volume(prober: Prober, tmp_path: Path, volume: float | str, times: float) -> None:
    """A factor or decibels; what would be louder than full scale is held there."""
    source = footage.make()
    target = await made(prober, tmp_path, AudioStep(volume=volume), source.path)
    before, after = (level(heard(path), BURST_HZ, 1.005, 1.035) for path in (source.path, target))
    assert after / before == pytest.approx(times, rel=0.04)
    assert frame_judge.beep_offsets_s(target) == pytest.approx([0, 1], abs=0.002)


async def test_mute_leaves_no_track(prober: Prober, tmp_path: Path) -> None:
    target = await made(prober, tmp_path, AudioStep(mute=True), footage.make(audio=2).path)
    assert (await prober.probe(target)).audio == []


@pytest.mark.parametrize("name", ["tone.mp3", "tone.wav", "tone.m4a", "tone.ogg", "tone.flac"])
async def test_another_sound_in_its_place_to_the_sample(prober: Prober, tmp_path: Path, name: str) -> None:
    """From where it is wanted on; silence where it has ended."""
    target = await made(
        prober, tmp_path, AudioStep(replace=OtherSound(source="a", start=0.5)), footage.make().path,
        tone(tmp_path / name),
    )  # fmt: skip
    samples = heard(target)
    assert level(samples, TONE_HZ, 0.02, 0.95) == pytest.approx(0.25, rel=0.1)
    assert level(samples, TONE_HZ, 1.06, 2) < 0.01
    assert level(samples, BURST_HZ, 0, 0.04) < 0.02
    assert samples.shape[1] / RATE == pytest.approx(2, abs=0.03)


@pytest.mark.parametrize("name", ["tone.mp3", "tone.wav", "tone.m4a"])
async def test_music_that_is_looped_goes_on_without_a_gap(prober: Prober, tmp_path: Path, name: str) -> None:
    music = MixedSound(source="a", at_end="loop", volume=0.5, fade_out=1)
    source = footage.make(seconds=8, size=(64, 36), audio=0)
    target = await made(prober, tmp_path, AudioStep(mix=music), source.path, tone(tmp_path / name))
    samples = heard(target)
    quiet = [start / 10 for start in range(1, 69) if level(samples, TONE_HZ, start / 10, start / 10 + 0.1) < 0.1]
    assert quiet == []
    assert level(samples, TONE_HZ, 7.4, 7.6) == pytest.approx(0.125 * np.sqrt(0.5), rel=0.1)
    assert level(samples, TONE_HZ, 7.95, 8) < 0.02


@pytest.mark.parametrize("container", ["mp4", "ts"])
async def test_music_at_its_time_under_what_is_heard(prober: Prober, tmp_path: Path, container: str) -> None:
    """In step with the video, whose clock begins anywhere; the music's own clock as well."""
    source = footage.make(seconds=4, container=container, start_offset_s="5" if container == "ts" else "0")
    music = footage.make(container=container, audio=2, start_offset_s="7" if container == "ts" else "0")
    mix = MixedSound(source="a", start=0.25, at=1.5, until=3)
    target = await made(prober, tmp_path, AudioStep(mix=mix), source.path, music.path, first=(TrimStep(start=0.4),))
    own = [onset - 0.4 for onset in frame_judge.beep_offsets_s(source.path) if onset > 0.4]
    mixed = [onset - 0.25 + 1.5 for onset in frame_judge.beep_offsets_s(music.path) if 0.25 < onset < 1.75]
    assert len(own) == 3
    assert len(mixed) == 1
    assert frame_judge.beep_offsets_s(target) == pytest.approx(sorted(own + mixed), abs=0.003)


async def test_music_makes_room(prober: Prober, tmp_path: Path) -> None:
    """Ducked where the video's own sound is heard, back where it is silent; that itself stays as loud."""
    speech = tone(tmp_path / "speech.wav", seconds=3, level=0.2)
    source = tmp_path / "source.mp4"
    silent = footage.make(audio=0, seconds=6, size=(64, 36))
    argv = [get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(silent.path), "-i", str(speech)]
    subprocess.run([*argv, "-map", "0:v", "-map", "1:a", "-c:v", "copy", str(source)], check=True)
    music = tmp_path / "music.wav"
    wave = "aevalsrc=0.2*sin(2*PI*1000*t)|0.2*sin(2*PI*1000*t):c=stereo:s=48000:d=8"
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", wave, str(music)], check=True)
    target = await made(prober, tmp_path, AudioStep(mix=MixedSound(source="a", duck=True)), source, music)
    samples = heard(target)
    ducked = 20 * np.log10(level(samples, 1000, 1, 2.5) / 0.2)
    assert -15 < ducked < -9
    assert level(samples, 1000, 5, 5.9) == pytest.approx(0.2, rel=0.05)
    assert level(samples, TONE_HZ, 1, 2.5) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(
    ("wanted", "count", "first"), [("mono", 1, 0.25), ("stereo", 2, 0.5), ("left", 2, 0.5), ("right", 2, 0)]
)
async def test_channels(prober: Prober, tmp_path: Path, wanted: Channels, count: int, first: float) -> None:
    """Of a tone on the left alone."""
    left = tmp_path / "left.wav"
    wave = f"aevalsrc=0.5*sin(2*PI*{TONE_HZ}*t)|0:c=stereo:s=48000:d=2"
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", wave, str(left)], check=True)
    step = AudioStep(replace=OtherSound(source="a"), channels=wanted)
    target = await made(prober, tmp_path, step, footage.make().path, left)
    samples = heard(target)
    assert samples.shape[0] == count
    assert level(samples, TONE_HZ, 0.5, 1.5) == pytest.approx(first, rel=0.05, abs=0.01)
    assert count == 1 or wanted == "stereo" or np.allclose(samples[0], samples[1], atol=0.02)


async def test_two_outputs_of_late_sound_with_music_end(prober: Prober, tmp_path: Path) -> None:
    """Several outputs share each track: none waits for another for ever."""
    source = footage.make(audio_delay_s=1, audio=2, seconds=3)
    targets = [tmp_path / "work" / f"{number}.mp4" for number in range(2)]
    step = AudioStep(mix=MixedSound(source="a", duck=True, at_end="loop"), fade_in=0.5)
    layers = [await sound_of(prober, tone(tmp_path / "tone.mp3"))]
    await recipes.edited(prober, Edit(steps=(step,), outputs=(FAST, FAST)), source.path, *targets, layers=layers)
    for target in targets:
        assert len((await prober.probe(target)).audio) == 2


async def test_outputs_of_other_channels_leave_each_other_alone(prober: Prober, tmp_path: Path) -> None:
    """A stereo file before one of six channels, from the same sound: all six are as loud as they were."""
    source = footage.make(channels="5.1", sample_rate=44100)
    stereo = FileOutput(container="mp3", video=None, audio=AudioEncoding(codec="mp3", loudness_lufs=-20.0))
    whole = FileOutput(container="flac", video=None, audio=AudioEncoding(codec="flac"))
    again = FileOutput(container="m4a", video=None, audio=AudioEncoding(loudness_lufs=-20.0))
    targets = [tmp_path / "work" / name for name in ("out.mp3", "out.flac", "out.m4a")]
    await recipes.edited(prober, Edit(steps=(), outputs=(stereo, whole, again)), source.path, *targets)
    before, two, six, more = (np.abs(heard(path)).max(axis=1) for path in (source.path, *targets))
    assert (len(two), len(six), len(more)) == (2, 6, 6)
    assert six == pytest.approx(before, rel=0.02)
    assert more / more[0] == pytest.approx(before / before[0], rel=0.05)
