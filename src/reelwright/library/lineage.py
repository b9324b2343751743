"""Lineage: what a variant was made of, step by step, back to the upload; also where some of it was deleted since."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import msgspec
from sqlalchemy import Text, cast, func, lateral, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, load_only

from reelwright.db.models import Job, Variant, Video
from reelwright.edits.plan import Plan
from reelwright.errors import NotFound


@dataclass(frozen=True, slots=True)
class Link:
    """One result of the chain, and the job that made it. `variant` is None where it was deleted."""

    variant_id: uuid.UUID
    variant: Variant | None
    job: Job | None


@dataclass(frozen=True, slots=True)
class Lineage:
    """From a variant back to the upload. `complete`: nothing is missing between the last link and the upload."""

    links: tuple[Link, ...]
    video: Video

    @property
    def complete(self) -> bool:
        return all(link.job is not None for link in self.links)


async def lineage(session: AsyncSession, variant_id: uuid.UUID) -> Lineage:
    """Return where a variant comes from. Raises NotFound."""
    own = aliased(Job)
    chain = (
        select(
            literal(0).label("depth"),
            Variant.id.label("variant_id"),
            Variant.video_id.label("video_id"),
            Variant.job_id.label("job_id"),
            func.coalesce(Variant.source_variant_id, own.input_variant_id).label("made_of"),
        )
        .outerjoin(own, own.id == Variant.job_id)
        .where(Variant.id == variant_id)
        .cte("chain", recursive=True)
    )
    earlier, made_it = aliased(Variant), aliased(Job)
    # a deleted variant has left its id with its job, which is one of the same video's
    told = func.jsonb_build_array(func.jsonb_build_object("variant_id", cast(chain.c.made_of, Text)))
    forgotten = lateral(
        select(Job.id, Job.input_variant_id)
        .where(
            earlier.id.is_(None),
            Job.video_id == chain.c.video_id,
            Job.outputs_progress.cast(JSONB).contains(told),
        )
        .limit(1)
    )
    chain = chain.union_all(
        select(
            chain.c.depth + 1,
            chain.c.made_of,
            chain.c.video_id,
            func.coalesce(earlier.job_id, forgotten.c.id),
            func.coalesce(earlier.source_variant_id, made_it.input_variant_id, forgotten.c.input_variant_id),
        )
        .select_from(chain)
        .outerjoin(earlier, earlier.id == chain.c.made_of)
        .outerjoin(made_it, made_it.id == earlier.job_id)
        .outerjoin(forgotten, true())
        .where(chain.c.made_of.is_not(None))
    )
    found = await session.execute(
        select(chain.c.variant_id, Variant, Job, Video)
        .select_from(chain)
        .join(Video, Video.id == chain.c.video_id)
        .outerjoin(Variant, Variant.id == chain.c.variant_id)
        .outerjoin(Job, Job.id == chain.c.job_id)
        .options(
            load_only(Variant.kind, Variant.quality, Variant.stored_path, Variant.created_at, Variant.labels),
            load_only(Job.type, Job.edit_json, Job.created_at, Job.labels),
            load_only(Video.original_filename, Video.stored_path, Video.upload_time, Video.labels),
        )
        .order_by(chain.c.depth)
    )
    rows = found.all()
    if not rows:
        is_video = await session.get(Video, variant_id) is not None
        raise NotFound(f"this is a video: see /videos/{variant_id}" if is_video else "no such variant")
    links = tuple(Link(row_id, variant, job) for row_id, variant, job, _ in rows)
    return Lineage(links, rows[0][3])


async def plan_of(session: AsyncSession, variant: Variant) -> Plan | str:
    """The plan that a result was made by; or why that is not known, as the end of a sentence."""
    job = await session.get(Job, variant.job_id) if variant.job_id is not None else None
    if job is None or job.plan_json is None:
        return "how it was made is not known any more"
    try:
        return msgspec.convert(job.plan_json, Plan)
    except msgspec.ValidationError:
        return "it was planned by another release"


async def making_of(session: AsyncSession, variant_id: uuid.UUID) -> tuple[Variant, Plan] | str:
    """A result and the plan that it was made by; or why that is not known."""
    variant = await session.get(Variant, variant_id)
    if variant is None:
        return "it was deleted"
    plan = await plan_of(session, variant)
    return plan if isinstance(plan, str) else (variant, plan)
