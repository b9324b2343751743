"""Loudness: every track comes out as loud as was asked for, with its dynamics kept; and copied sound is not touched."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest

from reelwright.edits import ladder
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, resolve
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.ffmpeg.loudness import LoudnessGain, levelling
from reelwright.media.ffmpeg.runner import fill
from reelwright.media.probe.prober import Prober
from tests.support import recipes
from tests.support.media_files import ffmpeg, material

WAVES = "anoisesrc=color=pink:amplitude=0.35:duration=16:seed=3:sample_rate=48000"
SPEECH = "volume='(0.2+0.6*abs(sin(PI*t*1.3)))*(1-0.8*gt(t,8))':eval=frame"
"""Syllables, eight seconds of them much softer."""


@pytest.fixture(scope="session")
def clip(common_footage: Path) -> Path:
    """Three tracks: something like speech, a loud tone in 44.1 kHz mono, silence."""
    picture, tone = "testsrc2=size=160x90:rate=10:duration=16", "sine=frequency=1000:sample_rate=44100:duration=16"
    return material(
        common_footage / "loudness.mp4",
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"{WAVES},{SPEECH}"),
        *("-f", "lavfi", "-i", f"{tone},volume=12dB", "-f", "lavfi", "-i", "anullsrc=duration=16"),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:a", "aac", "-b:a", "192k"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    )


@cache
def measured(path: Path, track: int) -> tuple[float, float, float]:
    """Integrated loudness (LUFS), loudness range (LU) and true peak (dBTP), by ffmpeg's meter."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", str(path), "-map", f"0:a:{track}"]
    ended = subprocess.run([*argv, "-af", "ebur128=peak=true", "-f", "null", "-"], capture_output=True, check=True)
    summary = ended.stderr.decode().rpartition("Summary:")[2]
    found = [re.search(rf"{name}:\s+(-?[0-9.]+|-inf) ", summary) for name in ("I", "LRA", "Peak")]
    integrated, spread, peak = (float(one[1]) for one in found if one)
    return integrated, spread, peak


async def made(prober: Prober, source: Path, work: Path, **sound: Any) -> Path:
    media = await prober.probe(source)
    wanted = Ladder(qualities=(Quality.SOURCE,), preset="ultrafast", **sound)
    plan = resolve(transcode(ladder.outputs(wanted, (160, 90))), Facts(sha256="0" * 64, media=media))
    await recipes.make(plan, {"in0": source, "out0": work / "out0"})
    assert mismatches(plan.outputs[0], await prober.probe(work / "out0")) == []
    return work / "out0"


@pytest.mark.parametrize(
    ("target", "form"),
    [
        (-16, {}),
        pytest.param(-23, {}, marks=pytest.mark.slow),
        pytest.param(-16, {"codec": "vp9", "container": "webm", "audio_codec": "opus"}, marks=pytest.mark.slow),
    ],
)
async def test_each_track_is_as_loud_as_was_asked_for(
    prober: Prober, clip: Path, tmp_path: Path, target: float, form: dict[str, Any]
) -> None:
    """Within 0.5 LU; the range stays; peaks do not pass -1 dBTP; silence stays silence."""
    result = await made(prober, clip, tmp_path / "work", loudness_lufs=target, **form)
    for track in (0, 1):
        integrated, spread, peak = measured(result, track)
        assert integrated == pytest.approx(target, abs=0.5)
        assert spread == pytest.approx(measured(clip, track)[1], abs=0.5)
        assert peak <= -1
    assert measured(result, 2)[0] <= -70


ATTACKS = {
    "a tone out of silence": "0.95*sin(2*PI*997*t)*lt(mod(t\\,2)\\,0.02)+0.01*sin(2*PI*300*t)",
    "drums": "(random(0)*2-1)*exp(-40*mod(t\\,0.5))+0.6*sin(2*PI*110*t)*exp(-6*mod(t\\,0.5))",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_coded_peaks_no_higher_than_is_said(tmp_path: Path, name: str) -> None:
    """At -2 dBTP, but for what the way back to the sample rate adds; what a codec makes of it is not ours."""
    gain = LoudnessGain.of(0, -9.0)
    filters = ",".join(map(str, levelling(gain, 48000)))
    ffmpeg(
        *("-f", "lavfi", "-i", f"aevalsrc='{ATTACKS[name]}':sample_rate=48000:duration=8"),
        *("-af", fill(filters, {gain.name: "15.000"}), "-c:a", "pcm_f32le", str(tmp_path / "limited.wav")),
    )
    assert measured(tmp_path / "limited.wav", 0)[2] == pytest.approx(-2, abs=0.5)


def packets(path: Path, track: int = 0) -> list[bytes]:
    with av.open(str(path)) as opened:
        return [bytes(packet) for packet in opened.demux(audio=track) if packet.size]


async def test_copied_sound_is_not_touched(prober: Prober, clip: Path, tmp_path: Path) -> None:
    """Packet by packet where the container takes it; else it is coded."""
    for container in ("mp4", "mkv"):
        result = await made(prober, clip, tmp_path / container, audio_codec="copy", container=container)
        assert packets(result, 1) == packets(clip, 1)
    webm = await made(prober, clip, tmp_path / "webm", audio_codec="copy", container="webm", codec="vp9")
    assert [track.codec for track in (await prober.probe(webm)).audio] == ["opus"] * 3
