"""An edit with all that it is planned from, before anything of it is queued; how a trim and a transcode become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from reelwright.db.models import File
from reelwright.edits import ladder
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit, transcode, trim
from reelwright.edits.kinds_and_states import JobType
from reelwright.edits.ladder import TRIM_CRF
from reelwright.edits.outputs import FileOutput, Ladder
from reelwright.edits.plan import LineageBase, Plan, resolve
from reelwright.edits.plan.splicing import like_source, spliced
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.splice_structs import CutMode, Survey
from reelwright.edits.timecode import Time
from reelwright.jobs.source_of_edit import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edit with all that it is planned from: it can be queued, explained or shown. `layer_files`: the videos that it
    reads beside the source; `pointers`, `base`, `texts`: as for `resolve`; `remarks`: warnings beside the plan's;
    `survey`: what the source's packets say of a cut that is not `exact`."""

    edit: Edit
    source: Source
    type: JobType
    layer_files: tuple[File, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    base: LineageBase | None = None
    texts: tuple[SubtitleTrack, ...] = ()
    remarks: tuple[str, ...] = ()
    survey: Survey | None = None

    def resolved(self) -> Plan:
        """What it will make, all of it coded anew. Raises InvalidInput."""
        source = self.source
        return resolve(self.edit, source.facts, self.pointers, self.base, self.texts, source_pointer=source.pointer)

    def plan(self) -> Plan:
        """What it will make. Raises InvalidInput."""
        plan, mode = self.resolved(), self.edit.cut_mode
        return plan if mode == "exact" else spliced(plan, mode, self.survey, self.texts)


def draft_trim(
    source: Source,
    start: Time,
    end: Time | None,
    *,
    coding: Ladder | None = None,
    codec_is_named: bool = True,
    container_is_named: bool = True,
    pointer: Pointer,
    mode: CutMode = "exact",
) -> Draft:
    """A cut of the source. `coding`: how the result is coded, None: as usual; `codec_is_named`, `container_is_named`:
    what of that the client says; `pointer`: where the request has `start` and `end`; `mode`: how it is cut."""
    if coding is not None and not codec_is_named:
        coding = like_source(coding, source.facts.media, mode, container_is_named=container_is_named)
    size = source.facts.media.main_video.display_size
    output = FileOutput() if coding is None else ladder.single(coding, size, usual_crf=TRIM_CRF)
    edit = in_mode(trim(start, end, output), mode)
    return Draft(edit=edit, source=source, type=JobType.TRIM, pointers=(pointer,))


def in_mode(edit: Edit, mode: CutMode) -> Edit:
    """The edit, made in a mode: what is `exact` says nothing of it."""
    return edit if mode == "exact" else msgspec.structs.replace(edit, mode=mode)


def draft_transcode(
    source: Source, renditions: Ladder, sidecars: tuple[AnySidecar, ...] = (), *, pointers: Sequence[Pointer] = ()
) -> Draft:
    """Renditions of the source, with what goes beside them. `pointers`: where the request has each sidecar.

    Raises InvalidInput.
    """
    outputs = ladder.outputs(renditions, source.facts.media.main_video.display_size)
    edit = transcode(outputs, sidecars, renditions.streaming)
    return Draft(edit=edit, source=source, type=JobType.TRANSCODE_MULTI, pointers=tuple(pointers))
