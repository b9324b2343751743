"""What each stage of a job weighs beside the others: by what earlier ones of its kind took, and before there are any by
constants. Pure.

A percentage of several stages is to rise as time goes by, so that what is left can be told from it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from reelwright.jobs.forecast import Work
from reelwright.jobs.past_jobs import Past, alike
from reelwright.media.ffmpeg.command import Recipe

CHECK: Final = "check"
"""The stage in which outputs are proven."""
DRAW, RENDER = "draw", "render"
"""What goes before it where all is coded."""
CODE, JOIN, PROVE = "code", "join", "prove"
"""What goes before it where what can be is copied: the edges are coded, all is joined, and held to its source."""

CHECKING_SHARE = 0.06
"""Of the whole work, about: what decoding outputs takes beside making them."""
COPYING_SHARES: Mapping[str, float] = {CODE: 0.5, JOIN: 0.25, PROVE: 0.25}
"""Of the time until such a file is made and held to its source, about, in this order."""
FETCHING_SHARE = 0.98
"""Of an import, about: what examining takes is not seen."""
NEWEST = 20
"""So many earlier jobs count."""
CONSTANTS = 2
"""The constants count as so many jobs beside those that were."""


class Earlier(NamedTuple):
    """The seconds that the stages of an earlier job took, by name, and as how much of a job it counts: at most as one,
    less the more its size differs."""

    seconds: Mapping[str, float]
    weight: float = 1.0


def shares(constants: Mapping[str, float], earlier: Sequence[Earlier]) -> dict[str, float]:
    """Return what part of the whole each stage is. `constants`: what it would be without `earlier` jobs, of which those
    count that had these stages, the newest first."""
    alike = [one for one in earlier if one.seconds.keys() >= constants.keys()][:NEWEST]
    seen = [
        Earlier(constants, CONSTANTS),
        *(Earlier({name: one.seconds[name] for name in constants}, one.weight) for one in alike),
    ]
    parts = [(one.weight, _parts(one.seconds)) for one in seen if sum(one.seconds.values()) > 0]
    whole = sum(weight for weight, _ in parts)
    return {name: sum(weight * found[name] for weight, found in parts) / whole for name in constants}


def _parts(seconds: Mapping[str, float]) -> dict[str, float]:
    whole = sum(seconds.values())
    return {name: part / whole for name, part in seconds.items()}


def weighed(recipe: Recipe, checking: float, earlier: Sequence[Earlier]) -> tuple[Recipe, float]:
    """Return the recipe with weights that add up, with checking its outputs, to 1, and what that weighs. `checking`:
    what part of the whole it would be without `earlier` jobs."""
    coding = sum(command.weight for command in recipe.commands)
    constants: dict[str, float] = defaultdict(float, {CHECK: checking})
    for command in recipe.commands:
        constants[command.stage] += command.weight / coding * (1 - checking)
    by = shares(constants, earlier)
    commands = tuple(
        msgspec.structs.replace(
            command,
            weight=command.weight / coding * (1 - checking) * by[command.stage] / constants[command.stage],
        )
        for command in recipe.commands
    )
    return msgspec.structs.replace(recipe, commands=commands), by[CHECK]


def stages_of(work: Work | None, past: Past) -> list[Earlier]:
    """Return what the stages of earlier jobs of the closest kind took, the newest first; without `work`, of those that
    copied."""
    if work is None:
        return [Earlier(job.took.stages) for job in past.jobs if job.took is not None and job.work is None]
    known = (job for job in past.jobs if job.took is not None)
    return [
        Earlier(job.took.stages, math.exp(-abs(math.log(case.size / work.size))))
        for case, job in alike(work, known)
        if job.took is not None
    ]
