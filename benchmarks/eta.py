"""Time left: jobs are made one by one and many at once, and looked at: how often what was said of the rest held."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.predictions import PICTURES, asked, source_of
from benchmarks.report import Figure
from benchmarks.running import Running, running
from tests.support.service import FINAL

ALONE, CROWDS, CROWD, SEED = 30, 4, 8, 11
LENGTH_S, LOOK_S = 60, 0.25
LEAST_HELD, MOST_HELD, MOST_WRONG = 0.75, 0.9, 0.2
PERCENTS = (0, 10, 25, 50, 75)
"""Looks at a job that runs count when it has come so far, and not yet to the next."""
WAITING = -1
WAITING_LOOK_S = 1.0
"""Between looks at a job that waits that count."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was said of a job, and the seconds that were left: at `percent`, or while it waited. `said` is None where
    nothing was."""

    percent: int
    said: dict[str, float] | None
    came_s: float

    @property
    def held(self) -> bool:
        assert self.said is not None
        return self.said["low_s"] <= self.came_s <= self.said["high_s"]

    @property
    def wrong(self) -> float:
        """By what part of the truth the likely time was wrong."""
        assert self.said is not None
        return abs(self.said["likely_s"] - self.came_s) / self.came_s


async def measure(folder: Path) -> list[Figure]:
    chance = random.Random(SEED)
    looks = list[Look]()
    async with running(folder) as live:
        videos = []
        for name, picture in PICTURES.items():
            source = await asyncio.to_thread(source_of, folder / f"{name}.mp4", picture, length_s=LENGTH_S)
            videos.append((await live.service.upload(source))["id"])
        for _ in range(ALONE):
            looks += await looked_at(live, *_asked(chance, videos))
        for _ in range(CROWDS):
            crowd = [_asked(chance, videos) for _ in range(CROWD)]
            for found in await asyncio.gather(*(looked_at(live, *one) for one in crowd)):
                looks += found
    return figures(looks)


def _asked(chance: random.Random, videos: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """As for predictions, and now and then what takes several commands."""
    video = chance.choice(videos)
    if chance.random() < 0.75:
        return asked(chance, video, length_s=LENGTH_S)
    several: dict[str, Any] = chance.choice(
        [
            {"video_bitrate": 300_000, "two_pass": True},
            {"audio": {"loudness": -16}},
            {"video_bitrate": 300_000, "two_pass": True, "audio": {"loudness": -16}},
            {"hls": True, "poster": {}},
        ]
    )
    return f"/transcode/{video}", {"qualities": [chance.choice(["240p", "360p"])], **several}


async def looked_at(live: Running, path: str, body: dict[str, Any]) -> list[Look]:
    """Have a job made, and look at it every LOOK_S until it has ended."""
    client = live.service.client
    accepted = await client.post(path, json=body)
    accepted.raise_for_status()
    seen: list[tuple[float, dict[str, Any]]] = []
    while not seen or seen[-1][1]["status"] not in FINAL:
        if seen:
            await asyncio.sleep(LOOK_S)
        before = time.time()
        job = (await client.get(f"/jobs/{accepted.json()['job_id']}")).json()
        seen.append(((before + time.time()) / 2, job))
    if job["status"] != "SUCCESS":
        raise RuntimeError(f"the job failed: {job['error']}")
    ended = datetime.fromisoformat(job["finished_at"]).timestamp()
    return [Look(percent, job["eta"], ended - at) for percent, at, job in _counted(seen) if ended > at]


def _counted(seen: Sequence[tuple[float, dict[str, Any]]]) -> list[tuple[int, float, dict[str, Any]]]:
    """The looks that count: the first ones that find it so far, and those at a job that waits, now and then."""
    counted: list[tuple[int, float, dict[str, Any]]] = []
    for percent, end in pairwise((*PERCENTS, 100)):
        found = ((at, job) for at, job in seen if job["status"] == "STARTED" and percent <= job["progress"] < end)
        counted += [(percent, at, job) for at, job in [next(found, (0.0, {}))] if job]
    last = 0.0
    for at, job in seen:
        if job["status"] == "PENDING" and at - last >= WAITING_LOOK_S:
            counted.append((WAITING, at, job))
            last = at
    return counted


def figures(looks: Sequence[Look]) -> list[Figure]:
    """How often it held, by how far the jobs were; how wrong the likely time was; how wide the intervals."""
    at_work = [look for look in looks if look.percent != WAITING]
    found = [
        _held("all looks", looks),
        _held("at work", at_work),
        *(_held(f"from {percent} % on", [look for look in looks if look.percent == percent]) for percent in PERCENTS),
        _held("waiting", [look for look in looks if look.percent == WAITING]),
    ]
    for percent in (*PERCENTS, WAITING):
        at = [look for look in looks if look.percent == percent and look.said is not None]
        if at:
            what = "waiting" if percent == WAITING else f"at {percent} %"
            limit = 100 * MOST_WRONG if percent == 25 else None
            wrong = [100 * look.wrong for look in at]
            found.append(Figure.median(f"likely time {what}: wrong by", wrong, "%", limit=limit))
    widths = [look.said["high_s"] / look.said["low_s"] for look in looks if look.said and look.said["low_s"] > 0]
    found.append(Figure("from low to high, a factor of", statistics.median(widths), ""))
    return found


def _held(what: str, looks: Sequence[Look]) -> Figure:
    said = [look for look in looks if look.said is not None]
    share = sum(look.held for look in said) / max(len(said), 1)
    below = sum(look.came_s < look.said["low_s"] for look in said if look.said)
    note = f"{LEAST_HELD:g} to {MOST_HELD:g} wanted; nothing was said at {len(looks) - len(said)} of {len(looks)} looks"
    return Figure(f"{what}: held", share, "", note=f"{note}; {below} ended sooner")
