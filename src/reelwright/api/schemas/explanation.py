"""The JSON of an edit explained: what it would make, and how."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import UNSET, Meta

from reelwright.edits.codecs import Codec, Container, CopiedCodec, SoundCodec
from reelwright.edits.kinds_and_states import FileRole, Quality
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.edits.plan.splicing import expected_splice, pieces
from reelwright.edits.sidecar_files import PlannedFile
from reelwright.edits.splice_structs import Chosen, CutMode, Splice, SplicedSound
from reelwright.jobs.able_workers import Alike
from reelwright.jobs.explain import Explanation
from reelwright.jobs.forecast import LEAST, Forecast
from reelwright.media.ffmpeg import mermaid
from reelwright.media.ffmpeg.command import Command

UNKNOWN = f"fewer than {LEAST} jobs of this kind have succeeded here: nothing can be said yet"


class ForecastOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be expected, by earlier jobs: four times in five it lies between `low` and `high`. Null, with a
    `reason`, where there were too few."""

    expected: float | None
    low: float | None
    high: float | None
    cases: Annotated[int, Meta(description="Earlier results that it is drawn from.")]
    reason: str | None

    @classmethod
    def of(cls, forecast: Forecast | None, digits: int | None) -> ForecastOut:
        if forecast is None:
            return cls(expected=None, low=None, high=None, cases=0, reason=UNKNOWN)
        expected, low, high = (round(value, digits) for value in (forecast.expected, forecast.low, forecast.high))
        return cls(expected=expected, low=low, high=high, cases=forecast.cases, reason=None)


def _made(plan: Plan) -> tuple[ExpectedOutput, ...]:
    """The outputs; of a copy in a codec that nothing is coded by, that."""
    other = isinstance(plan.splice, Splice) and plan.splice.container is not UNSET
    return expected_splice(plan).outputs if other else plan.outputs


class ExplainedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One file that would be made."""

    index: int
    quality: Quality
    container: Container
    codec: Annotated[Codec | CopiedCodec | SoundCodec, Meta(description="Of its video; of sound alone, of that.")]
    width: int
    height: int
    duration_s: float
    frame_count: Annotated[int | None, Meta(description="Null where it is not known before.")]
    audio_tracks: int
    copied: Annotated[bool, Meta(description="Whether its pictures are the source's own, not coded again.")]
    size_bytes: ForecastOut

    @classmethod
    def of(cls, index: int, expected: ExpectedOutput, size_bytes: Forecast | None) -> ExplainedOutput:
        output = expected.output
        return cls(
            index=index,
            quality=output.quality,
            container=output.container,
            codec=cast(CopiedCodec, expected.codec)
            if output.video is not None
            else cast(SoundCodec, output.audio.codec),
            width=expected.width,
            height=expected.height,
            duration_s=float(Fraction(expected.duration_s)),
            frame_count=expected.frame_count,
            audio_tracks=expected.audio_tracks,
            copied=expected.copied,
            size_bytes=ForecastOut.of(size_bytes, None),
        )


class ExplainedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that would be made beside the outputs, or instead of any."""

    name: str
    role: FileRole
    content_type: str
    width: Annotated[int | None, Meta(description="Of an image.")]
    height: int | None
    duration_s: Annotated[float | None, Meta(description="Of one that moves.")]

    @classmethod
    def of(cls, planned: PlannedFile) -> ExplainedFile:
        image = planned.image
        lasts_ms = None if image is None else image.duration_ms
        return cls(
            name=planned.name,
            role=planned.role,
            content_type=planned.content_type,
            width=None if image is None else image.width,
            height=None if image is None else image.height,
            duration_s=None if lasts_ms is None else lasts_ms / 1000,
        )


class ToolchainOut(msgspec.Struct, frozen=True, kw_only=True):
    """Of which workers the commands are. Others that live may have others: another ffmpeg, more cores, an encoder in
    hardware."""

    workers: Annotated[list[str], Meta(description="Host and process id of each.")]
    alive: Annotated[int, Meta(description="Workers that live, these among them.")]
    ffmpeg_version: str
    threads: int
    encoders: list[str]
    hardware: list[str]
    tone_mapping: bool

    @classmethod
    def of(cls, alike: Alike, alive: int) -> ToolchainOut:
        able = alike.capabilities
        return cls(
            workers=list(alike.workers),
            alive=alive,
            ffmpeg_version=able.ffmpeg_version,
            threads=able.threads,
            encoders=list(able.encoders),
            hardware=list(able.hardware),
            tone_mapping=able.tone_mapping,
        )


class ExplainedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One ffmpeg process: its arguments, with slots (`<in0>`, `<out0>`) for paths; `{name}` is a number that a command
    before it measures. A source that proves damaged is tried again with `if_damaged`, or from its start."""

    argv: list[str]
    if_damaged: list[str] | None
    from_start: list[str] | None
    graph: Annotated[str, Meta(description="Its filtergraphs, one a line, as ffmpeg takes them.")]
    mermaid: Annotated[str, Meta(description="The same as a flowchart in Mermaid's language, with inputs and outputs.")]

    @classmethod
    def of(cls, command: Command) -> ExplainedCommand:
        def argv(arguments: tuple[str, ...]) -> list[str] | None:
            return ["ffmpeg", *arguments] if arguments else None

        return cls(
            argv=["ffmpeg", *command.arguments],
            if_damaged=argv(command.if_damaged),
            from_start=argv(command.from_start),
            graph="\n".join(mermaid.graphs(command.arguments)),
            mermaid=mermaid.drawn(command.arguments),
        )


class PieceOut(msgspec.Struct, frozen=True, kw_only=True):
    """A run of frames, in the source's time."""

    what: Literal["copied", "encoded"]
    start_s: float
    end_s: float
    frames: Annotated[int | None, Meta(description="Null where they are not counted before they are copied.")]


class CutOut(msgspec.Struct, frozen=True, kw_only=True):
    """How a cut is made of which a `mode` was said, or that the service makes otherwise than `exact`."""

    asked: CutMode
    chosen: Chosen
    reason: Annotated[str | None, Meta(description="Why it is `exact`, where it was asked for otherwise.")]
    sound: Annotated[SplicedSound | None, Meta(description="Null where all is coded anew.")]
    pieces: list[PieceOut]

    @classmethod
    def of(cls, plan: Plan) -> CutOut | None:
        splice = plan.splice
        if not isinstance(splice, Splice):
            return None
        return cls(
            asked=splice.asked,
            chosen=splice.chosen,
            reason=None if splice.refused is None else splice.refused.detail,
            sound=splice.sound if splice.is_made else None,
            pieces=[
                PieceOut(what=what, start_s=float(start), end_s=float(end), frames=frames)
                for what, start, end, frames in pieces(splice, plan.inputs[0].media.start)
            ],
        )


class ExplanationOut(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit would make, and how. No job was made of it. `edit`, `plan`, `plan_digest` and `warnings` are those
    that the job would have; its commands are these, byte for byte, on a worker that can do the same."""

    edit: dict[str, Any]
    warnings: list[str]
    outputs: list[ExplainedOutput]
    files: list[ExplainedFile]
    seconds: Annotated[ForecastOut, Meta(description="Seconds that a worker will be at it.")]
    toolchain: Annotated[ToolchainOut | None, Meta(description="Null where no worker lives that can make it.")]
    why_no_commands: Annotated[str | None, Meta(description="Why `commands` is empty, where it is.")]
    commands: list[ExplainedCommand]
    cut: Annotated[CutOut | None, Meta(description="Of cuts that are not `exact` anyway: what is copied, and why.")]
    plan: dict[str, Any]
    plan_digest: str

    @classmethod
    def of(cls, explained: Explanation) -> ExplanationOut:
        plan = explained.plan
        return cls(
            edit=msgspec.to_builtins(explained.draft.edit),
            warnings=[*plan.warnings, *explained.draft.remarks],
            outputs=[
                ExplainedOutput.of(index, expected, size_bytes)
                for index, (expected, size_bytes) in enumerate(zip(_made(plan), explained.size_bytes, strict=True))
            ],
            files=[ExplainedFile.of(file) for file in plan.files],
            seconds=ForecastOut.of(explained.seconds, 2),
            toolchain=None if explained.by is None else ToolchainOut.of(explained.by, explained.alive),
            why_no_commands=explained.why_not,
            commands=[ExplainedCommand.of(command) for command in explained.commands],
            cut=CutOut.of(plan),
            plan=msgspec.to_builtins(plan),
            plan_digest=plan.digest,
        )
