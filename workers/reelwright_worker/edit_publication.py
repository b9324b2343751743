"""What an edit has made, as files under keys and as rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, Variant
from reelwright.edits.kinds_and_states import KIND_OF_JOB, FileRole, VariantKind
from reelwright.jobs import followers, lifecycle, results
from reelwright_worker.best_output import FinishedOutput, FinishedSidecar, best_of
from reelwright_worker.fenced_publication import FencedPublication

MILLISECOND = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class OutputPublication(FencedPublication):
    """Of an edit: its outputs, and the files beside them."""

    outputs: tuple[FinishedOutput, ...]
    sidecars: tuple[FinishedSidecar, ...] = ()
    warnings: tuple[str, ...] = ()
    """What was noticed while they were made."""
    toolchain: str | None = None
    """By which they were made."""
    took: dict[str, Any] | None = None
    """What the attempt's stages took."""

    @property
    def variant_kind(self) -> VariantKind:
        return KIND_OF_JOB[self.job.type]

    @property
    def best(self) -> FinishedOutput:
        return best_of(self.outputs)

    def key(self, output: FinishedOutput) -> str:
        if output.output is None:
            return f"processed/{output.variant_id}/{output.path.name}"
        container = output.output.container
        if self.variant_kind is VariantKind.TRANSCODE:
            return f"variants/{self.job.video_id}/{output.variant_id}/{output.quality.value}.{container}"
        return f"processed/{output.variant_id}/{self.variant_kind.value}.{container}"

    def sidecar_key(self, sidecar: FinishedSidecar) -> str:
        return f"{PurePosixPath(self.key(self.best)).parent}/{sidecar.planned.name}"

    def _files(self) -> list[tuple[Path, str]]:
        """Return all that is published, and under which key."""
        return [
            *((output.path, self.key(output)) for output in self.outputs),
            *((sidecar.path, self.sidecar_key(sidecar)) for sidecar in self.sidecars),
        ]

    async def _write(self, session: AsyncSession) -> None:
        """Also the rows of jobs that share the encode."""
        job = await lifecycle.succeed(
            session,
            self.claim,
            output_variant_id=self.best.variant_id,
            variant_ids=[output.variant_id for output in self.outputs],
            warnings=self.warnings,
            toolchain=self.toolchain,
            took=self.took,
        )
        variants = [self._variant(output) for output in self.outputs]
        await results.add(session, job, variants, [output.output for output in self.outputs])
        session.add_all(self._file(output) for output in self.outputs)
        session.add_all(self._sidecar_file(sidecar) for sidecar in self.sidecars)
        await followers.finish(session, job)

    async def _is_written(self, session: AsyncSession) -> bool:
        return await session.get(Variant, self.best.variant_id) is not None

    def _variant(self, output: FinishedOutput) -> Variant:
        media = output.media
        return Variant(
            id=output.variant_id,
            quality=output.quality,
            stored_path=self.key(output),
            size_bytes=output.size_bytes,
            duration_sec=None if media.duration_s is None else Decimal(repr(media.duration_s)).quantize(MILLISECOND),
            width=output.shown_size[0],
            height=output.shown_size[1],
            media_info=msgspec.to_builtins(media),
            checks=output.checks,
        )

    def _file(self, output: FinishedOutput) -> File:
        key = self.key(output)
        return File(
            project_id=self.job.project_id,
            variant_id=output.variant_id,
            role=FileRole.MAIN,
            name=Path(key).name,
            key=key,
            size_bytes=output.size_bytes,
            sha256=output.sha256,
            content_type=output.mime_type,
        )

    def _sidecar_file(self, sidecar: FinishedSidecar) -> File:
        return File(
            project_id=self.job.project_id,
            variant_id=self.best.variant_id,
            role=sidecar.planned.role,
            name=sidecar.planned.name,
            key=self.sidecar_key(sidecar),
            size_bytes=sidecar.size_bytes,
            sha256=sidecar.sha256,
            content_type=sidecar.planned.content_type,
        )
