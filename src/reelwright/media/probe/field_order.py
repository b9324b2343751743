"""Which field of a decoded interlaced frame is shown first: FFmpeg's own filter knows, PyAV does not say it."""

from __future__ import annotations

from typing import Any

import av.filter
from av.error import BlockingIOError as NothingYet

TOP_FIRST, BOTTOM_FIRST, PROGRESSIVE = "tt", "bb", "progressive"
OF_HEADERS = {2: TOP_FIRST, 3: BOTTOM_FIRST, 4: BOTTOM_FIRST, 5: TOP_FIRST}
"""AVFieldOrder, which names the field that is coded first and then the one that is shown first."""


def order(frame: Any, stream: Any) -> str:
    """Of an interlaced frame of `stream`."""
    graph = av.filter.Graph()
    graph.threads = 1
    source, sink = graph.add_buffer(template=stream), graph.add("buffersink")
    chosen = graph.add("select", "eq(interlace_type\\,TOPFIRST)")
    source.link_to(chosen)
    chosen.link_to(sink)
    graph.configure()
    source.push(frame)
    try:
        graph.pull()
    except NothingYet:
        return BOTTOM_FIRST
    return TOP_FIRST
