"""What an attempt does instead when its first way has failed: what could not be copied is coded anew, what an encoder
in hardware could not code is coded in software, what was sought in the source is read from its start."""

from __future__ import annotations

import msgspec

from reelwright.edits.plan import Plan
from reelwright.edits.splice_structs import Refusal, SpliceRefusal
from reelwright.errors import JobFailed, LeaseLost, VerifyFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Recipe
from reelwright.media.recipes.compile import compile_plan
from reelwright.media.splicing.splicer import SpliceFailed


def why_coded_anew(failure: SpliceFailed | JobFailed) -> SpliceRefusal | None:
    """Why all is coded anew when what copies as far as it can has failed; None where coding would fail as well."""
    if isinstance(failure, SpliceFailed):
        return failure.refused
    if failure.of_machine or isinstance(failure, LeaseLost):
        return None
    reason: Refusal = "verify" if isinstance(failure, VerifyFailed) else "encode"
    return SpliceRefusal(reason=reason, detail=failure.detail)


def in_software(failure: JobFailed, recipe: Recipe, plan: Plan, capabilities: Capabilities) -> Recipe | None:
    """The recipe without encoders in hardware; None where it has none, or they are not what failed."""
    if failure.of_machine or not any(command.hardware for command in recipe.commands):
        return None
    return compile_plan(plan, msgspec.structs.replace(capabilities, hardware=()))


def from_start(recipe: Recipe) -> Recipe | None:
    """The recipe without seeking, for sources that cannot be sought in; None where it does not seek."""
    return recipe.from_start()
