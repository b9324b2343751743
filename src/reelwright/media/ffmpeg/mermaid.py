"""The filtergraphs of a command, read back from what was written and drawn as Mermaid: inputs, chains, outputs.

Only `filtergraph` and `graph` write graphs, so that there is little to know of the language; that nothing is lost on
the way is tested. What is drawn is what runs: it is read from the arguments themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

MAX_EDGES = 400
"""Mermaid draws 500 where nobody tells it otherwise."""
MAX_SHOWN = 90
"""Characters of one filter."""

_PART = re.compile(r"\[(?P<label>[^\]]*)\]|(?P<filter>(?:'[^']*'|\\.|[^\[\],;'\\])+)|(?P<end>[,;])", re.DOTALL)
_SLOT = re.compile(r"<(.+)>", re.ASCII)


@dataclass(slots=True)
class Chain:
    """Filters one after the other, between labels; a source may be a stream: `0:1`."""

    sources: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        def named(labels: Sequence[str]) -> str:
            return "".join(f"[{label}]" for label in labels)

        return f"{named(self.sources)}{','.join(self.filters)}{named(self.labels)}"


def read(graph: str) -> list[Chain]:
    """Return the chains of a graph."""
    chains = [Chain()]
    for part in _PART.finditer(graph):
        if part["label"] is not None:
            (chains[-1].labels if chains[-1].filters else chains[-1].sources).append(part["label"])
        elif part["filter"] is not None:
            chains[-1].filters.append(part["filter"])
        elif part["end"] == ";":
            chains.append(Chain())
    return chains


def graphs(arguments: Sequence[str]) -> list[str]:
    """Return the graphs of a command."""
    return [value for option, value in pairwise(arguments) if option == "-filter_complex"]


def drawn(arguments: Sequence[str]) -> str:
    """Return a command as a flowchart: what it reads, through which filters, into which files."""
    drawing = _Drawing()
    for graph in graphs(arguments):
        for chain in read(graph):
            drawing.chain(chain)
    for name, streams in _outputs(arguments):
        drawing.output(name, streams)
    return drawing.text([_name(slot) for option, slot in pairwise(arguments) if option == "-i"])


def _outputs(arguments: Sequence[str]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Yield each output with what goes into it: labels or streams, and the filters of its own."""
    streams: list[tuple[str, str | None]] = []
    for option, value in pairwise(arguments):
        if option == "-map":
            streams.append((value.strip("[]"), None))
        elif option.startswith("-filter:") and streams:
            streams[-1] = (streams[-1][0], value)
        elif value == "-" or (_SLOT.fullmatch(value) and option != "-i"):
            yield _name(value), streams
            streams = []


def _name(slot: str) -> str:
    found = _SLOT.fullmatch(slot)
    return found[1] if found else "nothing is kept"


@dataclass(slots=True)
class _Drawing:
    nodes: list[str] = field(default_factory=list)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    """From, to, and what is written on it."""
    made_by: dict[str, str] = field(default_factory=dict)
    """By label, the node that it comes from."""

    def chain(self, chain: Chain) -> str:
        node = f"c{len(self.nodes)}"
        self.nodes.append(f'{node}["{"<br/>".join(map(_shown, chain.filters))}"]')
        for source in chain.sources:
            self._lead(source, node)
        self.made_by |= dict.fromkeys(chain.labels, node)
        return node

    def output(self, name: str, streams: Sequence[tuple[str, str | None]]) -> None:
        ends = [
            source
            if own is None
            else self.chain(Chain([source], [one for chain in read(own) for one in chain.filters]))
            for source, own in streams
        ]
        node = f"o{len(self.nodes)}"
        self.nodes.append(f'{node}(["{_shown(name)}"])')
        for end in ends:
            self._lead(end, node)

    def _lead(self, source: str, node: str) -> None:
        """Draw what leads from a label, a stream or a node to a node."""
        number, _, stream = source.partition(":")
        if stream:
            self.edges.append((f"i{number}", node, f"stream {stream}"))
        else:
            self.edges.append((self.made_by.get(source, source), node, ""))

    def text(self, inputs: Sequence[str]) -> str:
        lines = ["flowchart LR", *(f'  i{number}(["{_shown(name)}"])' for number, name in enumerate(inputs))]
        shown = self.edges[:MAX_EDGES]
        known = {end for start, node, _ in shown for end in (start, node)}
        lines += [f"  {node}" for node in self.nodes if re.split(r"[\[(]", node, maxsplit=1)[0] in known]
        lines += [
            f'  {start} -- "{said}" --> {node}' if said else f"  {start} --> {node}" for start, node, said in shown
        ]
        if len(self.edges) > MAX_EDGES:
            lines.append(f'  more["and {len(self.edges) - MAX_EDGES} more connections: see the graph as text"]')
        return "\n".join(lines)


def _shown(text: str) -> str:
    short = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    return short.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
