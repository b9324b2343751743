"""Connections to nobody but those whom the rules allow: a name is looked up once, every address that it has is checked,
and the connection goes to one of those that were."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import httpcore

from reelwright.errors import AddressRefused, RemoteRefused, RemoteUnavailable
from reelwright.outbound.allowed_addresses import IPAddress, OutboundRules

logger = logging.getLogger(__name__)

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""The addresses that a name has now, as text."""

LOOK_UP_S = 10.0
CONNECT_S = 10.0
READ_BYTES = 256 << 10
MAX_TRIED = 4
"""Addresses of a name that are tried, one after the other."""


async def system_look_up(host: str, port: int) -> list[str]:
    """Ask the system, as other programs do. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _LargeReads(httpcore.AsyncNetworkStream):
    """A connection that gives more at once than httpcore asks for, where more has come: each time costs as much as the
    bytes do."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        return await self._inner.read(max(max_bytes, READ_BYTES), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        return _LargeReads(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """What httpcore opens connections with. It knows nothing of names that were looked up before."""

    def __init__(self, rules: OutboundRules, *, resolve: Resolve = system_look_up) -> None:
        self._rules = rules
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises AddressRefused, RemoteRefused, RemoteUnavailable."""
        self._rules.require(host, port)
        for address in (await self._checked(host, port))[:MAX_TRIED]:
            try:
                opened = await self._inner.connect_tcp(
                    str(address), port, timeout=timeout or CONNECT_S, socket_options=socket_options
                )
                return _LargeReads(opened)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                logger.info("no connection to %s at %s: %r", host, address, error)
        raise RemoteUnavailable(f"no connection to {host} on port {port} could be made")

    async def _checked(self, host: str, port: int) -> list[IPAddress]:
        """All addresses of the host. One that may not be reached damns the name: what it is asked for next would be
        another's choice."""
        addresses = [ipaddress.ip_address(found.partition("%")[0]) for found in await self._look_up(host, port)]
        for address in addresses:
            try:
                self._rules.require_address(host, address)
            except AddressRefused:
                logger.warning("%s is not connected to: it leads to %s", host, address)
                raise
        return addresses

    async def _look_up(self, host: str, port: int) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise RemoteUnavailable(f"the name {host} could not be looked up in {LOOK_UP_S:g} s") from error
        except (OSError, UnicodeError) as error:
            if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
                raise RemoteUnavailable(f"the name {host} could not be looked up") from error
            raise RemoteRefused(f"there is no host {host}") from error
        if not found:
            raise RemoteRefused(f"there is no host {host}")
        return found
