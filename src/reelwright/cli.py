"""The command `reelwright`."""

from __future__ import annotations

import logging
import signal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reelwright import settings_warnings
from reelwright.command_runs import configured, end_as, run_work
from reelwright.key_commands import introduce_keys, keys
from reelwright.release import RELEASE
from reelwright.retention_commands import retention
from reelwright.settings import Settings

if TYPE_CHECKING:
    from reelwright.backup.layout import Manifest


logger = logging.getLogger(__name__)


def _finite(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not isfinite(value):
        raise click.BadParameter(f"{value} is not a number of seconds.", context, option)
    return value


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(RELEASE)
def main() -> None:
    """A self-hosted video processing service: upload, edit, follow live, download.

    `reelwright demo` shows it, `reelwright up` runs it. Settings come from environment variables and `.env`;
    docs/configuration.md lists them. Without DATABASE_URL or DB_HOST a PostgreSQL is brought along.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until a loop takes care of it, Ctrl-C just ends the program


main.add_command(keys)
main.add_command(retention)


@main.command()
def serve() -> None:
    """Run the HTTP API alone.

    It listens on APP_HOST and APP_PORT until Ctrl-C. The database has to be migrated (`reelwright migrate`), and jobs
    need a worker: `procrastinate --app=reelwright_worker.app.app worker`. `reelwright up` does all three.
    """
    from reelwright.api.server import serve as run
    from reelwright.db.schema_version import require_configured
    from reelwright.up import require_port

    async def examine(settings: Settings) -> None:
        require_port(settings)
        await require_configured(settings)
        await introduce_keys(settings)

    end_as(run_work("api", examine))
    settings = configured("api")
    for remark in settings_warnings.warnings(settings):
        logger.warning("settings: %s", remark)
    if not run(settings):
        raise SystemExit(1)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema, and say which that is.

    To be run before the API and the workers of a new version start. Safe to repeat, and while others do it too.
    `reelwright up` and `reelwright demo` do it by themselves.
    """
    from reelwright.db.database import located
    from reelwright.db.migrate import bring_up_to_date

    async def run(settings: Settings) -> None:
        async with located(settings) as url:
            revision = await bring_up_to_date(url, application_name="reelwright-migrate")
            click.echo(f"the database is at revision {revision}")

    end_as(run_work("migrate", run))


@main.command()
def up() -> None:
    """Run the whole service on this machine: database, API and worker.

    It says where it answers (http://127.0.0.1:8000/docs, unless APP_HOST and APP_PORT say otherwise) and runs until
    Ctrl-C, which ends all of it. Everything is kept in MEDIA_ROOT, by default the folder `data` here.
    """
    from reelwright.up import up as run

    run_work("up", run)


@main.command()
@click.option(
    "--video",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A video of yours. Default: a sample is made.",
)
@click.option(
    "--start",
    type=click.FloatRange(min=0),
    callback=_finite,
    help="Where the trim starts, in seconds. Default: 1, or 0 where the video is shorter than 2 seconds.",
)
@click.option(
    "--end",
    type=click.FloatRange(min=0),
    callback=_finite,
    help="Where the trim ends, in seconds. Default: five seconds after its start.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for the result, the sample and the service's log; it is made.",
)
@click.option("--url", help="A service that runs already, such as http://localhost:8000. Default: one is started.")
def demo(video: Path | None, start: float | None, end: float | None, output: Path, url: str | None) -> None:
    """Watch the service at work: upload a video, trim it, follow the job live, download the result.

    Starts database, API and worker for that, on a free port, and ends them again. The upload and the result stay in
    MEDIA_ROOT, by default the folder `data` here. With --url nothing is started.
    """
    from reelwright.demo import demo as run
    from reelwright.demo import demo_at

    if video is not None and not video.is_file():
        raise click.BadParameter(f"'{video}' is not a regular file.", param_hint="'--video'")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error
    logging.getLogger("reelwright.supervisor").setLevel(logging.WARNING)
    if url is not None:
        end_as(run_work("demo", lambda settings: demo_at(url, settings, video, start, end, output)))
    else:
        end_as(run_work("demo", lambda settings: run(settings, video, start, end, output)))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--previous",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An earlier backup on the same disk: what it has already is linked instead of copied.",
)
def backup(folder: Path, previous: Path | None) -> None:
    """Back up database and media into the new folder FOLDER, while the service runs.

    Everything in it is of one moment, every file compared with its SHA-256. One that was interrupted goes on where it
    was. Exit status 1 says that files were missing or damaged: they are named, the rest is whole.
    """
    from reelwright.backup.make import make

    manifests: list[Manifest] = []

    async def run(settings: Settings) -> None:
        manifests.append(await make(settings, folder, previous=previous))

    end_as(run_work("backup", run))
    _say("backed up", manifests[0])
    if lost := manifests[0].lost:
        raise click.ClickException(f"{len(lost)} stored files are missing or damaged: {', '.join(lost[:10])}")


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path) -> None:
    """Restore a backup into an empty database and an empty MEDIA_ROOT, before the service is started.

    Files are compared with their SHA-256, the database is filled in one transaction and brought to the newest schema.
    """
    from reelwright.backup.restore import restore as run_restore

    restored: list[Manifest] = []

    async def run(settings: Settings) -> None:
        restored.append(await run_restore(settings, folder))

    end_as(run_work("restore", run))
    _say("restored", restored[0])


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open PostgreSQL's prompt on the service's database, embedded or configured. ARGUMENTS are psql's own.

    For example: reelwright psql -c 'SELECT * FROM ops.running'. docs/operations.md answers twenty questions with it.
    """
    from reelwright.db.client_programs import prompt

    status: list[int] = []

    async def run(settings: Settings) -> None:
        status.append(await prompt(settings, arguments))

    end_as(run_work("psql", run))
    raise SystemExit(status[0])


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Examine this machine with these settings, and say what to do. Exit status 1: something does not work.

    Python and libraries, ffmpeg, fonts, folders and disks, database, clock, containment, limits. It changes nothing.
    """
    import msgspec

    from reelwright.doctor import Finding, State, examine

    findings: list[Finding] = []

    async def run(settings: Settings) -> None:
        findings.extend(await examine(settings))

    end_as(run_work("doctor", run))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2))
    else:
        colours = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red"}
        for finding in findings:
            click.echo(f"{click.style(f'{finding.state:8}', colours[finding.state])} {finding.name}: {finding.detail}")
            if finding.advice:
                click.echo(f"{'':9}{finding.advice}")
    if any(finding.state == State.FAILED for finding in findings):
        raise SystemExit(1)


def _say(done: str, manifest: Manifest) -> None:
    click.echo(
        f"{done}: {manifest.files} files, {manifest.size_bytes} bytes, schema {manifest.revision}, "
        f"as of {manifest.made_at:%Y-%m-%d %H:%M:%S %Z}"
    )


@main.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("openapi.json"),
    show_default=True,
    help="Where it is written.",
)
def openapi(output: Path) -> None:
    """Write the API's OpenAPI document to a file. Needs no database."""
    import msgspec

    from reelwright.api.app import create_app
    from reelwright.api.openapi.document import openapi_document

    document = openapi_document(create_app(configured("openapi")))
    try:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error
    click.echo(f"{output} written")
