"""The same bytes once: equal uploads of a project lie on the disk once, and nobody loses a byte of them."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import httpx

from reelwright.settings import Settings
from tests.acceptance.test_keys import bearer, guarded, made
from tests.acceptance.test_limits import upload
from tests.support.service import Service


def files(service: Service) -> set[int]:
    """What lies on the disk, under how many names it may be."""
    return {(service.settings.media_path / path).stat().st_ino for path in service.stored()}


async def test_equal_uploads_share_their_bytes_which_go_with_the_last(
    service: Service, clip: Path, tmp_path: Path
) -> None:
    """Also those that come at the same time; each is a video of its own, with all that is known of it. Assets share
    with assets. Operators see the bytes once."""
    content = clip.read_bytes()
    answers = await asyncio.gather(*(upload(service.client, content) for _ in range(4)))
    videos = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({video["id"] for video in videos}) == 4
    assert len(files(service)) == 1
    assert service.stored() == {f"uploads/{video['id']}/source.mp4" for video in videos}
    apart = ("id", "stored_path", "url", "download_url", "upload_time", "variants_url")
    same = [{name: value for name, value in video.items() if name not in apart} for video in videos]
    assert same == [same[0]] * 4
    words = b"1\n00:00:00,000 --> 00:00:01,000\nwords\n"
    assets = [(await service.client.post("/assets", files={"file": ("a.srt", words)})).json() for _ in range(2)]
    total = (await service.sql("SELECT stored_bytes FROM ops.projects"))[0]["stored_bytes"]
    assert total == len(content) + len(words)
    assert (await service.client.get("/metrics")).text.count("reelwright_uploads_stored_already_total 4.0") == 1
    said = await service.command("backup", str(tmp_path / "backup"))
    assert said.status == 0, said
    copies = [path for path in (tmp_path / "backup").rglob("source.*") if path.is_file()]
    assert (len(copies), len({path.stat().st_ino for path in copies})) == (6, 2), said

    job_id = await service.trim(videos[1]["id"], 0, 1)
    for video in (videos[0], videos[2], videos[3]):
        assert (await service.client.delete(f"/videos/{video['id']}")).status_code == 204
        assert len(files(service)) == 1
    assert (await service.client.get(f"/videos/{videos[1]['id']}/download")).content == content
    assert (await service.client.get(videos[1]["url"])).content == content
    async with service.worker():
        assert (await service.until(job_id))["status"] == "SUCCESS"
    for path in (f"/videos/{videos[1]['id']}", *(f"/assets/{asset['id']}" for asset in assets)):
        assert (await service.client.delete(path)).status_code == 204
    assert not service.stored()
    assert (await service.sql("SELECT stored_bytes FROM project_bytes"))[0]["stored_bytes"] == 0
    assert not [path for path in (service.settings.media_path / "assets").rglob("*") if path.is_file()]


async def test_bytes_that_are_gone_or_damaged_are_stored_anew(service: Service, clip: Path) -> None:
    video = await service.upload(clip)
    (service.settings.media_path / video["stored_path"]).write_bytes(b"cut")
    whole = await service.upload(clip)
    assert len(files(service)) == 2
    assert (await service.client.get(f"/videos/{whole['id']}/download")).content == clip.read_bytes()


async def test_who_uploads_while_another_deletes_keeps_every_byte(service: Service, clip: Path) -> None:
    """Whatever is there in the end is whole, is counted once, and nothing else lies on the disk."""
    content, wanted = clip.read_bytes(), hashlib.sha256(clip.read_bytes()).hexdigest()
    living: set[str] = set()

    async def come() -> None:
        answer = await upload(service.client, content)
        assert answer.status_code == 201, answer.text
        living.add(answer.json()["id"])

    async def go() -> None:
        if living:
            gone = living.pop()
            assert (await service.client.delete(f"/videos/{gone}")).status_code == 204

    for _ in range(8):
        await asyncio.gather(*(step() for step in (come, go, come, go, go)))
    for video_id in living:
        got = await service.client.get(f"/videos/{video_id}/download")
        assert hashlib.sha256(got.content).hexdigest() == wanted
    assert service.stored() == {row["key"] for row in await service.sql("SELECT key FROM files")}
    counted = await service.sql("SELECT stored_bytes, recount_stored_bytes(project_id) AS anew FROM project_bytes")
    assert counted[0]["stored_bytes"] == counted[0]["anew"] == len(files(service)) * len(content)


async def test_bytes_are_never_shared_across_projects(settings: Settings, tmp_path: Path, clip: Path) -> None:
    async with guarded(settings, tmp_path) as service:
        for name in ("ours", "theirs"):
            key = await made(service, name, project=name)
            async with httpx.AsyncClient(base_url=service.url, trust_env=False, headers=bearer(key)) as client:
                assert (await upload(client, clip.read_bytes())).status_code == 201
        assert len(files(service)) == 2
