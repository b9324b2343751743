"""A file fetched in several goes: what comes is the rest of what is there, or all comes anew."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from reelwright.errors import RemoteUnavailable
from reelwright.library import resumed_fetching
from reelwright.library.partial_file import PartialFile
from reelwright.library.resumed_fetching import Fetching, Representation
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.outbound.timeouts import Patience
from reelwright.outbound.url import Target
from reelwright.settings_reader import parse
from reelwright.storage.local import LocalStorage
from tests.support.remote import Call, Remote, head

CONTENT = os.urandom(200_000)
CUT = 100_000
TAG = '"v1"'
RIGHT = f"bytes {CUT}-{len(CONTENT) - 1}/{len(CONTENT)}"


@pytest.fixture
def partial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartialFile:
    monkeypatch.setattr(resumed_fetching, "FIRST_PAUSE_S", 0.001)
    return PartialFile(LocalStorage(tmp_path, reserve_bytes=0), "uploads/0", max_bytes=2 * len(CONTENT)).open()


def fetch(remote: Remote, partial: PartialFile, known: Representation | None = None) -> Fetching:
    client = OutboundClient(OutboundRules.of(parse({"OUTBOUND_ALLOWED": "127.0.0.0/8", "OUTBOUND_PORTS": "1-65535"})))
    return Fetching(
        client,
        Target.read(remote.url()),
        partial,
        headers={},
        patience=Patience(20, 20),
        max_bytes=2 * len(CONTENT),
        known=known or Representation(),
    )


@pytest.mark.parametrize(
    ("status", "said", "goes_on"),
    [
        (206, {"Content_Range": RIGHT, "ETag": TAG}, True),
        (206, {"Content_Range": RIGHT}, True),
        (206, {"Content_Range": RIGHT.replace(str(len(CONTENT)), "*")}, True),
        (206, {"Content_Range": RIGHT, "ETag": '"v2"'}, False),
        (206, {"Content_Range": RIGHT.replace(str(CUT), "0")}, False),
        (206, {"Content_Range": RIGHT.replace(f"/{len(CONTENT)}", "/200001")}, False),
        (206, {"Content_Range": RIGHT, "Content_Encoding": "gzip"}, False),
        (206, {}, False),
        (416, {"Content_Range": f"bytes */{CUT}"}, False),
    ],
)
async def test_it_goes_on_with_the_rest_alone(
    partial: PartialFile, status: int, said: dict[str, object], goes_on: bool
) -> None:
    """An answer that does not say that it is the rest of the same is left, and all is asked for anew: what is there in
    the end is whole, whatever the other side mixes up."""

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.first_byte:
            assert (call.first_byte, call.headers["if-range"]) == (CUT, TAG)
            rest = CONTENT[CUT:] if goes_on else bytes(len(CONTENT) - CUT)
            writer.write(head(status, Content_Length=len(rest), **said) + rest)
            return
        first_time = len(remote.calls) == 1
        writer.write(head(200, Content_Length=len(CONTENT), ETag=TAG) + CONTENT[: CUT if first_time else None])

    remote = Remote(answer)
    async with remote.running():
        await fetch(remote, partial).run()
    assert partial.path.read_bytes() == CONTENT
    assert [call.first_byte for call in remote.calls] == [0, CUT] if goes_on else [0, CUT, 0]


async def test_what_is_whole_already_is_not_asked_for(partial: PartialFile) -> None:
    """The worker may have died before it said so."""
    partial.write([CONTENT])
    remote = Remote(_unasked)
    async with remote.running():
        await fetch(remote, partial, Representation(TAG, len(CONTENT))).run()
    assert remote.calls == []


async def _unasked(_: Call, __: asyncio.StreamWriter) -> None:
    raise AssertionError("nothing is missing")


async def test_more_or_less_than_was_announced_is_not_taken(
    partial: PartialFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of it comes without a length: only the size of the whole tells that it is short."""
    monkeypatch.setattr(resumed_fetching, "MAX_TRIES", 2)

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.first_byte:
            writer.write(head(206, Content_Range=RIGHT.replace(str(CUT), str(call.first_byte))) + b"short")
        else:
            writer.write(head(200, Content_Length=len(CONTENT), ETag=TAG) + CONTENT[:CUT])

    async with Remote(answer).running() as remote:
        with pytest.raises(RemoteUnavailable, match=rf"sent \d+ of {len(CONTENT)} bytes"):
            await fetch(remote, partial).run()
