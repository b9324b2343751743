"""The command `reelwright`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

from reelwright import __version__
from reelwright import settings as configuration
from reelwright.settings import Settings, SettingsError
from reelwright.supervisor import LOG_FORMAT


def configured() -> Settings:
    """The settings, with logging set up by them. Ends the program with the reason where one is wrong."""
    try:
        settings = configuration.load()
    except SettingsError as error:
        raise click.ClickException(f"settings: {error}") from error
    logging.basicConfig(
        level=settings.log_level,
        format=LOG_FORMAT,
        stream=sys.stderr,
    )
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
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


@main.command()
def up() -> None:
    """Run the whole service on this machine: database, API and worker."""
    from reelwright.up import up as run

    _ending_with_reason(lambda settings: run(settings))


@main.command()
@click.option(
    "--video",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A video of yours; without one, a sample is made.",
)
@click.option("--start", type=float, default=1.0, show_default=True, help="Where the trim starts, seconds.")
@click.option("--end", type=float, help="Where it ends, seconds. Default: five seconds after the start.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for the result.",
)
def demo(video: Path | None, start: float, end: float | None, output: Path) -> None:
    """Upload a video, trim it, follow the job live and download the result."""
    from reelwright.demo import demo as run

    output.mkdir(parents=True, exist_ok=True)
    logging.getLogger("reelwright.supervisor").setLevel(logging.WARNING)
    _ending_with_reason(lambda settings: run(settings, video, start, end, output))


@main.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("openapi.json"), show_default=True
)
def openapi(output: Path) -> None:
    """Write the API's OpenAPI document."""
    import msgspec

    from reelwright.api.app import create_app
    from reelwright.api.docs import openapi_document

    document = openapi_document(create_app(configured()))
    output.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    click.echo(f"{output} written")


def _ending_with_reason(work: Callable[[Settings], Coroutine[Any, Any, object]]) -> None:
    """Run to the end; a foreseeable failure becomes one sentence and exit status 1."""
    from reelwright.db.embedded import EmbeddedPostgresError
    from reelwright.supervisor import ChildFailed

    settings = configured()
    try:
        asyncio.run(work(settings))
    except (ChildFailed, EmbeddedPostgresError, TimeoutError) as error:
        raise click.ClickException(str(error) or "the service did not answer in time") from error
