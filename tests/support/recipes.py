"""The way of a job without its database, by the default settings: probe, plan, recipe, contained run, verification."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelwright.edits import ladder
from reelwright.edits.edit import Edit, overlay, transcode, trim
from reelwright.edits.facts import AnyFacts, StepFacts
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.layers import ImageLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import ExpectedOutput, Facts, ImageFacts, Plan, resolve
from reelwright.edits.result_check import ResultCheck
from reelwright.edits.streaming import Streaming
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.checks.inspector import Inspector, inspection
from reelwright.media.checks.judge import verified
from reelwright.media.ffmpeg import capabilities, executable
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.runner import Budget, Report, run
from reelwright.media.probe.prober import Prober, probe_rules
from reelwright.media.probe.rules import ProbeRules
from reelwright.media.recipes import subtitles_and_chapters
from reelwright.media.recipes.compile import compile_plan
from reelwright.media.sandbox.fork_client import ForkClient
from reelwright.media.shared_reader import media_reader
from reelwright.settings import Settings

SETTINGS = Settings()
BUDGET = Budget(wall_base_s=60, wall_factor=60, stall_s=30, memory_bytes=8 * 2**30, output_bytes=2**30)

OPERATIONS = ("trim", "transcode", "stream", "overlay", "copy")

PATCH = (36, 24)
"""The size of the fixture `patch`, an opaque magenta picture."""

Layer = tuple[AnyFacts, Path]
"""What is known of what a layer or a step shows, and the file."""


@dataclass(frozen=True, slots=True)
class Made:
    plan: Plan
    outputs: tuple[MediaInfo, ...]
    missing: tuple[str, ...]
    """What the run said is missing of the source."""


@asynccontextmanager
async def prober(rules: ProbeRules | None = None) -> AsyncIterator[Prober]:
    """One with a program of its own, which runs. `rules`: None for those of the default settings."""
    async with media_reader() as reader:
        await reader.start()
        yield Prober(rules or probe_rules(SETTINGS), reader)


def facts(media: MediaInfo, *layers: StepFacts) -> Facts:
    return Facts(sha256="0" * 64, media=media, layers=layers)


def drawn(path: Path, size: tuple[int, int] = PATCH) -> Layer:
    """A picture of that size as a layer."""
    return ImageFacts(sha256="1" * 64, width=size[0], height=size[1]), path


def edit_of(operation: str, media: MediaInfo, *, begin_s: float = 0.5, **wanted: Any) -> Edit:
    """One of OPERATIONS as a request would ask for it, coded fast unless `wanted` (of Ladder) says otherwise. A trim
    begins at `begin_s`; an overlay lays a picture into the bottom left corner; a copy copies the sound."""
    streaming = Streaming(hls=True) if operation == "stream" else None
    usual = {"qualities": (Quality.SOURCE,), "preset": "ultrafast", "streaming": streaming}
    if operation == "copy":
        usual["audio_codec"] = "copy"
    choice, size = Ladder(**(usual | wanted)), media.main_video.display_size
    if operation == "trim":
        return trim(begin_s, media.duration_s or 0.0, ladder.single(choice, size, usual_crf=18))
    if operation == "overlay":
        return overlay((ImageLayer(image_path="a", x=0, y="H-h"),), ladder.single(choice, size, usual_crf=18))
    return transcode(ladder.outputs(choice, size), (), streaming)


async def edited(
    prober: Prober,
    edit: Edit | Callable[[MediaInfo], Edit],
    source: Path,
    *targets: Path,
    layers: Sequence[Layer] = (),
    report: Report = lambda *_: None,
    settings: Settings = SETTINGS,
) -> Made:
    """The whole way; each target is what was promised. The targets lie in one folder, which is made."""
    media = await prober.probe(source)
    edit = edit if isinstance(edit, Edit) else edit(media)
    plan = resolve(edit, facts(media, *(known for known, _ in layers)))
    slots = {"in0": source} | {f"in{number}": path for number, (_, path) in enumerate(layers, 1)}
    slots |= {f"out{number}": target for number, target in enumerate(targets)}
    missing = await make(plan, slots, report=report, settings=settings)
    outputs = tuple([await probed(prober, one, target) for one, target in zip(plan.outputs, targets, strict=True)])
    for expected, output in zip(plan.outputs, outputs, strict=True):
        assert mismatches(expected, output) == []
    return Made(plan, outputs, missing)


async def probed(prober: Prober, expected: ExpectedOutput, made: Path) -> MediaInfo:
    return await (prober.probe_sound(made) if expected.output.video is None else prober.probe(made))


async def make(
    plan: Plan, slots: Mapping[str, Path], *, report: Report = lambda *_: None, settings: Settings = SETTINGS
) -> tuple[str, ...]:
    """Make the plan's outputs; returns what is missing of the source. `slots`: "in0", "out0" and so on; outputs lie in
    one folder, which is made."""
    work = slots["out0"].parent
    work.mkdir(exist_ok=True)
    for name, text in subtitles_and_chapters.texts(plan).items():
        (work / name).write_text(text, encoding="utf-8")
    return await run(
        compile_plan(plan, await ffmpeg_can(settings)),
        slots,
        ffmpeg=executable.ffmpeg_path(settings),
        work=work,
        budget=BUDGET,
        report=report,
    )


_capabilities: dict[Settings, Capabilities] = {}


async def ffmpeg_can(settings: Settings = SETTINGS) -> Capabilities:
    """What ffmpeg can do, asked once, as a worker asks when it starts."""
    if settings not in _capabilities:
        _capabilities[settings] = await capabilities.capabilities(settings)
    return _capabilities[settings]


def inspector(reader: ForkClient) -> Inspector:
    return Inspector(reader, memory_bytes=BUDGET.memory_bytes, stall_s=BUDGET.stall_s)


async def checked(
    prober: Prober, inspector: Inspector, plan: Plan, number: int, made: Path, source: Path
) -> tuple[ResultCheck, ...]:
    """What output `number` of a plan is held to, as a worker does before it is published. Raises what a worker takes
    for a failed check."""
    look = inspection(plan, number, await ffmpeg_can())
    media = await probed(prober, plan.outputs[number], made)
    compared = source if look.comparison is not None else None
    found = await inspector.inspect(made, compared, look, wall_s=BUDGET.wall_base_s, report=lambda _: None)
    return verified(plan, number, media, found)
