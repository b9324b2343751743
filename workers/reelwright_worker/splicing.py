"""Makes a result that copies, once the frames are coded that it does not: joined, and proven against its source."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import msgspec
from msgspec import UNSET

from reelwright.edits.plan import Plan, remux, splicing
from reelwright.edits.result_check import ResultCheck, check
from reelwright.edits.splice_structs import Splice
from reelwright.errors import Busy, JobFailed
from reelwright.jobs.stage_shares import JOIN, PROVE
from reelwright.media.recipes.subtitles_and_chapters import CHAPTERS_OF_MP4
from reelwright.media.splicing.requests import (
    REMUX_FILE,
    SOUND_FILE,
    TEXT_FILE,
    Joined,
    JoinRequest,
    ProofRequest,
    Proven,
    SpliceRequest,
)
from reelwright.media.splicing.splicer import SpliceFailed
from reelwright_worker.attempt_times import AttemptTimes
from reelwright_worker.context import WorkerContext

Report = Callable[[str, float], None]
"""Told how much of a stage is done, 0 to 1."""


async def spliced(
    ctx: WorkerContext, plan: Plan, source: Path, made: Path, work: Path, report: Report, times: AttemptTimes
) -> tuple[Joined, ResultCheck]:
    """Join the edges that lie in `work` with what is copied. Raises SpliceFailed, JobFailed."""
    tracks = splicing.tracks(plan)
    if remux.is_remuxed(plan):  # anew, as for its commands: that takes microseconds, and a recipe is commands alone
        plan, source = remux.remuxed(plan), work / REMUX_FILE
    splice, media = plan.splice, plan.inputs[0].media
    assert isinstance(splice, Splice)
    settings, capabilities = ctx.settings, ctx.machine.capabilities
    wall_s = settings.job_wall_base_s + settings.job_wall_factor * float(Fraction(plan.outputs[0].duration_s))
    request = SpliceRequest(
        video_stream=media.main_video.index,
        coding=splice.coding,
        intervals=splice.intervals,
        decoders=capabilities.decoders,
        max_pixels=capabilities.max_pixels,
        threads=capabilities.threads,
    )
    common = msgspec.structs.asdict(request)
    sound = SOUND_FILE if splice.sound == "coded" else ""
    text = TEXT_FILE if plan.tracks else ""
    marks = CHAPTERS_OF_MP4 if plan.chapters else ""
    container = "mp4" if splice.container is UNSET else splice.container
    try:
        with times.spending(JOIN):
            joined = await ctx.splicer.join(
                source,
                made,
                JoinRequest(
                    folder=str(work),
                    container=container,
                    tracks=tracks,
                    sound=sound,
                    text=text,
                    chapters=marks,
                    **common,
                ),
                wall_s=wall_s,
                output_bytes=settings.max_output_bytes,
                report=partial(report, JOIN),
            )
        with times.spending(PROVE):
            proven = await ctx.splicer.prove(
                source,
                made,
                ProofRequest(contents=joined.contents, folder=str(work), touched=splice.drawn, **common),
                wall_s=wall_s,
                report=partial(report, PROVE),
            )
    except Busy as error:  # says nothing about the source
        raise JobFailed(error.detail, code="busy", stage="render", of_machine=True) from error
    if proven.wrong:
        raise SpliceFailed("proof", "; ".join(proven.wrong))
    if joined.encoded != splice.encoded:
        raise SpliceFailed("join", f"{joined.encoded} frames at edges were joined of {splice.encoded}")
    return joined, _check(joined, proven)


def _check(joined: Joined, proven: Proven) -> ResultCheck:
    seen = f"{joined.copied} frames copied, {joined.encoded} coded; round the seams {proven.copied} are the source's"
    like = "" if proven.lowest_psnr is None else f", {proven.encoded} like it by {proven.lowest_psnr:.1f} dB or more"
    drawn = f", {proven.drawn} what was drawn" if proven.drawn else ""
    return check("splice", True, seen + like + drawn)
