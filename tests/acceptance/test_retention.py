"""What is kept no longer goes, as a client would delete it, and is announced; what was deleted can be had back."""

from __future__ import annotations

import asyncio
import base64
import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.processes import PATIENCE_S
from tests.support.remote import Remote, saying
from tests.support.service import Service, problem


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, reap_interval_s=0.5)


async def event(service: Service, kind: str, subject: str) -> dict[str, Any]:
    """The data of an event, as soon as there is one."""
    after = 0
    async with asyncio.timeout(PATIENCE_S):
        while True:
            query: dict[str, str | int] = {"type": kind, "after": after, "wait": 20}
            answer = (await service.client.get("/events", params=query)).json()
            for one in answer["items"]:
                if subject in (one["data"].get(f"{thing}_id") for thing in ("video", "variant", "asset")):
                    found: dict[str, Any] = one["data"]
                    return found
            after = answer["next_after"]


async def rules(service: Service, **keep: int | None) -> None:
    answer = await service.client.patch("/projects/default", json={"keep": keep})
    assert answer.status_code == 200, answer.text


async def endings(service: Service, within_s: int) -> list[tuple[Any, ...]]:
    """What the dry run says: project, kind, how many, how many more are held, bytes, whether into the trash."""
    answer = await service.client.get("/retention/endings", params={"within_s": within_s})
    names = ("project", "kind", "count", "held", "size_bytes", "into_trash")
    return [tuple(item[name] for name in names) for item in answer.json()["items"]]


def seconds_from_now(moment: str) -> float:
    return (datetime.datetime.fromisoformat(moment) - datetime.datetime.now(datetime.UTC)).total_seconds()


async def test_every_way_in_says_how_long_and_every_answer_until_when(service: Service, clip: Path) -> None:
    """Form, PUT, tus; what says nothing has the project's rule, 0 is for good; a rule moves nothing that is there."""
    content, client = clip.read_bytes(), service.client
    unruled = await service.upload(clip)
    await rules(service, videos_s=7200)
    form = await client.post("/videos/upload", data={"keep_s": "3600"}, files={"file": ("a.mp4", content)})
    put = await client.put("/videos", params={"filename": "a.mp4", "keep_s": 0}, content=content)
    ruled = await service.upload(clip)
    said = base64.b64encode(b"60").decode()
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": f"keep_s {said}"}
    sent = await client.post(
        "/uploads", headers={**tus, "Content-Type": "application/offset+octet-stream"}, content=content
    )
    resumed = (await client.get(f"/videos/{sent.headers['reelwright-video-id']}")).json()
    assert unruled["kept_until"] is None
    assert put.json()["kept_until"] is None
    for video, keep_s in ((form.json(), 3600), (ruled, 7200), (resumed, 60)):
        assert keep_s - PATIENCE_S < seconds_from_now(video["kept_until"]) <= keep_s
    assert (await client.get(f"/videos/{unruled['id']}")).json()["kept_until"] is None
    for change, keep_s in (({"keep_s": 60}, 60), ({"keep_s": None}, 7200)):
        changed = (await client.patch(f"/videos/{unruled['id']}", json=change)).json()
        assert keep_s - PATIENCE_S < seconds_from_now(changed["kept_until"]) <= keep_s
    kept = (await client.patch(f"/videos/{unruled['id']}", json={"keep_s": 0, "title": "mine"})).json()
    assert (kept["kept_until"], kept["title"]) == (None, "mine")
    wrong = await client.post("/videos/upload", data={"keep_s": "-1"}, files={"file": ("a.mp4", content)})
    assert problem(wrong, 422, "invalid_input")["errors"][0]["pointer"] == "/keep_s"
    assert (await client.get("/limits")).json()["keep"]["videos_s"] == 7200
    keep = ("--keep", "videos_s=default", "--keep", "trash_s=60")
    told = await service.command("retention", "rules", "default", *keep)
    assert told.status == 0
    assert {"videos_s=0  as the settings say", "trash_s=60  its own"} <= set(told.output.splitlines())


async def test_what_is_kept_no_longer_goes_and_is_announced(service: Service, clip: Path) -> None:
    """A result by its request, a video by its own, with its files and those of its results; two workers do it once. A
    video waits for a result that is kept for longer by an end of its own."""
    async with service.worker(), service.worker():
        video = await service.upload(clip)
        short = await service.trim(video["id"], 0, 1, keep_s=1)
        variant = (await service.until(short, "SUCCESS"))["output_variant_id"]
        gone = await event(service, "variant.deleted", variant)
        assert (gone["reason"], gone["job_id"], gone["video_id"]) == ("expired", short, video["id"])
        problem(await service.client.get(f"/variants/{variant}"), 404, "not_found")
        assert (await service.job(short))["result_keep_s"] == 1

        long = await service.trim(video["id"], 0, 2, keep_s=3600)
        plain = await service.trim(video["id"], 1, 2)
        kept = [(await service.until(job, "SUCCESS"))["output_variant_id"] for job in (long, plain)]
        assert (await service.client.patch(f"/videos/{video['id']}", json={"keep_s": 1})).status_code == 200
        other = await service.upload(clip)
        assert (await service.client.patch(f"/videos/{other['id']}", json={"keep_s": 1})).status_code == 200
        assert (await event(service, "video.deleted", other["id"]))["reason"] == "expired"
        assert (await service.client.get(f"/videos/{video['id']}")).status_code == 200
        assert (await service.client.patch(f"/variants/{kept[0]}", json={"keep_s": 1})).status_code == 200
        assert (await event(service, "video.deleted", video["id"]))["reason"] == "expired"
        for variant in kept:
            problem(await service.client.get(f"/variants/{variant}"), 404, "not_found")
        log = (await service.client.get("/events")).json()["items"]
        told = [(one["type"], one["data"]["video_id"]) for one in log if one["type"].endswith(".deleted")]
        assert told.count(("video.deleted", video["id"])) == 1
        async with asyncio.timeout(PATIENCE_S):
            while service.stored():
                await asyncio.sleep(0.05)


async def test_what_an_unfinished_job_reads_stays(service: Service, clip: Path) -> None:
    """Until the job has ended: here, one that nobody takes until then. The dry run says what is held, and for what
    there will be room."""
    video, copy = await service.upload(clip), await service.upload(clip)
    job = await service.trim(video["id"], 0, 1)
    for one in (video, copy):
        await service.client.patch(f"/videos/{one['id']}", json={"keep_s": 30})
    assert await endings(service, 0) == []
    # its bytes are those of the one that is held
    assert await endings(service, 60) == [("default", "videos", 1, 1, 0, False)]
    told = await service.command("retention", "endings", "--within-s", "60")
    assert told.output == "default  videos: 1, 0 bytes, 1 more wait for jobs\n"
    for one in (video, copy):
        await service.client.patch(f"/videos/{one['id']}", json={"keep_s": 1})
    async with service.worker():
        assert (await event(service, "video.deleted", copy["id"]))["reason"] == "expired"
        assert (await service.until(job, "SUCCESS", "FAILURE"))["status"] == "SUCCESS"
        assert (await event(service, "video.deleted", video["id"]))["reason"] == "expired"


async def test_a_deleted_video_can_be_had_back(service: Service, clip: Path) -> None:
    """Meanwhile nobody finds it, or what was made of it; its bytes count still. Then it goes for good, announced."""
    client = service.client
    async with service.worker():
        await rules(service, trash_s=3600)
        video = await service.upload(clip)
        job = await service.trim(video["id"], 0, 1)
        variant = (await service.until(job, "SUCCESS"))["output_variant_id"]
        made = (await client.get(f"/variants/{variant}")).json()
        stored = (await client.get("/projects")).json()["items"][0]["stored_bytes"]
        assert (await client.delete(f"/videos/{video['id']}")).status_code == 204
        assert (await event(service, "video.trashed", video["id"]))["reason"] == "requested"
        for address in (
            *(f"/videos/{video['id']}{rest}" for rest in ("", "/variants", "/download")),
            *(f"/variants/{variant}{rest}" for rest in ("", "/lineage", "/download")),
            *(video["url"], made["url"], f"/result/{job}", f"/processed/{variant}/trim.mp4"),
        ):
            assert (await client.get(address)).status_code in (404, 410), address
        for path in ("/videos", "/variants", "/api/v1/videos"):
            assert (await client.get(path)).json()["total"] == 0
        for method, body in (("DELETE", None), ("PATCH", {"title": "x"})):
            problem(await client.request(method, f"/videos/{video['id']}", json=body), 404, "not_found")
        for source in (video["id"], variant):
            answer = await client.post("/trim", json={"video_id": source, "start": 0, "end": 1})
            problem(answer, 404, "not_found")
        assert (await client.get("/projects")).json()["items"][0]["stored_bytes"] == stored
        (trashed,) = (await client.get("/trash")).json()["items"]
        info = {name: value for name, value in video["media_info"].items() if name != "chapter_marks"}
        assert (trashed["video"], trashed["reason"]) == (video | {"media_info": info}, "requested")
        assert 0 < seconds_from_now(trashed["trash_until"]) <= 3600

        back = await client.post(f"/videos/{video['id']}/undelete")
        assert (back.status_code, back.json()) == (200, video)
        assert (await client.get(f"/variants/{variant}")).json() == made
        assert (await client.get(made["url"])).status_code == 200
        assert (await client.get("/trash")).json()["total"] == 0
        await event(service, "video.restored", video["id"])
        problem(await client.post(f"/videos/{video['id']}/undelete"), 404, "not_found")

        await rules(service, trash_s=1)
        await client.patch(f"/videos/{video['id']}", json={"keep_s": 1})
        assert (await event(service, "video.deleted", video["id"]))["reason"] == "expired"
        async with asyncio.timeout(PATIENCE_S):
            while service.stored():
                await asyncio.sleep(0.05)
        await rules(service, trash_s=3600)
        second = await service.upload(clip)
        await client.delete(f"/videos/{second['id']}")
        assert (await client.delete(f"/trash/{second['id']}")).status_code == 204
        assert (await event(service, "video.deleted", second["id"]))["reason"] == "requested"
        assert service.stored() == set()


async def test_an_import_says_how_long_its_video_is_kept(service: Service, clip: Path) -> None:
    """From when it is there; where it says nothing, the project's rule does, as it was when it was asked for."""
    await rules(service, videos_s=7200)
    async with Remote(saying(200, clip.read_bytes())).running() as remote, service.worker():
        for asked, keep_s in (({"keep_s": 60}, 60), ({}, 7200), ({"keep_s": 0}, None)):
            answer = await service.client.post("/videos/import", json={"url": remote.url("/clip.mp4"), **asked})
            job = await service.until(answer.json()["job_id"], "SUCCESS")
            until = (await service.client.get(f"/videos/{job['video_id']}")).json()["kept_until"]
            if keep_s is None:
                assert until is None
            else:
                assert keep_s - PATIENCE_S < seconds_from_now(until) <= keep_s


async def test_a_job_is_not_retried_whose_video_is_in_the_trash(service: Service, clip: Path) -> None:
    """And operators are told before; once it is back, it is."""
    await rules(service, trash_s=3600)
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 0, 1)
    await service.client.post(f"/jobs/{job_id}/cancel")
    await service.sql("UPDATE jobs SET status = 'FAILURE', error = '{\"code\": \"worker_lost\"}'")
    assert (await service.client.delete(f"/videos/{video['id']}")).status_code == 204
    problem(await service.client.post(f"/jobs/{job_id}/retry"), 409, "input_gone")
    assert [row["can_requeue"] for row in await service.sql("SELECT can_requeue FROM ops.failures")] == [False]
    assert (await service.client.post(f"/videos/{video['id']}/undelete")).status_code == 200
    assert [row["can_requeue"] for row in await service.sql("SELECT can_requeue FROM ops.failures")] == [True]
    assert (await service.client.post(f"/jobs/{job_id}/retry")).status_code == 202
