"""Chapters of an uploaded video, through a running service: kept by every route, at their times, in every container."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import av
import httpx
import imageio_ffmpeg
import pytest

from tests.support import footage
from tests.support.media_files import ffmpeg
from tests.support.service import Service

TITLES = ("Beginning; with = and #", "Mitte é", "End\\")


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    """Five seconds of moving picture and sound, a second a group: what it shows is no matter here."""
    picture, sound = "testsrc2=size=160x90:rate=25:duration=5", "sine=frequency=440:duration=5"
    ffmpeg(
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-g", "25"),
        *("-preset", "superfast", "-crf", "14", "-pix_fmt", "yuv420p", "-c:a", "aac", str(made := folder / "five.mp4")),
    )
    return made


def with_chapters(source: Path, made: Path, *marks: tuple[int, int, str]) -> Path:
    """The file with chapters, from and to milliseconds."""
    lines = [";FFMETADATA1"]
    for start, end, title in marks:
        escaped = re.sub(r"([=;#\\])", r"\\\1", title) + ("\u2060" if title.endswith("\\") else "")
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={escaped}"]
    (text := made.with_suffix(".ffmeta")).write_text("\n".join(lines) + "\n", encoding="utf-8")
    ffmpeg("-i", str(source), "-i", str(text), "-map", "0", "-c", "copy", "-map_chapters", "1", str(made))
    return made


def three(source: Path, made: Path) -> Path:
    return with_chapters(source, made, *zip((0, 1500, 3000), (1500, 3000, 5000), TITLES, strict=True))


def chapters_of(path: Path) -> list[tuple[float, float, str]]:
    """As ffmpeg reads them."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    said = subprocess.check_output([program, "-v", "error", "-i", path, "-f", "ffmetadata", "-"], text=True)
    found = []
    for block in said.split("[CHAPTER]")[1:]:
        fields = dict(line.split("=", 1) for line in block.strip().splitlines() if "=" in line)
        over, under = fields["TIMEBASE"].split("/")
        times = [round(int(fields[name]) * int(over) / int(under), 3) for name in ("START", "END")]
        title = re.sub(r"\\(.)", r"\1", fields.get("title", "")).rstrip("\u2060")
        found.append((times[0], times[1], title))
    return found


async def made(service: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await service.client.post(path, json={**body, "reuse": False})
    assert answer.status_code == 202, answer.text
    return await service.until(answer.json()["job_id"], "SUCCESS")


async def variants_of(service: Service, job: dict[str, Any]) -> list[tuple[dict[str, Any], Path]]:
    found = []
    for one in job["outputs"]:
        answer: httpx.Response = await service.client.get(f"/variants/{one['variant_id']}")
        variant = answer.json()
        found.append((variant, service.settings.media_path / variant["stored_path"]))
    return found


@pytest.mark.parametrize("container", ["mp4", "mkv"])
async def test_every_route_keeps_them(container: str, shared_service: Service, source: Path, tmp_path: Path) -> None:
    """A trim, cuts that copy, an overlay, a transcode that copies; what is explained is what runs. They are proven."""
    video = await shared_service.upload(three(source, tmp_path / f"film.{container}"))
    told = (await shared_service.client.get(f"/videos/{video['id']}")).json()["media_info"]
    assert [mark["title"].rstrip("\u2060") for mark in told["chapter_marks"]] == [*TITLES]
    assert (told["chapters"], told["chapter_marks"][1]["start_s"]) == (3, 1.5)
    cut = {"video_id": video["id"], "start": 1.2, "end": 4.4}
    shortened = list(zip((0, 0.3, 1.8), (0.3, 1.8, 3.2), TITLES, strict=True))
    whole = list(zip((0, 1.5, 3), (1.5, 3, 5), TITLES, strict=True))
    text = {"type": "text", "text": "x", "start": 1, "end": 1.2}
    for path, body, wanted in (
        ("/trim", cut | {"preset": "ultrafast"}, shortened),
        ("/trim", cut | {"mode": "smart"}, shortened),
        ("/overlays", {"video_id": video["id"], "overlays": [text], "preset": "ultrafast"}, whole),
        (f"/transcode/{video['id']}", {"qualities": ["source"], "copy_conforming": True}, whole),
        (f"/transcode/{video['id']}", {"qualities": ["source"], "container": "mkv", "preset": "ultrafast"}, whole),
    ):
        explained = (await shared_service.client.post(path, json=body, params={"validate_only": "true"})).json()
        job = await made(shared_service, path, body)
        assert job["warnings"] == [], (path, body)
        assert [one["argv"] for one in explained["commands"]] == job["commands"]
        ((variant, result),) = await variants_of(shared_service, job)
        assert chapters_of(result) == wanted, (path, body)
        checks = {check["name"]: check["outcome"] for check in variant["checks"]}
        assert (checks["chapters"], "subtitle_tracks" in checks) == ("ok", False)


async def test_they_go_along_with_the_steps_of_an_edit(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """Cut, sped up, joined behind another; in each container. An edit of the result has them, too; streams none."""
    video = await shared_service.upload(three(source, tmp_path / "film.mkv"))
    other = await shared_service.upload(source)
    steps = [
        {"type": "cut", "intervals": [{"start": 1, "end": 2}]},
        {"type": "speed", "factor": 2},
        {"type": "concat", "before": [{"source": f"video:{other['id']}", "start": 1, "end": 2}]},
    ]
    outputs = [
        {"qualities": ["source"], "preset": "ultrafast"},
        {"qualities": ["source"], "container": "mkv", "preset": "ultrafast"},
        {"qualities": ["source"], "codec": "vp9", "container": "webm", "preset": "ultrafast"},
    ]
    job = await made(shared_service, "/edits", {"source": video["id"], "steps": steps, "outputs": outputs})
    moved = list(zip((1, 1.5, 2), (1.5, 2, 3), TITLES, strict=True))
    results = await variants_of(shared_service, job)
    for _, result in results:
        before = [(0, 1, "")] if result.suffix == ".mp4" else []
        assert chapters_of(result) == [*before, *moved]
    behind = {
        "source": results[1][0]["id"],
        "steps": [{"type": "trim", "start": 1.8}],
        "outputs": ["mp4:source", "hls"],
    }
    job = await made(shared_service, "/edits", behind)
    found = [chapters_of(result) for _, result in await variants_of(shared_service, job) if result.suffix == ".mp4"]
    assert [(0, 0.2, TITLES[1]), (0.2, 1.2, TITLES[2])] in found
    assert (await made(shared_service, "/edits", behind | {"source_chapters": "drop"}))["warnings"] == job["warnings"]


async def test_lists_of_videos_leave_them_out(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """They say how many there are: hundreds of titles in each of hundreds of items are megabytes."""
    video = await shared_service.upload(three(source, tmp_path / "film.mkv"))
    listed = (await shared_service.client.get("/videos")).json()["items"]
    info = next(one["media_info"] for one in listed if one["id"] == video["id"])
    assert (info["chapters"], "chapter_marks" in info) == (3, False)
    assert len(video["media_info"]["chapter_marks"]) == 3


async def test_they_are_left_out_where_nobody_wants_them(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """By a word, without a warning."""
    video = await shared_service.upload(three(source, tmp_path / "film.mp4"))
    body = {"video_id": video["id"], "start": 1, "end": 2, "source_chapters": "drop"}
    job = await made(shared_service, "/trim", body)
    ((_, result),) = await variants_of(shared_service, job)
    assert (job["warnings"], chapters_of(result), job["plan"]["version"]) == ([], [], 1)
    refused = await shared_service.client.post("/trim", json=body | {"source_chapters": "burn"})
    assert refused.json()["errors"][0]["pointer"] == "/source_chapters"


async def test_of_very_many_the_first_are_kept(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """And a warning counts them all."""
    marks = [(number * 5, number * 5 + 5, f"{number}") for number in range(600)]
    video = await shared_service.upload(with_chapters(source, tmp_path / "film.mkv", *marks))
    job = await made(shared_service, "/trim", {"video_id": video["id"], "start": 0, "end": 4, "mode": "smart"})
    ((_, result),) = await variants_of(shared_service, job)
    assert len(chapters_of(result)) == 500
    assert any("100 chapters" in warning for warning in job["warnings"])


async def test_a_file_that_begins_late_has_them_in_their_places(shared_service: Service, tmp_path: Path) -> None:
    """Matroska without sound begins with its first frame, 23 ms after the cut: that is the zero of its time line."""
    silent = footage.make(container="mkv", audio=0, frame_rate="30", seconds=5, size=(160, 90))
    video = await shared_service.upload(three(silent.path, tmp_path / "film.mkv"))
    body = {"video_id": video["id"], "start": 1.01, "end": 4, "container": "mkv"}
    job = await made(shared_service, "/trim", body)
    ((_, result),) = await variants_of(shared_service, job)
    with av.open(result) as container:
        assert container.start_time > 0
    assert chapters_of(result) == list(zip((0, 0.467, 1.967), (0.467, 1.967, 2.967), TITLES, strict=True))


async def test_two_that_a_cut_brings_together_are_one(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """The later, in Matroska as in MP4."""
    marks = (500, 2040, "A"), (2000, 5000, "B")
    video = await shared_service.upload(with_chapters(source, tmp_path / "film.mkv", *marks))
    steps = [{"type": "cut", "intervals": [{"start": 0.4, "end": 2.02}]}]
    outputs = [{"qualities": ["source"], "container": name, "preset": "ultrafast"} for name in ("mkv", "mp4")]
    job = await made(shared_service, "/edits", {"source": video["id"], "steps": steps, "outputs": outputs})
    for _, result in await variants_of(shared_service, job):
        before = [(0, 0.4, "")] if result.suffix == ".mp4" else []
        assert chapters_of(result) == [*before, (0.4, 3.38, "B")]


async def test_very_many_with_gaps_stay_whole_in_mp4_and_in_edits_of_it(
    shared_service: Service, source: Path, tmp_path: Path
) -> None:
    """Where each gap is one: they are more than are read of a file. Copied, made of the original, or of the result."""
    marks = [(number * 10 + 5, number * 10 + 10, f"{number}") for number in range(500)]
    video = await shared_service.upload(with_chapters(source, tmp_path / "film.mkv", *marks))
    levelled = {"qualities": ["source"], "preset": "ultrafast", "audio": {"loudness": -20}}
    for body in ({"qualities": ["source"], "preset": "ultrafast"}, levelled):
        job = await made(shared_service, f"/transcode/{video['id']}", body)
        ((variant, result),) = await variants_of(shared_service, job)
        assert len(chapters_of(result)) == 1000
        again = {"qualities": ["source"], "copy_conforming": True}
        cut = {"video_id": variant["id"], "start": 0, "end": 4, "container": "mkv", "preset": "ultrafast"}
        for path, edit, count in ((f"/transcode/{variant['id']}", again, 500), ("/trim", cut, 400)):
            job = await made(shared_service, path, edit)
            ((_, result),) = await variants_of(shared_service, job)
            named = [(start / 1000, end / 1000, title) for start, end, title in marks[:count]]
            assert [mark for mark in chapters_of(result) if mark[2]] == named
            assert not [warning for warning in job["warnings"] if "chapter" in warning]


async def test_streams_and_sound_alone_have_none_and_a_warning_says_so(
    shared_service: Service, source: Path, tmp_path: Path
) -> None:
    """Of an upload, and of a result of it."""
    video = await shared_service.upload(three(source, tmp_path / "film.mp4"))
    cut = await made(shared_service, "/trim", {"video_id": video["id"], "start": 1, "end": 4})
    for source_id in (video["id"], cut["outputs"][0]["variant_id"]):
        for outputs in (["m4a"], ["hls"]):
            job = await made(shared_service, "/edits", {"source": source_id, "outputs": outputs})
            told = [warning for warning in job["warnings"] if "chapter" in warning]
            assert told == ["left out: 3 chapters, which streams and sound alone do not hold"]
            assert job["plan"]["version"] < 5
