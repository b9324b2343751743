"""What is asked for in a run: each kind of work, with what it must come to whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from chaos.client import Client
from chaos.evidence import Asked, Evidence
from chaos.schedule import Work
from tests.support.media_files import ffmpeg
from tests.support.remote import Call, Remote, head

RATE = 25
CLIP_S = 6
DONE = frozenset({"SUCCESS"})
TUS = {"Tus-Resumable": "1.0.0"}
UPLOADED_AT_ONCE = 40_000


def clip(path: Path) -> Path:
    """Make the source: six seconds of picture and sound, a key frame each second."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=size=480x270:rate={RATE}:duration={CLIP_S}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={CLIP_S}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", str(RATE), "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    )
    return path


class Site:
    """Somebody's server, that videos are imported from: it cuts the connection now and then, and goes on from there."""

    def __init__(self, content: bytes, seed: int) -> None:
        self._content = content
        self._chance = random.Random(f"{seed} site")
        self.remote = Remote(self._answer)

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path.startswith("/missing"):
            writer.write(head(404, Content_Length=0))
            return
        content = b"<html>no video" * 100 if call.path.startswith("/garbage") else self._content
        first, size = call.first_byte if call.headers.get("if-range") == '"v1"' else 0, len(content)
        said: dict[str, object] = {"ETag": '"v1"', "Content_Length": size - first}
        if first:
            said["Content_Range"] = f"bytes {first}-{size - 1}/{size}"
        end = self._chance.randrange(first, size) if self._chance.random() < 0.3 else size
        writer.write(head(206 if first else 200, **said) + content[first:end])


class Asking:
    """Asks for work. `videos`: the sources; `asked` in the evidence is what came of it."""

    def __init__(
        self, client: Client, seen: Evidence, site: Site, *, content: bytes, hook: str, accepted: Callable[[str], None]
    ) -> None:
        """`hook`: the address that requests name as their `webhook_url`; `accepted` is told of each job."""
        self.videos: list[str] = []
        self.uploaded: list[str] = []
        """Videos that must have the bytes of the clip."""
        self._client = client
        self._accepted = accepted
        self._seen = seen
        self._site = site
        self._content = content
        self._hook = hook

    async def begin(self, count: int) -> None:
        """Upload the sources."""
        for number in range(count):
            self.videos.append(await self._client.upload(self._content, f"source {number}.mp4", key=f"source {number}"))
        self.uploaded += self.videos

    async def do(self, work: Work) -> None:
        kinds: Mapping[str, Callable[[Work], Awaitable[None]]] = {
            "trim": self._trim,
            "smart": self._smart,
            "overlay": self._overlay,
            "transcode": self._transcode,
            "twins": self._twins,
            "batch": self._batch,
            "import": self._import,
            "missing": self._missing,
            "garbage": self._garbage,
            "upload": self._upload,
            "cancelled": self._cancelled,
        }
        await kinds[work.kind](work)

    def _cut(self, work: Work) -> tuple[dict[str, Any], int]:
        """A cut of a source by its number, and how many frames that is."""
        chance = random.Random(work.number)
        first = chance.randrange(0, RATE * (CLIP_S - 2))
        last = chance.randrange(first + RATE // 2, RATE * CLIP_S)
        body = {"video_id": chance.choice(self.videos), "start": first / RATE, "end": last / RATE}
        return body, last - first

    async def _trim(self, work: Work) -> None:
        body, frames = self._cut(work)
        await self._posted(work, "/trim", {**body, "webhook_url": self._hook}, frames=frames)

    async def _smart(self, work: Work) -> None:
        body, frames = self._cut(work)
        await self._posted(work, "/trim", {**body, "mode": "smart"}, frames=frames)

    async def _overlay(self, work: Work) -> None:
        body, _ = self._cut(work)
        text = {"type": "text", "text": f"words {work.number}", "x": 10, "y": 10}
        wish = {"video_id": body["video_id"], "overlays": [text]}
        await self._posted(work, "/overlays", wish, frames=RATE * CLIP_S)

    async def _transcode(self, work: Work) -> None:
        body, _ = self._cut(work)
        wish = {"qualities": ["source", "240p"], "preset": "ultrafast", "hls": True, "segment_s": 2}
        await self._posted(work, f"/transcode/{body['video_id']}", wish, frames=RATE * CLIP_S)

    async def _twins(self, work: Work) -> None:
        """Three equal ones at once, which share an encode."""
        body, frames = self._cut(work)
        wish = {**body, "preset": "slow"}
        await asyncio.gather(*(self._posted(work, "/trim", wish, frames=frames, twin=twin) for twin in range(3)))

    async def _batch(self, work: Work) -> None:
        body, frames = self._cut(work)
        steps = [{"type": "trim", "start": body["start"], "end": body["end"]}]
        items = [{"source": video} for video in self.videos]
        await self._posted(work, "/edits/batch", {"steps": steps, "items": items}, frames=frames)

    async def _import(self, work: Work) -> None:
        await self._posted(work, "/videos/import", {"url": self._site.remote.url(f"/import{work.number}")})

    async def _missing(self, work: Work) -> None:
        url = self._site.remote.url(f"/missing{work.number}")
        await self._posted(work, "/videos/import", {"url": url}, expected=frozenset({"remote_refused"}))

    async def _garbage(self, work: Work) -> None:
        url = self._site.remote.url(f"/garbage{work.number}")
        await self._posted(work, "/videos/import", {"url": url}, expected=frozenset({"unsupported_media"}))

    async def _cancelled(self, work: Work) -> None:
        """Asked for, and cancelled a moment later: who is told that it was too late has a result."""
        body, frames = self._cut(work)
        asked = await self._posted(work, "/trim", {**body, "preset": "slower"}, frames=frames, expected=frozenset())
        for (job,) in set(asked.answers):
            await asyncio.sleep(random.Random(work.number).uniform(0, 2))
            answer = await self._client.ask("POST", f"/jobs/{job}/cancel", key=f"{asked.name} cancel")
            asked.expected = frozenset({"CANCELLED"}) if answer.is_success else DONE

    async def _upload(self, work: Work) -> None:
        """Resumed after each of its pieces was cut off at random, then cut itself."""
        chance, content, name = random.Random(work.number), self._content, f"upload {work.number}"
        headers = {**TUS, "Upload-Length": str(len(content))}
        begun = await self._client.ask("POST", "/uploads", key=name, headers=headers)
        place = begun.raise_for_status().headers["location"]
        while True:
            told = await self._client.ask("HEAD", place, headers=TUS)
            if told.status_code != 200:
                self._seen.odd_answers.append(f"HEAD {place}: {told.status_code}")
                return
            if video := told.headers.get("reelwright-video-id"):
                break
            at = int(told.headers["upload-offset"])
            piece = content[at : at + chance.randrange(1, UPLOADED_AT_ONCE)]
            sent = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
            with contextlib.suppress(TimeoutError):
                # one that is cut off is neither waited for nor sent again: where it stands is asked for
                async with asyncio.timeout(0.05 if chance.random() < 0.2 else None):
                    await self._sent_once(place, piece, sent)
        self.uploaded.append(video)
        body, frames = self._cut(work)
        await self._posted(work, "/trim", {**body, "video_id": video}, frames=frames)

    async def _sent_once(self, place: str, piece: bytes, headers: dict[str, str]) -> None:
        answer = await self._client.once("PATCH", place, headers=headers, content=piece)
        if answer is not None and answer.status_code == 415:
            self._seen.odd_answers.append(f"PATCH {place}: {answer.text[:300]}")

    async def _posted(
        self,
        work: Work,
        path: str,
        body: dict[str, Any],
        *,
        expected: frozenset[str] = DONE,
        frames: int | None = None,
        twin: int = 0,
    ) -> Asked:
        """Ask, and ask again under the same key as often as the work says."""
        name = f"{work.kind} {work.number}.{twin}"
        asked = Asked(name, work.kind, expected, frames)
        self._seen.asked.append(asked)
        for repeated in range(1 + work.repeats):
            answer = await self._client.ask("POST", path, key=name, json={**body, "external_id": name})
            if answer.status_code == 202:
                asked.answers.append(_jobs(answer))
                for job in _jobs(answer):
                    self._accepted(job)
            else:
                self._seen.odd_answers.append(f"POST {path} ({repeated}): {answer.status_code} {answer.text[:300]}")
        return asked


def _jobs(answer: httpx.Response) -> tuple[str, ...]:
    said = answer.json()
    items = [item["job"] for item in said["items"]] if "items" in said else [said]
    return tuple(str(item["job_id"]) for item in items if item is not None)
