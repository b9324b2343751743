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


def timestamps_at_s(start: Fraction) -> Expression:
    """Timestamps that begin at `start` seconds, wherever they began."""
    return Expression(f"PTS-STARTPTS+({seconds(start)})/TB")


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
class Layer:
    """A stream of another input, prepared by filters, and the filter that lays it over what is below."""

    input_index: int
    stream_index: int
    filters: list[Filter]
    overlay: Filter


@dataclass(slots=True)
class Graphs:
    """Chains of filters between labels, each chain a graph of its own: in a common one, the frames of a stream would
    pile up in memory while another has nothing to give. Inputs are streams by index, outputs get labels of ours."""

    _chains: list[str] = field(default_factory=list)

    def chain(self, stream_index: int, filters: list[Filter]) -> str:
        """Run a stream of the first input through filters; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        self._chains.append(f"[0:{stream_index}]{','.join(map(str, filters))}{label}")
        return label

    def layered(self, stream_index: int, filters: list[Filter], layers: list[Layer]) -> str:
        """A stream of the first input with layers over it, from below to above; returns the label to map."""
        label = f"[o{len(self._chains)}]"
        parts = [f"[0:{stream_index}]{','.join(map(str, filters))}[b0]"]
        for number, layer in enumerate(layers):
            drawn = ",".join(map(str, layer.filters))
            above = label if number == len(layers) - 1 else f"[b{number + 1}]"
            parts.append(f"[{layer.input_index}:{layer.stream_index}]{drawn}[l{number}]")
            parts.append(f"[b{number}][l{number}]{layer.overlay}{above}")
        self._chains.append(";".join(parts))
        return label

    def options(self) -> tuple[str, ...]:
        return tuple(part for chain in self._chains for part in ("-filter_complex", chain))
