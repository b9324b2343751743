"""Command: one ffmpeg process of a recipe, and what all of them have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.displayed_frame import DisplayedFrame
from reelwright.media.ffmpeg.loudness import LoudnessGain

VERSION = 1

_SLOT = re.compile(r"<([a-z0-9][a-z0-9_%.-]*)>", re.ASCII)

# Without -xerror, which makes repairable timestamps fatal: `run` reads what ffmpeg says of damage, and judges.
# A report says how far ffmpeg was one -stats_period ago (of a short job, half a second is much of its work).
REPORTING = (
    *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+warning"),
    *("-progress", "pipe:1", "-stats_period", "0.1"),
)


WITHOUT_METADATA = ("-map_metadata", "-1", "-map_chapters", "-1")
"""An output's options: no text of a client's file goes into a result."""


Stage = Literal["look", "measure", "analyse", "encode", "sound", "remux", "package"]
"""What a command is for, by which what it takes is compared with what earlier ones took."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One ffmpeg process. Arguments "<in0>", "<out0>" are slots; any other "<name>" is a file of ours in the work
    folder. `stage` says what it does, `weight` is its share of the whole work, `outputs` how many times the video is
    coded. `gains` are what it measures, for the slots "{name}" in the arguments of those that follow.

    `if_damaged` is what to try instead when the source proves damaged: it decodes nothing that the output does without;
    `lost_then` says what it leaves out that is wanted. `from_start`, then, reads from the source's start: what decodes
    whole from there may not do so after a seek. A `forgiving` command, in its last try, makes do with what can be
    decoded, and tells what cannot. `needed_to`: by stream of the first input, the tick where its need ends."""

    arguments: tuple[str, ...]
    if_damaged: tuple[str, ...] = ()
    lost_then: str = ""
    from_start: tuple[str, ...] = ()
    forgiving: bool = False
    needed_to: Mapping[int, int] = {}
    video_stream: int = msgspec.field(default=0, name="picture")
    """Which stream of the first input the picture is."""
    expected_s: str
    stage: Stage = "encode"
    weight: float = 1.0
    outputs: int = 1
    gains: tuple[LoudnessGain, ...] = ()
    shown: DisplayedFrame | None = None
    """What it finds, for the slots of the commands that follow."""
    hardware: bool = False
    """Whether it uses the machine's encoders."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    commands: tuple[Command, ...]
    capabilities: Capabilities

    def from_start(self) -> Recipe | None:
        """The same without seeks; None where there are none."""
        if not any(command.from_start for command in self.commands):
            return None
        replace = msgspec.structs.replace
        commands = (
            replace(one, arguments=one.from_start, if_damaged=(), from_start=()) if one.from_start else one
            for one in self.commands
        )
        return replace(self, commands=tuple(commands))


def placed(argument: str, slots: Mapping[str, Path], work: Path) -> str:
    """The path that a slot stands for; any other argument as it is. In a numbered name only its own `%` counts."""
    if (found := _SLOT.fullmatch(argument)) is None:
        return argument
    if "%" in found[1]:
        return f"file:{str(work).replace('%', '%%')}/{found[1]}"
    return f"file:{slots.get(found[1], work / found[1])}"
