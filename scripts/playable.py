"""Decodes a video to its end and fails unless it plays and lasts as long as it should. For CI, after the demo."""

from __future__ import annotations

import argparse

import av

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("path")
arguments.add_argument("--seconds", type=float, required=True)
wanted = arguments.parse_args()

with av.open(wanted.path) as container:
    frames = sum(1 for _ in container.decode(video=0))
    rate = float(container.streams.video[0].average_rate or 0)
    lasts = frames / rate if rate else 0.0
if abs(lasts - wanted.seconds) > 0.1:
    raise SystemExit(f"{wanted.path}: {frames} frames, {lasts:.2f} s; expected {wanted.seconds:.2f} s")
print(f"{wanted.path}: {frames} frames decode, {lasts:.2f} s")
