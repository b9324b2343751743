"""Subtitles and chapters of videos that are joined, through a running service: where their parts lie, read back from
the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest

from tests.acceptance.test_chapters import chapters_of, made, variants_of, with_chapters
from tests.acceptance.test_embedded_subtitles import bare, cues_of
from tests.support import footage
from tests.support.media_files import ffmpeg
from tests.support.service import Service

Said = list[tuple[float, float, str]]


@pytest.fixture(scope="module")
def source() -> Path:
    """Its sound is that of a CD: what is whole for its samples and for cues is a very small part of a second."""
    return footage.make(audio=1, sample_rate=44_100, seconds=5, keyframe_every=25, size=(160, 90)).path


def film(source: Path, made: Path, texts: dict[str, Said], *marks: tuple[int, int, str]) -> Path:
    """The file with a track of text for each language, and chapters."""
    plain = made.with_stem(f"{made.stem}-plain")
    inputs, options = list[str](), ["-map", "0"]
    for number, (language, cues) in enumerate(texts.items()):
        lines = [
            f"{place}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n"
            for place, (start, end, text) in enumerate(cues, start=1)
        ]
        (name := made.with_suffix(f".{language}.srt")).write_text("\n".join(lines).replace(".", ","), encoding="utf-8")
        inputs += ["-i", str(name)]
        options += ["-map", str(number + 1), f"-metadata:s:s:{number}", f"language={language}"]
    codec = ["-c:s", "mov_text"] if made.suffix == ".mp4" else []
    ffmpeg("-i", str(source), *inputs, *options, "-c", "copy", *codec, str(plain))
    return with_chapters(plain, made, *marks)


async def joined_three(service: Service, source: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A talk between an intro and an outro, each with languages and chapters of its own: the edit, and the talk."""
    intro = film(
        source,
        folder / "intro.mkv",
        {"eng": [(0.5, 1.5, "Intro one"), (3, 5, "Intro two")]},
        *((0, 2000, "Opening"), (2000, 5000, "Hello")),
    )
    spoken: dict[str, Said] = {"eng": [(0.5, 2, "Talk")], "ger": [(1, 4, "Rede")]}
    talk = film(source, folder / "talk.mp4", spoken, (0, 5000, "Talk"))
    outro = film(source, folder / "outro.mkv", {"fre": [(0, 2, "Fin")]}, (1200, 5000, "Credits"))
    first, video, last = [await service.upload(path) for path in (intro, talk, outro)]
    concat = {
        "type": "concat",
        "before": [{"source": f"video:{first['id']}", "start": 1, "end": 4}],
        "after": [{"source": f"video:{last['id']}", "start": 0.6, "end": 4.6}],
        "transition": {"duration": 0.4},
    }
    return {"source": video["id"], "steps": [concat]}, video


ENGLISH = [(0.0, 0.5, "Intro one"), (2.0, 3.0, "Intro two"), (3.1, 4.6, "Talk")]
GERMAN, FRENCH = [(3.6, 6.6, "Rede")], [(7.2, 8.6, "Fin")]
CHAPTERS = [(0, 1, "Opening"), (1, 3, "Hello"), (2.6, 7.6, "Talk"), (7.8, 11.2, "Credits")]
IN_MP4 = [(0, 1, "Opening"), (1, 2.6, "Hello"), (2.6, 7.6, "Talk"), (7.6, 7.8, ""), (7.8, 11.2, "Credits")]


async def test_an_intro_a_talk_and_an_outro_keep_theirs(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """English goes on from the intro into the talk; German and French are where they are spoken; chapters follow one
    another, cross-fades and all. What is explained is what runs, and it is proven."""
    body, _ = await joined_three(shared_service, source, tmp_path)
    outputs: list[Any] = [
        {"qualities": ["source"], "preset": "ultrafast"},
        {"qualities": ["source"], "container": "mkv", "preset": "ultrafast"},
    ]
    asked = body | {"outputs": outputs}
    explained = (await shared_service.client.post("/edits?validate_only=true", json=asked)).json()
    languages = [(one["language"], len(one["cues"])) for one in explained["plan"]["subtitles"]]
    assert languages == [("en", 3), ("de", 1), ("und", 4), ("fr", 1)]
    job = await made(shared_service, "/edits", asked)
    assert [one["argv"] for one in explained["commands"]] == job["commands"]
    assert job["warnings"] == []
    for variant, result in await variants_of(shared_service, job):
        assert [one["language"] for one in variant["subtitles"]] == ["en", "de", "fr"]
        with av.open(str(result)) as opened:
            assert [stream.language for stream in opened.streams.subtitles] == ["eng", "deu", "fra"]
        assert [bare(cues_of(result, number)) for number in range(3)] == [ENGLISH, GERMAN, FRENCH], result.suffix
        assert chapters_of(result) == (IN_MP4 if result.suffix == ".mp4" else CHAPTERS)
        checks = {check["name"]: check["outcome"] for check in variant["checks"]}
        assert [checks[name] for name in ("subtitle_tracks", "subtitles", "chapters")] == ["ok"] * 3


async def test_an_edit_of_the_result_and_a_result_that_is_joined_have_them(
    shared_service: Service, source: Path, tmp_path: Path
) -> None:
    """The one is made of the originals; the other brings along what it was made with, whole tags of languages too."""
    body, video = await joined_three(shared_service, source, tmp_path)
    spoken = {"type": "subtitles", "as": "track", "language": "pt-BR", "cues": [{"start": 3, "end": 4, "text": "Fala"}]}
    steps = [*body["steps"], spoken]
    job = await made(shared_service, "/edits", body | {"steps": steps, "outputs": ["mp4"]})
    result = job["outputs"][0]["variant_id"]
    cut = {"source": result, "steps": [{"type": "trim", "start": 2.8, "end": 8}], "outputs": ["mkv"]}
    job = await made(shared_service, "/edits", cut)
    assert job["warnings"] == []
    ((variant, file),) = await variants_of(shared_service, job)
    assert [one["language"] for one in variant["subtitles"]] == ["en", "de", "fr", "pt-BR"]
    assert bare(cues_of(file, 0)) == [(0.0, 0.2, "Intro two"), (0.3, 1.8, "Talk")]
    assert chapters_of(file) == [(0, 4.8, "Talk"), (5, 5.2, "Credits")]
    joining = [{"type": "concat", "after": [{"source": f"variant:{result}", "start": 2, "end": 5}]}]
    job = await made(shared_service, "/edits", {"source": video["id"], "steps": joining, "outputs": ["mkv"]})
    assert job["warnings"] == []
    ((variant, file),) = await variants_of(shared_service, job)
    assert [one["language"] for one in variant["subtitles"]] == ["en", "de", "pt-BR"]
    assert bare(cues_of(file, 0)) == [(0.5, 2.0, "Talk"), (5.0, 6.0, "Intro two"), (6.1, 7.6, "Talk")]
    assert bare(cues_of(file, 2)) == [(6.0, 7.0, "Fala")]
    assert chapters_of(file) == [(0, 5, "Talk"), (5, 6, "Hello"), (5.6, 8, "Talk")]


async def test_a_video_without_any_has_those_of_what_is_joined(
    shared_service: Service, source: Path, tmp_path: Path
) -> None:
    """Also one that a release stored which read none; by a word, it has none."""
    bare_video = await shared_service.upload(source)
    intro = film(source, tmp_path / "intro.mkv", {"eng": [(1, 2, "Hi")]}, (0, 5000, "Intro"))
    video = await shared_service.upload(intro)
    unread = "UPDATE videos SET embedded_subtitles = NULL WHERE id = $1::uuid RETURNING 1 AS one"
    assert len(await shared_service.sql(unread, video["id"])) == 1
    body = {
        "source": bare_video["id"],
        "steps": [{"type": "concat", "before": [{"source": f"video:{video['id']}"}]}],
        "outputs": ["mkv"],
    }
    ((variant, result),) = await variants_of(shared_service, await made(shared_service, "/edits", body))
    assert [one["language"] for one in variant["subtitles"]] == ["en"]
    assert bare(cues_of(result, 0)) == [(1.0, 2.0, "Hi")]
    assert chapters_of(result) == [(0, 5, "Intro")]
    dropped = body | {"source_subtitles": "drop", "source_chapters": "drop"}
    job = await made(shared_service, "/edits", dropped)
    ((variant, result),) = await variants_of(shared_service, job)
    assert (variant["subtitles"], chapters_of(result), job["warnings"]) == ([], [], [])


async def test_what_of_theirs_cannot_be_kept_is_told(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """By the place where the request names the video; images alone want none."""
    marks = [(number * 5, number * 5 + 5, f"{number}") for number in range(600)]
    video = await shared_service.upload(with_chapters(source, tmp_path / "film.mkv", *marks))
    steps = [{"type": "concat", "after": [{"source": f"video:{video['id']}"}]}]
    body = {"source": video["id"], "steps": steps, "outputs": ["mkv"]}
    explained = (await shared_service.client.post("/edits?validate_only=true", json=body)).json()
    assert explained["warnings"] == ["left out: 100 chapters", "/steps/0/after/0: left out: 100 chapters"]
    for more in ({"outputs": ["jpg:poster"]}, {"source_chapters": "drop"}):
        answer = await shared_service.client.post("/edits?validate_only=true", json=body | more)
        assert answer.json()["warnings"] == []


async def test_no_more_text_is_held_than_an_edit_can_use(shared_service: Service, source: Path, tmp_path: Path) -> None:
    """Of eleven videos with as many cues as a video may have, the first is kept and the last is not even read."""
    talk = film(source, tmp_path / "talk.mkv", {"eng": [(1, 2, "x")]})
    videos = [await shared_service.upload(talk) for _ in range(11)]
    cues = [
        {"start_s": f"{number}/2500", "end_s": f"{number + 5}/2500", "runs": [{"text": "x"}]}
        for number in range(10_000)
    ]
    said = json.dumps({"tracks": [{"language": "en", "label": "en", "cues": cues}], "streams": [2]})
    for video in videos:
        full = "UPDATE videos SET embedded_subtitles = $2::jsonb WHERE id = $1::uuid RETURNING 1 AS one"
        assert len(await shared_service.sql(full, video["id"], said)) == 1
    bare_video = await shared_service.upload(source)
    steps = [{"type": "concat", "after": [{"source": f"video:{video['id']}"} for video in (*videos, videos[0])]}]
    body = {"source": bare_video["id"], "steps": steps, "outputs": ["mkv"]}
    explained = (await shared_service.client.post("/edits?validate_only=true", json=body)).json()
    too_many = "left out: en: all tracks have at most 10000 cues together"
    unread = "what text it has is left out: the videos before it have 100000 cues together or more"
    told = dict.fromkeys((*range(1, 10), 11), too_many) | {10: unread}
    assert sorted(explained["warnings"]) == sorted(f"/steps/0/after/{number}: {one}" for number, one in told.items())
    assert len(explained["plan"]["subtitles"][0]["cues"]) == 10_000
