"""Every answer that names a file has the file's address, and every path that is answered leads to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import needs
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, free_port


@pytest.fixture(scope="module")
async def made(shared_service: Service, clip: Path) -> dict[str, Any]:
    """A job with two renditions, a poster and playlists."""
    video = await shared_service.upload(clip)
    body = {"qualities": ["240p", "source"], "preset": "ultrafast", "poster": {}, "hls": True}
    answer = await shared_service.client.post(f"/transcode/{video['id']}", json=body)
    return await shared_service.until(answer.json()["job_id"], "SUCCESS")


async def test_an_upload_says_where_it_is(shared_service: Service, clip: Path) -> None:
    """Location is the video, `url` its bytes, in the list as well."""
    client = shared_service.client
    with clip.open("rb") as file:
        answer = await client.post("/videos/upload", files={"file": ("a.mp4", file)})
    video = answer.json()
    assert (await client.get(answer.headers["location"])).json() == video
    assert (await client.get(video["url"])).content == clip.read_bytes()
    assert (await client.get("/videos")).json()["items"][0]["url"] == video["url"]
    assert (await client.get(f"/{video['stored_path']}")).content == clip.read_bytes()


async def test_a_poster_is_found_by_one_request(shared_service: Service, made: dict[str, Any]) -> None:
    """The job names each file of each output with its address, until that is deleted."""
    assert (await shared_service.client.head(made["result_url"])).status_code == 200
    files = {file["role"]: file for output in made["outputs"] for file in output["files"]}
    poster = await shared_service.client.get(files["poster"]["url"])
    assert poster.content[:2] == b"\xff\xd8"
    assert len(poster.content) == files["poster"]["size_bytes"]
    for output in made["outputs"]:
        assert (await shared_service.client.head(output["url"])).status_code == 200
        variant = (await shared_service.client.get(f"/variants/{output['variant_id']}")).json()
        assert (variant["url"], variant["files"]) == (output["url"], output["files"])
        for file in variant["files"]:
            assert (await shared_service.client.head(file["url"])).status_code == 200, file


async def test_the_paths_of_renditions_are_served(shared_service: Service, made: dict[str, Any]) -> None:
    """`stored_path` and what v1 calls `result_file_path` and `file_path`, as they stand below the root."""
    client = shared_service.client
    result = (await client.get(f"/api/v1/jobs/result/{made['job_id']}")).json()
    paths = [result["result_file_path"], *(one["file_path"] for one in result["results"])]
    assert len(set(paths)) == 2
    for path in paths:
        answer = await client.get(f"/{path}", headers={"range": "bytes=4-7"})
        assert (answer.status_code, answer.content) == (206, b"ftyp"), path
    assert (await client.get(f"/{paths[0]}x")).status_code == 404


async def test_a_list_of_jobs_is_lean(shared_service: Service, made: dict[str, Any]) -> None:
    """Plans, commands and files are left to the one job's answer; the addresses of outputs stay."""
    listed = (await shared_service.client.get("/jobs", params={"video_id": made["video_id"]})).json()["items"]
    (item,) = listed
    assert made.keys() - item.keys() == {"edit", "plan", "plan_digest", "commands", "frames"}
    assert [output["url"] for output in item["outputs"]] == [output["url"] for output in made["outputs"]]
    assert all("files" not in output for output in item["outputs"])
    assert {name: value for name, value in made.items() if name in item and name != "outputs"} == {
        name: value for name, value in item.items() if name != "outputs"
    }


SIZE = "const v = document.querySelector('video'); return v && v.readyState > 1 && v.videoWidth"
"""In a page that shows a video: how wide its picture is, once there is one."""


async def test_caches_may_keep_files_and_no_refusals(shared_service: Service, made: dict[str, Any]) -> None:
    """Files never change under their addresses; what is not there may come."""
    for url in (made["result_url"], made["outputs"][0]["url"], f"/videos/{made['video_id']}/download"):
        answer = await shared_service.client.head(url)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await shared_service.client.get(url, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, answer.headers["cache-control"])
    assert (await shared_service.client.get("/uploads/none")).headers["cache-control"] == "no-store"
    beyond = await shared_service.client.get(made["outputs"][0]["url"], headers={"range": "bytes=999999999-"})
    assert (beyond.status_code, beyond.headers["cache-control"]) == (416, "no-store")


@pytest.mark.needs("chromium", "chromedriver")
@pytest.mark.slow
async def test_a_video_plays_in_a_tab_of_its_own(shared_service: Service, made: dict[str, Any], tmp_path: Path) -> None:
    """Upload, result and rendition, each opened by its address: the browser's own player has pictures, and nothing in
    the page can run."""
    video = (await shared_service.client.get(f"/videos/{made['video_id']}")).json()
    urls = [video["url"], made["outputs"][0]["url"], f"/{video['stored_path']}"]
    async with driven(tmp_path) as driver:
        for url in urls:
            await driver.post("/url", json={"url": shared_service.url + url})
            shown = await seen(driver, SIZE)
            assert shown > 0, url
        files = [file for output in made["outputs"] for file in output["files"]]
        poster = next(file for file in files if file["role"] == "poster")
        await driver.post("/url", json={"url": shared_service.url + poster["url"]})
        assert await seen(driver, "return document.images[0].naturalWidth")


@asynccontextmanager
async def driven(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, by its WebDriver session."""
    port = free_port()
    driver = await asyncio.create_subprocess_exec(
        *(needs.program("chromedriver"), f"--port={port}"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    wanted = {"alwaysMatch": {"goog:chromeOptions": {"binary": needs.program("chromium"), "args": options}}}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        answer = await client.post("/session", json={"capabilities": wanted})
                        break
                    except httpx.ConnectError:
                        await asyncio.sleep(0.1)
            session = answer.json()["value"]["sessionId"]
            client.base_url = httpx.URL(f"http://127.0.0.1:{port}/session/{session}")
            yield client
            (await client.delete(f"http://127.0.0.1:{port}/session/{session}")).raise_for_status()  # the browser ends
    finally:
        driver.terminate()
        await driver.wait()


async def seen(driver: httpx.AsyncClient, script: str) -> int:
    """What the script finds, once it finds something."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await driver.post("/execute/sync", json={"script": script, "args": []})
            if isinstance(found := answer.json()["value"], int) and found:
                return found
            await asyncio.sleep(0.1)
