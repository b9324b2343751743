"""Assets end by themselves, as videos do, but for those that something may still read; and are announced."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.settings import Settings
from tests.acceptance.test_assets import PNG, stored
from tests.acceptance.test_retention import endings, event, rules, seconds_from_now
from tests.support.media_files import ffmpeg
from tests.support.processes import PATIENCE_S
from tests.support.remote import Remote, saying
from tests.support.service import UNKNOWN, Service, problem


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, reap_interval_s=0.5)


async def uploaded(service: Service, content: bytes = PNG, /, **fields: str) -> dict[str, Any]:
    answer = await service.client.post("/assets", data=fields, files={"file": ("badge", content)})
    assert answer.status_code == 201, answer.text
    asset: dict[str, Any] = answer.json()
    return asset


async def keep(service: Service, asset: dict[str, Any], keep_s: int | None) -> dict[str, Any]:
    answer = await service.client.patch(f"/assets/{asset['id']}", json={"keep_s": keep_s})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def test_an_upload_says_how_long_and_every_answer_until_when(service: Service) -> None:
    """Where it says nothing the project's rule does, 0 is for good; a rule moves nothing that is there."""
    client = service.client
    unruled = await uploaded(service)
    await rules(service, assets_s=7200)
    said, good, ruled = [await uploaded(service, **fields) for fields in ({"keep_s": "60"}, {"keep_s": "0"}, {})]
    assert (unruled["kept_until"], good["kept_until"]) == (None, None)
    for asset, keep_s in ((said, 60), (ruled, 7200)):
        assert keep_s - PATIENCE_S < seconds_from_now(asset["kept_until"]) <= keep_s
        assert (await client.get(f"/assets/{asset['id']}")).json() == asset
    assert (await client.get(f"/assets/{unruled['id']}")).json() == unruled
    assert (await client.patch(f"/assets/{said['id']}", json={})).json() == said
    for asked, keep_s in ((60, 60), (None, 7200)):
        changed = await keep(service, unruled, asked)
        assert keep_s - PATIENCE_S < seconds_from_now(changed["kept_until"]) <= keep_s
    assert await keep(service, unruled, 0) == unruled
    problem(await client.patch(f"/assets/{UNKNOWN}", json={"keep_s": 1}), 404, "not_found")
    for fields, wrong in (({"keep_s": "-1"}, "/keep_s"), ({"title": "mine"}, "/title")):
        answer = await client.post("/assets", data=fields, files={"file": ("badge", PNG)})
        assert problem(answer, 422, "invalid_input")["errors"][0]["pointer"] == wrong
    assert (await client.get("/limits")).json()["keep"]["assets_s"] == 7200
    told = (await service.command("retention", "rules", "default", "--keep", "assets_s=default")).output
    assert "assets_s=0  as the settings say" in told.splitlines()


async def test_what_is_kept_no_longer_goes_and_is_announced(service: Service) -> None:
    """With its bytes; the dry run has said so. What is deleted on request is announced as well."""
    first, second = await uploaded(service, keep_s="3600"), await uploaded(service)
    assert await endings(service, 3000) == []
    assert await endings(service, 4000) == [("default", "assets", 1, 0, 0, False)]  # its bytes are those of the second
    await keep(service, second, 3600)
    assert await endings(service, 4000) == [("default", "assets", 2, 0, len(PNG), False)]
    came = await event(service, "asset.created", first["id"])
    assert came == {
        "asset_id": first["id"],
        "name": "badge",
        "kind": "image",
        "content_type": "image/png",
        "size_bytes": len(PNG),
        "kept_until": came["kept_until"],
        "reason": None,
    }
    assert seconds_from_now(came["kept_until"]) == pytest.approx(seconds_from_now(first["kept_until"]), abs=0.1)
    await keep(service, first, 1)
    async with service.worker(), service.worker():
        assert (await event(service, "asset.deleted", first["id"]))["reason"] == "expired"
        problem(await service.client.get(f"/assets/{first['id']}"), 404, "not_found")
        assert (await service.client.get(second["url"])).content == PNG
        assert (await service.client.delete(f"/assets/{second['id']}")).status_code == 204
        assert (await event(service, "asset.deleted", second["id"]))["reason"] == "requested"
        async with asyncio.timeout(PATIENCE_S):
            while stored(service):
                await asyncio.sleep(0.05)
    log = (await service.client.get("/events", params={"type": "asset.deleted"})).json()["items"]
    assert len(log) == 2  # two workers, and each of them once


async def test_what_an_unfinished_job_reads_stays(service: Service, clip: Path, tmp_path: Path) -> None:
    """A sound until the job has ended, here one that nobody takes until then; a picture goes, for what the job needs of
    it was drawn."""
    tune = tmp_path / "tune.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", str(tune))
    video, sound, picture = (
        await service.upload(clip),
        await uploaded(service, tune.read_bytes()),
        await uploaded(service),
    )
    steps = [
        {"type": "audio", "replace": {"source": f"asset:{sound['id']}"}},
        {"type": "overlay", "layers": [{"type": "image", "image_path": f"asset:{picture['id']}"}]},
    ]
    accepted = await service.client.post("/edits", json={"source": video["id"], "steps": steps})
    assert accepted.status_code == 202, accepted.text
    for asset in (sound, picture):
        await keep(service, asset, 30)
    assert await endings(service, 60) == [("default", "assets", 1, 1, len(PNG), False)]
    problem(await service.client.delete(f"/assets/{sound['id']}"), 409, "in_use")
    for asset in (sound, picture):
        await keep(service, asset, 1)
    async with service.worker():
        assert (await event(service, "asset.deleted", picture["id"]))["reason"] == "expired"
        ended = await service.until(accepted.json()["job_id"], "SUCCESS", "FAILURE")
        assert ended["status"] == "SUCCESS", ended
        assert (await event(service, "asset.deleted", sound["id"]))["reason"] == "expired"


NAMED = ("asset:{id}", "asset:{capitals}", "asset:{bare}", "assets/{id}/source.png")


async def test_what_a_template_names_stays(service: Service) -> None:
    """However it is written, in whichever version of it, as what it says itself or as what a variable is by default;
    it goes when no template names it any more. Who deletes it on request may."""
    client = service.client
    *held, default, free = [await uploaded(service, keep_s="3600") for _ in range(len(NAMED) + 2)]
    references = [
        named.format(id=asset["id"], capitals=asset["id"].upper(), bare=asset["id"].replace("-", ""))
        for named, asset in zip(NAMED, held, strict=True)
    ]

    def template(image: Any, **variables: Any) -> dict[str, Any]:
        layer = {"type": "image", "image_path": image}
        return {
            "name": "branded",
            "edit": {"steps": [{"type": "overlay", "layers": [layer]}]},
            "variables": variables,
        }

    logo = {"type": "asset", "default": f"asset:{default['id']}"}
    for version in (*map(template, references), template({"$var": "logo"}, logo=logo), template("logo.png")):
        assert (await client.post("/templates", json=version)).status_code == 201
    assert await endings(service, 4000) == [("default", "assets", 1, 0, 0, False)]
    for asset in (*held, default, free):
        await keep(service, asset, 1)
    async with service.worker():
        await event(service, "asset.deleted", free["id"])
        for asset in (*held, default):  # which ended before
            assert (await client.get(f"/assets/{asset['id']}")).status_code == 200
        assert (await client.delete(f"/assets/{default['id']}")).status_code == 204
        assert (await client.delete("/templates/branded")).status_code == 204
        for asset in held:
            assert (await event(service, "asset.deleted", asset["id"]))["reason"] == "expired"


async def test_templates_of_other_projects_hold_nothing(service: Service) -> None:
    """What the id of somebody else's asset is, anybody may write down."""
    asset = await uploaded(service, keep_s="3600")
    await service.sql(
        "INSERT INTO templates (project_id, name, version, edit_json, variables_json)"
        f""" VALUES (gen_random_uuid(), 'x', 1, '{{"steps": [{{"image_path": "asset:{asset["id"]}"}}]}}', '{{}}')"""
    )
    assert await endings(service, 4000) == [("default", "assets", 1, 0, len(PNG), False)]


async def test_what_came_with_an_edit_is_kept_as_the_rule_says(service: Service, clip: Path) -> None:
    """A picture that the edit names by its address is an asset from then on."""
    await rules(service, assets_s=7200)
    video = await service.upload(clip)
    async with Remote(saying(200, PNG)).running() as remote:
        layer = {"type": "image", "image_path": remote.url("/badge.png")}
        accepted = await service.client.post("/overlays", json={"video_id": video["id"], "overlays": [layer]})
        assert accepted.status_code == 202, accepted.text
    (asset,) = (await service.client.get("/assets")).json()["items"]
    assert 7200 - PATIENCE_S < seconds_from_now(asset["kept_until"]) <= 7200
