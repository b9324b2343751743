"""Graph: filters between labels, built from its sources to its outputs, for pipelines of any shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from reelwright.edits.color import Color
from reelwright.media.ffmpeg.filtergraph import Expression, Filter, GraphInput, filter_


@dataclass(frozen=True, slots=True)
class Pad:
    """Where frames come from, and the filters that they have yet to go through."""

    sources: str
    filters: tuple[Filter, ...] = ()

    def then(self, *filters: Filter) -> Pad:
        return Pad(self.sources, (*self.filters, *filters))


@dataclass(slots=True)
class Graph:
    """One graph; `name` is what its labels begin with. The streams of a video have one each: in a common one, frames
    would pile up in memory while another has nothing to give."""

    name: str
    _chains: list[str] = field(default_factory=list)
    _labels: int = 0
    leads_out: bool = False
    """Whether an output is made of it: ffmpeg takes no graph whose end nobody maps."""

    def stream(self, input_index: int, stream_index: int) -> Pad:
        """A stream of an input."""
        return Pad(f"[{input_index}:{stream_index}]")

    def made(self, source: Filter) -> Pad:
        """What a filter makes of nothing."""
        return Pad("", (source,))

    def input(self, source: GraphInput) -> Pad:
        """A stream of an input, with the filters that it goes through."""
        sources = "" if source.input_index is None else f"[{source.input_index}:{source.stream_index}]"
        return Pad(sources, tuple(source.filters))

    def joined(self, pads: Sequence[Pad], *filters: Filter) -> Pad:
        """Several as one: `filters` begin with one that takes them all, in order."""
        return Pad("".join(self.label(pad) for pad in pads), filters)

    def split(self, pad: Pad, count: int, *, sound: bool = False) -> list[Pad]:
        """The same so many times."""
        if count < 2:
            return [pad][:count]
        labels = [self._new() for _ in range(count)]
        several = filter_("asplit" if sound else "split", outputs=count)
        self._chains.append(f"{pad.sources}{','.join(map(str, (*pad.filters, several)))}{''.join(labels)}")
        return [Pad(label) for label in labels]

    def paletted(self, pad: Pad, bring: Filter) -> Pad:
        """Frames in the colours that suit all of them best, to which `bring` brings them. All are in memory until their
        colours are known."""
        seen, kept = self.split(pad, 2)
        return self.joined((kept, seen.then(filter_("palettegen"))), bring)

    def label(self, pad: Pad) -> str:
        """The label at the end of a pad's filters; of a bare stream or label, itself."""
        if not pad.filters:
            return pad.sources
        label = self._new()
        self._chains.append(f"{pad.sources}{','.join(map(str, pad.filters))}{label}")
        return label

    def output(self, pad: Pad, through: Filter) -> str:
        """The label to map, of an output of the graph: `through` is the filter that does nothing, for outputs are never
        sources."""
        self.leads_out = True
        return self.label(pad if pad.filters else pad.then(through))

    def _new(self) -> str:
        self._labels += 1
        return f"[{self.name}{self._labels}]"

    def __str__(self) -> str:
        return ";".join(self._chains)


def time_base(tick: Fraction) -> Expression:
    """Frames are stamped in units of so many seconds."""
    return Expression(f"{tick.numerator}/{tick.denominator}")


def finer(tick: Fraction) -> Fraction:
    """A whole part of a tick, about a microsecond, as a fraction of 32 bits: for filters that count in ticks, which may
    be as long as frames."""
    return tick / max(1, min(int(tick * 1_000_000), (2**31 - 1) // tick.denominator))


def timestamps_times(count: int) -> Expression:
    return Expression(f"PTS*{count}")


def timestamps_over(count: int) -> Expression:
    return Expression(f"PTS/{count}")


def within(spans: Sequence[tuple[int, int]]) -> Expression:
    """Selects frames that are stamped with first <= t < end of any span, in ticks."""
    return Expression("'" + "+".join(f"gte(pts,{first})*lt(pts,{end})" for first, end in spans) + "'")


def closed_up(spans: Sequence[tuple[int, int]]) -> Expression:
    """For setpts: the timestamps of frames of rising spans, in ticks, without what lies between the spans."""
    gaps, behind = [], 0
    for first, end in spans:
        gaps.append(f"gte(PTS,{first})*{first - behind}")
        behind = end
    return Expression(f"'PTS-({'+'.join(gaps)})'")


def rate(frames_per_s: Fraction) -> Expression:
    return Expression(f"{frames_per_s.numerator}/{frames_per_s.denominator}")


def rgb(color: Color) -> Expression:
    """An opaque colour."""
    return Expression(f"0x{color.hex.removeprefix('#')}")


def whole_graph(graphs: Sequence[Graph]) -> tuple[str, ...]:
    """The options that hand graphs to ffmpeg, those of which something is mapped."""
    return tuple(part for graph in graphs if graph.leads_out for part in ("-filter_complex", str(graph)))
