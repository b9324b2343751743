"""Graphs are read back from what was written, whole, and drawn as Mermaid."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.ffmpeg import mermaid
from reelwright.media.ffmpeg.filtergraph import Filter, GraphInput, Graphs, between, every, filter_, in_runs, seconds
from reelwright.media.ffmpeg.graph import Graph, closed_up, within

FILTERS = st.sampled_from(
    [
        filter_("null"),
        filter_("scale", w=320, h=180, flags="bicubic"),
        filter_("trim", start_pts=5, end_pts=100),
        filter_("select", expr=within([(0, 5), (7, 9)])),
        filter_("setpts", expr=closed_up([(0, 5), (7, 9)])),
        filter_("setpts", expr=in_runs([(0, 2, 3), (9, 1, 4)])),
        filter_("select", expr=every(Fraction(1, 3))),
        filter_("overlay", x=1, y=2, enable=between(Fraction(1), Fraction(2))),
    ]
)
CHAINS = st.lists(FILTERS, min_size=1, max_size=6)


@given(st.lists(st.tuples(CHAINS, st.integers(1, 3)), min_size=1, max_size=5))
def test_nothing_is_lost_on_the_way(parts: list[tuple[list[Filter], int]]) -> None:
    """Whatever the two builders write."""
    graph = Graph("v")
    for number, (filters, count) in enumerate(parts):
        pads = graph.split(graph.stream(number, 0).then(*filters), count)
        graph.output(graph.joined(pads, filter_("xstack", inputs=count)), filter_("null"))
    graphs = Graphs()
    for filters, _ in parts:
        graphs.mixed([GraphInput(0, 1, list(filters)), GraphInput(None, None, list(filters))], list(filters))
    for text in (str(graph), *graphs.options()[1::2]):
        assert ";".join(map(str, mermaid.read(text))) == text


def test_inputs_chains_and_outputs_are_drawn() -> None:
    """Labels become lines; what goes past all filters is a line from input to output."""
    graph = Graph("v")
    first, second = graph.split(graph.stream(0, 0).then(filter_("hflip")), 2)
    laid = graph.joined([first, graph.stream(1, 0)], filter_("overlay", enable=between(Fraction(1), Fraction(2))))
    above, below = (graph.output(pad, filter_("null")) for pad in (laid, second))
    drawn = mermaid.drawn(
        [
            *("-copyts", "-ss", seconds(Fraction(1)), "-i", "<in0>", "-i", "<in1>", "-filter_complex"),
            *(str(graph), "-map", above),
            *("-map", "0:1", "-filter:a:0", "aresample=async=1,apad", "-c:a", "aac", "-f", "mp4", "<out0>"),
            *("-map", below, "-f", "null", "-"),
        ]
    )
    lines = drawn.split("\n")
    assert lines[0] == "flowchart LR"
    assert '  i0(["in0"])' in lines
    assert "aresample=async=1<br/>apad" in drawn
    nodes = {line.strip().split("[")[0].split("(")[0] for line in lines[1:] if "--" not in line}
    edges = [line.strip().replace(' -- "', " ").split(" --> ") for line in lines if "-->" in line]
    assert {end.split(" ")[0] for edge in edges for end in edge} <= nodes
    assert sum("overlay" in line for line in lines) == 1
    assert drawn.count("'gte(t,") == 1


def test_a_graph_of_many_connections_is_cut_off() -> None:
    graph = Graph("v")
    pads = graph.split(graph.stream(0, 0), 900)
    for pad in pads:
        graph.label(pad.then(filter_("hflip")))
    drawn = mermaid.drawn(["-i", "<in0>", "-filter_complex", str(graph)])
    assert drawn.count("-->") == mermaid.MAX_EDGES
    assert "and 501 more connections" in drawn
