"""Lays out the subtitles of an edit, for the picture and the time line that the steps before them make; of those that
are kept as tracks, reads what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits.facts import AnyFacts, CueFacts, LaidSubtitlesFacts, StepFacts
from reelwright.edits.plan.several_steps import resolve_steps
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import Step
from reelwright.edits.steps.subtitles import SubtitlesStep, WantedSubtitles
from reelwright.errors import FieldError, InvalidInput, NotFound, UnsupportedMedia
from reelwright.jobs.from_original import Origin
from reelwright.jobs.prepared_materials import LayerSources
from reelwright.library import file_references


async def laid_subtitles(
    layer_sources: LayerSources, steps: Sequence[Step], origin: Origin, layers: Sequence[AnyFacts | None]
) -> list[LaidSubtitlesFacts | CueFacts]:
    """What is to be drawn, or kept, for each step of subtitles; `layers`: what is known of all else that they bring in.

    Raises InvalidInput.
    """
    source = origin.source.facts
    length = Fraction(repr(source.media.duration_s)) if source.media.duration_s is not None else None
    found: list[LaidSubtitlesFacts | CueFacts] = []
    for number, step in enumerate(steps):
        if not isinstance(step, SubtitlesStep):
            continue
        before = steps[:number]
        known = tuple(one for one in in_order(before, layers, found) if one is not None)
        before_facts = msgspec.structs.replace(source, layers=known)
        state = resolve_steps(before, before_facts, length, deep=False, base=origin.base)[1]
        pointer = Pointer(f"/steps/{number}")
        content = await _content(layer_sources, step, pointer)
        if step.as_ == "track":
            found.append(await asyncio.to_thread(step.listed, state, pointer, content))
        else:
            wanted = await asyncio.to_thread(step.wanted, state, pointer, content)
            found.append(await _laid_out(layer_sources, step, wanted, pointer))
    return found


async def _content(layer_sources: LayerSources, step: SubtitlesStep, pointer: Pointer) -> bytes | None:
    """The file that the step names."""
    if step.file is None:
        return None
    try:
        return await file_references.subtitles(
            step.file, storage=layer_sources.storage, sessions=layer_sources.sessions
        )
    except (NotFound, UnsupportedMedia) as error:
        raise InvalidInput([FieldError(pointer / "file", error.detail, error.code)]) from error


async def _laid_out(
    layer_sources: LayerSources, step: SubtitlesStep, wanted: WantedSubtitles, pointer: Pointer
) -> LaidSubtitlesFacts:
    try:
        laid = await layer_sources.overlay_images.lay_out_subtitles(wanted.cues, wanted.style)
    except InvalidInput as invalid:
        raise InvalidInput([_placed(one, step, wanted, pointer) for one in invalid.errors]) from invalid
    return msgspec.structs.replace(laid, warnings=(*wanted.warnings, *laid.warnings))


def _placed(error: FieldError, step: SubtitlesStep, wanted: WantedSubtitles, pointer: Pointer) -> FieldError:
    """Where the request has what cannot be drawn: what draws knows cues by their numbers, and only the step knows what
    says them, and in which order."""
    if not error.pointer.startswith("/cues/"):
        return FieldError(f"{pointer / 'style'}{error.pointer}", error.detail)
    number = int(error.pointer.removeprefix("/cues/"))
    if step.cues is not None:
        return FieldError(pointer / f"cues/{wanted.numbers[number]}/text", error.detail)
    shown = wanted.cues[number]
    return FieldError(pointer / wanted.field, f'the cue "{shown.text[:40]}": {error.detail}')


def in_order(
    steps: Sequence[Step], layers: Sequence[AnyFacts | None], subtitles: Sequence[LaidSubtitlesFacts | CueFacts]
) -> list[StepFacts | None]:
    """What the steps bring in, as they come."""
    of_layers, of_subtitles = iter(layers), iter(subtitles)
    found: list[StepFacts | None] = []
    for step in steps:
        found += [next(of_subtitles)] if isinstance(step, SubtitlesStep) else [next(of_layers) for _ in step.materials]
    return found
