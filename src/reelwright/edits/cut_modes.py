"""Which cut mode an edit is made in, by what it asks for and what its steps allow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reelwright.edits.splice_structs import CutMode, Reencode
from reelwright.edits.steps import Step
from reelwright.edits.steps.audio import AudioStep
from reelwright.edits.steps.fade import FadeStep
from reelwright.edits.steps.keep_and_cut import CutStep, KeepStep
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import FieldError, InvalidInput

TOUCHING = TrimStep | KeepStep | CutStep | OverlayStep | FadeStep | AudioStep
"""Steps that may leave frames as they are."""


class AskedMode(NamedTuple):
    """How an edit is made, and the field that says it, with its word for that."""

    mode: CutMode | None
    pointer: str
    word: str | None


def asked_mode(mode: CutMode | None, reencode: Reencode | None) -> AskedMode:
    """Return what the fields `mode` and `reencode` say together. Raises InvalidInput: they say different things."""
    if reencode is None:
        return AskedMode(mode, "/mode", mode)
    fitting: tuple[CutMode | None, ...] = (None, "smart", "auto") if reencode == "touched" else (None, "exact")
    if mode not in fitting:
        raise InvalidInput([FieldError("/reencode", f"is {reencode}, and `mode` is {mode}")])
    if mode is not None:
        return AskedMode(mode, "/mode", mode)
    return AskedMode("smart" if reencode == "touched" else "exact", "/reencode", reencode)


def mode_of(asked: AskedMode, steps: Sequence[Step], *, usual: CutMode) -> CutMode:
    """Return how an edit is made. `usual`: how the service makes cuts of which nothing is said.

    Raises InvalidInput: by its steps nothing can be copied, and that was asked for by name.
    """
    if steps and all(isinstance(step, TrimStep | KeepStep | CutStep) for step in steps):
        return asked.mode or usual
    if asked.mode == "copy":
        raise InvalidInput([FieldError(asked.pointer, "can be copy where all steps are trim, keep or cut")])
    if asked.mode is None or (steps and all(isinstance(step, TOUCHING) for step in steps)):
        return asked.mode or "exact"
    if asked.mode == "smart":
        which = "trim, keep, cut, overlay, fade or audio"
        raise InvalidInput([FieldError(asked.pointer, f"can be {asked.word} where all steps are {which}")])
    return "exact"
