"""Writes `migrations/README.md` from what the migrations do, one after the other. A test holds it up to date."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import MagicMock

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "migrations"
FILES = {path.read_text(): path.name for path in sorted((FOLDER / "sql").glob("*.sql"))}
VENDORED = "procrastinate_3.10.0.sql"
_KIND = r"(FUNCTION|VIEW|TRIGGER)"
_CREATED = re.compile(rf"^CREATE (?:OR REPLACE )?(?:CONSTRAINT )?{_KIND} ([\w.]+)", re.MULTILINE)
_OF_TABLE = re.compile(r"[^;]*?\bON (\w+)", re.DOTALL)
_ALTERED = re.compile(r"^ALTER FUNCTION ([\w.]+)", re.MULTILINE)
_DROPPED = re.compile(rf"\bDROP {_KIND} (?:IF EXISTS )?([\w.]+)")

INTRODUCTION = """\
# Migrations

How the database came to be what it is: `versions/` has the revisions, which Alembic applies one after the other
(`reelwright migrate`), `sql/` the SQL that they run where it is more than a line. What a revision may do while the
release before it runs is in [docs/upgrades.md](../docs/upgrades.md).

- A file in `sql/` is named after what it holds; the number at its end is that of the revision which runs it.
- What has been released is never changed. A later revision brings a file of its own, with the whole function or view
  anew (`CREATE OR REPLACE`), beginning from the text that holds now, which the table below leads to. What was set by
  `ALTER FUNCTION` is lost with a function that is replaced: the revision sets it again.
- Older files stay: a database that is set up anew goes through all of them, and a downgrade reads from them what was
  there before.
- `{vendored}` is the queue as procrastinate ships it, under its licence. One function of it is replaced
  by ours, `procrastinate_fetch_job_v2`, which decides whose job is next; `fetch_job_0001.sql` is that one as shipped.

## Where each function, view and trigger is

As they are now, in `sql/`. This page is written by `scripts/document_migrations.py`, from what the revisions do.

| Name | What | Is in | Was in |
|---|---|---|---|"""


@dataclass(slots=True)
class Thing:
    """A function, view or trigger. `file`: that defines it as it is now; `before`: those that did so earlier, the
    newest first; `altered`: by which revisions since."""

    name: str
    kind: str
    file: str
    table: str = ""
    before: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)


def things() -> list[Thing]:
    """Return what is there after all revisions, but for what is procrastinate's, by name."""
    found: dict[tuple[str, str], Thing] = {}
    for source, sql in _statements():
        for kind, name in _DROPPED.findall(sql):
            found.pop((name, kind), None)
        for match in _CREATED.finditer(sql):
            kind, name = match.groups()
            on = _OF_TABLE.match(sql, match.end()) if kind == "TRIGGER" else None
            known = found.get((name, kind))
            before = [] if known is None else [known.file, *known.before]
            found[name, kind] = Thing(name, kind.lower(), source, on[1] if on else "", before)
        for name in _ALTERED.findall(sql):
            found[name, "FUNCTION"].altered.append(source)
    return [found[key] for key in sorted(found) if found[key].file != VENDORED]


def _statements() -> Iterator[tuple[str, str]]:
    """Each piece of SQL that the revisions run, in order, with the file that has it."""
    for path in sorted((FOLDER / "versions").glob("[0-9]*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        revision = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(revision)
        ran: list[str] = []
        vars(revision)["op"] = _recorder(ran.append)
        revision.upgrade()
        yield from ((FILES.get(sql, path.name), sql) for sql in ran)


def _recorder(record: Callable[[str], None]) -> MagicMock:
    """What revisions take for Alembic's `op`."""
    op = MagicMock()
    op.execute.side_effect = record
    driver = MagicMock()
    driver.execute.side_effect = record
    op.get_bind().connection.dbapi_connection.run_async.side_effect = lambda run: run(driver)
    return op


def page() -> str:
    lines = [INTRODUCTION.format(vendored=VENDORED)]
    for thing in things():
        what = f"trigger on `{thing.table}`" if thing.table else thing.kind
        now = f"`{thing.file}`" + "".join(f", altered by `{one}`" for one in thing.altered)
        before = ", ".join(f"`{one}`" for one in thing.before)
        lines.append(f"| `{thing.name}` | {what} | {now} | {before} |")
    return "\n".join(lines) + "\n"


DOCUMENTS = {FOLDER / "README.md": page}

if __name__ == "__main__":
    for path, write in DOCUMENTS.items():
        path.write_text(write())
