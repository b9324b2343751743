"""`reelwright up`: the whole service on one machine, from the database to the API."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import IO

import click
import httpx

from reelwright.db.database import create_engine, located
from reelwright.db.migrate import upgrade
from reelwright.settings import Settings
from reelwright.supervisor import API, WORKER, ChildFailed, Supervisor

START_TIMEOUT_S = 60


@asynccontextmanager
async def service(
    settings: Settings, *, environment: Mapping[str, str] | None = None, output: IO[bytes] | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Database, schema, API and worker. The task ends when the service does, with the reason where it failed.

    Raises ChildFailed when the API could not listen.
    """
    _require_port(settings)
    async with located(settings) as url:
        engine = create_engine(url, application_name="reelwright-up", statement_timeout_s=0)
        try:
            await upgrade(engine)
        finally:
            await engine.dispose()
        supervisor = Supervisor(
            (API, WORKER),
            environment=environment or {},
            output=output,
            patience_s=settings.shutdown_grace_s + 15,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, supervisor.stop)
        running = asyncio.create_task(supervisor.run(), name="supervisor")
        try:
            yield running
        finally:
            supervisor.stop()
            await asyncio.wait([running])
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _require_port(settings: Settings) -> None:
    """Say at once what the API's crashes would say late: somebody else has the port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.app_host, settings.app_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ChildFailed(
            f"the API cannot listen on {settings.app_host}:{settings.app_port}: {error.strerror}. "
            "Set APP_HOST and APP_PORT to an address that is free."
        ) from error


async def answering(base_url: str, running: asyncio.Task[None]) -> None:
    """Wait until the API answers. Raises ChildFailed when the service ended instead, TimeoutError."""
    async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        while not running.done():
            try:
                if (await client.get("/health")).is_success:
                    return
            except httpx.TransportError:
                pass  # not yet
            await asyncio.wait([running], timeout=0.1)
    await running
    raise ChildFailed("the service ended before it answered")


def base_url(settings: Settings) -> str:
    """Where this machine reaches the API."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.app_host, settings.app_host)  # noqa: S104
    return f"http://{host}:{settings.app_port}"


async def up(settings: Settings) -> None:
    """Run until Ctrl-C. Raises ChildFailed."""
    async with service(settings) as running:
        await answering(base_url(settings), running)
        click.echo(f"Reelwright is up: {base_url(settings)}{settings.api_root_path}/docs   (Ctrl-C ends it)")
        await running
