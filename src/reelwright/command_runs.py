"""Runs what a command does: with the settings read, to its end or until a signal comes; failures in one sentence."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from reelwright import settings_reader
from reelwright.settings import Settings
from reelwright.settings_reader import SettingsError
from reelwright.telemetry import logs

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


def configured(process: str) -> Settings:
    """The settings, with logging of `process` set up by them. Ends the program with the reason where one is wrong."""
    try:
        settings = settings_reader.load()
    except SettingsError as error:
        raise click.ClickException(f"settings: {error}") from error
    logs.configure(settings, process)
    return settings


@asynccontextmanager
async def transaction(settings: Settings, process: str, *, was_looked_at: bool = False) -> AsyncIterator[AsyncSession]:
    """A transaction on the configured database, which has to be there and at this version's schema."""
    from reelwright.db.database import connected
    from reelwright.db.schema_version import require_configured

    if not was_looked_at:
        await require_configured(settings)
    async with (
        connected(settings, application_name=f"reelwright-{process}") as database,
        database.sessions.begin() as session,
    ):
        yield session


def run_work(process: str, work: Callable[[Settings], Coroutine[Any, Any, object]]) -> signal.Signals | None:
    """Run `work` to its end, or until SIGINT or SIGTERM cancels it: then that is returned.

    A foreseeable failure becomes one sentence and exit status 1.
    """
    from reelwright.db.embedded import EmbeddedPostgresError
    from reelwright.db.unusable import DatabaseUnusable
    from reelwright.errors import ReelwrightError
    from reelwright.supervisor import ServiceEnded

    settings = configured(process)
    try:
        return asyncio.run(_until_signal(work(settings)))
    except (ServiceEnded, DatabaseUnusable, EmbeddedPostgresError, ReelwrightError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the loop has put Python's own handler back


async def _until_signal(work: Coroutine[Any, Any, object]) -> signal.Signals | None:
    """Every signal cancels `work` once more: it may end gently on the first, and has to hurry on the next."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    caught: list[signal.Signals] = []

    def cancel(number: signal.Signals) -> None:
        if not caught:
            click.echo("Stopping ... (once more: at once)", err=True)
        caught.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cancel, number)
    await asyncio.wait([task])
    if task.cancelled():
        return caught[0]
    task.result()
    return None


def end_as(caught: signal.Signals | None) -> None:
    """The exit status that shells give to a signal: 130 for SIGINT, 143 for SIGTERM."""
    if caught is not None:
        raise SystemExit(128 + caught)
