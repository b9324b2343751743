"""The commands `reelwright keys ...`: keys made, listed, replaced and revoked on the machine itself."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any

import click

from reelwright.access.limits import MAX_QUEUE_SHARE, MOST, NAMES, AccessLimits
from reelwright.access.scopes import USUAL, Scope
from reelwright.command_options import NamedNumber
from reelwright.command_runs import end_as, run_work, transaction
from reelwright.settings import Settings

if TYPE_CHECKING:
    from reelwright.access.keys import NewKey
    from reelwright.db.models import ApiKey


@click.group()
def keys() -> None:
    """Who may do what: keys for clients.

    Each belongs to a project and sees that project's videos, jobs and results alone. They are asked for where the
    setting AUTH says so. The service need not run, its database has to.
    """


_limits = click.option(
    "--limit",
    "limits",
    type=NamedNumber("limit", NAMES, MOST, "a whole number, 0 for no limit"),
    multiple=True,
    metavar="NAME=NUMBER",
    help=f"One of {', '.join(NAMES)}; 0: no limit, `default`: as the settings say. Repeatable.",
)


@keys.command()
@click.argument("name")
@click.option("--project", default="default", show_default=True, help="Whose things it sees; made where it is new.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[scope.value for scope in USUAL],
    show_default=True,
    help="What it allows. Repeatable.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="It expires after so many. Default: never.")
@_limits
def create(
    name: str, project: str, scopes: tuple[str, ...], days: int | None, limits: tuple[tuple[str, int | None], ...]
) -> None:
    """Make a key called NAME, and write it to the standard output: once, for it is not stored."""
    from reelwright.access.keys import create as make

    ends = None if days is None else datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    own = AccessLimits(**{what: most for what, most in limits if most is not None})
    made: list[NewKey] = []

    async def run(settings: Settings) -> None:
        async with transaction(settings, "keys") as session:
            new = await make(session, name, project=project, scopes=map(Scope, scopes), expires_at=ends, limits=own)
            made.append(new)

    end_as(run_work("keys", run))
    _tell(made[0])


@keys.command(name="list")
@click.option("--project", help="Only those of this project.")
def list_keys(project: str | None) -> None:
    """List keys, by project and age: id, beginning, scopes, whether it is good, when it was last used."""
    from reelwright.access.keys import page

    found: list[tuple[ApiKey, str]] = []

    async def run(settings: Settings) -> None:
        async with transaction(settings, "keys") as session:
            found.extend((await page(session, project=project))[0])

    end_as(run_work("keys", run))
    for row, owner in found:
        used = "never used" if row.last_used_at is None else f"last used {row.last_used_at:%Y-%m-%d %H:%M}"
        limits = "".join(f"  {what}={most}" for what, most in row.limits.items())
        scopes = ",".join(row.scopes)
        click.echo(f"{row.id}  {row.hint}...  {owner}  {scopes}  {_state(row)}  {used}  {row.name}{limits}")


@keys.command()
@click.argument("key_id", type=click.UUID)
@_limits
def limit(key_id: uuid.UUID, limits: tuple[tuple[str, int | None], ...]) -> None:
    """Change how much a key may do: a running service follows within five seconds. What is not named stays."""
    from reelwright.access.keys import change

    async def run(settings: Settings) -> None:
        async with transaction(settings, "keys") as session:
            row, owner = await change(session, key_id, limits=dict(limits))
            click.echo(f"{row.hint}... of {owner}, {row.name}: {_shown(row.limits)}")

    end_as(run_work("keys", run))


@keys.command(name="limit-project")
@click.argument("project")
@_limits
@click.option(
    "--queue-share",
    type=click.IntRange(1, MAX_QUEUE_SHARE),
    help="Its weight where jobs of several projects wait: one of 3 gets three times the time of one of 1.",
)
def limit_project(project: str, limits: tuple[tuple[str, int | None], ...], queue_share: int | None) -> None:
    """Change how much all keys of a project together may do, as `limit`, and its share of the workers."""
    from reelwright.access import projects

    async def run(settings: Settings) -> None:
        async with transaction(settings, "keys") as session:
            row, stored_bytes = await projects.change(session, project, dict(limits), queue_share=queue_share)
            share = f"share {row.queue_share} of the queue"
            click.echo(f"project {row.name}, with {stored_bytes} bytes stored: {_shown(row.limits)}, {share}")

    end_as(run_work("keys", run))


@keys.command()
@click.argument("key_id", type=click.UUID)
@click.option(
    "--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True, help="So long the old one is good."
)
def rotate(key_id: uuid.UUID, overlap_hours: int) -> None:
    """Replace a key by a new one of the same name, project and scopes, which is written to the standard output."""
    from reelwright.access.keys import rotate as replace

    made: list[NewKey] = []

    async def run(settings: Settings) -> None:
        async with transaction(settings, "keys") as session:
            made.append(await replace(session, key_id, overlap_s=overlap_hours * 3600))

    end_as(run_work("keys", run))
    _tell(made[0])


@keys.command()
@click.argument("key_id", type=click.UUID)
def revoke(key_id: uuid.UUID) -> None:
    """Make a key good for nothing: a running service refuses it within five seconds."""
    from reelwright.access.keys import revoke as end

    async def run(settings: Settings) -> None:
        async with transaction(settings, "keys") as session:
            row, owner = await end(session, key_id)
            click.echo(f"revoked: {row.hint}... of {owner}, {row.name}")

    end_as(run_work("keys", run))


async def introduce_keys(settings: Settings) -> None:
    """Where clients need keys and there are none, make the first one, which allows everything, and tell it. The
    database is at this version's schema."""
    from reelwright.access.keys import first

    if not settings.needs_keys:
        return
    async with transaction(settings, "keys", was_looked_at=True) as session:
        made = await first(session)
    if made is not None:
        click.echo(
            f"Clients need keys here (AUTH={settings.auth}, APP_HOST={settings.app_host}). This is the first one; it "
            f"allows everything, makes others, and is shown this once:\n\n    {made.secret}\n",
            err=True,
        )


def _tell(made: NewKey) -> None:
    """The key alone goes to the standard output: `KEY=$(reelwright keys create ...)`."""
    row = made.row
    ends = "" if row.expires_at is None else f", until {row.expires_at:%Y-%m-%d %H:%M %Z}"
    click.echo(
        f"key {row.id} of project {made.project}: {', '.join(row.scopes)}{ends}. It is shown this once:", err=True
    )
    click.echo(made.secret)


def _shown(limits: dict[str, Any]) -> str:
    return ", ".join(f"{what}={most}" for what, most in limits.items()) or "limits as the settings say"


def _state(row: ApiKey) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is None:
        return "good"
    good = row.expires_at > datetime.datetime.now(datetime.UTC)
    return f"{'good until' if good else 'expired'} {row.expires_at:%Y-%m-%d %H:%M}"
