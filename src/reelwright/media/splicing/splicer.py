"""Ask how a source would be cut, have it joined and proven: `Splicer` talks to the contained program that does."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import msgspec

from reelwright.edits.splice_structs import Refusal, SpliceRefusal, Survey
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.sandbox import fork_client
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.media.sandbox.fork_client import ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import DONE, Call
from reelwright.media.sandbox.watched_call import Report, watched
from reelwright.media.splicing.requests import Joined, JoinRequest, ProofRequest, Proven, Request, SurveyRequest

AT_ONCE = 4
SURVEY_S = 20.0
"""What a survey may take, of which a client waits for the answer."""
FAILED = {
    "crashed": "reading it crashes",
    "timed_out": "reading it takes too long",
    "out_of_memory": "it is too large",
}

Answer = TypeVar("Answer")


class SpliceFailed(Exception):
    """A cut cannot be made by copying; `detail` is the end of a sentence."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refused = SpliceRefusal(reason=reason, detail=detail)


class Splicer:
    """Surveys, joins, proves, by `media/reading_program.py`, which may read the folders of edges."""

    def __init__(self, server: ForkClient, *, memory_bytes: int, stall_s: float, wait_s: float | None = None) -> None:
        self._server = server
        self._turns = Turns(AT_ONCE, wait_s=wait_s)
        self._memory_bytes, self._stall_s = memory_bytes, stall_s

    async def survey(self, source: Path, request: SurveyRequest) -> Survey:
        """Raises Busy, NotFound."""
        with ExitStack() as files:
            descriptor = fork_client.open_file(source)
            files.callback(os.close, descriptor)
            try:
                return await watched(
                    self._server,
                    self._call(request, timeout_s=SURVEY_S),
                    [descriptor],
                    Survey,
                    report=lambda _: None,
                    stall_s=2 * SURVEY_S,
                    what="the survey",
                    turns=self._turns,
                )
            except ChildFailed as failed:
                return Survey(refused=SpliceRefusal(reason="damaged", detail=FAILED[failed.failure]))
            except (UnreadableMedia, UnsupportedMedia) as error:
                return Survey(refused=SpliceRefusal(reason="damaged", detail=error.detail))

    async def join(
        self, source: Path, made: Path, request: JoinRequest, *, wall_s: float, output_bytes: int, report: Report
    ) -> Joined:
        """Make the file, which must not be there. Raises SpliceFailed, Busy, NotFound, JobFailed `stalled`."""
        call = self._call(request, timeout_s=wall_s, output_bytes=output_bytes, read=(request.folder,))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return await self._made("join", call, source, os.open(made, flags, 0o666), Joined, report)

    async def prove(self, source: Path, made: Path, request: ProofRequest, *, wall_s: float, report: Report) -> Proven:
        """Raises SpliceFailed, Busy, NotFound, JobFailed `stalled`."""
        read = (request.folder,) if request.folder else ()
        call = self._call(request, timeout_s=wall_s, read=read)
        return await self._made("proof", call, source, fork_client.open_file(made), Proven, report)

    async def _made(
        self, stage: Refusal, call: Call, source: Path, made_fd: int, answer: type[Answer], report: Report
    ) -> Answer:
        with ExitStack() as files:
            files.callback(os.close, made_fd)
            source_fd = fork_client.open_file(source)
            files.callback(os.close, source_fd)
            try:
                return await watched(
                    self._server,
                    call,
                    [source_fd, made_fd],
                    answer,
                    report=report,
                    stall_s=self._stall_s,
                    what="joining" if stage == "join" else "comparing",
                    turns=self._turns,
                )
            except ChildFailed as failed:
                raise SpliceFailed(stage, FAILED[failed.failure]) from failed
            except (UnreadableMedia, UnsupportedMedia) as error:
                raise SpliceFailed(stage, error.detail) from error

    def _call(
        self, request: Request, *, timeout_s: float, output_bytes: int = DONE.size, read: tuple[str, ...] = ()
    ) -> Call:
        return Call(
            request=msgspec.Raw(msgspec.json.encode(request)),
            task="splice",
            timeout_s=timeout_s,
            memory_bytes=self._memory_bytes,
            output_bytes=max(output_bytes, DONE.size),
            read=read,
        )
