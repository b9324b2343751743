"""The commands `reelwright retention ...`: how long a project keeps what, and what would be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reelwright.access.keep_rules import MAX_KEEP_S, NAMES
from reelwright.command_options import NamedNumber
from reelwright.command_runs import end_as, run_work, transaction
from reelwright.settings import Settings

if TYPE_CHECKING:
    from reelwright.jobs.retention_dry_run import Ending


@click.group()
def retention() -> None:
    """How long what is stored is kept, and what would go.

    Nothing is deleted by itself unless a rule or a request says so (docs/retention.md).
    """


@retention.command()
@click.argument("project")
@click.option(
    "--keep",
    type=NamedNumber("rule", NAMES, MAX_KEEP_S, f"seconds, at most {MAX_KEEP_S}, 0 for good"),
    multiple=True,
    metavar="NAME=SECONDS",
    help=f"One of {', '.join(NAMES)}; 0: for good, `default`: as the settings say. Repeatable.",
)
def rules(project: str, keep: tuple[tuple[str, int | None], ...]) -> None:
    """Change how long a project keeps what comes from now on, and say what holds then. What is not named stays."""
    from reelwright.access import projects
    from reelwright.library.retention import rules_of_settings

    async def run(settings: Settings) -> None:
        async with transaction(settings, "retention") as session:
            row, _ = await projects.change(session, project, {}, dict(keep))
            in_force = rules_of_settings(settings).with_own(row.keep)
        for name in NAMES:
            whose = "its own" if name in row.keep else "as the settings say"
            click.echo(f"{name}={getattr(in_force, name)}  {whose}")

    end_as(run_work("retention", run))


@retention.command()
@click.option("--project", help="Of this project alone.")
@click.option(
    "--within-s",
    type=click.IntRange(0, MAX_KEEP_S),
    default=0,
    show_default=True,
    help="By so many seconds from now; 0: what is about to go.",
)
def endings(project: str | None, within_s: int) -> None:
    """Say what would be deleted by then, and delete nothing: by project and kind how many, and how many bytes."""
    from reelwright.jobs.retention_dry_run import endings as foretold
    from reelwright.library.retention import rules_of_settings

    found: list[Ending] = []

    async def run(settings: Settings) -> None:
        async with transaction(settings, "retention") as session:
            found.extend(await foretold(session, rules_of_settings(settings), within_s=within_s, project=project))

    end_as(run_work("retention", run))
    for one in found:
        held = f", {one.held} more wait for jobs" if one.held else ""
        trash = ", into the trash" if one.into_trash else ""
        click.echo(f"{one.project}  {one.kind}: {one.count}, {one.size_bytes} bytes{trash}{held}")
    if not found:
        click.echo("nothing")
