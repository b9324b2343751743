"""A client as the documentation asks for one: patient, with an Idempotency-Key, writing down what it was answered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import httpx

from chaos.evidence import Evidence

WORTH_TRYING_AGAIN = {429, 503, 507}
PAUSE_S, MOST_PAUSE_S = 0.25, 3.0
AT_ONCE = 16


class Client:
    """Tries until it has an answer that is one; what no client should be answered is written down."""

    def __init__(self, client: httpx.AsyncClient, seen: Evidence) -> None:
        self._client = client
        self._seen = seen
        self._places = asyncio.Semaphore(AT_ONCE)

    async def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Return the first answer that says more than to come again."""
        headers: Mapping[str, str] = {**more.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
        while True:
            answer = await self.once(method, path, headers=headers, **more)
            if answer is None:
                await asyncio.sleep(PAUSE_S)
            elif answer.status_code in WORTH_TRYING_AGAIN or _is_under_way(answer):
                await asyncio.sleep(min(float(answer.headers.get("retry-after", PAUSE_S)), MOST_PAUSE_S))
            else:
                return answer

    async def once(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """Return the answer to one request; None where there was none."""
        try:
            async with self._places:
                answer = await self._client.request(method, path, **more)
        except httpx.TransportError:
            return None
        if answer.status_code >= 500 and answer.status_code not in WORTH_TRYING_AGAIN:
            self._seen.odd_answers.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    async def upload(self, content: bytes, name: str, *, key: str) -> str:
        """Return the video that a file became."""
        said = {"Upload-Checksum": f"sha256 {hashlib.sha256(content).hexdigest()}"}
        answer = await self.ask("POST", "/videos/upload", key=key, headers=said, files={"file": (name, content)})
        return str(answer.raise_for_status().json()["id"])


def _is_under_way(answer: httpx.Response) -> bool:
    """Whether the first request of the same key is not over."""
    return answer.status_code == 409 and answer.json()["code"] == "request_under_way"
