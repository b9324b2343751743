"""Runs a recipe: contained, watched, drained, and ended when it stalls, runs over or is not wanted any more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import shlex
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.errors import MediaProcessFailed, ProcessEvidence
from reelwright.media.ffmpeg import hardware_devices
from reelwright.media.ffmpeg.command import Command, Recipe, placed
from reelwright.media.ffmpeg.damage import Damage, source_damaged
from reelwright.media.ffmpeg.failure import REASON_CHARACTERS, reason, verdict, without_paths
from reelwright.media.ffmpeg.progress import Progress, ProgressReader, percent
from reelwright.media.sandbox import contained
from reelwright.storage import disk_space
from reelwright.telemetry import tracing

logger = logging.getLogger(__name__)

STDERR_LINES = 60
STDERR_LINE_CHARACTERS = 500
LINE_BYTES = 8192
WATCH_INTERVAL_S = 1.0
SOURCE_DAMAGED = "source_damaged"
PATIENCE_S = 0.5
"""What an unwanted process has written is thrown away: there is little to wait for."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one media process may use up."""

    wall_base_s: float
    wall_factor: float
    stall_s: float
    memory_bytes: int
    output_bytes: int
    reserve_bytes: int = 0
    """What must stay free on the disk that is written to."""

    def wall_s(self, expected_s: Fraction) -> float:
        return self.wall_base_s + self.wall_factor * float(expected_s)


Report = Callable[[float, float | None], None]
"""Told the whole recipe's percentage and ffmpeg's speed (times real time); must not block."""
Ended = Callable[[Command, float], None]
"""Told of each command that has ended well, and the seconds that it took with all its tries; must not block."""


def _nobody(command: Command, took_s: float) -> None:
    """Is told of commands that have ended where nobody wants to know."""


async def run(
    recipe: Recipe,
    slots: Mapping[str, Path],
    *,
    ffmpeg: Path,
    work: Path,
    budget: Budget,
    report: Report,
    ended: Ended = _nobody,
) -> tuple[str, ...]:
    """Make everything that the recipe says, in order. `slots`: "in0" and "out0" to paths; outputs lie in `work`.
    Returns what is missing of the source, in sentences.

    Raises MediaProcessFailed. When cancelled, returns only after the process is gone.
    """
    whole = sum(command.weight for command in recipe.commands)
    done = 0.0
    measured: dict[str, str] = {}
    lost: list[str] = []
    for command in recipe.commands:
        before, share = done / whole, command.weight / whole
        damaged: MediaProcessFailed | None = None
        began = time.monotonic()

        def tell(
            progress: Progress, *, before: float = before, share: float = share, command: Command = command
        ) -> None:
            report(100 * before + share * percent(progress, Fraction(command.expected_s)), progress.speed)

        tries = [command.arguments, *filter(None, (command.if_damaged, command.from_start))]
        for number, arguments in enumerate(tries):
            last = number == len(tries) - 1
            process = _Process(
                tuple(fill(argument, measured) for argument in arguments),
                command,
                slots,
                ffmpeg=ffmpeg,
                work=work,
                budget=budget,
                forgiving=command.forgiving and last,
            )
            try:
                await process.run_begun(tell)
            except MediaProcessFailed as failure:
                damaged = damaged or failure
                # an ffmpeg that cannot try otherwise has nothing to add
                if failure.code not in (SOURCE_DAMAGED, MediaProcessFailed.code) or damaged.code != SOURCE_DAMAGED:
                    raise
                if last:
                    raise damaged from None
                logger.info("the source is damaged: once more, otherwise")
                continue
            lost += process.damage.warnings(command.video_stream)
            if arguments == command.if_damaged and command.lost_then:
                lost.append(command.lost_then)
            break
        for gain in command.gains:
            measured[gain.name] = await asyncio.to_thread(gain.read, work)
        if command.shown is not None:
            measured[command.shown.name] = await asyncio.to_thread(command.shown.read, work)
        done += command.weight
        ended(command, time.monotonic() - began)
    return tuple(dict.fromkeys(lost))


def fill(argument: str, measured: Mapping[str, str]) -> str:
    """The argument with what was measured in its places."""
    for name, number in measured.items():
        argument = argument.replace(f"{{{name}}}", number)
    return argument


class _Process:
    """One ffmpeg process from its start to its verdict."""

    def __init__(
        self,
        arguments: tuple[str, ...],
        command: Command,
        slots: Mapping[str, Path],
        *,
        ffmpeg: Path,
        work: Path,
        budget: Budget,
        forgiving: bool = False,
    ) -> None:
        self.forgiving = forgiving
        self.damage = Damage(command.needed_to)
        self.argv = [str(ffmpeg), *(placed(argument, slots, work) for argument in arguments)]
        self.inputs = tuple(path for name, path in slots.items() if name.startswith("in"))
        self.access = contained.Access(read=self.inputs, write=(work,))
        if command.hardware:
            self.access = contained.Access(
                read=(*self.inputs, *hardware_devices.descriptions()), write=(work,), devices=hardware_devices.devices()
            )
        self.work = work
        self.budget = budget
        self.output_s = float(Fraction(command.expected_s))
        self.wall_s = budget.wall_s(Fraction(command.expected_s) * command.outputs)
        self.reader = ProgressReader()
        self.stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self.last_sign = time.monotonic()
        self.begun = False
        """Whether it has reported: it does when all is open, at the latest when it ends."""

    async def run_begun(self, tell: Callable[[Progress], None]) -> None:
        """Run, and once more where it fails before it has begun: an ffmpeg that is told to stop while it opens its
        inputs calls them damaged, or ends as if all were well. What is wrong with a file, it says again."""
        try:
            await self.run(tell)
        except MediaProcessFailed as failure:
            if self.begun or failure.code != MediaProcessFailed.code:
                raise
            if not await asyncio.to_thread(self.work.is_dir):  # swept: the attempt is lost
                raise
            logger.info("ffmpeg failed before its work began: once more")
            self.argv.insert(1, "-y")  # it may have made an output
            self.stderr.clear()
            await self.run(tell)

    async def run(self, tell: Callable[[Progress], None]) -> None:
        logger.info("ffmpeg starts", extra={"command": shlex.join(self.argv)})
        began = time.monotonic()
        with tracing.span("ffmpeg", {"process.command": self.argv[0]}) as span:
            await self._run(tell, began)
            took_s = time.monotonic() - began
            speed = round(self.output_s / took_s, 3)
            span.set({"ffmpeg.output_s": self.output_s, "ffmpeg.speed": speed})
        # by its own last word it may be short of the end: of what was out at its first report it may know nothing
        tell(replace(self.reader.latest, out_time_s=max(self.reader.latest.out_time_s, self.output_s), speed=speed))
        logger.info("ffmpeg ended well", extra={"duration_s": round(took_s, 3), "speed": speed})

    async def _run(self, tell: Callable[[Progress], None], began: float) -> None:
        process = await contained.start(
            self.argv,
            limits=contained.Limits(
                memory_bytes=self.budget.memory_bytes,
                output_bytes=self.budget.output_bytes,
                cpu_s=self._cpu_s(),
                children=False,
            ),
            access=self.access,
            cwd=self.work,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            fault_points.point("ffmpeg started")
            assert process.stdout is not None
            assert process.stderr is not None
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self._watch(began))
                drains = [
                    tasks.create_task(self._read_progress(process.stdout, tell, began)),
                    tasks.create_task(self._read_stderr(process.stderr)),
                ]
                await asyncio.wait(drains)
                await process.wait()
                watch.cancel()
        except ExceptionGroup as group:
            if (failed := group.subgroup(MediaProcessFailed)) is None:
                raise
            raise failed.exceptions[0] from None
        finally:
            await finished(contained.stop(process, patience_s=PATIENCE_S))
        self._judge(process.returncode)

    def _cpu_s(self) -> int:
        """All that the machine can give in the wall budget: `_watch` comes first, unless this process stands still."""
        return math.ceil((self.wall_s + 2 * WATCH_INTERVAL_S) * len(os.sched_getaffinity(0)))

    async def _read_progress(
        self, stream: asyncio.StreamReader, tell: Callable[[Progress], None], began: float
    ) -> None:
        async for line in _lines(stream):
            before = self.reader.latest
            if (progress := self.reader.feed(line)) is not None:
                self.begun = True
                if (progress.out_time_s, progress.frame) > (before.out_time_s, before.frame):
                    self.last_sign = time.monotonic()
                if progress.speed is None and progress.out_time_s > 0:
                    progress = replace(progress, speed=progress.out_time_s / (time.monotonic() - began))
                tell(progress)

    async def _read_stderr(self, stream: asyncio.StreamReader) -> None:
        async for line in _lines(stream):
            if line := line.strip()[:STDERR_LINE_CHARACTERS]:
                self.stderr.append(line)
                if self.damage.note(line, self.reader.latest.out_time_s) and not self.forgiving:
                    why = source_damaged(self._reason(), self.reader.latest.out_time_s)
                    raise self._failure(why, SOURCE_DAMAGED)

    async def _watch(self, began: float) -> None:
        """End a process that makes no progress, takes too long or fills the disk. Silent work, as moving the index to
        the front of a finished file, shows in the files' times."""
        newest = 0
        while True:
            free_bytes = await asyncio.to_thread(disk_space.free_bytes, self.work.parent)  # it may be swept itself
            if free_bytes < self.budget.reserve_bytes:
                raise self._failure(
                    f"the disk has {free_bytes} bytes left, {self.budget.reserve_bytes} must stay free",
                    "no_space",
                    of_machine=True,
                )
            await asyncio.sleep(WATCH_INTERVAL_S)
            written = await asyncio.to_thread(self._last_write)
            if written > newest:
                newest, self.last_sign = written, time.monotonic()
            now = time.monotonic()
            if now - self.last_sign > self.budget.stall_s:
                raise self._failure(f"ffmpeg made no progress for {self.budget.stall_s:.0f} s", "stalled")
            if now - began > self.wall_s:
                raise self._failure(f"ffmpeg ran longer than its budget of {self.wall_s:.0f} s", "timed_out")

    def _last_write(self) -> int:
        """Nanoseconds since the epoch; 0 when there is nothing."""
        newest = 0
        with contextlib.suppress(FileNotFoundError):  # ffmpeg, or the sweep of a lost attempt, removes files meanwhile
            for path in self.work.iterdir():
                newest = max(newest, path.stat().st_mtime_ns)
        return newest

    def _judge(self, status: int | None) -> None:
        """Exit code 0 and a finished report, or a failure that says what happened."""
        if status == 0 and self.reader.latest.ended:
            return
        text = "\n".join(self.stderr)
        if (found := verdict(status, text)) is not None:
            raise self._failure(found.detail, found.code, status, of_machine=found.of_machine)
        raise self._failure(f"ffmpeg could not make the output: {self._reason()}", "ffmpeg_failed", status)

    def _reason(self) -> str:
        return self._without_paths(reason(self.stderr, self.damage.first))[:REASON_CHARACTERS]

    def _without_paths(self, text: str) -> str:
        return without_paths(text, self.inputs, self.work)

    def _failure(
        self,
        detail: str,
        code: str,
        status: int | None = None,
        *,
        of_machine: bool = False,
    ) -> MediaProcessFailed:
        tail = self._without_paths("\n".join(self.stderr))
        said = {"code": code, "exit_status": status, "command": shlex.join(self.argv), "stderr_tail": tail}
        logger.error("%s", detail, extra=said)
        evidence = ProcessEvidence(exit_status=status, stderr_tail=tail, command=tuple(self.argv))
        return MediaProcessFailed(detail, code=code, of_machine=of_machine, evidence=evidence)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines of any bytes but NUL, which the database cannot store. In constant memory: overlong ones come in pieces."""
    rest = b""
    while chunk := await stream.read(LINE_BYTES):
        *whole, rest = (rest + chunk).replace(b"\0", b"").replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
        if len(rest) > LINE_BYTES:
            yield rest.decode(errors="replace")
            rest = b""
    if rest:
        yield rest.decode(errors="replace")
