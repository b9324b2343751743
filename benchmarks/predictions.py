"""Predictions: each job is explained, then made: how often what came lay within what was foretold."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.report import Figure
from benchmarks.running import Running, running
from tests.support.media_files import ffmpeg

JOBS, SEED = 150, 5
LEAST_HELD, MOST_HELD = 0.7, 0.9
LENGTH_S = 8
PICTURES = {
    "moving": "testsrc2=size=854x480:rate=30",
    "growing": "mandelbrot=size=640x360:rate=25",
    "noise": "testsrc2=size=426x240:rate=25,noise=alls=20:allf=t",
    "still": "smptehdbars=size=640x360:rate=30",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One number that was foretold, and what came. `low` is None where nothing was said."""

    low: float | None
    high: float | None
    cases: int
    came: float

    @classmethod
    def of(cls, said: dict[str, Any], came: float) -> Trial:
        return cls(said["low"], said["high"], said["cases"], came)


async def measure(folder: Path) -> list[Figure]:
    chance = random.Random(SEED)
    seconds, sizes = list[Trial](), list[Trial]()
    async with running(folder) as live:
        videos = []
        for name, picture in PICTURES.items():
            source = await asyncio.to_thread(source_of, folder / f"{name}.mp4", picture)
            videos.append((await live.service.upload(source))["id"])
        for _ in range(JOBS):
            path, body = asked(chance, chance.choice(videos))
            explained = await live.service.client.post(path, json=body, params={"validate_only": "true"})
            explained.raise_for_status()
            took_s, came = await made(live, path, body)
            seconds.append(Trial.of(explained.json()["seconds"], took_s))
            foretold = [output["size_bytes"] for output in explained.json()["outputs"]]
            sizes += [Trial.of(said, size) for said, size in zip(foretold, came, strict=True)]
    return [*_figures("seconds of work", seconds), *_figures("bytes of an output", sizes)]


def asked(chance: random.Random, source: str, *, length_s: int = LENGTH_S) -> tuple[str, dict[str, Any]]:
    """A request as clients make them: a route and its body."""
    start = round(chance.uniform(0, 3 / 8 * length_s), 2)
    span = {"start": start, "end": round(start + chance.uniform(length_s / 8, 4.5 / 8 * length_s), 2)}
    text = {"type": "text", "text": "A title", "position": chance.choice(["top", "bottom"])}
    qualities = chance.sample(["240p", "360p", "480p"], chance.randint(1, 2))
    hevc, fast = {"codec": "hevc"}, {"preset": "ultrafast"}
    codings: list[dict[str, Any]] = [{}, {}, {"crf": chance.randint(18, 34)}, hevc, fast]
    coding = chance.choice(codings)
    steps: list[dict[str, Any]] = [
        {"type": "trim", **span},
        {"type": "overlay", "layers": [text]},
        {"type": "speed", "factor": chance.choice([0.5, 1.5, 2])},
        {"type": "fit", "aspect": "square", "fill": "blur"},
        {"type": "fade", "in": 0.2, "out": 0.2},
    ]
    match chance.choice(["trim", "overlay", "transcode", "edit", "edit"]):
        case "trim":
            return "/trim", {"video_id": source, **span}
        case "overlay":
            return "/overlays", {"video_id": source, "overlays": [text]}
        case "transcode":
            return f"/transcode/{source}", {"qualities": qualities, **coding}
        case _:
            taken = [step for step in steps if chance.random() < 0.5]
            words = [f"mp4:{quality}" for quality in qualities] + chance.choice([[], [], ["m4a"], ["webm:240p"]])
            return "/edits", {"source": source, "steps": taken, "outputs": words}


async def made(live: Running, path: str, body: dict[str, Any]) -> tuple[float, list[int]]:
    """For how many seconds a worker was at it, and how many bytes each output has."""
    job = await live.done(path, body)
    began, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    variants = [(await live.service.client.get(f"/variants/{one['variant_id']}")).json() for one in job["outputs"]]
    return (ended - began).total_seconds(), [variant["size_bytes"] for variant in variants]


def source_of(path: Path, picture: str, *, length_s: int = LENGTH_S) -> Path:
    """Make a video of a picture."""
    sound = ("-f", "lavfi", "-i", "sine=frequency=440")
    coding = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg("-f", "lavfi", "-i", picture, *sound, "-t", str(length_s), *coding, str(path))
    return path


def _figures(what: str, trials: Sequence[Trial]) -> list[Figure]:
    """How often it held, and how wide it was: the factor from `low` to `high`."""
    said = [(trial.low, trial.high, trial.came) for trial in trials if trial.low is not None and trial.high is not None]
    held = sum(low <= came <= high for low, high, came in said) / len(said)
    within = f"{LEAST_HELD:g} to {MOST_HELD:g} wanted; nothing was said of {len(trials) - len(said)} of {len(trials)}"
    widths = [high / low for low, high, _ in said if low > 0]
    return [
        Figure(f"{what}: held", held, "", note=within),
        Figure.median(f"{what}: from low to high, a factor of", widths, ""),
    ]
