"""Filtergraphs: a small typed builder, the only writer of filter syntax.

Options take numbers and words of our own (lower-case identifiers), labels are made here: no string of a client's can
become syntax, because nothing takes one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

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


def timestamps_from_s(origin: Fraction) -> Expression:
    """Timestamps that begin at zero where they were `origin` seconds."""
    return Expression(f"PTS-({seconds(origin)})/TB")


def between(start: Fraction, end: Fraction) -> Expression:
    """True for frames with start <= t < end. Half a microsecond of room for times that are not exact in binary."""
    low, high = (format(Decimal(round(time * 10_000_000) - 5).scaleb(-7), "f") for time in (start, end))
    return Expression(f"'gte(t,{low})*lt(t,{high})'")


def from_time(start: Fraction) -> Expression:
    """Selects frames with t >= start."""
    return Expression(f"'gte(t,{format(Decimal(round(start * 10_000_000) - 5).scaleb(-7), 'f')})'")


def every(interval: Fraction) -> Expression:
    """Selects the first frame, and each that comes at least `interval` seconds after the one before."""
    return Expression(f"'isnan(prev_selected_t)+gte(t-prev_selected_t,{seconds(interval)})'")


def timestamps_begun() -> Expression:
    """Timestamps of which the first is zero; the others stay."""
    return Expression("'if(eq(N,0),0,PTS)'")


def timestamps_at_s(start: Fraction) -> Expression:
    """Timestamps that begin at `start` seconds, wherever they began."""
    return Expression(f"PTS-STARTPTS+({seconds(start)})/TB")


def samples(time: Fraction, rate: int) -> Expression:
    """A time as a whole number of samples."""
    return Expression(f"{round(time * rate)}S")


LAYOUTS = frozenset({"mono", "stereo", "3.0", "4.0", "5.0", "5.0(side)", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)"})
"""Channel layouts that AAC knows."""


def channel_layout(name: str) -> Expression:
    """Raises ValueError for any that is not in LAYOUTS."""
    if name not in LAYOUTS:
        raise ValueError(f"not a channel layout: {name!r}")
    return Expression(name)


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
class Source:
    """A stream of an input through filters; without an input, what the first filter makes of nothing."""

    input_index: int | None
    stream_index: int | None
    filters: list[Filter]

    def __str__(self) -> str:
        stream = "" if self.input_index is None else f"[{self.input_index}:{self.stream_index}]"
        return stream + ",".join(map(str, self.filters))


@dataclass(frozen=True, slots=True)
class Layer:
    """What is laid over, and the filter that lays it over what is below."""

    source: Source
    overlay: Filter


@dataclass(slots=True)
class Graphs:
    """Chains of filters between labels, each chain a graph of its own: in a common one, the frames of a stream would
    pile up in memory while another has nothing to give. Inputs are streams by index, outputs get labels of ours."""

    _chains: list[str] = field(default_factory=list)

    def chain(self, stream_index: int, filters: list[Filter]) -> str:
        """Run a stream of the first input through filters; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        self._chains.append(f"{Source(0, stream_index, filters)}{label}")
        return label

    def split(self, stream_index: int, common: list[Filter], branches: list[list[Filter]]) -> list[str]:
        """A stream of the first input through common filters, then through each branch; returns the labels to map.

        Decoded and filtered once; with one branch there is nothing to split.
        """
        if len(branches) == 1:
            return [self.chain(stream_index, [*common, *branches[0]])]
        labels = [f"[o{len(self._chains)}_{number}]" for number in range(len(branches))]
        inner = [f"[p{number}]" for number in range(len(branches))]
        source = Source(0, stream_index, [*common, Filter("split", (("outputs", len(branches)),))])
        ends = (
            f"{begin}{','.join(map(str, branch))}{end}"
            for begin, branch, end in zip(inner, branches, labels, strict=True)
        )
        self._chains.append(";".join([f"{source}{''.join(inner)}", *ends]))
        return labels

    def layered(self, stream_index: int, filters: list[Filter], layers: list[Layer]) -> str:
        """A stream of the first input with layers over it, from below to above; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        parts = [f"{Source(0, stream_index, filters)}[b0]"]
        for number, layer in enumerate(layers):
            above = label if number == len(layers) - 1 else f"[b{number + 1}]"
            parts.append(f"{layer.source}[l{number}]")
            parts.append(f"[b{number}][l{number}]{layer.overlay}{above}")
        self._chains.append(";".join(parts))
        return label

    def mixed(self, sources: list[Source], filters: list[Filter]) -> str:
        """Several streams through one filter that takes them all, and what follows it; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        prepared = [f"{source}[s{number}]" for number, source in enumerate(sources)]
        inputs = "".join(f"[s{number}]" for number in range(len(sources)))
        self._chains.append(";".join([*prepared, f"{inputs}{','.join(map(str, filters))}{label}"]))
        return label

    def options(self) -> tuple[str, ...]:
        return tuple(part for chain in self._chains for part in ("-filter_complex", chain))
