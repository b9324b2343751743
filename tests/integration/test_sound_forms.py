"""One rule for sound in every operation: in step whatever changes inside it, copied only as its container takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest

from reelwright.edits import ladder
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.media_files import ffmpeg

SIZE = (160, 90)


async def make(
    prober: Prober, operation: str, source: Path, patch: Path, work: Path, **wanted: Any
) -> tuple[Plan, Path, MediaInfo]:
    target = work / f"out0.{wanted.get('container', 'mp4')}"
    made = await recipes.edited(
        *(prober, lambda media: recipes.edit_of(operation, media, **wanted), source, target),
        layers=[recipes.drawn(patch)] if operation == "overlay" else [],
    )
    return made.plan, target, made.outputs[0]


FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stereo to 5.1": ({}, {"channels": "5.1"}),
    "44.1 to 48 kHz": ({"sample_rate": 44100}, {}),
    "mono to stereo": ({"channels": "mono"}, {}),
    "late": ({"audio_delay_s": 0.5}, {"channels": "mono"}),
}


def joined(folder: Path, name: str, container: str) -> Path:
    """Two recordings of three seconds one behind the other, the second with sound of another form."""
    path = folder / f"{name.replace(':', '')} joined.{container}"
    if path.exists():
        return path
    codec, parts = {"ts": "ac3", "mkv": "libmp3lame"}[container], []
    for form in FORMS[name]:
        more = {"audio_codec": codec, "size": SIZE, "seconds": 3, "container": container, **form}
        if codec == "libmp3lame" and more.get("channels") == "5.1":
            more["channels"] = "mono"  # which MP3 can be
        parts.append(footage.make(**more).path)
    if container == "ts":
        later = folder / "later.ts"
        moved = ("-output_ts_offset", "3.1", "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts")
        ffmpeg("-i", str(parts[1]), "-map", "0", "-c", "copy", *moved, str(later))
        path.write_bytes(parts[0].read_bytes() + later.read_bytes())
    else:
        listing = folder / "parts.txt"
        listing.write_text("".join(f"file '{part}'\n" for part in parts))
        ffmpeg("-f", "concat", "-safe", "0", "-i", str(listing), "-map", "0", "-c", "copy", str(path))
    return path


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("name", "container", "operation"),
    [
        pytest.param(name, container, operation, marks=[] if (column - row) % 5 < 2 else [pytest.mark.slow])
        for row, (name, container) in enumerate([*((name, "ts") for name in FORMS), ("44.1 to 48 kHz", "mkv")])
        for column, operation in enumerate(recipes.OPERATIONS)
    ],
)
async def test_sound_that_changes_its_form_stays_in_step(
    prober: Prober, folder: Path, patch: Path, tmp_path: Path, name: str, container: str, operation: str
) -> None:
    """Every burst is heard, before the change and after it, as far from the others as in the source; the one at the
    change itself to a packet of 1024 samples, for an encoder fills each."""
    source = joined(folder, name, container)
    _, target, _ = await make(prober, operation, source, patch, tmp_path / "work")
    begin = 0.6 if operation == "trim" else 0.0  # what begins with the cut may be cut through
    wanted = np.array([onset for onset in frame_judge.beep_offsets_s(source) if onset >= begin])
    found = np.array(frame_judge.beep_offsets_s(target))[-len(wanted) :]
    assert len(found) == len(wanted) >= 5
    off = np.abs((found - found[0]) - (wanted - wanted[0]))
    at_change = np.abs(wanted - 3.05) < 0.1
    assert off[~at_change].max() < 0.004, (found, wanted)
    assert off.max() < 0.024, (found, wanted)


@pytest.mark.parametrize("operation", recipes.OPERATIONS)
async def test_sound_that_overlaps_is_heard_once(
    prober: Prober, folder: Path, patch: Path, tmp_path: Path, operation: str
) -> None:
    """The second recording begins 0.3 s before the first one's sound has ended; copied or coded, nothing fails."""
    source = folder / "overlap.mkv"
    if not source.exists():
        whole = footage.make(seconds=3, size=SIZE, container="mkv", audio_codec="libmp3lame")
        short = footage.make(seconds=2.7, size=SIZE, audio_seconds=3, container="mkv", audio_codec="libmp3lame")
        listing = folder / "overlapping.txt"
        listing.write_text(f"file '{short.path}'\nduration 2.7\nfile '{whole.path}'\n")
        ffmpeg("-f", "concat", "-safe", "0", "-i", str(listing), "-map", "0", "-c", "copy", str(source))
    _, target, _ = await make(prober, operation, source, patch, tmp_path / "work")
    found, cut = np.array(frame_judge.beep_offsets_s(target)), 0.5 if operation == "trim" else 0.0
    assert found[-1] + cut == pytest.approx(4.7, abs=0.05)
    assert np.diff(found)[-1] == pytest.approx(1, abs=0.004)


COPIED: dict[str, tuple[dict[str, Any], str, bool]] = {
    "aac in mp4": ({}, "mp4", True),
    "aac of a transport stream": ({"container": "ts"}, "mp4", False),
    "mp3 of 44100 Hz": ({"container": "avi", "video": "mpeg4", "sample_rate": 44100}, "mp4", True),
    "mp3 of 11025 Hz": ({"container": "avi", "video": "mpeg4", "sample_rate": 11025}, "mp4", False),
    "mp3 of 11025 Hz in mkv": ({"container": "avi", "video": "mpeg4", "sample_rate": 11025}, "mkv", True),
    "ac3": ({"container": "mkv", "audio_codec": "ac3", "channels": "5.1"}, "mp4", False),
    "ac3 in mkv": ({"container": "mkv", "audio_codec": "ac3", "channels": "5.1"}, "mkv", True),
    "flac": ({"container": "mkv", "audio_codec": "flac"}, "mp4", False),
}


@pytest.mark.few(4)
@pytest.mark.parametrize("name", COPIED)
async def test_sound_is_copied_only_as_its_container_takes_it(
    prober: Prober, patch: Path, tmp_path: Path, name: str
) -> None:
    """Codec, rate, channels and what is known of them decide; any other is coded, and in step."""
    more, container, copied = COPIED[name]
    source = footage.make(size=SIZE, seconds=2, **more).path
    _, target, made = await make(prober, "copy", source, patch, tmp_path / "work", container=container)
    (track,) = made.audio
    assert track.codec == ((await prober.probe(source)).audio[0].codec if copied else "aac")
    assert track.channels == (6 if more.get("channels") else 2)
    wanted, found = frame_judge.beep_offsets_s(source), frame_judge.beep_offsets_s(target)
    assert len(found) == len(wanted)
    assert np.abs(np.subtract(found, wanted)).max() < 0.003


@pytest.mark.parametrize("operation", recipes.OPERATIONS)
async def test_a_track_that_cannot_be_decoded_is_left_out_everywhere(
    prober: Prober, patch: Path, tmp_path: Path, operation: str
) -> None:
    """With a warning."""
    source = footage.make(size=SIZE, seconds=1)
    media = await prober.probe(source.path)
    unknown = AudioStream(
        index=7, codec="unknown", sample_rate=0, channels=0, time_base="1/48000", start_s="0", decodable=False
    )
    media = msgspec.structs.replace(media, audio=[*media.audio, unknown])
    layers = [recipes.drawn(patch)[0]] if operation == "overlay" else []
    plan = resolve(recipes.edit_of(operation, media), recipes.facts(media, *layers))
    assert plan.warnings == ("1 audio track(s) cannot be decoded and are left out",)
    await recipes.make(plan, {"in0": source.path, "in1": patch, "out0": tmp_path / "work" / "out0"})
    assert mismatches(plan.outputs[0], await prober.probe(tmp_path / "work" / "out0")) == []


async def test_streams_have_stereo_unless_more_is_asked_for(prober: Prober, patch: Path, tmp_path: Path) -> None:
    """All channels are in it, none too loud; at a rate that suits the picture."""
    source = footage.make(size=SIZE, seconds=2, channels="5.1").path
    plan, target, made = await make(prober, "stream", source, patch, tmp_path / "stereo")
    assert (made.audio[0].channels, plan.outputs[0].output.audio.bit_rate) == (2, 64_000)
    assert any("`audio.channels`" in warning for warning in plan.warnings)
    with av.open(str(target)) as opened:
        samples = np.concatenate([frame.to_ndarray() for frame in opened.decode(audio=0)], axis=1)
    middle = np.abs(samples[:, 48000 + 480 : 48000 + 1440])  # of a burst: AAC adds to attacks
    assert 0.9 < middle.max() < 1.05  # six channels of half the full scale would be 1.2
    assert frame_judge.beep_offsets_s(target) == pytest.approx([0, 1], abs=0.003)
    for channels in (1, 6):
        plan, _, made = await make(prober, "stream", source, patch, tmp_path / str(channels), audio_channels=channels)
        assert made.audio[0].channels == channels
        assert plan.warnings == ()
    _, _, made = await make(prober, "transcode", source, patch, tmp_path / "whole")
    assert made.audio[0].channels == 6


async def test_a_stream_is_heard_from_its_start_on(prober: Prober, patch: Path, tmp_path: Path) -> None:
    """Silence where the source has no sound yet: players wait for ever for what does not come."""
    source = footage.make(size=SIZE, seconds=3, audio_delay_s=0.5, audio_seconds=1.5).path
    _, target, _ = await make(prober, "stream", source, patch, tmp_path / "work")
    with av.open(str(target)) as opened:
        track = opened.streams.audio[0]
        assert track.start_time == 0
    assert frame_judge.beep_offsets_s(target) == pytest.approx([1], abs=0.003)


async def test_several_files_of_sound_that_begins_late(prober: Prober, tmp_path: Path) -> None:
    """All are made, with the sound where it was."""
    source = footage.make(size=SIZE, seconds=2, audio_delay_s=0.4).path
    media = await prober.probe(source)
    wanted = Ladder(qualities=(Quality.SOURCE, Quality.P360, Quality.P240), preset="ultrafast")
    plan = resolve(transcode(ladder.outputs(wanted, SIZE)), Facts(sha256="0" * 64, media=media))
    targets = {f"out{number}": tmp_path / "work" / f"out{number}" for number in range(3)}
    await recipes.make(plan, {"in0": source, **targets})
    for target in targets.values():
        assert frame_judge.beep_offsets_s(target) == pytest.approx([1], abs=0.003)
