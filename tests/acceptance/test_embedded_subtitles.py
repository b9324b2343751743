"""Tracks of text that an uploaded file has of its own, through a running service: kept by every route and into every
container, at their times; left out where they are not wanted, or cannot be kept, which is told."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support import footage, frame_judge
from tests.support.media_files import ffmpeg
from tests.support.service import Service

SRT = """1
00:00:00,500 --> 00:00:01,500
<i>One</i> & <b>two</b>

2
00:00:02,000 --> 00:00:03,000
{\\an8}<script>x</script>

3
00:00:04,000 --> 00:20:00,000
Last
"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment
Style: Default,Arial,16,&Hffffff,0,0,2
Style: Sign,Arial,16,&Hffffff,-1,0,8

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\pos(9,9)\\i1}Eins{\\i0}, zwei\\Ndrei
Dialogue: 1,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\pos(9,9)\\i1}Eins{\\i0}, zwei\\Ndrei
Dialogue: 0,0:00:02.50,0:00:04.00,Sign,,0,0,0,,Schild{\\p1}m 0 0 l 9 9{\\p0}
"""
VTT = "WEBVTT\n\n00:02.200 --> 00:02.800 line:0 align:left\n<b>Un</b> &lt;b&gt;\n"
NAMED = [("en", "English", True, False), ("de", "de", False, False), ("fr", "Forcé", False, True)]


@pytest.fixture(scope="module")
def source() -> footage.Footage:
    """Five seconds whose every frame tells its number, one second a group."""
    return footage.make(audio=1, seconds=5, keyframe_every=25)


def with_text(source: Path, made: Path, *codec: str) -> Path:
    """The file with three tracks of text."""
    for name, text in (("en.srt", SRT), ("de.ass", ASS), ("fr.vtt", VTT)):
        made.with_name(name).write_text(text, encoding="utf-8")
    inputs = [part for name in ("en.srt", "de.ass", "fr.vtt") for part in ("-i", str(made.with_name(name)))]
    ffmpeg(
        *("-i", str(source), *inputs, "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c", "copy", *codec),
        *("-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=English", "-metadata:s:s:1", "language=ger"),
        *("-metadata:s:s:2", "language=fre", "-metadata:s:s:2", "title=Forcé"),
        *("-disposition:s:0", "default", "-disposition:s:1", "0", "-disposition:s:2", "forced", str(made)),
    )
    return made


@pytest.fixture(scope="module")
def film(source: footage.Footage, folder: Path) -> Path:
    """Matroska with SubRip, ASS and WebVTT."""
    return with_text(source.path, folder / "film.mkv")


def cues_of(path: Path, number: int) -> Iterator[tuple[float, float, str]]:
    """Start, end and bare text of what a track of text shows."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[number]
        for packet in container.demux(stream):
            data = bytes(packet)
            if stream.codec_context.name == "mov_text":
                data = data[2 : 2 + int.from_bytes(data[:2])]
            if packet.pts is None or packet.duration is None or not data:
                continue
            start = packet.pts * packet.time_base
            yield round(float(start), 3), round(float(start + packet.duration * packet.time_base), 3), data.decode()


def bare(cues: Iterator[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Without tags, escapes, and what keeps text from being one."""
    tags = ("<i>", "</i>", "<b>", "</b>", "{\\an8}", "\u2060")
    found = []
    for start, end, text in cues:
        for tag in tags:
            text = text.replace(tag, "")
        found.append((start, end, text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")))
    return found


async def made(service: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await service.client.post(path, json=body)
    assert answer.status_code == 202, answer.text
    return await service.until(answer.json()["job_id"], "SUCCESS")


async def variants_of(service: Service, job: dict[str, Any]) -> list[dict[str, Any]]:
    found = [(await service.client.get(f"/variants/{one['variant_id']}")).json() for one in job["outputs"]]
    return [variant for variant in found if variant["width"]]


async def test_every_container_and_stream_has_them(shared_service: Service, film: Path) -> None:
    """In MP4, Matroska, WebM, HLS and DASH, through a cut and another speed: re-timed, with languages and names; what
    is explained is what runs."""
    client = shared_service.client
    video = await shared_service.upload(film)
    steps = [{"type": "cut", "intervals": [{"start": 1, "end": 2}]}, {"type": "speed", "factor": 2}]
    outputs = [
        {"qualities": ["source"], "preset": "ultrafast", "hls": True, "dash": True, "segment_s": 2},
        {"qualities": ["source"], "container": "mkv", "preset": "ultrafast"},
        {"qualities": ["source"], "codec": "vp9", "container": "webm", "preset": "ultrafast"},
    ]
    body = {"source": video["id"], "steps": steps, "outputs": outputs, "reuse": False}
    explained = (await client.post("/edits?validate_only=true", json=body)).json()
    assert [track["language"] for track in explained["plan"]["subtitles"]] == ["en", "de", "fr"]
    job = await made(shared_service, "/edits", body)
    assert [one["argv"] for one in explained["commands"]] == job["commands"]
    assert job["warnings"] == []
    english = [(0.25, 0.5, "One & two"), (0.5, 1.0, "<script>x</script>"), (1.5, 2.0, "Last")]
    german = [(0.5, 1.0, "Eins, zwei\ndrei"), (0.75, 1.5, "Schild")]
    at_once = [(0.5, 0.75, "Eins, zwei\ndrei"), (0.75, 1.0, "Eins, zwei\ndrei\nSchild"), (1.0, 1.5, "Schild")]
    variants = await variants_of(shared_service, job)
    assert {Path(variant["stored_path"]).suffix for variant in variants} == {".mp4", ".mkv", ".webm"}
    for variant in variants:
        told = [(one["language"], one["label"], one["default"], one["forced"]) for one in variant["subtitles"]]
        assert told == NAMED
        path = shared_service.settings.media_path / variant["stored_path"]
        assert bare(cues_of(path, 0)) == english
        assert bare(cues_of(path, 1)) == (at_once if path.suffix == ".mp4" else german)
        assert bare(cues_of(path, 2)) == [(0.6, 0.9, "Un <b>")]
    (streamed,) = [one for one in variants if one["id"] == job["output_variant_id"]]
    text = (await client.get(streamed["subtitles"][1]["url"])).text
    assert "00:00:00.500 --> 00:00:01.000\n<i>Eins</i>, zwei\ndrei" in text
    assert "00:00:00.750 --> 00:00:01.500 line:0\n<b>Schild</b>" in text
    master = (await client.get(f"/variants/{streamed['id']}/files/master.m3u8")).text
    assert 'NAME="Forcé",LANGUAGE="fr",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES' in master
    manifest = (await client.get(f"/variants/{streamed['id']}/files/manifest.mpd")).text
    assert 'lang="de"' in manifest


async def test_a_video_lists_its_own(shared_service: Service, film: Path) -> None:
    """With language, codec and title, as its sound; and whether edits keep them."""
    video = await shared_service.upload(film)
    told = (await shared_service.client.get(f"/videos/{video['id']}")).json()["media_info"]["other"]
    names = ("kind", "codec", "language", "title", "default", "forced", "kept")
    assert [tuple(track[name] for name in names) for track in told] == [
        ("subtitle", "subrip", "eng", "English", True, False, True),
        ("subtitle", "ass", "ger", None, False, False, True),
        ("subtitle", "webvtt", "fre", "Forcé", False, True, True),
    ]


@pytest.mark.parametrize("container", ["mkv", "mp4"])
async def test_every_route_keeps_them(
    container: str, shared_service: Service, source: footage.Footage, tmp_path: Path
) -> None:
    """A trim, a copied cut, an overlay, a transcode that copies; from Matroska and from MP4, whose text is another: of
    it what is read once is what is read of Matroska, so that only copies are made of both."""
    codec = ("-c:s", "mov_text") if container == "mp4" else ()
    video = await shared_service.upload(with_text(source.path, tmp_path / f"film.{container}", *codec))
    cut = {"video_id": video["id"], "start": 1.2, "end": 4.4}
    text = {"type": "text", "text": "x", "start": 1, "end": 1.2}
    said = "x" if container == "mp4" else "<script>x</script>"  # ffmpeg takes it for a tag
    shortened = [(0.0, 0.3, "One & two"), (0.8, 1.8, said), (2.8, 3.2, "Last")]
    whole = [(0.5, 1.5, "One & two"), (2.0, 3.0, said), (4.0, 5.0, "Last")]
    transcode, coded = f"/transcode/{video['id']}", {"qualities": ["source"], "preset": "ultrafast"}
    copies: list[tuple[str, dict[str, Any], list[tuple[float, float, str]]]] = [
        ("/trim", cut | {"mode": "smart"}, shortened),
        ("/overlays", {"video_id": video["id"], "overlays": [text], "reencode": "touched"}, whole),
        (transcode, {"qualities": ["source"], "copy_conforming": True}, whole),
    ]
    others: list[tuple[str, dict[str, Any], list[tuple[float, float, str]]]] = [
        ("/trim", cut | {"preset": "ultrafast"}, shortened),
        ("/overlays", {"video_id": video["id"], "overlays": [text], "preset": "ultrafast"}, whole),
        (transcode, coded | {"hls": True, "dash": True}, whole),
        (transcode, coded | {"container": "mkv"}, whole),
    ]
    for path, body, wanted in copies + others[: 1 if container == "mp4" else None]:
        job = await made(shared_service, path, body | {"reuse": False})
        assert job["warnings"] == [], (path, body)
        if "mode" in body or "reencode" in body:
            assert job["frames"]["copied"] > job["frames"]["encoded"]
        (variant,) = await variants_of(shared_service, job)
        assert [(one["language"], one["forced"]) for one in variant["subtitles"]] == [
            ("en", False),
            ("de", False),
            ("fr", True),
        ]
        result = shared_service.settings.media_path / variant["stored_path"]
        assert bare(cues_of(result, 0)) == wanted, (path, body)
        with av.open(str(result)) as opened:
            assert [stream.language for stream in opened.streams.subtitles] == ["eng", "deu", "fra"]
        if path == "/trim":
            frame_judge.judge_cut(source, result, Fraction("1.2"), Fraction("4.4"))
            frame_judge.judge_sync(source, result, Fraction("1.2"), Fraction("4.4"), within_s=0.025)
        checks = {check["name"]: check["outcome"] for check in variant["checks"]}
        assert (checks["subtitle_tracks"], checks["subtitles"]) == ("ok", "ok")


async def test_a_copied_cut_moves_them_to_where_it_begins(shared_service: Service, film: Path) -> None:
    """Which is a key frame: what is shown from there on is shown in the result."""
    video = await shared_service.upload(film)
    job = await made(shared_service, "/trim", {"video_id": video["id"], "start": 2.4, "end": 4.4, "mode": "copy"})
    assert "the copy begins" in job["warnings"][0]
    first = Fraction(job["plan"]["steps"][0]["start_s"])
    (variant,) = await variants_of(shared_service, job)
    result = shared_service.settings.media_path / variant["stored_path"]
    (script, last) = bare(cues_of(result, 0))
    assert first == 2
    assert (script[:2], last[0]) == ((0.0, 1.0), 2.0)


async def test_an_edit_of_a_result_has_them_once(shared_service: Service, film: Path) -> None:
    """It is made of the original, whose text was kept already."""
    video = await shared_service.upload(film)
    first = await made(shared_service, "/trim", {"video_id": video["id"], "start": 0.5, "end": 4.5})
    body = {
        "source": first["output_variant_id"],
        "steps": [{"type": "trim", "start": 1, "end": 3}],
        "outputs": ["mp4"],
    }
    job = await made(shared_service, "/edits", body)
    assert job["warnings"] == []
    (variant,) = await variants_of(shared_service, job)
    assert [one["cues"] for one in variant["subtitles"]] == [1, 2, 1]
    result = shared_service.settings.media_path / variant["stored_path"]
    assert bare(cues_of(result, 0)) == [(0.5, 1.5, "<script>x</script>")]
    dropped = await made(shared_service, "/edits", body | {"source_subtitles": "drop"})
    (variant,) = await variants_of(shared_service, dropped)
    assert variant["subtitles"] == []


async def test_what_is_joined_before_moves_them(shared_service: Service, film: Path, source: footage.Footage) -> None:
    """By how long it is; an overlay behind that leaves them."""
    video, other = await shared_service.upload(film), await shared_service.upload(source.path)
    steps = [
        {"type": "concat", "before": [{"source": f"video:{other['id']}", "start": 1, "end": 3}]},
        {"type": "overlay", "layers": [{"type": "text", "text": "x"}]},
    ]
    job = await made(shared_service, "/edits", {"source": video["id"], "steps": steps})
    (variant,) = await variants_of(shared_service, job)
    result = shared_service.settings.media_path / variant["stored_path"]
    assert [(start, end) for start, end, _ in cues_of(result, 0)] == [(2.5, 3.5), (4.0, 5.0), (6.0, 7.0)]


async def test_they_are_left_out_where_nobody_wants_them(shared_service: Service, film: Path) -> None:
    """By a word, and without a warning. Images alone have none; sound alone has their files."""
    video = await shared_service.upload(film)
    body = {"video_id": video["id"], "start": 1, "end": 2, "source_subtitles": "drop"}
    job = await made(shared_service, "/trim", body)
    (variant,) = await variants_of(shared_service, job)
    assert (job["warnings"], variant["subtitles"], job["plan"]["version"]) == ([], [], 1)
    alone = await made(shared_service, "/edits", {"source": video["id"], "outputs": ["jpg:poster"]})
    assert alone["warnings"] == []
    refused = await shared_service.client.post("/trim", json=body | {"source_subtitles": "burn"})
    assert refused.json()["errors"][0]["pointer"] == "/source_subtitles"


async def test_a_video_of_an_older_release_is_read_at_its_first_edit(shared_service: Service, film: Path) -> None:
    """Its row says nothing of its text."""
    video = await shared_service.upload(film)
    (row,) = await shared_service.sql(
        "UPDATE videos SET embedded_subtitles = NULL WHERE id = $1::uuid RETURNING 1 AS one", video["id"]
    )
    assert row["one"] == 1
    job = await made(shared_service, "/trim", {"video_id": video["id"], "start": 1, "end": 2, "reuse": False})
    (variant,) = await variants_of(shared_service, job)
    assert [one["language"] for one in variant["subtitles"]] == ["en", "de", "fr"][: len(variant["subtitles"])]
    (row,) = await shared_service.sql(
        "SELECT jsonb_array_length(embedded_subtitles -> 'tracks') AS tracks FROM videos WHERE id = $1::uuid",
        video["id"],
    )
    assert row["tracks"] == 3


async def test_the_second_surface_is_as_it_was(shared_service: Service, film: Path) -> None:
    """It keeps none."""
    video = await shared_service.upload(film)
    answer = await shared_service.client.post(
        "/api/v1/trim", json={"video_id": video["id"], "start_time": 1, "end_time": 2}
    )
    assert answer.status_code in (200, 202), answer.text
    plan = (await shared_service.client.get(f"/jobs/{answer.json()['job_id']}")).json()["plan"]
    assert "subtitles" not in plan


async def test_subtitles_that_are_pictures_are_told(
    shared_service: Service, source: footage.Footage, tmp_path: Path
) -> None:
    """Those of a disc cannot be kept; the text beside them is."""

    def segment(at_s: int, kind: int, body: bytes) -> bytes:
        return b"PG" + (90_000 * at_s).to_bytes(4) + bytes(4) + bytes([kind]) + len(body).to_bytes(2) + body

    screen = (1920).to_bytes(2) + (1080).to_bytes(2) + bytes([16, 0, 0, 128, 0, 0, 0])  # with nothing on it
    shown = b"".join(segment(at, 0x16, screen) + segment(at, 0x80, b"") for at in (1, 2, 3))
    (tmp_path / "disc.sup").write_bytes(shown)
    (tmp_path / "en.srt").write_text(SRT, encoding="utf-8")
    film = tmp_path / "disc.mkv"
    inputs = ("-i", str(source.path), "-i", str(tmp_path / "disc.sup"), "-i", str(tmp_path / "en.srt"))
    ffmpeg(*inputs, "-map", "0", "-map", "1", "-map", "2", "-c", "copy", str(film))
    video = await shared_service.upload(film)
    job = await made(shared_service, "/trim", {"video_id": video["id"], "start": 1, "end": 3})
    assert job["warnings"] == [
        "left out: 1 subtitle track",
        "subtitles that are pictures (PGS) cannot be kept: upload their text as SRT or WebVTT, and name it in a step"
        " `subtitles`",
    ]
    (variant,) = await variants_of(shared_service, job)
    assert [one["cues"] for one in variant["subtitles"]] == [2]
