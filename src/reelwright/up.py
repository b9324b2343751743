"""`reelwright up`: the whole service on one machine, from the database to the API."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import IO, Any, TypeVar

import click
import httpx

from reelwright.db.database import located
from reelwright.db.embedded import elsewhere
from reelwright.db.migrate import bring_up_to_date
from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg import capabilities, executable
from reelwright.settings import Settings
from reelwright.supervisor import API, WORKER, ServiceEnded, Supervisor

START_TIMEOUT_S = 180
"""A small machine that is busy takes long the first time; a service that fails is told at once."""

T = TypeVar("T")


@asynccontextmanager
async def service(
    settings: Settings, *, environment: Mapping[str, str] | None = None, output: IO[bytes] | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Run database, schema, API and worker meanwhile. The task ends before the context only when the service fails,
    with the reason.

    At its end it asks all to end and waits for them; cancelled in that, it asks them to do so at once. Raises
    ServiceEnded when the API cannot listen or ffmpeg does not run, EmbeddedPostgresError, DatabaseUnusable.
    """
    require_port(settings)
    await _require_ffmpeg(settings)
    async with located(settings) as url:
        if settings.uses_embedded_database and (folder := elsewhere(settings.database_path)):
            click.echo(f"The database lies in {folder}: root's server cannot reach {settings.database_path}.")
        await bring_up_to_date(url, application_name="reelwright-up")
        supervisor = Supervisor(
            (API, WORKER),
            environment=environment or {},
            output=output,
            patience_s=settings.shutdown_grace_s + 15,
        )
        running = asyncio.create_task(supervisor.run(), name="supervisor")
        try:
            yield running
        finally:
            supervisor.stop()
            cancelled = False
            while not running.done():
                try:
                    await asyncio.wait([running])
                except asyncio.CancelledError:
                    cancelled = True
                    supervisor.hurry()
            if cancelled:
                raise asyncio.CancelledError


def require_port(settings: Settings) -> None:
    """Say at once what the API's crashes would say late: somebody else has the port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.app_host, settings.app_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServiceEnded(
            f"the API cannot listen on {settings.app_host}:{settings.app_port}: {error.strerror}. "
            "Set APP_HOST and APP_PORT to an address that is free."
        ) from error


async def _require_ffmpeg(settings: Settings) -> None:
    """Say at once what the worker's crashes would say late."""
    try:
        await capabilities.capabilities(settings)
    except MediaProcessFailed as error:
        raise ServiceEnded(f"FFMPEG_BIN={executable.ffmpeg_path(settings)}: {error.detail}") from error


async def alongside(running: asyncio.Task[None], work: Coroutine[Any, Any, T]) -> T:
    """Return the outcome of `work`, unless the service fails before that: then `work` is cancelled. Raises
    ServiceEnded."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task, running], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await running  # it has failed: the reason is raised
        return await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def answering(base_url: str) -> None:
    """Wait until the API answers. Raises ServiceEnded when it does not in time."""
    try:
        async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
            while True:
                try:
                    if (await client.get("/health")).is_success:
                        return
                except httpx.TransportError:
                    pass  # not yet
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise ServiceEnded(f"the API did not answer at {base_url} within {START_TIMEOUT_S} s") from error


def base_url(settings: Settings) -> str:
    """Return the address under which this machine reaches the API."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.app_host, settings.app_host)  # noqa: S104
    return f"http://{host}:{settings.app_port}"


async def up(settings: Settings) -> None:
    """Run until cancelled. Raises what `service` raises."""
    async with service(settings) as running:
        await alongside(running, answering(base_url(settings)))
        click.echo(f"Reelwright is up: {base_url(settings)}{settings.api_root_path}/docs   (Ctrl-C ends it)")
        await asyncio.shield(running)
