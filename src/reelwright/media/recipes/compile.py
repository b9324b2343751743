"""Plan -> Recipe: how a plan is made on this machine, as commands with slots that only the runner turns into paths.

Pure: the same plan and capabilities give the same recipe. Every argument is a number, a word of ours or a slot.
"""

from __future__ import annotations

from reelwright.edits.plan import Plan, PlannedOverlay, PlannedTrim
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Recipe
from reelwright.media.recipes.far_stills import far_still_commands
from reelwright.media.recipes.overlay import overlay_command
from reelwright.media.recipes.several_steps import edit_commands
from reelwright.media.recipes.splice import splice_commands
from reelwright.media.recipes.transcode import transcode_commands
from reelwright.media.recipes.trim import trim_commands


def compile_plan(plan: Plan, capabilities: Capabilities) -> Recipe:
    """Return the commands that make the plan's outputs.

    Raises JobFailed `unsupported_here` when this machine's ffmpeg lacks what the plan needs.
    """
    media = plan.inputs[0].media
    match plan.steps:
        case ():
            commands = transcode_commands(media, plan, capabilities)
        case (PlannedOverlay() as step,):
            commands = (overlay_command(media, step, plan.outputs[0], capabilities, plan.texts),)
        case (PlannedTrim() as step,):
            commands = trim_commands(media, step, plan.outputs[0], capabilities, plan.texts)
        case _:
            commands = far_still_commands(plan, capabilities) or edit_commands(plan, capabilities)
    return Recipe(commands=commands, capabilities=capabilities)


def splice_recipe(plan: Plan, capabilities: Capabilities) -> Recipe:
    """Return the commands that make what a cut cannot copy. Raises JobFailed `unsupported_here`."""
    return Recipe(commands=splice_commands(plan, capabilities), capabilities=capabilities)
