"""A job's results: which variant is the one, or why there is none; their rows, files, and what was laid over. A file's
bytes may be shared."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import ScalarSelect, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, Job, Variant, new_id
from reelwright.db.models import Overlay as OverlayRow
from reelwright.edits.edit import Edit
from reelwright.edits.kinds_and_states import KIND_OF_JOB, JobStatus, OverlayType, Quality
from reelwright.edits.layers import AnyLayer
from reelwright.edits.outputs import FileOutput
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.library import retention

NoResult = Literal["not_ready", "job_failure", "job_cancelled", "result_deleted"]
"""The error code of why a job has no result."""


@dataclass(frozen=True, slots=True)
class Result:
    """A variant and its files."""

    variant: Variant
    files: tuple[File, ...]


async def result_of(session: AsyncSession, job: Job, quality: Quality | None = None) -> Variant | NoResult:
    """Return the best variant that the job made, or that of the quality; else why there is none."""
    if not job.status.is_final:
        return "not_ready"
    if job.status is not JobStatus.SUCCESS:
        return "job_cancelled" if job.status is JobStatus.CANCELLED else "job_failure"
    condition = Variant.id == job.output_variant_id
    if quality is not None:
        condition = (Variant.job_id == job.id) & (Variant.quality == quality)
    return await session.scalar(select(Variant).where(condition)) or "result_deleted"


async def variants_of(session: AsyncSession, job_id: uuid.UUID) -> list[Variant]:
    """Return the variants that the job made and nobody has deleted, in the order of its outputs."""
    return list(await session.scalars(select(Variant).where(Variant.job_id == job_id).order_by(Variant.output_index)))


def planned(plan_json: Mapping[str, Any]) -> list[tuple[Quality, int, int]]:
    """Return the results that a job has by its stored plan, quality, width and height each: one an output; where there
    is none, the first of its images, with which the others are."""
    outputs = plan_json["outputs"]
    if not outputs:
        image = plan_json["companions"][0]["files"][0]["picture"]
        return [(Quality.SOURCE, image["width"], image["height"])]
    return [(Quality(one["output"]["quality"]), one["width"], one["height"]) for one in outputs]


async def _from_upload(session: AsyncSession, job: Job, edit: Edit) -> Edit:
    """Return the job's edit as seen from the upload, when it built on a variant."""
    if job.input_variant_id is not None:
        parent = await session.get(Variant, job.input_variant_id)
        if parent is not None:
            return edit.after(msgspec.convert(parent.edit_json, Edit))
    return edit


async def add(
    session: AsyncSession, job: Job, variants: Sequence[Variant], outputs: Sequence[FileOutput | None]
) -> None:
    """Insert what was made of each output (None: an image alone) as the job's own, with what was laid over. The
    variants come with all that was found of their bytes; here is what the job makes of them."""
    own = msgspec.convert(job.edit_json, Edit)
    edit = await _from_upload(session, job, own)
    for number, (variant, output) in enumerate(zip(variants, outputs, strict=True)):
        assert job.video_id is not None
        variant.video_id = job.video_id
        variant.project_id = job.project_id
        variant.job_id = job.id
        variant.output_index = number
        variant.kind = KIND_OF_JOB[job.type]
        variant.source_variant_id = job.input_variant_id
        variant.labels = job.labels
        variant.kept_until = retention.until(job.result_keep_s)
        variant.config_json = job.edit_json or {}
        variant.edit_json = msgspec.to_builtins(
            msgspec.structs.replace(edit, outputs=() if output is None else (output,))
        )
    session.add_all(variants)
    await session.flush()
    layers = [layer for step in own.steps if isinstance(step, OverlayStep) for layer in step.layers]
    for variant in variants:
        session.add_all(_overlay_rows(layers, variant))


async def held(session: AsyncSession, job_id: uuid.UUID | ScalarSelect[uuid.UUID]) -> tuple[Job | None, list[Result]]:
    """Return the job and what it has made, as far as it is there, by output; nobody can delete that until the
    transaction ends."""
    rows = await session.execute(
        select(Job, Variant, File)
        .join(Variant, Variant.job_id == Job.id)
        .join(File, File.variant_id == Variant.id)
        .where(Job.id == job_id, File.trashed_at.is_(None))
        .order_by(File.key, File.id)
        .with_for_update(read=True, of=File)
    )
    maker: Job | None = None
    found: dict[uuid.UUID, tuple[Variant, list[File]]] = {}
    for job, variant, file in rows.all():
        maker = job
        found.setdefault(variant.id, (variant, []))[1].append(file)
    results = [Result(variant, tuple(files)) for variant, files in found.values()]
    return maker, sorted(results, key=lambda result: result.variant.output_index)


async def copy(session: AsyncSession, job: Job, made: Sequence[Result]) -> list[Variant]:
    """Insert what an equal job has made as this job's own: variants with ids of their own, by output, and the same
    bytes."""
    copies = [
        Variant(
            id=new_id(),
            quality=result.variant.quality,
            stored_path=result.variant.stored_path,
            size_bytes=result.variant.size_bytes,
            duration_sec=result.variant.duration_sec,
            width=result.variant.width,
            height=result.variant.height,
            media_info=result.variant.media_info,
            checks=result.variant.checks,
            reused_from_variant_id=result.variant.reused_from_variant_id or result.variant.id,
        )
        for result in made
    ]
    await add(session, job, copies, [_output(result.variant) for result in made])
    session.add_all(
        File(
            project_id=job.project_id,
            variant_id=variant.id,
            role=file.role,
            name=file.name,
            key=file.key,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            content_type=file.content_type,
        )
        for variant, result in zip(copies, made, strict=True)
        for file in result.files
    )
    return copies


def _output(variant: Variant) -> FileOutput | None:
    return next(iter(msgspec.convert(variant.edit_json, Edit).outputs), None)


def _overlay_rows(layers: Sequence[AnyLayer], variant: Variant) -> list[OverlayRow]:
    """Return a row for each layer, with what was asked."""
    types = {"text": OverlayType.TEXT, "image": OverlayType.IMAGE, "video": OverlayType.VIDEO}
    return [
        OverlayRow(
            video_id=variant.video_id,
            variant_id=variant.id,
            type=types.get(layer.__struct_config__.tag, OverlayType.WATERMARK),  # type: ignore[arg-type]
            payload_json=msgspec.to_builtins(layer),
        )
        for layer in layers
    ]
