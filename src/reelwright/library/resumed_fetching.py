"""A file fetched from an address: in one go where that works, else from where it broke, by Range and If-Range.

What is asked for again has to be the same: the other side says so by its validator and the size of the whole, or
everything comes anew.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from reelwright.cancellation import finished
from reelwright.errors import ReelwrightError, RemoteRefused, RemoteUnavailable
from reelwright.library.batched_writing import write_in_batches
from reelwright.library.display_names import remote_name
from reelwright.library.partial_file import PartialFile, too_large
from reelwright.outbound.client import OutboundClient, RemoteAnswer
from reelwright.outbound.timeouts import Patience
from reelwright.outbound.url import Target

MAX_TRIES = 5
"""Connections in a row that bring nothing new."""
PROGRESS_BYTES = 64 << 10
"""What is new is at least so much."""
FIRST_PAUSE_S, MAX_PAUSE_S = 0.25, 8.0
PASSING = (408, 425, 429)
"""Statuses beside 5xx that say nothing of the next time."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Representation:
    """What the bytes are of: `validator` is None where the other side cannot be asked for the rest of them."""

    validator: str | None = None
    size_bytes: int | None = None
    filename: str | None = None
    content_type: str = ""

    @classmethod
    def of(cls, answer: RemoteAnswer) -> Representation:
        headers = answer.headers
        tag = headers.get("etag", "")
        validator = tag if tag.startswith('"') else headers.get("last-modified")
        if answer.encoding or headers.get("accept-ranges", "").strip().lower() == "none":
            validator = None
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        size_bytes = None if answer.encoding else answer.size_bytes
        return cls(validator, size_bytes, remote_name(headers.get("content-disposition", "")), content_type)


class Fetching:
    """One file on its way into `partial`. `known`: of what is there of it already. `begun` is told when the bytes of
    another representation come, before the first of them; `size_bytes` says how many are expected then."""

    def __init__(
        self,
        client: OutboundClient,
        target: Target,
        partial: PartialFile,
        *,
        headers: Mapping[str, str],
        patience: Patience,
        max_bytes: int,
        known: Representation = Representation(),
        begun: Callable[[Representation], Awaitable[None]] | None = None,
        arrived: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.known = known
        self._client = client
        self._target = target
        self._partial = partial
        self._headers = headers
        self._patience = patience
        self._max_bytes = max_bytes
        self._begun = begun
        self._arrived = arrived

    async def run(self) -> None:
        """Raises AddressRefused, RemoteRefused, RemoteUnavailable, RemoteStalled, TooLarge, NoSpace, OSError."""
        deadline = asyncio.get_running_loop().time() + self._patience.total_s
        furthest, tries = self._partial.size_bytes, 0
        while not self._is_whole:
            left_s = max(deadline - asyncio.get_running_loop().time(), 0.01)
            patience = Patience(left_s, self._patience.stall_s, self._patience.least_bytes_per_s)
            try:
                await self._connect(patience)
                break
            except RemoteUnavailable:
                if self._partial.size_bytes >= furthest + PROGRESS_BYTES:
                    furthest, tries = self._partial.size_bytes, 0
                tries += 1
                if tries == MAX_TRIES:
                    raise
                await asyncio.sleep(min(FIRST_PAUSE_S * 2 ** (tries - 1), MAX_PAUSE_S))
        self._partial.require_some()

    @property
    def _is_whole(self) -> bool:
        return self.known.size_bytes is not None and 0 < self.known.size_bytes == self._partial.size_bytes

    async def _connect(self, patience: Patience) -> None:
        there = self._partial.size_bytes
        asked = {"Accept-Encoding": "identity"}
        if there and self.known.validator is not None:
            asked |= {"Range": f"bytes={there}-", "If-Range": self.known.validator}
        opening = self._client.open(self._target, patience=patience, headers=asked, secret_headers=self._headers)
        async with opening as answer:
            if answer.status in (206, 416) and "Range" in asked:
                if not self._goes_on(answer):
                    await self._begin(Representation())
                    raise RemoteUnavailable(f"{answer.target.authority} did not go on where the file broke off")
            elif (refused := refusal(answer)) is not None:
                raise refused
            else:
                await self._begin(Representation.of(answer))
            await self._take(answer)

    def _goes_on(self, answer: RemoteAnswer) -> bool:
        """Whether what comes is the rest of what is there."""
        said = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if said is None or int(said[1]) != self._partial.size_bytes or answer.encoding:
            return False
        now = Representation.of(answer)
        if self.known.size_bytes is not None and said[2] not in ("*", str(self.known.size_bytes)):
            return False
        return now.validator in (None, self.known.validator)

    async def _begin(self, new: Representation) -> None:
        """In this order: whoever goes on after a death in between finds nothing that goes by another's validator."""
        if new.size_bytes is not None and new.size_bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        await finished(asyncio.to_thread(self._partial.begin_anew))
        if self._begun is not None:
            await self._begun(new)
        self.known = new

    async def _take(self, answer: RemoteAnswer) -> None:
        await write_in_batches(self._noted(answer.chunks()), self._partial.write, keeps_rest=True)
        if self.known.size_bytes is not None and self._partial.size_bytes != self.known.size_bytes:
            raise RemoteUnavailable(
                f"{answer.target.authority} sent {self._partial.size_bytes} of {self.known.size_bytes} bytes"
            )

    async def _noted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._arrived(len(chunk))
            yield chunk


def refusal(answer: RemoteAnswer) -> ReelwrightError | None:
    """Why an answer has no file; None where it has."""
    status = answer.status
    if status == 200:
        return None
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "an unknown status"
    detail = f"{answer.target.authority} answered {status} ({phrase})"
    if status in PASSING or status >= 500:
        return RemoteUnavailable(detail)
    if status in (401, 403):
        detail += ": it wants other credentials, which go into `headers`, or a fresh signature in the address"
    return RemoteRefused(detail)
