"""Inspection: what is to be looked at in a made file. Findings: what was seen, as numbers; nothing is judged here."""

from __future__ import annotations

from typing import Literal

import msgspec

from reelwright.media.checks.decoded_groups import Sample

GRID = (32, 18)
"""Points of a frame, across and down, by which frames are compared."""

StretchKind = Literal["black", "still", "silent", "order"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Where the source of a made file shows and plays the same. Its time is the file's plus `offset_s`."""

    offset_s: str
    video_stream: int | None
    """None: only sound is compared."""
    proven: bool = False
    """Whether its pictures were compared with the source's one by one: they are not looked at again."""
    audio_streams: tuple[int | None, ...] = ()
    """Of the made file's tracks, in their order; None: it is the source's own, packet by packet."""
    covered: tuple[int, ...] = ()
    """Points of GRID, by row, on which something else is laid."""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """`sample`: how much of the picture is decoded; None: all of it."""

    decoders: str
    """That may be opened, by ffmpeg's names."""
    max_pixels: int
    threads: int = 1
    strict: bool = True
    """Whether damage is an error that decoders would hide. Of frames and sound that are a source's own it is not: they
    are as others coded them."""
    sample: Sample | None = None
    ends_of_sound: bool = False
    """Whether sound is decoded at its beginning and its end alone: its packets were compared with the source's."""
    comparison: Comparison | None = None


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the file that is `black`, `still` or `silent`, or in which frames seem to be in another `order`,
    seconds of the file. `differs`: whether the source is otherwise there; None: not known."""

    kind: StretchKind
    start_s: float
    end_s: float
    track: int = 0
    differs: bool | None = None


class VideoFindings(msgspec.Struct, kw_only=True):
    packets: int = 0
    """With a frame that is shown."""
    first_s: float | None = None
    last_s: float | None = None
    longest_step_s: float = 0.0
    """From a frame to the next one."""
    shortest_step_s: float | None = None
    decoded: int = 0
    errors: int = 0
    """Packets that could not be decoded, and frames that are damaged."""
    first_error_s: float | None = None
    resized: int = 0
    """Frames of another size than the first one."""
    groups: int = 0
    groups_decoded: int = 0
    """In part, where not all is decoded."""
    whole: bool = True
    """Whether all frames were to be decoded."""


class AudioFindings(msgspec.Struct, kw_only=True):
    packets: int = 0
    start_s: float | None = None
    end_s: float | None = None
    sample_rate: int = 0
    channels: int = 0
    samples: int = 0
    errors: int = 0
    first_error_s: float | None = None
    longest_hole_s: float = 0.0
    """Between what was decoded and what came next, either way."""
    peak: float = 0.0
    """1.0: full scale."""
    clipped: float = 0.0
    """Share of its short pieces that reach full scale."""
    source_loud: float | None = None
    """Share of pieces of its source that come near full scale, where both were compared."""
    shift_s: float | None = None
    """How much later it is heard than in the source; None: not known."""


class SubtitleFindings(msgspec.Struct, kw_only=True):
    """One track of subtitles, by its packets: those that show something."""

    language: str | None = None
    cues: int = 0
    first_s: float | None = None
    """When the first one is shown."""
    end_s: float | None = None
    """When the last one is not any more."""


class Findings(msgspec.Struct, kw_only=True):
    index_first: bool | None = None
    """Whether players find the index before the media; None where containers have none."""
    broken_off: bool = False
    """Whether reading ended in an error before the end of the file."""
    video: VideoFindings = msgspec.field(default_factory=VideoFindings)
    audio: list[AudioFindings] = msgspec.field(default_factory=list)
    subtitles: list[SubtitleFindings] = msgspec.field(default_factory=list)
    stretches: list[Stretch] = msgspec.field(default_factory=list)
