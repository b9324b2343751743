"""A client for addresses that others name. It goes to nobody but those whom the rules allow, and gives nothing away.

No cookies, no proxy of the environment, no credentials but those that the caller gives for the first origin. Redirects
are followed by hand, each hop through the same checks; the names of certificates are verified.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import certifi
import httpcore

from reelwright.errors import RemoteRefused, RemoteUnavailable
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.checked_connections import CheckedBackend, Resolve, system_look_up
from reelwright.outbound.redirects import MAX_REDIRECTS, Way
from reelwright.outbound.timeouts import Patience, RequestClock
from reelwright.outbound.unpacking import PACKED, unpacked
from reelwright.outbound.url import Target
from reelwright.release import RELEASE

ABOUT_US = {"User-Agent": f"reelwright/{RELEASE}", "Accept": "*/*"}


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """`headers` by their names in lower case; of one that comes twice, the last. `target`: who has answered in the
    end."""

    status: int
    headers: Mapping[str, str]
    target: Target
    _stream: AsyncIterator[bytes]
    _clock: RequestClock

    @property
    def encoding(self) -> str:
        """How the bytes are packed; "" where they are not."""
        named = self.headers.get("content-encoding", "").strip().lower()
        return "" if named == "identity" else named

    @property
    def size_bytes(self) -> int | None:
        """As the other side says it, of what is sent."""
        said = self.headers.get("content-length", "")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, unpacked. Raises RemoteStalled, RemoteUnavailable, RemoteRefused."""
        if not self.encoding:
            return self._sent()
        if self.encoding not in PACKED:
            raise RemoteRefused("the other side packs its answer in a way that was not asked for (Content-Encoding)")
        return unpacked(self._sent(), self.encoding)

    async def _sent(self) -> AsyncIterator[bytes]:
        while (chunk := await self._clock.read(self._stream)) is not None:
            yield chunk


@cache
def _usual_context() -> ssl.SSLContext:
    """Trusts whom the system trusts, and Mozilla's list, which is there where the system has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class OutboundClient:
    """Keeps nothing between requests: safe for any number of concurrent callers."""

    def __init__(
        self,
        rules: OutboundRules,
        *,
        resolve: Resolve = system_look_up,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._backend = CheckedBackend(rules, resolve=resolve)
        self._context = ssl_context
        """None: the usual one, which is made with the first request."""

    @asynccontextmanager
    async def open(
        self,
        target: Target,
        *,
        patience: Patience,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        secret_headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_redirects: int = MAX_REDIRECTS,
    ) -> AsyncIterator[RemoteAnswer]:
        """Ask, and follow redirects; with `max_redirects` 0 one is an answer as any other. `headers` go to everybody,
        `secret_headers` to the origin of `target` alone (redirects.py).

        Raises AddressRefused, RemoteRefused, RemoteUnavailable, RemoteStalled.
        """
        if self._context is None:
            self._context = await asyncio.to_thread(_usual_context)
        clock = RequestClock(patience)
        way = Way(target, {**ABOUT_US, **(headers or {})}, secret_headers or {}, most=max_redirects)
        async with contextlib.AsyncExitStack() as stack:
            while True:
                # a pool for each hop: whatever one leaves unread goes with its connection
                pool = await stack.enter_async_context(
                    httpcore.AsyncConnectionPool(ssl_context=self._context, network_backend=self._backend, retries=0)
                )
                response = await self._asked(pool, method, way.target, way.headers, body, clock)
                stack.push_async_callback(response.aclose)
                answer = _answer(response, way.target, clock)
                if not way.leads_on(response.status, answer.headers.get("location")):
                    yield answer
                    return
                await stack.aclose()

    async def _asked(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: bytes,
        clock: RequestClock,
    ) -> httpcore.Response:
        """The answer's head. Raises as `open`."""
        length = {} if method in ("GET", "HEAD") else {"Content-Length": str(len(body))}
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.sent),
            headers=[(name.encode(), value.encode("latin-1")) for name, value in {**headers, **length}.items()],
            content=body,
        )
        try:
            async with clock.waiting():
                return await pool.handle_async_request(request)
        except TimeoutError as error:
            raise clock.late from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise _failure(error, target) from error


def _failure(error: Exception, target: Target) -> RemoteRefused | RemoteUnavailable:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RemoteRefused(f"the certificate of {target.host} is not good: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return RemoteRefused(f"no encrypted connection to {target.authority} could be made")
        cause = cause.__cause__ or cause.__context__
    return RemoteUnavailable(f"{target.authority} cut the connection, or does not speak HTTP")


def _answer(response: httpcore.Response, target: Target, clock: RequestClock) -> RemoteAnswer:
    headers = {name.decode("latin-1").lower(): _text(value) for name, value in response.headers}
    stream = response.aiter_stream()
    return RemoteAnswer(response.status, headers, target, stream, clock)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
