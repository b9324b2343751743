"""Very many videos of a hundred projects, and ten thousand keys: what one project asks for reads its own rows alone.

Plans are looked at, and no clock: by an index of the project a page reads its rows, however many others have.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from reelwright.access import key_lookup, token_lookup, tokens, used_limits
from reelwright.access.caller import Holder
from reelwright.access.scopes import Scope
from reelwright.db.connection_pool import create_engine
from reelwright.db.ownership import confined
from reelwright.db.sessions import Sessions
from reelwright.edits.labels import Labels
from reelwright.jobs import queries as jobs
from reelwright.jobs import status_reader
from reelwright.jobs.job_filters import Selection
from reelwright.library import queries
from reelwright.library.pages import Wanted

PROJECTS, KEYS = 100, 10_000
LARGE = frozenset({"videos", "jobs", "api_keys", "tokens"})


def rows(videos: int) -> str:
    """Statements that make them."""
    return f"""
SET session_replication_role = replica;  -- what triggers write is not looked at here
DROP INDEX ix_videos_labels, ix_videos_owned_labels;  -- one is built sooner than it grows
INSERT INTO projects (id, name)
    SELECT md5('project ' || n)::uuid, 'project ' || n FROM generate_series(1, {PROJECTS}) n;
INSERT INTO api_keys (id, project_id, name, digest, hint, scopes)
    SELECT md5('key ' || n)::uuid, md5('project ' || 1 + n % {PROJECTS})::uuid, 'key ' || n,
           sha256(('key ' || n)::bytea), 'rw_', '{{read,write}}'
    FROM generate_series(1, {KEYS}) n;
INSERT INTO tokens (id, project_id, key_id, purpose, digest, expires_at)
    SELECT md5('token ' || n)::uuid, md5('project ' || 1 + n % {PROJECTS})::uuid, md5('key ' || 1 + n % {KEYS})::uuid,
           'upload', sha256(('token ' || n)::bytea), now() + interval '1 day'
    FROM generate_series(1, {KEYS}) n;
INSERT INTO videos (id, project_id, original_filename, stored_path, size_bytes, width, height, format, mime_type,
                    sha256, media_info, upload_time, labels)
    SELECT md5('video ' || n)::uuid, md5('project ' || 1 + n % {PROJECTS})::uuid, 'holiday.mp4', 'x', n, 2, 2, 'mp4',
           'video/mp4', md5(n::text), '{{}}', now() - n * interval '1 second',
           jsonb_build_object('tags', jsonb_build_array('all', 'rare ' || n / {PROJECTS} % 20))
    FROM generate_series(1, {videos}) n;
INSERT INTO jobs (id, project_id, video_id, type, status, progress, created_at, finished_at)
    SELECT md5('job ' || n)::uuid, md5('project ' || 1 + n % {PROJECTS})::uuid, md5('video ' || n)::uuid, 'trim',
           CASE WHEN waits THEN 'PENDING' ELSE 'SUCCESS' END::job_status, CASE WHEN waits THEN 0 ELSE 100 END,
           now() - n * interval '1 second', CASE WHEN NOT waits THEN now() END
    FROM generate_series(1, {videos}) n, LATERAL (SELECT n % 100000 < 200 AS waits) of_it;
CREATE INDEX ix_videos_labels ON videos USING gin (labels jsonb_path_ops);
CREATE INDEX ix_videos_owned_labels ON videos USING gin (owned_labels(project_id, labels) jsonb_path_ops);
RESET session_replication_role;
"""


def md5(text: str) -> uuid.UUID:
    return uuid.UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


PROJECT, KEY = md5("project 8"), md5("key 7")


class Asked:
    """Statements with their values, as they were sent."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []

    def heard(self, _: object, __: object, statement: str, values: Any, *___: object) -> None:
        if statement.startswith("SELECT"):
            self.statements.append((statement, values))


@pytest.fixture(
    params=[
        pytest.param(200_000, marks=pytest.mark.slow),
        pytest.param(1_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(1800)]),
    ]
)
def videos(request: pytest.FixtureRequest) -> int:
    """How many there are; and as many jobs."""
    count: int = request.param
    return count


@pytest.fixture
async def sessions(
    database_url: str, operator: asyncpg.Connection[asyncpg.Record], videos: int
) -> AsyncIterator[Sessions]:
    await operator.execute(rows(videos), timeout=1500)
    await operator.execute("VACUUM ANALYZE", timeout=600)
    engine = create_engine(database_url, application_name="tests", statement_timeout_s=0)
    yield Sessions(engine)
    await engine.dispose()


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """The tables that a plan reads, how, and how many rows, or entries of an index, of each it looked at."""
    if (
        table := node.get("Relation Name") or node.get("Index Name", "").removeprefix("ix_").partition("_")[0]
    ) in LARGE:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        looked_at = node["Actual Rows"] + removed
        yield str(table), node["Node Type"], looked_at * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from scans(below)


async def test_a_project_reads_its_own_rows_alone(
    sessions: Sessions, operator: asyncpg.Connection[asyncpg.Record], videos: int
) -> None:
    """A page reads a page by an index, also one after a cursor or of those with a label; a count reads what it counts,
    and a search for a label what has it in this project; a key, a token and a status are found by one row each."""
    own = videos // PROJECTS
    asked = Asked()
    event.listen(sessions.engine.sync_engine, "before_cursor_execute", asked.heard)
    with confined(PROJECT):
        async with sessions() as session:
            first = await queries.videos(session, Wanted(size=20))
            assert (first.total, len(first.rows)) == (own, 20)
            await queries.videos(session, Wanted(size=20, after=first.following))
            await queries.video(session, first.rows[0].id)
            for tag, matching in (("all", own), ("rare 7", own // 20), ("none", 0)):
                tagged = await queries.videos(session, Wanted(size=20, labels=Labels(tags=(tag,))))
                assert (tagged.total, len(tagged.rows)) == (matching, min(matching, 20))
            listed = await jobs.page(session, Wanted(size=20), Selection())
            assert (listed.total, len(listed.rows)) == (own, 20)
            await jobs.find(session, listed.rows[0].id)
            await tokens.page(session, purpose=None, subject_id=None, offset=0, limit=20)
            await used_limits.used(session, Holder(KEY, PROJECT, frozenset(Scope), None))
    by_one_row = [
        (key_lookup._LOOK, (hashlib.sha256(b"key 7").digest(),)),
        (token_lookup._LOOK, (md5("token 7"),)),
        (status_reader._LOOK, ([md5("job 7"), md5("job 8")],)),
        (status_reader._LOOK_AT_ONE, (md5("job 7"),)),
    ]
    seen = 0
    for statement, values in [*asked.statements, *by_one_row]:
        explained = await operator.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
        reads_all_of_its_own = "count(" in statement or "owned_labels(" in statement
        for table, way, looked_at in scans(json.loads(explained)[0]["Plan"]):
            most = own if reads_all_of_its_own or way == "Bitmap Index Scan" else 100
            assert (way != "Seq Scan", looked_at <= most) == (True, True), (statement, table, way, looked_at)
            if "count(" in statement and "labels" not in statement and "ANY" not in statement and table == "videos":
                assert way == "Index Only Scan", statement
            seen += 1
    assert seen > 12
