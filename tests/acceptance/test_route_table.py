"""Every route, asked with every scope and with the ids of another project: the right status, and nothing is told.

The table is made of the OpenAPI document (tests/support/route_table.py): a new route is in it by itself.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelwright.settings import Settings
from tests.acceptance.test_keys import bearer, guarded, made
from tests.support.route_table import NOTHING, SCOPES, Operation, filled, operations, things
from tests.support.service import Service, http_client, problem

CHANGES = ("POST", "PATCH", "PUT", "DELETE")
BAD = "rw_" + "A" * 43 + "0c2b5986"
PAIRS = 150


@pytest.fixture
async def service(settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    async with guarded(settings, tmp_path) as running:
        yield running


def stranger(service: Service, *keys: str) -> httpx.AsyncClient:
    headers = bearer(keys[0]) if keys else {}
    return http_client(service.url, headers=headers)


async def asked_of_nothing(client: httpx.AsyncClient, one: Operation, headers: dict[str, str]) -> httpx.Response:
    """The answer, as far as it comes by itself."""
    async with client.stream(one.method, one.of_nothing, headers=headers) as answer:
        if not (answer.is_success and one.is_endless):
            await answer.aread()
        return answer


async def test_every_route_asks_for_its_scope(service: Service) -> None:
    """Without a key, or with a bad one, 401; with one of another scope 403, in a problem document; with the right one
    neither, and no answer is an accident."""
    keys = {scope: await made(service, scope, scopes=[scope]) for scope in SCOPES}
    async with stranger(service) as client:
        table = await operations(service.client)
        assert len(table) > 60
        assert {one.scope for one in table} == {None, *SCOPES}
        for one in table:
            if one.scope is None and one.purposes:  # a signed address, of nothing: no key opens it
                for headers in ({}, *map(bearer, keys.values())):
                    assert (await asked_of_nothing(client, one, headers)).status_code == 401, one
                continue
            if one.scope is None:
                assert (await client.request(one.method, one.of_nothing)).status_code == 200, one
                assert (await asked_of_nothing(client, one, bearer(BAD))).status_code == 200, one
                continue
            for headers in ({}, bearer(BAD)):
                answer = await asked_of_nothing(client, one, headers)
                assert answer.status_code == 401, one
                assert answer.headers["www-authenticate"] == 'Bearer realm="reelwright"'
                if one.method != "HEAD":
                    problem(answer, 401, "unauthorized")
            for scope, key in keys.items():
                answer = await asked_of_nothing(client, one, bearer(key))
                assert (answer.status_code == 403) == (scope != one.scope), (one, scope)
                assert answer.status_code < 500, (one, answer.text)
                if scope != one.scope and one.method != "HEAD":
                    assert str(one.scope) in str(problem(answer, 403, "forbidden")["detail"])


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (
            Operation("GET", "/films/{film_id}", "read", ("film_id",), (), has_body=False),
            "takes ['film_id']: say in IN",
        ),
        (Operation("POST", "/films", "write", (), (), has_body=True), "takes a body: give one in BODIES"),
        (Operation("GET", "/films", None, (), (), has_body=False), "is in PUBLIC"),
    ],
)
def test_a_route_that_nobody_has_classified_says_what_to_do(one: Operation, told: str) -> None:
    assert told in str(one.unclassified)


def told(answer: httpx.Response, named: dict[str, str]) -> tuple[int, list[str], str]:
    """What an answer says: all of it, whatever the things were called that were asked for."""
    text = answer.text
    for word, name in sorted(named.items(), key=lambda pair: -len(pair[1])):
        text = text.replace(name, f"<{word}>")
    spoken = [f"{name}: {value}" for name, value in answer.headers.items() if name in ("content-type", "retry-after")]
    return answer.status_code, [*spoken, *sorted(answer.headers)], text


async def asked(client: httpx.AsyncClient, one: Operation, named: dict[str, str]) -> list[httpx.Response]:
    """The answers to all that can be asked of the things."""
    answers = []
    for address, body in one.asked:
        content = None if body is None else filled(json.dumps(body), named)
        headers = {} if content is None else {"Content-Type": "application/json"}
        headers |= {name: filled(value, named) for name, value in one.headers.items()}
        answers.append(await client.request(one.method, filled(address, named), content=content, headers=headers))
    return answers


async def lists(client: httpx.AsyncClient, table: list[Operation]) -> dict[str, Any]:
    """What is answered to who names nothing."""
    plain = [one for one in table if one.method == "GET" and not one.in_path]
    plain = [one for one in plain if one.name != "GET /metrics" and not one.is_endless]
    return {one.name: (await client.get(one.path)).text for one in plain}


async def test_another_project_might_as_well_not_be_there(service: Service, clip: Path) -> None:
    """Every list and every page says the same before and after another project has things; every question about one
    of them is answered in the same words as one about nothing; and none of all that touches them."""
    table = await operations(service.client)
    ours, theirs = await made(service, "ours", project="ours"), await made(service, "theirs", project="theirs")
    ops = [one for one in table if one.scope in ("read", "write")]
    async with stranger(service, theirs) as client:
        service.client.headers["Authorization"] = f"Bearer {theirs}"
        own = (await service.upload(clip))["id"]
        before = await lists(client, ops)
        service.client.headers["Authorization"] = f"Bearer {ours}"
        real = await things(service, clip)
        after = await lists(client, ops)
        for name in before:
            assert after[name] == before[name], name

        seen = await lists(service.client, ops)
        foreign, nothing = ({**named, "own": own} for named in (real, NOTHING))
        tried = 0
        for one in ops:
            pairs = zip(await asked(client, one, foreign), await asked(client, one, nothing), strict=True)
            for of_theirs, of_nothing in pairs:
                assert told(of_theirs, real) == told(of_nothing, NOTHING), one
                answered = of_theirs.json() if of_theirs.status_code == 200 else {}
                lists_nothing = 0 in (answered.get("total"), answered.get("revoked"), answered.get("matched"))
                of_a_batch = one.name == "POST /edits/batch" and '"accepted":0' in of_theirs.text
                assert of_theirs.status_code in (400, 404, 422) or lists_nothing or of_a_batch, (one, of_theirs.text)
                tried += 1
        assert tried > 60
        assert await lists(service.client, ops) == seen

    mine = {**real, "own": real["video"]}
    for one in sorted(ops, key=_destructive):  # the table names what is there: whoever owns it finds it
        for answer in await asked(service.client, one, mine):
            gone = (
                one.method == "HEAD" or one.method == "DELETE" or one.path == "/variants/{video_id}/{variant_id}/{name}"
            )
            assert answer.status_code < 500, (one, answer.text)
            assert answer.status_code != 404 or gone or "versions" in one.path, (one, answer.request.url, answer.text)


def _destructive(one: Operation) -> tuple[bool, bool, str]:
    return one.method == "DELETE", one.path.startswith("/videos"), one.method


@pytest.mark.slow
async def test_how_long_an_answer_takes_does_not_tell_what_there_is(service: Service, clip: Path) -> None:
    """Of pairs of questions, one about another project's thing and one about nothing, in an order by chance, the first
    takes longer in about half: within five standard deviations of it."""
    table = {one.name: one for one in await operations(service.client)}
    ours, theirs = await made(service, "ours", project="ours"), await made(service, "theirs", project="theirs")
    service.client.headers["Authorization"] = f"Bearer {ours}"
    real = await things(service, clip)
    async with stranger(service, theirs) as client:
        for name in ("GET /videos/{video_id}", "GET /status/{job_id}", "GET /jobs/{job_id}/events", "POST /trim"):
            longer = 0
            for number in range(PAIRS):
                took_s = {}
                order = [real, NOTHING]
                random.Random(number).shuffle(order)
                for named in order:
                    began = time.perf_counter()
                    await asked(client, table[name], {**named, "own": NOTHING["video"]})
                    took_s[named is real] = time.perf_counter() - began
                longer += took_s[True] > took_s[False]
            assert abs(longer - PAIRS / 2) < 5 * (PAIRS / 4) ** 0.5, (name, longer)
