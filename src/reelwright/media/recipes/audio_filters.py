"""Sound as filters and encoder options: brought to one form, in step, faded, held and coded, or copied.

Times are kept to the sample: holes, a late start and an early end become silence, what overlaps is heard once, so that
sound stays in step with the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits import audio_tracks
from reelwright.edits.audio_tracks import CodedAudio
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.outputs import AudioEncoding
from reelwright.edits.plan import ExpectedOutput
from reelwright.media.ffmpeg.filtergraph import (
    FIRST_TWO_CHANNELS,
    TIMES_OR_COUNTED,
    Filter,
    Graphs,
    Value,
    channel_layout,
    filter_,
)
from reelwright.media.ffmpeg.graph import Graph, Pad

MIN_HOLE_S = Fraction(1, 50)
"""Holes in the sound that are filled with silence; smaller ones are rounding."""
PLACED_CHANNELS = 8
"""Of so many channels ffmpeg knows where each belongs, even where the file does not say so."""

IN_ORDER = r"noise=drop=lte(dts-startdts+1\,ld(0))+0*st(0\,max(ld(0)\,dts-startdts+1))"
"""A bitstream filter that leaves out packets from before the end of what came already, as where recordings were
joined: muxers take none."""


def formed(track: AudioStream, form: CodedAudio) -> list[Filter]:
    """One form for all of a track, whatever changes in it: where something does, ffmpeg builds the graph anew. What
    follows must not count from its start then: only times tell what time it is."""
    placed = track.layout is not None or track.channels <= PLACED_CHANNELS
    first = [] if placed else [filter_("pan", args=FIRST_TWO_CHANNELS)]
    return [*first, form_filter(form)]


def form_filter(form: CodedAudio) -> Filter:
    layout = channel_layout(form.layout)
    return filter_("aformat", sample_fmts="fltp", sample_rates=form.sample_rate, channel_layouts=layout)


def in_step(late: Fraction) -> list[Filter]:
    """Lies where its timestamps say, from time zero on, with silence where it has holes; where it begins `late`, in
    front as well. A graph that is built anew begins with that silence again: IN_ORDER leaves it out."""
    if late:
        return [without_holes()]
    return [filter_("atrim", start=Fraction(0)), _filled()]


def late(track: AudioStream, media: MediaInfo) -> Fraction:
    """How long after the file a track begins."""
    return max(Fraction(track.start_s) - media.start, Fraction(0))


def without_holes() -> Filter:
    """Begins at time zero and lies where its timestamps say."""
    return _filled(first_pts=0)


def _filled(**more: int) -> Filter:
    return filter_("aresample", **{"async": 1}, min_hard_comp=MIN_HOLE_S, **more)


def lasting(length: Fraction) -> list[Filter]:
    """Silence that is made of nothing has no times: they are counted."""
    padded = filter_("apad", whole_dur=length)
    return [padded, filter_("asetpts", expr=TIMES_OR_COUNTED), filter_("atrim", end=length)]


def silence(graph: Graph, track: AudioStream, length: Fraction) -> Pad:
    """As long as is said, in the form of a track."""
    layout = channel_layout(track.layout or "stereo")
    source = filter_("anullsrc", sample_rate=track.sample_rate, channel_layout=layout)
    return graph.made(source).then(filter_("atrim", end=length))


def fades(up: Fraction, down: Fraction, length: Fraction, **curve: Value) -> list[Filter]:
    """Sound of a length that comes up at its start and goes down at its end, each in so many seconds."""
    filters = []
    if up:
        filters.append(filter_("afade", type="in", start_time=Fraction(0), duration=up, **curve))
    if down:
        filters.append(filter_("afade", type="out", start_time=length - down, duration=down, **curve))
    return filters


def held() -> Filter:
    """What is louder than full scale is held there."""
    return filter_("alimiter", level=0, latency=1, limit=1)


def coded(
    graphs: Graphs | None, number: int, track: AudioStream, form: CodedAudio, filters: Sequence[Filter]
) -> tuple[str, ...]:
    """Options for output track `number`: the track in its new form, through filters, coded. Without `graphs` they are
    the output's own: of a graph beside one that is split, whose sound begins late, ffmpeg 9.0 may wait for ever."""
    loud = [held()] if form.mixed_down else []
    chain = [*formed(track, form), *filters, *loud]
    if graphs is None:
        own = (f"-filter:a:{number}", ",".join(map(str, chain)))
        return ("-map", f"0:{track.index}", *own, *encoded(number, track, form))
    return ("-map", graphs.chain(track.index, chain), *encoded(number, track, form))


def copied(number: int, track: AudioStream) -> tuple[str, ...]:
    """Options for output track `number` that leave the track as it is."""
    as_it_is = (f"-c:a:{number}", "copy", f"-bsf:a:{number}", IN_ORDER)
    return ("-map", f"0:{track.index}", *as_it_is, *_language(number, track))


def encoded(number: int, track: AudioStream | None, form: CodedAudio) -> tuple[str, ...]:
    """Options that encode output track `number`, made of `track`."""
    rules = form.rules
    rate = () if rules.bit_rates is None else (f"-b:a:{number}", str(form.bit_rate))
    coding = (f"-c:a:{number}", rules.encoder, *rate, *rules.options, f"-bsf:a:{number}", IN_ORDER)
    return (*coding, *_language(number, track))


def _language(number: int, track: AudioStream | None) -> tuple[str, ...]:
    known = track is not None and track.language
    return (f"-metadata:s:a:{number}", f"language={track.language}") if track is not None and known else ()


def form_for(track: AudioStream, expected: ExpectedOutput) -> CodedAudio:
    """How a track is coded in an output."""
    output = expected.output
    return audio_tracks.coded(track, output.audio, output.container, streamed=output.is_streamed)


def form_of(track: AudioStream) -> CodedAudio:
    """The form that a track of a scene has."""
    return audio_tracks.coded(track, AudioEncoding(), "mkv")
