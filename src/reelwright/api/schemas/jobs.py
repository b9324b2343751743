"""The JSON of jobs: where they are, and everything about them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.accepted_jobs import ReusedFrom
from reelwright.api.schemas.base import Address, Page, Timestamp, Url
from reelwright.api.schemas.imports import TransferOut
from reelwright.api.schemas.keeping import ResultKeep
from reelwright.api.schemas.labels import ExternalIdOut, MetadataOut, TagsOut, TitleOut, shown
from reelwright.api.schemas.variants import FileOut, OutputCheckOut, checks_of
from reelwright.db.models import File, Job
from reelwright.edits.kinds_and_states import FileRole, JobStatus, JobType, Quality
from reelwright.edits.seconds_left import Eta
from reelwright.error_codes import HINDRANCES
from reelwright.jobs import results
from reelwright.jobs.output_states import OutputState, output_state
from reelwright.jobs.status_reader import CurrentStatus
from reelwright.jobs.waiting import Waiting
from reelwright.jobs.waiting_and_time_left import Outlook

Outputs = Mapping[uuid.UUID, Sequence[File]]
"""What a job made and nobody has deleted: its variants, with their files, in lists the main one alone."""

Checks = Mapping[uuid.UUID, Mapping[str, Any]]
"""What was stored with each of those variants of what it was held to."""

Progress = Annotated[int, Meta(ge=0, le=100, description="Per cent; 100 exactly when the job is SUCCESS.")]


class StatusOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job is. `result_url` is there when it has succeeded."""

    job_id: uuid.UUID
    status: JobStatus
    progress: Progress
    error_message: str | None
    job_url: Address
    result_url: Url | None

    @classmethod
    def of(cls, job: Job | CurrentStatus, addresses: Addresses) -> StatusOut:
        return cls(
            job_id=job.id,
            status=job.status,
            progress=job.progress,
            error_message=job.error_message,
            job_url=addresses.job(job.id),
            result_url=addresses.result(job.id) if job.status is JobStatus.SUCCESS else None,
        )


class JobErrorOut(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job, or its last attempt, failed."""

    code: str
    detail: str
    stage: str | None = None
    exit_status: int | None = None
    stderr_tail: str | None = None
    checks: Annotated[list[OutputCheckOut], Meta(description="Of `verify_failed`: what was planned and is not so.")] = (
        msgspec.field(default_factory=list)
    )


class WaitingOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a job waits for beside its turn: its schedule, a worker that is alive, disk, a machine that works."""

    code: Annotated[
        str,
        Meta(
            description="`schedule`: its `run_at`. `worker`: none is alive, or none takes jobs of its `queue`."
            " `paused`: the queue is. Else what keeps the machine from work: "
            + ", ".join(f"`{code}`" for code in HINDRANCES)
            + ". `disk`, `memory`, `cores`: there is less free than it needs, by forecast; it begins once there is."
        ),
    ]
    detail: Annotated[str, Meta(description="What it is, in a sentence: with how much it needs, and how much is free.")]
    since: Timestamp | None

    @classmethod
    def of(cls, waiting: Waiting) -> WaitingOut:
        return cls(code=waiting.code, detail=waiting.detail, since=waiting.since)


class OutputOut(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a job. `variant_id`, `url`, `files` and `checks` are there when it is done, until it is deleted;
    lists leave `files` and `checks` out."""

    index: int
    state: OutputState
    quality: Quality
    width: int
    height: int
    progress: Progress
    variant_id: uuid.UUID | None
    url: Url | None
    files: Annotated[
        list[FileOut] | UnsetType, Meta(description="All that belongs to it: posters, sheets, playlists, the video.")
    ] = UNSET
    checks: Annotated[
        list[OutputCheckOut] | UnsetType, Meta(description="What it was held to before it was published.")
    ] = UNSET


class JobPart(StrEnum):
    """What of a job is so large that lists have it only when it is asked for."""

    EDIT = "edit"
    PLAN = "plan"
    RECIPE = "recipe"


class JobSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A job in a list; `edit`, `plan` and `commands` are there when `expand` asks for them. `attempt` numbers its
    attempts, `failures` counts those that it is to blame for. `output_variant_id` is its best output's while there is
    that, as `result_url`; `speed` is times real time; `eta_s` is the middle of `eta`."""

    job_id: uuid.UUID
    job_url: Address
    events_url: Address
    type: JobType
    status: JobStatus
    progress: Progress
    stage: str | None
    video_id: uuid.UUID | None
    input_variant_id: uuid.UUID | None
    output_variant_id: uuid.UUID | None
    result_url: Url | None
    outputs: list[OutputOut]
    title: TitleOut
    tags: TagsOut
    external_id: ExternalIdOut
    metadata: MetadataOut
    warnings: list[str]
    error_message: str | None
    error: JobErrorOut | None
    queue: Annotated[str, Meta(description="`light` or `media`, by what it costs; `render`: an older release's.")]
    priority: int
    run_at: Annotated[Timestamp | None, Meta(description="It does not begin before.")]
    expires_at: Annotated[Timestamp | None, Meta(description="If it has not begun by then, it fails: `expired`.")]
    attempt: int
    failures: int
    max_failures: int
    reused_from: ReusedFrom
    transfer: TransferOut | None
    waiting_for: WaitingOut | None
    worker: str | None
    speed: float | None
    eta_s: float | None
    eta: Eta
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    updated_at: Timestamp
    result_keep_s: ResultKeep
    edit: dict[str, Any] | UnsetType | None = UNSET
    plan: dict[str, Any] | UnsetType | None = UNSET
    commands: list[list[str]] | UnsetType = UNSET

    @classmethod
    def of(cls, job: Job, outputs: Outputs, addresses: Addresses, outlook: Outlook) -> JobSummary:
        """`outlook`: what is to be expected of it."""
        return cls(**_summary(job, outputs, addresses, outlook))

    def with_parts(self, job: Job, parts: Collection[JobPart]) -> JobSummary:
        """Return it with what is large of its job, where that is wanted."""
        found: dict[str, Any] = {}
        if JobPart.EDIT in parts:
            found["edit"] = job.edit_json
        if JobPart.PLAN in parts:
            found["plan"] = job.plan_json
        if JobPart.RECIPE in parts:
            found["commands"] = _commands(job)
        return msgspec.structs.replace(self, **found) if found else self


def _commands(job: Job) -> list[list[str]]:
    """As they are run, with slots for paths; none before they are known."""
    return [["ffmpeg", *command["arguments"]] for command in (job.recipe_json or {"commands": []})["commands"]]


class FramesOut(msgspec.Struct, frozen=True, kw_only=True):
    """Of a cut that copies: frames that are the source's own, and frames that were coded anew, at its edges."""

    copied: int
    encoded: int

    @classmethod
    def of(cls, job: Job) -> FramesOut | None:
        found = (job.recipe_json or {}).get("frames")
        return None if found is None else cls(**found)


class JobOut(JobSummary, frozen=True, kw_only=True):
    """Everything about a job: beside what a list says, what was asked, what was planned, and how it is made. Times in
    `plan` are exact: fractions of seconds, as text. `commands` have slots for paths. `frames` is there once a cut that
    copies is joined."""

    edit: dict[str, Any] | None
    plan: dict[str, Any] | None
    plan_digest: str | None
    commands: list[list[str]]
    frames: FramesOut | None

    @classmethod
    def of(
        cls, job: Job, outputs: Outputs, addresses: Addresses, outlook: Outlook, checks: Checks | None = None
    ) -> JobOut:
        """`checks`: of each of its variants, as they are stored."""
        return cls(
            **_summary(job, outputs, addresses, outlook, checks or {}),
            edit=job.edit_json,
            plan=job.plan_json,
            plan_digest=job.plan_digest,
            commands=_commands(job),
            frames=FramesOut.of(job),
        )


def _summary(
    job: Job, outputs: Outputs, addresses: Addresses, outlook: Outlook, checks: Checks | None = None
) -> dict[str, Any]:
    waiting, left = outlook
    kept = job.output_variant_id is not None and job.output_variant_id in outputs
    return {
        "job_id": job.id,
        "job_url": addresses.job(job.id),
        "events_url": addresses.events(job.id),
        "type": job.type,
        "status": job.status,
        "progress": job.progress,
        "stage": job.stage,
        "video_id": job.video_id,
        "input_variant_id": job.input_variant_id,
        "output_variant_id": job.output_variant_id if kept else None,
        "result_url": addresses.result(job.id) if kept else None,
        "outputs": _outputs(job, outputs, addresses, checks),
        **shown(job.labels),
        "warnings": job.warnings or [],
        "error_message": job.error_message,
        "error": None if job.error is None else msgspec.convert(job.error, JobErrorOut),
        "queue": job.queue,
        "priority": job.priority,
        "run_at": job.run_at,
        "expires_at": job.expires_at,
        "attempt": job.attempt,
        "failures": job.failures,
        "max_failures": job.max_failures,
        "reused_from": job.reused_from_job_id,
        "transfer": TransferOut.of(job),
        "waiting_for": None if waiting is None else WaitingOut.of(waiting),
        "worker": job.worker,
        "speed": job.speed,
        "eta_s": None if left is None else left.likely_s,
        "eta": left,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "updated_at": job.updated_at,
        "result_keep_s": job.result_keep_s,
    }


class JobPage(Page[JobSummary], frozen=True, kw_only=True):
    """One page of jobs, newest first."""


def _outputs(job: Job, variants: Outputs, addresses: Addresses, checks: Checks | None) -> list[OutputOut]:
    """Without `checks`, as lists have them."""
    planned = results.planned(job.plan_json) if job.plan_json else []
    written = job.outputs_progress or [{"variant_id": None}] * len(planned)
    ids = [None if output["variant_id"] is None else uuid.UUID(output["variant_id"]) for output in written]
    outputs = []
    for index, ((quality, width, height), variant_id) in enumerate(zip(planned, ids, strict=True)):
        kept = variant_id if variant_id in variants else None
        files = [] if kept is None else [FileOut.of(file, kept, addresses) for file in variants[kept]]
        main = next((file.url for file in files if file.role is FileRole.MAIN), None)
        outputs.append(
            OutputOut(
                index=index,
                state=output_state(job, index) if variant_id == kept else OutputState.DELETED,
                quality=quality,
                width=width,
                height=height,
                progress=job.progress,
                variant_id=kept,
                url=main,
                files=files if checks is not None else UNSET,
                checks=UNSET if checks is None else checks_of(checks.get(kept, {}) if kept else {}),
            )
        )
    return outputs
