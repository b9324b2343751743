"""Titles, tags, ids and metadata of clients: said once, kept on the way, changed, found again."""

from __future__ import annotations

import asyncio
import datetime
import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelwright.library.pages import Cursor
from tests.support.service import UNKNOWN, Service, problem

SAID: dict[str, Any] = {
    "title": "Ferien, Tag 1 🏖",
    "tags": ["holiday", "raw"],
    "external_id": "cms-4711",
    "metadata": {"customer": {"id": 7, "vip": True}, "season": "summer", "notes": ["a\nb", None, 1.5]},
}
PLACE = str(Cursor(datetime.datetime.now(datetime.UTC), uuid.uuid4(), page=2, total=7, descending=False))
NOTHING: dict[str, Any] = {"title": None, "tags": [], "external_id": None, "metadata": {}}


def said(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in NOTHING}


async def upload(service: Service, clip: Path, fields: dict[str, Any], *, file_first: bool = False) -> httpx.Response:
    texts = [
        (name, (None, text.encode()))
        for name, value in fields.items()
        for text in (value if isinstance(value, list) else [value])
    ]
    file = [("file", ("clip.mp4", clip.read_bytes()))]
    return await service.client.post("/videos/upload", files=[*file, *texts] if file_first else [*texts, *file])


async def ids(service: Service, path: str, name: str = "id", **query: Any) -> list[str]:
    answer = await service.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item[name] for item in answer.json()["items"]]


@pytest.mark.parametrize("file_first", [False, True])
async def test_an_upload_says_them_in_its_form(shared_service: Service, clip: Path, file_first: bool) -> None:
    """Before the file or after it; the answer, the look-up and the list have them."""
    form = {**SAID, "metadata": json.dumps(SAID["metadata"])}
    answer = await upload(shared_service, clip, form, file_first=file_first)
    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert said(video) == SAID
    assert (await shared_service.client.get(f"/videos/{video['id']}")).json() == video
    assert (await shared_service.client.get(video["download_url"])).content == clip.read_bytes()
    assert (await shared_service.client.get(video["variants_url"])).json() == []


@pytest.mark.parametrize("file_first", [False, True])
async def test_wrong_fields_of_a_form_leave_nothing(service: Service, clip: Path, file_first: bool) -> None:
    """All are named at once, wherever they stand; no row, no file."""
    form = {"title": "a\x07b", "metadata": "{", "tags": ["x" * 65]}
    document = problem(await upload(service, clip, form, file_first=file_first), 422, "invalid_input")
    assert {error["pointer"] for error in document["errors"]} == {"/metadata"}
    form["metadata"] = '{"a": "\\u0000"}'
    document = problem(await upload(service, clip, form, file_first=file_first), 422, "invalid_input")
    pointers = {error["pointer"] for error in document["errors"]}
    assert pointers == {"/metadata/a", "/tags/0"}
    del form["metadata"], form["tags"]
    problem(await upload(service, clip, form, file_first=file_first), 422, "invalid_input")
    assert service.stored() == set()
    assert (await service.client.get("/videos")).json()["total"] == 0


@pytest.mark.slow
async def test_what_an_edit_says_goes_to_its_job_and_its_variants(service: Service, clip: Path) -> None:
    """Every kind of edit; the source's own words stay its own. A variant's are changed without its job's."""
    video = (await upload(service, clip, {"title": "source"})).json()
    text = {"type": "text", "text": "Hi", "start": 0, "end": 1}
    edits: list[tuple[str, dict[str, Any]]] = [
        ("/trim", {"video_id": video["id"], "start": 0, "end": 1}),
        ("/overlays", {"video_id": video["id"], "overlays": [text], "preset": "ultrafast"}),
        ("/watermark", {"video_id": video["id"], "image_path": "wm.png", "preset": "ultrafast"}),
        (
            "/edits",
            {"source": video["id"], "steps": [{"type": "trim", "start": 0, "end": 1}], "outputs": ["mp4"]},
        ),
        (f"/transcode/{video['id']}", {"qualities": ["source", "240p"], "preset": "ultrafast"}),
    ]
    jobs = []
    for path, body in edits:
        answer = await service.client.post(path, json={**body, **SAID})
        assert answer.status_code == 202, answer.text
        jobs.append(answer.json()["job_id"])
        assert (await service.client.get(answer.json()["job_url"])).json()["status"] == "PENDING"
        assert (await service.client.get(answer.json()["status_url"])).json()["result_url"] is None
    silent = await service.trim(video["id"], 1, 2)
    async with service.worker():
        for job_id in (*jobs, silent):
            job = await service.until(job_id, "SUCCESS")
            assert said(job) == (NOTHING if job_id == silent else SAID)
            for output in job["outputs"]:
                variant = (await service.client.get(f"/variants/{output['variant_id']}")).json()
                assert said(variant) == said(job)
                assert variant["job_url"] == job["job_url"]
                assert (await service.client.head(variant["download_url"])).status_code == 200
                origin = (await service.client.get(variant["lineage_url"])).json()
                assert [item["id"] for item in origin["items"]] == [variant["id"], video["id"]]
                assert origin["items"][0]["edit"] == job["edit"]
                assert (await service.client.get(origin["items"][1]["url"])).content == clip.read_bytes()
    assert await ids(service, "/jobs", "job_id", tag=["raw", "holiday"]) == jobs[::-1]
    assert len(await ids(service, "/variants", external_id="cms-4711")) == 6
    assert len(await ids(service, "/variants", external_id="cms-4711", kind="transcode", video_id=video["id"])) == 2
    (trimmed,) = await ids(service, "/variants", kind="trim", tag="raw")
    changed = await service.client.patch(f"/variants/{trimmed}", json={"title": "cut", "tags": None})
    assert said(changed.json()) == {**SAID, "title": "cut", "tags": []}
    assert said(await service.job(jobs[0])) == SAID
    assert await ids(service, "/variants", kind="trim", tag="raw") == []


async def test_lists_are_filtered_by_them(service: Service, clip: Path) -> None:
    """By each, and by all at once; what is asked for may be a part of the metadata."""
    forms: list[dict[str, Any]] = [
        {"tags": ["a"], "external_id": "1", "metadata": '{"project": "x", "customer": {"id": 7, "vip": true}}'},
        {"tags": ["a", "b"], "external_id": "1", "metadata": '{"project": "x", "customer": {"id": 8}}'},
        {"tags": ["b"], "external_id": "2", "metadata": '{"project": "7"}'},
        {},
    ]
    videos = [(await upload(service, clip, form)).json()["id"] for form in forms]
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [3, 2, 1, 0]),
        ({"tag": "a"}, [1, 0]),
        ({"tag": ["a", "b"]}, [1]),
        ({"tag": "A"}, []),
        ({"external_id": "1"}, [1, 0]),
        ({"external_id": "1", "tag": "b"}, [1]),
        ({"metadata": "project=x"}, [1, 0]),
        ({"metadata": "project=7"}, [2]),
        ({"metadata": '{"project": 7}'}, []),
        ({"metadata": '{"customer": {"id": 7}}'}, [0]),
        ({"metadata": '{"project": "x", "customer": {"vip": true}}'}, [0]),
        ({"metadata": "customer=7"}, []),
        ({"metadata": "project=x' OR 1=1 --"}, []),
        ({"tag": "a", "order": "upload_time"}, [0, 1]),
        ({"tag": "a", "order": "-size_bytes", "page_size": 1, "page": 2}, [0]),
    ]
    for query, expected in cases:
        assert await ids(service, "/videos", **query) == [videos[number] for number in expected], query
    answer = (await service.client.get("/videos", params={"tag": "a", "page_size": 1})).json()
    assert (answer["total"], answer["page"], answer["page_size"], len(answer["items"])) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ({"cursor": "x"}, ["?cursor"]),
        ({"cursor": PLACE}, []),
        ({"cursor": PLACE, "page": 2}, ["?cursor"]),
        ({"cursor": PLACE, "order": "size_bytes"}, ["?cursor"]),
        ({"cursor": "_" * 44}, ["?cursor"]),
        ({"metadata": "x"}, ["?metadata"]),
        ({"metadata": "{"}, ["?metadata"]),
        ({"metadata": "{" + '"a":{' * 2000}, ["?metadata"]),
        ({"metadata": '{"a": {}}'}, ["?metadata"]),
        ({"metadata": "a=\0"}, ["?metadata"]),
        ({"tag": "\x07", "external_id": "\x07"}, ["?tag", "?external_id"]),
        ({"tag": ["x"] * 11}, ["?tag"]),
        ({"tag": "x" * 65}, ["?tag"]),
        ({"tag": ""}, ["?tag"]),
        ({"external_id": ["1", "2"]}, ["?external_id"]),
        ({"title": "x"}, ["?title"]),
    ],
)
async def test_wrong_filters_are_named(shared_service: Service, query: dict[str, Any], pointers: list[str]) -> None:
    """422 with the parameter, whatever it holds."""
    params = {"order": "upload_time", **query} if query.get("cursor") and "order" not in query else query
    answer = await shared_service.client.get("/videos", params=params)
    if pointers:
        errors = problem(answer, 422, "invalid_input")["errors"]
        assert [error["pointer"] for error in errors] == pointers
        assert all(len(error["detail"]) < 300 for error in errors)
    else:
        assert answer.status_code == 200, answer.text


async def test_a_cursor_goes_on_where_the_page_ended(service: Service, clip: Path) -> None:
    """Whatever is added or deleted meanwhile: each is met once, none is missed. Numbers and `total` stay true."""
    videos = [await service.upload(clip) for _ in range(7)]
    seen: list[str] = []
    query: dict[str, Any] = {"page_size": 2}
    for number in range(1, 5):
        page = (await service.client.get("/videos", params=query)).json()
        assert page["page"] == number
        seen += [video["id"] for video in page["items"]]
        if number == 1:
            await service.upload(clip)
            await service.client.delete(f"/videos/{seen[-1]}")
        query["cursor"] = page["next_cursor"]
    assert page["next_cursor"] is None
    assert page["total"] == 7
    assert seen == [video["id"] for video in reversed(videos)]
    backwards = (await service.client.get("/videos", params={"page_size": 2, "order": "upload_time"})).json()
    refused = await service.client.get("/videos", params={"cursor": backwards["next_cursor"]})
    problem(refused, 422, "invalid_input")
    assert (await service.client.get("/videos", params={"order": "size_bytes", "page_size": 2})).json()[
        "next_cursor"
    ] is None


async def test_a_change_sets_what_it_names(service: Service, clip: Path) -> None:
    """The rest stays, `null` and empty ones are taken away, metadata is replaced as a whole; also when many change at
    the same time."""
    video = await service.upload(clip)
    path = f"/videos/{video['id']}"
    assert said(video) == NOTHING
    whole = (await service.client.patch(path, json=SAID)).json()
    assert whole == {**video, **SAID}
    assert (await service.client.patch(path, json={})).json() == whole
    changed = (await service.client.patch(path, json={"title": None, "metadata": {"season": "winter"}})).json()
    assert said(changed) == {**SAID, "title": None, "metadata": {"season": "winter"}}
    assert said((await service.client.patch(path, json=dict.fromkeys(SAID))).json()) == NOTHING
    changes = [{name: value} for name, value in SAID.items()]
    await asyncio.gather(*(service.client.patch(path, json=change) for change in changes))
    assert said((await service.client.get(path)).json()) == SAID
    problem(await service.client.patch(f"/videos/{UNKNOWN}", json={"title": "x"}), 404, "not_found")
    problem(await service.client.patch(f"/variants/{video['id']}", json={"title": "x"}), 404, "not_found")
    wrong = {"title": "", "tags": ["x" * 65], "external_id": 7, "metadata": [], "titel": "x"}
    errors = problem(await service.client.patch(path, json=wrong), 422, "invalid_input")["errors"]
    assert {error["pointer"] for error in errors} == {*("/title", "/tags/0", "/external_id", "/metadata", "/titel")}
    problem(await service.client.patch(path, json={"metadata": {"a": "\x1b"}}), 422, "invalid_input")
    assert said((await service.client.get(path)).json()) == SAID


async def test_the_second_surface_knows_nothing_of_them(shared_service: Service, clip: Path) -> None:
    """Its form, its bodies and its answers are as they were."""
    answer = await shared_service.client.post(
        "/api/v1/upload", files=[("title", (None, b"x")), ("file", ("clip.mp4", clip.read_bytes()))]
    )
    assert answer.status_code in (400, 422), answer.text
    video = await shared_service.upload(clip)
    body = {"video_id": video["id"], "start_time": 0, "end_time": 1, "title": "x"}
    problem(await shared_service.client.post("/api/v1/trim", json=body), 422, "invalid_input")
    assert set(NOTHING) & set((await shared_service.client.get(f"/api/v1/videos/{video['id']}")).json()) == set()
