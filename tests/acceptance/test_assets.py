"""Pictures that clients upload, and overlays that name them, through a running service."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import numpy.typing as npt
import pytest
import pyvips

from reelwright import fault_points
from reelwright.edits.layers import ImageLayer
from reelwright.edits.plan import ImageFacts
from reelwright.edits.pointers import Pointer
from reelwright.jobs.prepared_materials import LayerSources
from reelwright.library import deletion, uploaded_assets
from reelwright.library.embedded_subtitles import EmbeddedTexts
from reelwright.library.fetched_materials import FetchedMaterials
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.stored_on_first_use import StoredOnFirstUse
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.media_files import ffmpeg
from tests.support.processes import PATIENCE_S
from tests.support.recipes import prober
from tests.support.service import UNKNOWN, Service, problem

RED, GREEN = (220, 30, 30), (30, 200, 30)


def square(colour: tuple[int, int, int] = RED, side: int = 64) -> pyvips.Image:
    return (pyvips.Image.black(side, side, bands=3) + colour).cast("uchar").copy(interpretation="srgb")


PNG = square().pngsave_buffer()
SAVED = {
    ".png": ("image/png", PNG),
    ".jpg": ("image/jpeg", square().jpegsave_buffer()),
    ".webp": ("image/webp", square().webpsave_buffer()),
    ".gif": ("image/gif", square().gifsave_buffer()),
}


def stored(service: Service) -> set[str]:
    """Every file of an asset, and every drawn picture."""
    root = service.settings.media_path
    return {
        path.relative_to(root).as_posix()
        for folder in ("assets", "pictures")
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


async def post(service: Service, content: bytes, name: str = "badge.png") -> httpx.Response:
    return await service.client.post("/assets", files={"file": (name, content, "application/x-lie")})


async def uploaded(service: Service, content: bytes = PNG, name: str = "badge.png") -> dict[str, Any]:
    response = await post(service, content, name)
    assert response.status_code == 201, response.text
    asset: dict[str, Any] = response.json()
    return asset


async def overlay(service: Service, video: dict[str, Any], reference: str) -> httpx.Response:
    layer = {"type": "image", "image_path": reference, "x": 40, "y": 40}
    return await service.client.post("/overlays", json={"video_id": video["id"], "overlays": [layer]})


def first_frame(path: Path) -> npt.NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8, copy=False)


async def shows(service: Service, job_id: str, colour: tuple[int, int, int], *, y: int = 72, x: int = 72) -> None:
    """The job's result has the colour at the point, and the video's gray beside it."""
    await service.until(job_id, "SUCCESS")
    picture = first_frame(await service.result(job_id)).astype(int)
    assert np.abs(picture[y, x] - colour).max() < 24, picture[y, x]
    assert np.abs(picture[180, 320] - 128).max() < 8


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of even gray, in five frames."""
    path = tmp_path_factory.mktemp("gray") / "gray.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:size=640x360:rate=5:duration=1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)),
    )
    return path


@pytest.mark.parametrize("extension", SAVED)
async def test_an_upload_is_known_by_its_content(shared_service: Service, extension: str) -> None:
    """PNG, JPEG, WebP and GIF, whatever name and type are claimed; stored and given back as they came."""
    content_type, content = SAVED[extension]
    response = await post(shared_service, content, "../../evil\u202egnp.html")
    asset = response.json()
    assert (response.status_code, response.headers["location"]) == (201, f"/assets/{asset['id']}")
    known = {
        "id": asset["id"],
        "name": "evilgnp.html",
        "url": f"/assets/{asset['id']}/download",
        "kind": "image",
        "content_type": content_type,
        "width": 64,
        "height": 64,
        "duration_s": None,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "created_at": asset["created_at"],
        "kept_until": None,
    }
    assert asset == known
    client = shared_service.client
    assert (await client.get(response.headers["location"])).json() == known
    assert (shared_service.settings.media_path / f"assets/{asset['id']}/source{extension}").read_bytes() == content

    download = await client.get(f"/assets/{asset['id']}/download")
    assert download.content == content
    assert download.headers["content-type"] == content_type
    assert download.headers["etag"] == f'"{asset["sha256"]}"'
    assert download.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in download.headers["content-security-policy"]
    part = await client.get(f"/assets/{asset['id']}/download", headers={"range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, content[2:10])
    same = await client.head(f"/assets/{asset['id']}/download", headers={"if-none-match": download.headers["etag"]})
    assert same.status_code == 304


async def test_sides_are_those_that_are_shown(shared_service: Service) -> None:
    """A photo that lies on its side in the file stands upright."""
    lying = square().crop(0, 0, 64, 32).copy()
    lying.set_type(pyvips.GValue.gint_type, "orientation", 6)
    asset = await uploaded(shared_service, lying.jpegsave_buffer())
    assert (asset["width"], asset["height"]) == (32, 64)


@pytest.fixture
async def nothing_left(shared_service: Service) -> AsyncIterator[None]:
    """Whatever the test does leaves no file, no folder and no row behind."""

    async def now() -> object:
        folders = {path.name for path in (shared_service.settings.media_path / "assets").iterdir()}
        return stored(shared_service), folders, (await shared_service.client.get("/assets")).json()["total"]

    before = await now()
    yield
    assert await now() == before


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "unreadable_media"),
        (b"hello " * 1000, 415, "unsupported_media"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>', 415, "unsupported_media"),
        (square().tiffsave_buffer(), 415, "unsupported_media"),
        (PNG[:-40], 422, "unreadable_media"),
        (SAVED[".jpg"][1][:-300], 422, "unreadable_media"),
        (b"RIFF\0\0\0\0WEBPVP8 ", 422, "unreadable_media"),
        (pyvips.Image.black(8192, 4321).pngsave_buffer(), 422, "too_many_pixels"),
    ],
    ids=["empty", "text", "svg", "tiff", "cut png", "cut jpeg", "broken webp", "huge"],
)
async def test_other_files_are_refused(shared_service: Service, content: bytes, status: int, code: str) -> None:
    """With the reason, and nothing of them stays."""
    problem(await post(shared_service, content), status, code)


@pytest.mark.usefixtures("nothing_left")
async def test_what_is_no_upload_is_refused(shared_service: Service) -> None:
    """Not multipart, another field, a second file after the first, a body that ends early."""
    client = shared_service.client
    problem(await client.post("/assets", content=PNG, headers={"content-type": "image/png"}), 415, "unsupported_media")
    problem(await client.post("/assets", files={"picture": ("a.png", PNG)}), 422, "invalid_input")
    twice = [("file", ("a.png", PNG)), ("file", ("b.png", PNG))]
    problem(await client.post("/assets", files=twice), 422, "invalid_input")
    cut = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
    headers = {"content-type": "multipart/form-data; boundary=x"}
    problem(await client.post("/assets", content=cut, headers=headers), 400, "malformed")


@pytest.mark.api(MAX_ASSET_BYTES=str(len(PNG)))
async def test_assets_have_a_size_limit_of_their_own(service: Service, clip: Path) -> None:
    """MAX_ASSET_BYTES; videos may be larger."""
    await uploaded(service, PNG)
    problem(await post(service, PNG + b"\0"), 413, "too_large")

    async def without_length() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(100):
            yield PNG

    headers = {"content-type": "multipart/form-data; boundary=x"}
    problem(await service.client.post("/assets", content=without_length(), headers=headers), 413, "too_large")
    assert len(stored(service)) == 1
    await service.upload(clip)


async def test_the_list_has_pages(service: Service) -> None:
    """Newest first; page, page_size, order and total; wrong parameters are all named."""
    made = [await uploaded(service, PNG, f"{number}.png") for number in (3, 1, 2, 5, 4)]
    page = (await service.client.get("/assets", params={"page": 2, "page_size": 2})).json()
    assert (page["total"], page["page"], page["page_size"]) == (5, 2, 2)
    assert page["items"] == made[::-1][2:4]
    by_name = (await service.client.get("/assets", params={"order": "-name"})).json()["items"]
    assert [asset["name"] for asset in by_name] == [f"{number}.png" for number in (5, 4, 3, 2, 1)]
    answer = await service.client.get("/assets", params={"page": 0, "page_size": 201, "order": "kind"})
    document: Any = problem(answer, 422, "invalid_input")
    assert {error["pointer"] for error in document["errors"]} == {"?page", "?page_size", "?order"}


@pytest.mark.parametrize("path", ["", "/download"])
@pytest.mark.parametrize("asset_id", [UNKNOWN, "not-an-id"])
async def test_what_is_not_there_is_404(shared_service: Service, asset_id: str, path: str) -> None:
    """Unknown and malformed ids alike."""
    problem(await shared_service.client.get(f"/assets/{asset_id}{path}"), 404, "not_found")
    problem(await shared_service.client.delete(f"/assets/{asset_id}"), 404, "not_found")


async def test_overlays_and_watermarks_take_assets(shared_service: Service, gray: Path) -> None:
    """As a layer, by id and by key, as a watermark, and on the second surface."""
    service, client = shared_service, shared_service.client
    video = await service.upload(gray)
    red = await uploaded(service)
    green = await uploaded(service, square(GREEN).webpsave_buffer(lossless=True))
    key = f"assets/{red['id']}/source.png"
    mark = {"video_id": video["id"], "position": "top-left", "opacity": 1.0}
    v1_layer = {"video_id": video["id"], "overlay_type": "image", "position_x": 40, "position_y": 40}
    answers = [
        await overlay(service, video, f"asset:{red['id']}"),
        await overlay(service, video, key),
        await overlay(service, video, f"/data/{key}"),
        await client.post("/watermark", json={**mark, "margin": 40, "image_path": f"asset:{red['id']}"}),
        await client.post("/api/v1/overlay", json={**v1_layer, "content": f"asset:{red['id']}"}),
    ]
    corner = await client.post("/api/v1/watermark", json={**mark, "watermark_path": f"asset:{green['id']}"})
    both = {
        "video_id": video["id"],
        "overlays": [{"type": "image", "image_path": f"asset:{red['id']}", "x": 40, "y": 40}],
        "watermark": {"image_path": f"asset:{green['id']}", "opacity": 1.0},
    }
    two = await client.post("/overlays", json=both)
    for answer in answers:
        assert answer.is_success, answer.text
        await shows(service, answer.json()["job_id"], RED)
    await shows(service, corner.json()["job_id"], GREEN, y=30, x=30)
    await shows(service, two.json()["job_id"], RED)
    await shows(service, two.json()["job_id"], GREEN, y=300, x=600)


async def test_pictures_that_are_not_there_are_named(shared_service: Service, gray: Path) -> None:
    """422 at the field on the first surface, 404 on the second; no job either way."""
    client = shared_service.client
    video = await shared_service.upload(gray)
    gone = await uploaded(shared_service)
    assert (await client.delete(f"/assets/{gone['id']}")).status_code == 204
    assert (await overlay(shared_service, video, "logo.png")).status_code == 202
    drawn = next(path for path in stored(shared_service) if path.startswith("pictures/"))
    jobs = (await client.get("/jobs")).json()["total"]
    for reference in (
        f"asset:{UNKNOWN}",
        f"asset:{gone['id']}",
        "asset:",
        "asset:../../etc/passwd",
        f"assets/{gone['id']}/source.png",
        f"/data/assets/{gone['id']}/source.png",
        f"/data/assets/{gone['id']}/../../.reelwright",
        "/data//etc/passwd",
        "/data/",
        drawn,
        f"/data/{drawn}",
    ):
        document: Any = problem(await overlay(shared_service, video, reference), 422, "invalid_input")
        assert [error["pointer"] for error in document["errors"]] == ["/overlays/0/image_path"], reference
        mark = {"video_id": video["id"], "overlays": [], "watermark": {"image_path": reference}}
        document = problem(await client.post("/overlays", json=mark), 422, "invalid_input")
        assert [error["pointer"] for error in document["errors"]] == ["/watermark/image_path"], reference
        mark = {"video_id": video["id"], "image_path": reference}
        document = problem(await client.post("/watermark", json=mark), 422, "invalid_input")
        assert [error["pointer"] for error in document["errors"]] == ["/image_path"], reference
        v1_mark = {"video_id": video["id"], "watermark_path": reference}
        problem(await client.post("/api/v1/watermark", json=v1_mark), 404, "asset_missing")
        v1_layer = {"video_id": video["id"], "overlay_type": "image", "content": reference}
        problem(await client.post("/api/v1/overlay", json=v1_layer), 404, "asset_missing")
    assert (await client.get("/jobs")).json()["total"] == jobs


async def test_pictures_and_videos_are_not_taken_for_each_other(shared_service: Service, gray: Path) -> None:
    """The refusal says which layer to use."""
    video = await shared_service.upload(gray)
    asset = await uploaded(shared_service)
    for reference in (f"video:{video['id']}", video["stored_path"], f"/data/{video['stored_path']}"):
        document: Any = problem(await overlay(shared_service, video, reference), 422, "invalid_input")
        (error,) = document["errors"]
        assert error["pointer"] == "/overlays/0/image_path"
        assert "layer of the type `video`" in error["detail"]
    for reference in (f"asset:{asset['id']}", f"assets/{asset['id']}/source.png"):
        layer = {"type": "video", "video_path": reference}
        body = {"video_id": video["id"], "overlays": [layer]}
        document = problem(await shared_service.client.post("/overlays", json=body), 422, "invalid_input")
        (error,) = document["errors"]
        assert error["pointer"] == "/overlays/0/video_path"
        assert "layer of the type `image`" in error["detail"]


@pytest.mark.slow
async def test_a_job_does_not_need_its_asset_any_more(service: Service, gray: Path) -> None:
    """Deleted while the job waits: rows and bytes are gone at once, and the result has the picture."""
    video = await service.upload(gray)
    asset = await uploaded(service)
    job_id = (await overlay(service, video, f"asset:{asset['id']}")).json()["job_id"]
    assert (await service.client.delete(f"/assets/{asset['id']}")).status_code == 204
    assert list((service.settings.media_path / "assets").iterdir()) == []
    assert await service.sql("SELECT id FROM files WHERE asset_id IS NOT NULL") == []
    problem(await service.client.get(f"/assets/{asset['id']}/download"), 404, "not_found")
    problem(await service.client.delete(f"/assets/{asset['id']}"), 404, "not_found")
    async with service.worker():
        await shows(service, job_id, RED)


@pytest.mark.slow
async def test_an_asset_may_go_at_any_moment(shared_service: Service, gray: Path) -> None:
    """Each overlay that names it meanwhile is accepted and has the picture, or is refused at the field."""
    client = shared_service.client
    video = await shared_service.upload(gray)
    taken = []
    for round_number in range(6):
        asset = await uploaded(shared_service)

        async def removed(asset_id: str = asset["id"], after_s: float = round_number * 0.06) -> httpx.Response:
            await asyncio.sleep(after_s)
            return await client.delete(f"/assets/{asset_id}")

        *answers, deleted = await asyncio.gather(
            *(overlay(shared_service, video, f"asset:{asset['id']}") for _ in range(2)), removed()
        )
        assert deleted.status_code == 204
        for answer in answers:
            if answer.status_code == 202:
                taken.append(answer.json()["job_id"])
            else:
                document: Any = problem(answer, 422, "invalid_input")
                (error,) = document["errors"]
                assert (error["pointer"], error["detail"]) == (
                    "/overlays/0/image_path",
                    "no such asset; GET /assets lists those that there are",
                )
    for job_id in taken:
        await shows(shared_service, job_id, RED)


async def test_an_asset_that_goes_between_look_up_and_drawing_is_missing(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    """Its row was there, its file is not: no such asset. A file that is gone although its row stays is said to be."""
    storage = LocalStorage(settings.media_path, reserve_bytes=0)
    storage.prepare()

    class Late(OverlayImages):
        """Draws only after the asset's bytes went, and, for the first one, its rows before them."""

        keys: tuple[str, ...] = ()

        async def normalize(self, source: Path) -> ImageFacts:
            if not self.keys:
                self.keys = tuple(await world.do(deletion.delete_asset, made[0].id))
            source.unlink()
            return await super().normalize(source)

    async def once() -> AsyncIterator[bytes]:
        yield PNG

    overlay_images = Late(settings, storage)
    async with prober() as probing:
        made = [
            await uploaded_assets.store_asset(
                once(),
                name="a",
                storage=storage,
                overlay_images=overlay_images,
                prober=probing,
                sessions=world.sessions,
            )
            for _ in range(2)
        ]
        layers = tuple(ImageLayer(image_path=f"asset:{asset.id}") for asset in made)
        videos = StoredOnFirstUse(storage, probing, world.sessions)
        outbound = OutboundClient(OutboundRules.of(settings))
        more = storage, world.sessions, probing, overlay_images, videos, outbound
        fetched = FetchedMaterials(settings, *more)
        texts = EmbeddedTexts(probing, storage, world.sessions)
        sources = LayerSources(overlay_images, settings, storage, world.sessions, videos, fetched, texts)
        prepared = await sources.prepare(layers, [Pointer("/overlays/0"), Pointer("/overlays/1")])
    assert overlay_images.keys == (f"assets/{made[0].id}/source.png",)
    first, second = prepared.errors
    assert (first.pointer, first.code, first.detail) == (
        "/overlays/0/image_path",
        "asset_missing",
        "no such asset; GET /assets lists those that there are",
    )
    assert (second.pointer, second.code) == ("/overlays/1/image_path", "file_missing")
    await overlay_images.close()


@pytest.fixture
def upload_points() -> list[str]:
    return sorted(point for point in fault_points.POINTS if point.startswith("upload"))


@pytest.mark.slow
async def test_an_api_killed_during_an_upload_leaves_nothing(service: Service, upload_points: list[str]) -> None:
    """No row, and no file for longer than the grace time; what was answered with 201 stays."""
    for point in upload_points:
        await service.api.end()
        service.api = await service.start_api(REELWRIGHT_FAULTS=f"{point}=kill")
        with pytest.raises(httpx.TransportError):
            await post(service, PNG)
        assert await asyncio.wait_for(service.api.process.wait(), PATIENCE_S) == -signal.SIGKILL
    assert len(stored(service)) >= len(upload_points)
    service.api = await service.start_api()
    assert (await service.client.get("/assets")).json()["total"] == 0
    kept = await uploaded(service)
    async with service.worker(ORPHAN_GRACE_S="1"), asyncio.timeout(PATIENCE_S):
        while stored(service) != {f"assets/{kept['id']}/source.png"}:
            await asyncio.sleep(0.1)
    assert (await service.client.get(f"/assets/{kept['id']}/download")).content == PNG


@pytest.mark.api(REELWRIGHT_FAULTS="upload inserted, not committed=fail")
async def test_an_upload_that_cannot_be_recorded_leaves_nothing(service: Service) -> None:
    """The file goes when its rows do not come."""
    assert (await post(service, PNG)).status_code == 500
    assert stored(service) == set()
    assert (await service.client.get("/assets")).json()["total"] == 0
