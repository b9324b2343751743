"""Tracks of sound: what becomes of each, by one rule for every operation and every container. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from reelwright.edits.codecs import AUDIO_RULES, AudioCodec, AudioRules
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.outputs import AUDIO_BIT_RATE, AudioEncoding

USUAL_RATE = 48000
MAX_BIT_RATE_PER_CHANNEL = 64_000
"""Bits a second that each channel beyond two gets, at most."""
LAYOUTS = frozenset({"mono", "stereo", "3.0", "4.0", "5.0", "5.0(side)", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)"})
"""Channel layouts that AAC knows."""
USUAL_LAYOUTS = {8: "7.1", 6: "5.1", 2: "stereo", 1: "mono"}
OPUS_LAYOUTS = {"5.0(side)": "5.0", "5.1(side)": "5.1", "7.1(wide)": "7.1", "4.0": "stereo", "6.1": "5.1"}
"""Where Opus has no such layout, the nearest that it has (RFC 7845, 5.1.1.2)."""
STREAMED_CHANNELS = 2
"""In streams, where nothing is said: what every device plays, at a rate that suits small pictures."""
SMALL_QUALITIES: Mapping[Quality, int] = {Quality.P360: 96_000, Quality.P240: 64_000}
"""Bit rates of sound beside small pictures, where none is said."""


class Taken(NamedTuple):
    """What players play of a codec in a container; None: any. `steady`: only from containers that say once, for the
    whole track, what its packets are."""

    rates: frozenset[int] | None = None
    profiles: frozenset[str] | None = None
    steady: bool = False
    channels: int = 8


_AAC = Taken(frozenset(AUDIO_RULES["aac"].rates or ()), frozenset({"LC", "HE-AAC", "HE-AACv2"}), steady=True)
_MOV_PCM = (
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
    *("pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
)
_MP3 = Taken(frozenset({16000, 22050, 24000, 32000, 44100, 48000}), channels=2)
COPIED: Mapping[str, Mapping[str, Taken]] = {
    "mp4": {"aac": _AAC, "mp3": _MP3, "opus": Taken()},
    "webm": {"opus": Taken(), "vorbis": Taken()},
    "mov": {"aac": _AAC, "alac": Taken(), **dict.fromkeys(_MOV_PCM, Taken())},
    "mkv": {
        "aac": _AAC,
        "mp3": Taken(channels=2),
        "opus": Taken(),
        "vorbis": Taken(),
        "flac": Taken(),
        "ac3": Taken(),
        "eac3": Taken(),
    },
}
"""Sound that each container of videos holds as it is. MP4 has no name for MP3 of fewer than 16,000 samples a second."""
STEADY = frozenset({"mov", "matroska", "flv"})
"""Containers that describe a track once. In a transport stream, whose packets of AAC describe themselves, stereo may
become 5.1 at any packet, which a header written once would make noise of."""


class CodedAudio(NamedTuple):
    """A track as it will be coded."""

    codec: AudioCodec
    sample_rate: int
    layout: str
    bit_rate: int
    mixed_down: bool = False
    """Whether the track has more channels."""

    @property
    def rules(self) -> AudioRules:
        return AUDIO_RULES[self.codec]


def is_copied(track: AudioStream, media: MediaInfo, encoding: AudioEncoding, container: str) -> bool:
    """Whether the track is left as it is: where that is wanted, and the container takes it with all that it is."""
    taken = COPIED.get(container, {}).get(track.codec)
    if encoding.codec != "copy" or taken is None:
        return False
    return (
        (taken.rates is None or track.sample_rate in taken.rates)
        and (taken.profiles is None or track.profile in taken.profiles)
        and (not taken.steady or media.container.split(",")[0] in STEADY)
        and 0 < track.channels <= taken.channels
    )


def coded(track: AudioStream | None, encoding: AudioEncoding, container: str, *, streamed: bool = False) -> CodedAudio:
    """How a track (None: silence) is coded: with the rate and the channels that it has where the codec knows them."""
    codec = encoding.codec
    if codec == "copy":
        codec = "opus" if container == "webm" else "aac"
    rate, layout = (USUAL_RATE, "stereo") if track is None else (track.sample_rate, _layout(track))
    rules = AUDIO_RULES[codec]
    own, most = channels_in(layout), min(encoding.channels or (STREAMED_CHANNELS if streamed else 8), rules.channels)
    if own > most:
        layout = next(name for channels, name in USUAL_LAYOUTS.items() if channels <= most)
    if codec == "opus":
        layout = OPUS_LAYOUTS.get(layout, layout)
    if rules.rates is not None and rate not in rules.rates:
        rate = USUAL_RATE
    channels = channels_in(layout)
    more = max(0, channels - 2) * min(MAX_BIT_RATE_PER_CHANNEL, encoding.bit_rate // 2)
    mixed_down = track is not None and track.channels > channels
    return CodedAudio(codec, rate, layout, encoding.bit_rate + more, mixed_down)


def working_track(index: int, track: AudioStream, length: Fraction) -> AudioStream:
    """A track in the form in which steps work on it."""
    form = coded(track, AudioEncoding(), "mkv")
    return AudioStream(
        index=index,
        codec="pcm",
        sample_rate=form.sample_rate,
        channels=channels_in(form.layout),
        layout=form.layout,
        language=track.language,
        default=track.default,
        time_base=f"1/{form.sample_rate}",
        start_s="0",
        duration_s=float(length),
    )


def silent_track(length: Fraction) -> AudioStream:
    """A track that was not there."""
    return AudioStream(
        index=1,
        codec="pcm",
        sample_rate=USUAL_RATE,
        channels=2,
        layout="stereo",
        time_base=f"1/{USUAL_RATE}",
        start_s="0",
        duration_s=float(length),
    )


def usual_bit_rate(quality: Quality) -> int:
    """Of up to two channels beside a picture of that size."""
    return SMALL_QUALITIES.get(quality, AUDIO_BIT_RATE)


def channels_in(layout: str) -> int:
    """How many channels a layout of LAYOUTS has: "5.1(side)" has six."""
    plain = {"mono": "1.0", "stereo": "2.0"}.get(layout, layout).partition("(")[0]
    return sum(map(int, plain.split(".")))


def _layout(track: AudioStream) -> str:
    if track.layout in LAYOUTS:
        return track.layout
    return "mono" if track.channels == 1 else "stereo"
