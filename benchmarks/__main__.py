"""`python -m benchmarks [NAME ...]`: measure, and print figures beside promises."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks import (
    clients,
    edits,
    eta,
    generations,
    imports,
    keys,
    ladder,
    latency,
    memory,
    overhead,
    overlays,
    predictions,
    previews,
    queueing,
    report,
    scale,
    sizing,
    splices,
    trim,
    uploads,
    webhooks,
)

BENCHMARKS: dict[str, tuple[str, Callable[[Path], Coroutine[Any, Any, list[report.Figure]]]]] = {
    "ladder": ("Ladder: one decode for three qualities", ladder.measure),
    "latency": ("Latency", latency.measure),
    "overhead": ("Overhead over the bare ffmpeg command", overhead.measure),
    "edits": ("Whole edits: one decode, one encode", edits.measure),
    "eta": ("Time left: what was said, and what came", eta.measure),
    "generations": ("Edits of edits: of the original, or of what the one before made", generations.measure),
    "imports": ("Imports, beside curl", imports.measure),
    "keys": ("Keys: what asking for one costs", keys.measure),
    "overlays": ("Overlays: one encode for all", overlays.measure),
    "predictions": ("Predictions: what was foretold, and what came", predictions.measure),
    "previews": ("Previews of 1080p", previews.measure),
    "queueing": ("Queueing: pick-up, whatever waits, and fair shares", queueing.measure),
    "scale": ("Scale: a million videos, beside a few", scale.measure),
    "sizing": ("Sizing: hours of video that one core works through in an hour", sizing.measure),
    "splices": ("Cuts that copy, beside coding", splices.measure),
    "trim": ("Trim: seek in the input against seek in the output", trim.measure),
    "uploads": ("Uploads that resume, beside the plain one", uploads.measure),
    "webhooks": ("Webhooks: from the commit to the endpoint", webhooks.measure),
    "memory": ("Memory: a file of 2 GiB", memory.measure),
    "clients": ("Clients of tus, beside the plain upload: 1 GiB", clients.measure),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; none: all")
    parser.add_argument("--folder", type=Path, help="where to work (6 GiB are needed); none: a temporary folder")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    os.environ["TESTS_START"] = "exec"  # as an operator starts them, and not forked from what has imported all
    print(report.machine(), end="\n\n")
    for name in wanted.names or BENCHMARKS:
        title, measure = BENCHMARKS[name]
        before, began = report.load(), time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="reelwright-bench-", dir=wanted.folder) as folder:
            figures = asyncio.run(measure(Path(folder)))
        took = f"{time.perf_counter() - began:.0f} s, {before} before, {report.load()} after"
        report.show(f"{title}  ({took})", figures)


if __name__ == "__main__":
    main()
