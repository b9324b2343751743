"""Templates: each version stays, variables are checked like fields; batches go on past what is wrong."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import UNKNOWN, Problem, Service, problem

CLIP: dict[str, Any] = {
    "name": "clip",
    "edit": {
        "steps": [
            {"type": "trim", "start": {"$var": "start"}, "end": {"$var": "end"}},
            {"type": "overlay", "layers": [{"type": "text", "text": {"$var": "caption"}, "font_size": 20}]},
        ],
        "outputs": ["mp4:240p"],
    },
    "variables": {
        "start": {"type": "time", "default": 0},
        "end": {"type": "time", "maximum": 60},
        "caption": {"type": "text", "max_length": 20},
    },
}


def pointers(document: Problem) -> list[str]:
    return [error["pointer"] for error in document["errors"]]


async def stored(service: Service, **more: Any) -> dict[str, Any]:
    answer = await service.client.post("/templates", json={**CLIP, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == found["url"]
    return found


async def test_versions_are_numbered_and_stay(service: Service) -> None:
    """Also when many are stored at the same time; the newest is shown, any can be had, all go together."""
    client = service.client
    made = await asyncio.gather(*(stored(service, description=f"number {number}") for number in range(6)))
    assert sorted(one["version"] for one in made) == [1, 2, 3, 4, 5, 6]
    await stored(service, name="another")
    for one in made:
        assert (await client.get(one["url"])).json() == one
    newest = (await client.get("/templates/clip")).json()
    assert newest == next(one for one in made if one["version"] == 6)
    assert (newest["edit"], newest["variables"]) == (CLIP["edit"], CLIP["variables"])
    page = (await client.get("/templates")).json()
    assert [(one["name"], one["version"]) for one in page["items"]] == [("another", 1), ("clip", 6)]
    assert page["total"] == 2
    assert [one["name"] for one in (await client.get("/templates?page=2&page_size=1")).json()["items"]] == ["clip"]
    assert (await client.delete("/templates/clip")).status_code == 204
    for path in ("/templates/clip", "/templates/clip/versions/6", "/templates/another/versions/2", "/templates/%00"):
        problem(await client.get(path), 404, "not_found")
    problem(await client.delete("/templates/clip"), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": "No Name"}, ["/name"]),
        ({"edit": {"steps": [{"type": "trim"}]}, "variables": {}}, ["/edit/steps/0/start"]),
        ({"edit": {"steps": [], "source": UNKNOWN}, "variables": {}}, ["/edit/source"]),
        ({"edit": {"outputs": ["mp5"]}, "variables": {}}, ["/edit/outputs/0"]),
        ({"edit": {"steps": [{"type": "flip", "direction": {"$var": "end"}}]}, "variables": {"end": {"type": "time"}}},
         ["/edit/steps/0/direction"]),
        ({"variables": {**CLIP["variables"], "end": {"type": "when"}}}, ["/variables/end/type"]),
        ({"variables": {**CLIP["variables"], "more": {"type": "text"}}}, ["/variables/more"]),
        ({"variables": {}}, ["/edit/steps/0/start", "/edit/steps/0/end", "/edit/steps/1/layers/0/text"]),
        ({"edit": {"outputs": ["mp4"], "steps": [{"type": "trim", "start": 0, "end": {"$var": "end"}}]},
          "variables": {"end": {"type": "string"}}}, ["/edit/steps/0/end"]),
    ],
)  # fmt: skip
async def test_a_template_is_read_as_an_edit(shared_service: Service, change: dict[str, Any], named: list[str]) -> None:
    """What no source could make right is refused when it is stored, with its place."""
    document = problem(await shared_service.client.post("/templates", json={**CLIP, **change}), 422, "invalid_input")
    assert pointers(document) == named


async def test_an_edit_is_made_of_a_template(service: Service, clip: Path) -> None:
    """Its job has the edit as if it had been written out; what is wrong is named by variable, planning included."""
    video = await service.upload(clip)
    await stored(service)
    later = {**CLIP["edit"], "outputs": ["mkv:240p"]}
    await stored(service, edit=later)
    request = {"source": video["id"], "template": "clip@1", "variables": {"end": 1, "caption": 'Hi "{$var}"'}}
    answer = await service.client.post("/edits", json={**request, "title": "Teaser"})
    assert answer.status_code == 202, answer.text
    newest = await service.client.post("/edits", json={**request, "template": "clip"})
    assert newest.status_code == 202, newest.text
    job = await service.job(answer.json()["job_id"])
    assert job["title"] == "Teaser"
    assert job["edit"]["steps"][1]["layers"][0]["text"] == 'Hi "{$var}"'
    assert job["edit"]["outputs"][0]["container"] == "mp4"
    assert (await service.job(newest.json()["job_id"]))["edit"]["outputs"][0]["container"] == "mkv"
    cases: list[tuple[dict[str, Any], int, list[str]]] = [
        ({"variables": {"end": 1}}, 422, ["/variables/caption"]),
        (
            {"variables": {"end": 61, "caption": 7, "x": 1}},
            422,
            ["/variables/x", "/variables/end", "/variables/caption"],
        ),
        ({"variables": {"start": 3, "end": 2, "caption": "x"}}, 422, ["/variables/end"]),
        ({"variables": {"end": 1, "caption": " "}}, 422, ["/variables/caption"]),
        ({"template": "clip@3"}, 404, ["/template"]),
        ({"template": "nothing"}, 404, ["/template"]),
        ({"template": "clip@0"}, 422, ["/template"]),
        ({"steps": [{"type": "flip", "direction": "vertical"}]}, 422, ["/template"]),
        ({"template": None}, 422, ["/variables"]),
        ({"source": UNKNOWN}, 404, ["/source"]),
    ]
    for change, status, named in cases:
        code = "not_found" if status == 404 else "invalid_input"
        for route in ("/edits", "/edits/preview"):
            refused = problem(await service.client.post(route, json={**request, **change}), status, code)
            assert pointers(refused) == named, (route, change)
    written_out = {"source": video["id"], "steps": job["edit"]["steps"]}
    seen = [await service.client.post("/edits/preview", json={**one, "t": 0.5}) for one in (request, written_out)]
    assert [look.status_code for look in seen] == [200, 200]
    assert seen[0].content == seen[1].content
    assert (await service.client.delete("/templates/clip")).status_code == 204
    async with service.worker():
        for made in (answer, newest):
            await service.until(made.json()["job_id"], "SUCCESS")


async def test_a_batch_goes_on_past_what_is_wrong(service: Service, clip: Path) -> None:
    """Each item has its job or its problem; its own words and variables win over the batch's."""
    video = await service.upload(clip)
    await stored(service)
    items: list[dict[str, Any]] = [
        {"source": video["id"], "variables": {"caption": "one"}},
        {"source": UNKNOWN, "variables": {"caption": "two"}},
        {"source": video["id"]},
        {"source": video["id"], "variables": {"caption": "four", "end": 2}, "title": "own", "tags": ["own"]},
        {"source": video["id"], "variables": {"caption": "five"}, "metadata": {"a": "\x07"}},
    ]
    body = {"template": "clip", "variables": {"end": 1}, "title": "all", "external_id": "batch-1", "items": items}
    answer = await service.client.post("/edits/batch", json=body)
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert (found["accepted"], found["refused"]) == (2, 3)
    assert [(item["index"], item["status"]) for item in found["items"]] == [
        *((0, 202), (1, 404), (2, 422), (3, 202), (4, 422))
    ]
    named = [pointers(item["problem"]) for item in found["items"] if item["problem"]]
    assert named == [["/source"], ["/variables/caption"], ["/metadata/a"]]
    first, fourth = [await service.job(found["items"][number]["job"]["job_id"]) for number in (0, 3)]
    assert (first["title"], first["tags"], first["external_id"]) == ("all", [], "batch-1")
    assert (fourth["title"], fourth["tags"], fourth["external_id"]) == ("own", ["own"], "batch-1")
    assert [job["plan"]["outputs"][0]["duration_s"] for job in (first, fourth)] == ["1", "2"]
    assert (await service.client.get("/jobs?external_id=batch-1")).json()["total"] == 2
    plain = {"steps": [{"type": "trim", "start": 0, "end": 1}], "items": [{"source": video["id"]}]}
    assert (await service.client.post("/edits/batch", json=plain)).json()["accepted"] == 1
    for wrong, place in (
        ({"items": []}, "/items"),
        ({"items": items * 21}, "/items"),
        ({"template": "no"}, "/template"),
    ):
        document = (await service.client.post("/edits/batch", json={**body, **wrong})).json()
        assert pointers(document) == [place]


async def test_an_edit_of_a_template_has_its_turn_when_its_request_says(service: Service, clip: Path) -> None:
    """Each item of a batch as well. That is no part of a template, which would be refused with it."""
    await stored(service)
    video = (await service.upload(clip))["id"]
    now = datetime.datetime.now(datetime.UTC)
    times = {
        name: (now + datetime.timedelta(hours=hours)).isoformat() for name, hours in (("run_at", 1), ("expires_at", 2))
    }
    asked = {"template": "clip", "variables": {"end": 1, "caption": "mine"}, "priority": 7, **times}
    single = await service.client.post("/edits", json={"source": video, **asked})
    many = await service.client.post("/edits/batch", json={"items": [{"source": video}], **asked})
    for made in (single.json(), many.json()["items"][0]["job"]):
        job = await service.job(made["job_id"])
        assert (job["priority"], job["waiting_for"]["code"]) == (7, "schedule")
        told = [datetime.datetime.fromisoformat(job[name]) for name in times]
        assert told == [datetime.datetime.fromisoformat(time) for time in times.values()]
    for name, value in {"priority": 7, **times}.items():
        wrong = await service.client.post("/templates", json={**CLIP, "edit": {**CLIP["edit"], name: value}})
        assert pointers(problem(wrong, 422, "invalid_input")) == [f"/edit/{name}"]
