"""Which tracks have their loudness measured before outputs are made, and in which form."""

from __future__ import annotations

from typing import NamedTuple

from reelwright.edits.audio_tracks import CodedAudio
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.media.ffmpeg.loudness import LoudnessGain
from reelwright.media.recipes.audio_filters import form_for

MEASURING_SHARE = 0.03
"""What measuring takes beside coding a picture, about."""


class Measurement(NamedTuple):
    """A track that is measured in the form in which outputs will have it."""

    track: AudioStream
    form: CodedAudio
    gain: LoudnessGain


def measurements(media: MediaInfo, plan: Plan) -> tuple[Measurement, ...]:
    """What is measured of the tracks: outputs of one loudness and one form share it."""
    return tuple(_measurements(media, plan).values())


def gain_for(media: MediaInfo, plan: Plan, track: AudioStream, expected: ExpectedOutput) -> LoudnessGain | None:
    """What brings a track of an output to its loudness; None where none is wanted."""
    found = _measurements(media, plan).get(_loudness(track, expected))
    return None if found is None else found.gain


def _measurements(media: MediaInfo, plan: Plan) -> dict[tuple[int, str, float | None], Measurement]:
    found: dict[tuple[int, str, float | None], Measurement] = {}
    for expected in plan.outputs:
        target = expected.output.audio.loudness_lufs
        if target is None:
            continue
        for track in media.decodable_audio[: expected.audio_tracks]:
            if (key := _loudness(track, expected)) not in found:
                number = sum(one.track.index == track.index for one in found.values())
                gain = LoudnessGain.of(track.index, target, number=number)
                found[key] = Measurement(track, form_for(track, expected), gain)
    return found


def _loudness(track: AudioStream, expected: ExpectedOutput) -> tuple[int, str, float | None]:
    return track.index, form_for(track, expected).layout, expected.output.audio.loudness_lufs
