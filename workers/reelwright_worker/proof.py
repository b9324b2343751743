"""Proves what an attempt made: each output is probed, read through, decoded, compared with its source, and judged; each
image beside them is looked at."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from reelwright.edits.cues.track import track_file_name
from reelwright.edits.plan import Plan
from reelwright.edits.result_check import ResultCheck
from reelwright.edits.sidecar_files import PlannedImage
from reelwright.errors import Busy, JobFailed, ReelwrightError, VerifyFailed
from reelwright.media.checks.header_and_length import complaints
from reelwright.media.checks.inspector import inspection
from reelwright.media.checks.judge import verified
from reelwright.media.checks.made_images import image_mismatches
from reelwright_worker.best_output import FinishedOutput, FinishedSidecar
from reelwright_worker.context import WorkerContext

logger = logging.getLogger(__name__)

Report = Callable[[float], None]
"""Told how much of all outputs is proven, 0 to 1."""


async def prove(
    ctx: WorkerContext, plan: Plan, targets: list[Path], source: Path, report: Report
) -> tuple[FinishedOutput, ...]:
    """Return the outputs, each held to all that the plan says of it. Raises VerifyFailed, which names what is wrong;
    JobFailed."""
    proven = []
    for number, path in enumerate(targets):

        def tell(done: float, *, number: int = number) -> None:
            report((number + done) / len(targets))

        proven.append(await _proven(ctx, plan, number, path, source, tell))
        tell(1.0)
    return tuple(proven)


async def _proven(
    ctx: WorkerContext, plan: Plan, number: int, path: Path, source: Path, report: Report
) -> FinishedOutput:
    expected, settings = plan.outputs[number], ctx.settings
    look = inspection(plan, number, ctx.machine.capabilities)
    wall_s = settings.job_wall_base_s + settings.job_wall_factor * float(Fraction(expected.duration_s))
    try:
        media = await (ctx.prober.probe if expected.output.video is not None else ctx.prober.probe_sound)(path)
        compared = source if look.comparison is not None else None
        found = await ctx.inspector.inspect(path, compared, look, wall_s=wall_s, report=report)
    except Busy as error:  # says nothing about the output
        raise JobFailed(error.detail, code="busy", stage="verify", of_machine=True) from error
    except JobFailed:
        raise
    except ReelwrightError as error:
        raise VerifyFailed(f"the output cannot be read: {error.detail}", output_index=number) from error
    checks = verified(plan, number, media, found)
    if wrong := [one for one in checks if one.outcome == "failed"]:
        what = "the output" if len(plan.outputs) == 1 else f"the rendition {expected.output.quality}"
        if expected.output.video is None:
            what = f"the sound as {expected.output.container}"
        raise VerifyFailed(
            f"{what} is not what was planned: {'; '.join(complaints(wrong))}",
            output_index=number,
            checks=[msgspec.to_builtins(one) for one in wrong],
        )
    _log(checks)
    size_bytes, sha256 = await asyncio.to_thread(_measured, path)
    stored: dict[str, Any] = {"checks": msgspec.to_builtins(checks), "decoded": msgspec.to_builtins(found.video)}
    if plan.tracks:
        named = [track.told(track_file_name(number)) for number, track in enumerate(plan.tracks, start=1)]
        stored["subtitles"] = msgspec.to_builtins(named)
    shown = media.main_video.display_size if media.video else (0, 0)
    mime_type = media.file_format.mime_type
    return FinishedOutput(path, expected.output, media, shown, mime_type, size_bytes, sha256, stored)


def _log(checks: tuple[ResultCheck, ...]) -> None:
    noted = [one.complaint for one in checks if one.outcome == "noted"]
    logger.info("output verified", extra={"checks": len(checks), "noted": noted})


async def prove_sidecars(ctx: WorkerContext, plan: Plan, work: Path) -> list[FinishedSidecar]:
    """Return the files beside the outputs, or instead of any, that the plan promises. Raises VerifyFailed when one is
    not there, or is not what it should be; JobFailed."""
    proven = []
    for planned in plan.files:
        path = work / planned.name
        try:
            size_bytes, sha256 = await asyncio.to_thread(_measured, path)
        except FileNotFoundError:
            size_bytes, sha256 = 0, ""
        if size_bytes == 0:
            raise VerifyFailed(f"{planned.name} was not made")
        if planned.image is not None:
            await _check_image(ctx, path, planned.image)
        proven.append(FinishedSidecar(path, planned, size_bytes, sha256))
    return proven


async def _check_image(ctx: WorkerContext, path: Path, expected: PlannedImage) -> None:
    try:
        seen = await ctx.checker.look(path)
    except Busy as error:  # says nothing about the picture
        raise JobFailed(error.detail, code="busy", stage="verify", of_machine=True) from error
    except ReelwrightError as error:
        raise VerifyFailed(f"{path.name} cannot be read: {error.detail}") from error
    if wrong := image_mismatches(expected, seen):
        raise VerifyFailed(f"{path.name} is not what was planned: {'; '.join(wrong)}")


def _measured(path: Path) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
