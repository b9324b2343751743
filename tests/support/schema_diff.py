"""What a migration may not do while the release before it runs, found by looking at the database before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

_TABLES = "c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
_LOOKS = {
    "columns": (
        "SELECT c.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS kind, a.attnotnull AS"
        " needed, (a.atthasdef OR a.attidentity <> '') AS has_default, c.relname AS owner FROM pg_attribute a"
        f" JOIN pg_class c ON c.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped AND {_TABLES}"
    ),
    "tables": f"SELECT c.relname AS name, c.relfilenode AS kind, c.relname AS owner FROM pg_class c WHERE {_TABLES}",
    "indexes": (
        "SELECT i.relname AS name, x.indisunique AS kind, c.relname AS owner FROM pg_index x"
        f" JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid WHERE {_TABLES}"
    ),
    "checks": (
        "SELECT n.conname AS name, n.convalidated AS kind, c.relname AS owner FROM pg_constraint n"
        f" JOIN pg_class c ON c.oid = n.conrelid WHERE n.contype IN ('c', 'f') AND {_TABLES}"
    ),
    "labels": (
        "SELECT t.typname || '.' || e.enumlabel AS name, 0 AS kind, t.typname AS owner FROM pg_enum e"
        " JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = 'public'::regnamespace"
    ),
    "functions": (
        "SELECT p.oid::regprocedure::text AS name, 0 AS kind, '' AS owner FROM pg_proc p"
        " WHERE p.pronamespace = 'public'::regnamespace"
    ),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a database consists of, by kind of part and name."""

    parts: dict[str, dict[str, dict[str, Any]]]

    @classmethod
    async def of(cls, connection: asyncpg.Connection[asyncpg.Record]) -> Shape:
        return cls(
            {part: {row["name"]: dict(row) for row in await connection.fetch(look)} for part, look in _LOOKS.items()}
        )


def faults(before: Shape, after: Shape, *, concurrently: bool, retired: frozenset[str] = frozenset()) -> list[str]:
    """What breaks the release that was written for `before`, or stops it for long.

    `concurrently`: indexes were made so. `retired`: names that no release in use names any more.
    """
    old, new, found = before.parts, after.parts, []
    for part in ("tables", "columns", "labels", "functions"):
        gone = [name for name in old[part] if name not in new[part] and name not in retired]
        found += [f"{part}: {name} is gone" for name in gone if old[part][name]["owner"] not in retired]
    for name, now in new["columns"].items():
        was = old["columns"].get(name)
        if was is None:
            if now["owner"] in old["tables"] and now["needed"] and not now["has_default"]:
                found.append(f"columns: {name} is new and NOT NULL without a default: older releases cannot insert")
        elif now["kind"] != was["kind"]:
            found.append(f"columns: {name} was {was['kind']} and is {now['kind']}")
        elif now["needed"] and not was["needed"]:
            found.append(f"columns: {name} has become NOT NULL")
    for name, now in new["tables"].items():
        if name in old["tables"] and now["kind"] != old["tables"][name]["kind"]:
            found.append(f"tables: {name} was written anew")
    for name, now in new["indexes"].items():
        if name not in old["indexes"] and now["owner"] in old["tables"] and not concurrently:
            found.append(f"indexes: {name} was made while {now['owner']} could not be written")
    for name, now in new["checks"].items():
        if name not in old["checks"] and now["owner"] in old["tables"] and now["kind"]:
            found.append(
                f"checks: {name} read all of {now['owner']}: add it NOT VALID, VALIDATE it in the next migration"
            )
    return found
