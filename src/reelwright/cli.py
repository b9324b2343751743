"""The command `reelwright`."""

from __future__ import annotations

import asyncio
import logging
import sys

import click

from reelwright import __version__
from reelwright import settings as configuration
from reelwright.settings import Settings, SettingsError


def configured() -> Settings:
    """The settings, with logging set up by them. Ends the program with the reason where one is wrong."""
    try:
        settings = configuration.load()
    except SettingsError as error:
        raise click.ClickException(f"settings: {error}") from error
    logging.basicConfig(
        level=settings.log_level,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return settings


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Reelwright: a self-hosted video processing service."""


@main.command()
def serve() -> None:
    """Run the HTTP API."""
    from reelwright.api.server import serve as run

    if not run(configured()):
        raise SystemExit(1)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from reelwright.db.database import create_engine, located
    from reelwright.db.migrate import current_revision, upgrade

    async def run() -> None:
        async with located(configured()) as url:
            engine = create_engine(url, application_name="reelwright-migrate", statement_timeout_s=0)
            try:
                await upgrade(engine)
                click.echo(f"the database is at revision {await current_revision(engine)}")
            finally:
                await engine.dispose()

    asyncio.run(run())
