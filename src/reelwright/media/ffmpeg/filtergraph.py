"""Filtergraphs: a small typed builder, the only writer of filter syntax.

Options take numbers and words of our own (lower-case identifiers), labels are made here: no string of a client's can
become syntax, because nothing takes one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from reelwright.edits.audio_tracks import LAYOUTS

_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """An ffmpeg expression that a function of this module composed."""

    text: str


Value = int | Fraction | str | Expression


def seconds(value: Fraction) -> str:
    """Seconds as ffmpeg reads them exactly: a decimal, to the microsecond."""
    return format(Decimal(round(value * 1_000_000)).scaleb(-6), "f")


def timestamps_from(ticks: int) -> Expression:
    """Timestamps that begin at zero where they were `ticks`, in units of the link's time base."""
    return Expression(f"PTS-({ticks})")


def timestamps_held_from(ticks: int) -> Expression:
    """As `timestamps_from`; what has begun before that begins at zero."""
    return Expression(f"'max(PTS-({ticks}),0)'")


def timestamps_from_s(origin: Fraction) -> Expression:
    """Timestamps that begin at zero where they were `origin` seconds."""
    return Expression(f"PTS-({seconds(origin)})/TB")


def between(start: Fraction, end: Fraction) -> Expression:
    """True for frames with start <= t < end. Half a microsecond of room for times that are not exact in binary."""
    low, high = (format(Decimal(round(time * 10_000_000) - 5).scaleb(-7), "f") for time in (start, end))
    return Expression(f"'gte(t,{low})*lt(t,{high})'")


def every(interval: Fraction) -> Expression:
    """Selects the first frame, and each that comes at least `interval` seconds after the one before."""
    return Expression(f"'isnan(prev_selected_t)+gte(t-prev_selected_t,{seconds(interval)})'")


def moments_before(times: Sequence[Fraction], slot: int) -> Expression:
    """For setpts: the middle of a slot, so many ticks long, whose number is that of the rising `times` which are not
    after the frame before."""
    first, step = times[0], times[1] - times[0] if len(times) > 1 else None
    if step and all(time == first + number * step for number, time in enumerate(times)):
        ratio = f"{step.denominator}/{step.numerator}"
        room = format(Decimal(5 - round(first * 10_000_000)).scaleb(-7), "f")
        over = f"floor((PREV_INT+{room})*{ratio})+1" if first == 0 else f"max(0,floor((PREV_INT+({room}))*{ratio})+1)"
        count = f"if(isnan(PREV_INT),0,{over})"
    else:
        lows = (format(Decimal(round(time * 10_000_000) - 5).scaleb(-7), "f") for time in times)
        count = "+".join(f"gte(PREV_INT,{low})" for low in lows)
    return Expression(f"'({count})*{slot}+{slot // 2}'")


def from_srgb() -> Expression:
    """Linear light of a sample of sRGB (IEC 61966-2-1), for tables of samples."""
    return _curve("if(lte({v},0.04045),{v}/12.92,pow(({v}+0.055)/1.055,2.4))")


def to_pq(white: int) -> Expression:
    """Perceptual quantizer (SMPTE ST 2084) of linear light, 1.0 of which is so many cd/m2."""
    powered = f"pow({{v}}*{white}/10000,0.1593017578125)"
    return _curve(f"pow((0.8359375+18.8515625*{powered})/(1+18.6875*{powered}),78.84375)")


def to_hlg(white: int) -> Expression:
    """Hybrid log-gamma (ARIB STD-B67) of linear light, 1.0 of which is so many cd/m2 on a display of 1,000."""
    scene = f"pow({{v}}*{white}/1000,1/1.2)"
    return _curve(f"if(lte({scene},1/12),sqrt(3*{scene}),0.17883277*log(12*{scene}-0.28466892)+0.55991073)")


def _curve(formula: str) -> Expression:
    return Expression("'maxval*" + formula.format(v="(val/maxval)") + "'")


NANOSECONDS = Expression("1/1000000000")
"""A time base in which no two times that a file tells apart become one."""


def in_runs(runs: Sequence[tuple[int, int, int]]) -> Expression:
    """For setpts: the timestamps of frames that come in runs (first, step, count), one run after the other."""
    done = sum(count for _, _, count in runs)
    text = "0"
    for first, step, count in reversed(runs):
        done -= count
        text = f"if(lt(N,{done + count}),{first}+(N-{done})*{step},{text})"
    return Expression(f"'{text}'")


def one_above() -> Expression:
    """A layout of two pictures: the second one above the first."""
    return Expression("0_0|0_0")


def grid(columns: int, rows: int) -> Expression:
    return Expression(f"{columns}x{rows}")


def timestamps_begun() -> Expression:
    """Timestamps of which the first is zero; the others stay."""
    return Expression("'if(eq(N,0),0,PTS)'")


def timestamps_begun_at_once() -> Expression:
    """Timestamps that begin at zero."""
    return Expression("PTS-STARTPTS")


def timestamps_at_s(start: Fraction) -> Expression:
    """Timestamps that begin at `start` seconds, rounded down to a tick, wherever they began."""
    return Expression(f"PTS-STARTPTS+floor({seconds(start)}/TB)")


FINE_TICKS = Expression("1/90000")
"""A time base in which the usual frame rates are exact."""


TIMES_OR_COUNTED = Expression("'if(isnan(PTS),N/SR/TB,PTS)'")
"""For asetpts: the times that there are; of samples without any, those that follow from their number."""
FRAME_NUMBERS = Expression("N")
"""For setpts: frames that follow each other evenly, a tick each."""
COUNTED_TIMES = Expression("N/SR/TB")
"""For asetpts: those that follow from the number of samples, whatever a file says."""
MEAN_OF_TWO = Expression("mono|c0=0.5*c0+0.5*c1")
FIRST_OF_TWO_ON_BOTH = Expression("stereo|c0=c0|c1=c0")
SECOND_OF_TWO_ON_BOTH = Expression("stereo|c0=c1|c1=c1")
THE_ONE_ON_BOTH = Expression("stereo|c0=c0|c1=c0")
"""For pan."""
FIRST_TWO_CHANNELS = Expression("stereo|c0=c0|c1=c1")
"""For pan: of channels that have no places."""


def samples(time: Fraction, rate: int) -> Expression:
    """A time as a whole number of samples."""
    return Expression(f"{round(time * rate)}S")


_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_FILE = re.compile(r"[a-z][a-z0-9-]*\.[a-z]+", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9]*(\.[A-Za-z0-9]+)*", re.ASCII)


def decibels(slot: str) -> Expression:
    """A gain that is measured before the command runs."""
    return Expression(f"{{{_matching(_NAME, slot)}}}dB")


def measured_number(slot: str) -> Expression:
    """A whole number that is found before the command runs."""
    return Expression(f"{{{_matching(_NAME, slot)}}}")


def file_in_work(name: str) -> Expression:
    """A file of ours in the folder that ffmpeg runs in."""
    return Expression(_matching(_FILE, name))


def metadata_key(name: str) -> Expression:
    """A frame's metadata, as a filter of ours names it."""
    return Expression(_matching(_KEY, name))


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"not a name of ours: {text!r}")
    return text


def channel_layout(name: str) -> Expression:
    """Raises ValueError for any that is not in LAYOUTS."""
    if name not in LAYOUTS:
        raise ValueError(f"not a channel layout: {name!r}")
    return Expression(name)


def ratio(of: Fraction) -> Expression:
    """Return it exactly, as options take it that are ratios."""
    return Expression(f"{of.numerator}/{of.denominator}")


def is_word(value: Value | None) -> bool:
    """Whether a value is a word that an option takes as it is."""
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _text(value: Value) -> str:
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, str):
        if not _WORD.fullmatch(value):
            raise ValueError(f"not a word of the filter language: {value!r}")
        return value
    if isinstance(value, Fraction):
        return seconds(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    options: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        options = ":".join(f"{name}={_text(value)}" for name, value in self.options)
        return f"{_text(self.name)}={options}" if options else _text(self.name)


def filter_(name: str, **options: Value) -> Filter:
    """One filter; options keep their order."""
    return Filter(name, tuple(options.items()))


@dataclass(frozen=True, slots=True)
class GraphInput:
    """A stream of an input through filters; without an input, what the first filter makes of nothing."""

    input_index: int | None
    stream_index: int | None
    filters: list[Filter]

    def __str__(self) -> str:
        stream = "" if self.input_index is None else f"[{self.input_index}:{self.stream_index}]"
        return stream + ",".join(map(str, self.filters))


@dataclass(frozen=True, slots=True)
class OverlaidInput:
    """What is laid over, and the filter that lays it over what is below."""

    source: GraphInput
    overlay: Filter


@dataclass(slots=True)
class Graphs:
    """Chains of filters between labels, each chain a graph of its own: in a common one, the frames of a stream would
    pile up in memory while another has nothing to give. Inputs are streams by index, outputs get labels of ours."""

    _chains: list[str] = field(default_factory=list)

    def chain(self, stream_index: int, filters: list[Filter]) -> str:
        """Run a stream of the first input through filters; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        self._chains.append(f"{GraphInput(0, stream_index, filters)}{label}")
        return label

    def split(self, stream_index: int, common: list[Filter], branches: list[list[Filter]]) -> list[str]:
        """A stream of the first input through common filters, then through each branch; returns the labels to map.

        Decoded and filtered once; with one branch there is nothing to split.
        """
        if len(branches) == 1:
            return [self.chain(stream_index, [*common, *branches[0]])]
        labels = [f"[o{len(self._chains)}_{number}]" for number in range(len(branches))]
        inner = [f"[p{number}]" for number in range(len(branches))]
        source = GraphInput(0, stream_index, [*common, Filter("split", (("outputs", len(branches)),))])
        ends = (
            f"{begin}{','.join(map(str, branch))}{end}"
            for begin, branch, end in zip(inner, branches, labels, strict=True)
        )
        self._chains.append(";".join([f"{source}{''.join(inner)}", *ends]))
        return labels

    def layered(
        self,
        stream_index: int,
        filters: list[Filter],
        layers: list[OverlaidInput],
        clock: tuple[GraphInput, list[Filter]] | None = None,
        after: Sequence[Filter] = (),
    ) -> str:
        """A stream of the first input with layers over it, from below to above, and what follows; returns the label to
        map. `clock`: what lies below it all, and the filters that follow both."""
        label = f"[o{len(self._chains)}]"
        parts = [f"{GraphInput(0, stream_index, filters)}[b0]"]
        if clock is not None:
            joined = ",".join(map(str, clock[1]))
            parts = [f"{clock[0]}[c]", f"{GraphInput(0, stream_index, filters)}[a]", f"[c][a]{joined}[b0]"]
        for number, layer in enumerate(layers):
            above = label if number == len(layers) - 1 else f"[b{number + 1}]"
            parts.append(f"{layer.source}[l{number}]")
            ends = after if number == len(layers) - 1 else ()
            parts.append(f"[b{number}][l{number}]{','.join(map(str, (layer.overlay, *ends)))}{above}")
        self._chains.append(";".join(parts))
        return label

    def mixed(self, sources: list[GraphInput], filters: list[Filter]) -> str:
        """Several streams through one filter that takes them all, and what follows it; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        prepared = [f"{source}[s{number}]" for number, source in enumerate(sources)]
        inputs = "".join(f"[s{number}]" for number in range(len(sources)))
        self._chains.append(";".join([*prepared, f"{inputs}{','.join(map(str, filters))}{label}"]))
        return label

    def options(self) -> tuple[str, ...]:
        return tuple(part for chain in self._chains for part in ("-filter_complex", chain))
