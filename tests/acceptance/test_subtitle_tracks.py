"""Subtitles kept as tracks, through a running service: in files of each container, in HLS and DASH, as files of their
own; moved along with what steps do to the time; shown by players at their frames."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import msgspec
import numpy as np
import pytest

from reelwright.settings import Settings
from tests.support import footage, npm
from tests.support.browser import luma, page_server, reported
from tests.support.service import Service, problem

PAGE = Path(__file__).with_name("subtitles.html")
PLAYERS = Path(__file__).parents[1] / "players"

ENGLISH = """WEBVTT

00:00.500 --> 00:01.500 line:0
<b>One</b> &amp; &lt;i&gt; {x} a\\new

00:01.400 --> 00:02.480
Two

00:03.000 --> 00:20.000 align:left
Three --&gt; four
"""
STEPS: list[dict[str, Any]] = [
    {
        "type": "subtitles", "as": "track", "language": "EN-us", "label": "English (US)", "default": True,
        "text": ENGLISH,
    },
    {
        "type": "subtitles", "as": "track", "language": "ar", "forced": True,
        "cues": [{"start": 0.48, "end": 1.2, "text": "السلام <i>عليكم</i>"},
                 {"start": 1.24, "end": 1.6, "text": "gone"}, {"start": 4, "end": 5, "text": "你好\n世界"}],
    },
    {"type": "cut", "intervals": [{"start": 1.2, "end": 2}]},
    {"type": "speed", "factor": 2},
]  # fmt: skip
"""Of six seconds 2.6 are left."""
MOVED = [
    (0.25, 0.6, "One & <i> {x} a\\new"),
    (0.6, 0.84, "Two"),
    (1.1, 2.6, "Three --> four"),
], [
    (0.24, 0.6, "السلام عليكم"),
    (1.6, 2.1, "你好\n世界"),
]  # fmt: skip
STREAMED = {"qualities": ["source", "240p"], "preset": "ultrafast", "hls": True, "dash": True, "segment_s": 2}
OUTPUTS = [STREAMED, {"qualities": ["source"], "container": "mkv", "preset": "ultrafast"}, "webm:240p", "m4a"]


@pytest.fixture(scope="module")
def source() -> footage.Footage:
    """Six seconds whose every frame tells its number."""
    return footage.make(audio=1, seconds=6, size=(160, 90))


async def edited(service: Service, video_id: str, steps: list[dict[str, Any]], outputs: list[Any]) -> dict[str, Any]:
    answer = await service.client.post("/edits", json={"source": video_id, "steps": steps, "outputs": outputs})
    assert answer.status_code == 202, answer.text
    return await service.until(answer.json()["job_id"], "SUCCESS")


def cues_in(container: Any, number: int) -> Iterator[tuple[float, float, str]]:
    """Of a track of text: start, end and the text of each packet that shows something."""
    stream = container.streams.subtitles[number]
    for packet in container.demux(stream):
        data = bytes(packet)
        if packet.pts is None or len(data) <= 2:
            continue
        if stream.codec_context.name == "mov_text":
            data = data[2 : 2 + int.from_bytes(data[:2])]
        start = packet.pts * packet.time_base
        yield float(start), float(start + packet.duration * packet.time_base), data.decode()


def plain(text: str) -> str:
    """Without what SRT puts between what would be a tag, and without tags."""
    return text.replace("\u2060", "").replace("</b>", "").replace("<b>", "").replace("{\\an8}", "")


def written(text: str) -> str:
    """Without escapes, which Shaka Player undoes, and without tags or what looks like one then."""
    return re.sub("</?[bi]>", "", html.unescape(text))


async def test_two_languages_in_every_container_and_stream(shared_service: Service, source: footage.Footage) -> None:
    """What is shown moves along with a cut and another speed; what was cut out is gone; files say the language and the
    name, manifests point to the same text; what is explained is what runs."""
    client = shared_service.client
    video = await shared_service.upload(source.path)
    asked = {"source": video["id"], "steps": STEPS, "outputs": OUTPUTS}
    explained = (await client.post("/edits?validate_only=true", json=asked)).json()
    job = await edited(shared_service, video["id"], STEPS, OUTPUTS)
    ran = (await client.get(f"/jobs/{job['job_id']}")).json()
    assert [one["argv"] for one in explained["commands"]] == ran["commands"]
    assert ran["plan"]["subtitles"][0]["cues"][1]["runs"] == [{"text": "Two"}]
    listed = (await client.get("/jobs", params={"video_id": video["id"], "type": "edit"})).json()["items"]
    assert [(one["index"], one["quality"]) for one in listed[0]["outputs"]] == [
        (one["index"], one["quality"]) for one in ran["outputs"]
    ]
    variants = (await client.get(f"/videos/{video['id']}/variants")).json()
    best = (await client.get(f"/variants/{job['output_variant_id']}")).json()
    found = {"mp4": 0, "mkv": 0, "webm": 0, "m4a": 0}
    for variant in variants:
        assert [(one["language"], one["label"], one["cues"]) for one in variant["subtitles"]] == [
            ("en-US", "English (US)", 3),
            ("ar", "ar", 2),
        ]
        kind = variant["stored_path"].rpartition(".")[2]
        found[kind] += 1
        if kind == "m4a":
            continue
        with av.open(str(shared_service.settings.media_path / variant["stored_path"])) as container:
            assert [stream.language for stream in container.streams.subtitles] == ["eng", "ara"]
            named = [
                stream.metadata.get("title") or stream.metadata.get("name") for stream in container.streams.subtitles
            ]
            assert named == ["English (US)", "ar"]
            forced = [bool(stream.disposition & av.stream.Disposition.forced) for stream in container.streams.subtitles]
            assert forced == [False, True]
        for number, wanted in enumerate(MOVED):
            with av.open(str(shared_service.settings.media_path / variant["stored_path"])) as container:
                cues = list(cues_in(container, number))
            assert [(round(start, 3), round(end, 3)) for start, end, _ in cues] == [one[:2] for one in wanted]
            if kind == "mp4":
                assert [plain(text) for _, _, text in cues] == [text for _, _, text in wanted]
        checks = {check["name"]: check for check in variant["checks"]}
        assert checks["subtitle_tracks"]["seen"] == "2"
        assert checks["subtitles"]["outcome"] == "ok"
    assert found == {"mp4": 2, "mkv": 1, "webm": 1, "m4a": 1}
    text = (await client.get(best["subtitles"][0]["url"])).text
    assert text == (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
        "00:00:00.250 --> 00:00:00.600 line:0\n<b>One</b> &amp; &lt;i&gt; {x} a\\new\n\n"
        "00:00:00.600 --> 00:00:00.840\nTwo\n\n"
        "00:00:01.100 --> 00:00:02.600 align:left\nThree --&gt; four\n"
    )
    files = {file["name"]: (file["role"], file["content_type"]) for file in best["files"]}
    assert files["subtitles-2.vtt"] == ("vtt", "text/vtt; charset=utf-8")
    assert files["subtitles-2.m3u8"] == ("hls", "application/vnd.apple.mpegurl")
    master = (await client.get(f"/variants/{best['id']}/files/master.m3u8")).text
    assert (
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English (US)",LANGUAGE="en-US",DEFAULT=YES,'
        'AUTOSELECT=YES,FORCED=NO,URI="subtitles-1.m3u8"'
    ) in master
    variants_named = [line for line in master.splitlines() if line.startswith("#EXT-X-STREAM-INF")]
    assert all('SUBTITLES="subtitles"' in line for line in variants_named)


@pytest.mark.needs("chromium", "npm")
@pytest.mark.slow
async def test_players_show_them_at_their_frames(settings: Settings, tmp_path: Path, source: footage.Footage) -> None:
    """The browser itself with the file and its text, hls.js and Shaka Player with the streams: they have all cues of
    both languages, at their times, in their letters; a frame and the cue that belongs to it are seen together."""
    modules = (await npm.installed("players", PLAYERS)) / "node_modules"
    scripts = {
        "hls.js": modules / "hls.js" / "dist" / "hls.min.js",
        "shaka.js": modules / "shaka-player" / "dist" / "shaka-player.compiled.js",
    }
    # B frames, whose order makes first timestamps odd, are in it: not the fastest preset
    outputs = [STREAMED | {"qualities": ["source"], "preset": "veryfast"}]
    moments = [0.22, 0.26, 0.58, 0.62, 0.82, 0.86, 1.06, 1.14, 2.5]  # in the middle of frames, at both sides of borders
    async with page_server(PAGE, scripts) as (origin, report):
        allowed = msgspec.structs.replace(settings, cors_origins=(origin,))
        async with Service(allowed, tmp_path).running() as service, service.worker():
            video = await service.upload(source.path)
            job = await edited(service, video["id"], STEPS, outputs)
            variant = (await service.client.get(f"/variants/{job['output_variant_id']}")).json()
            tracks = [
                {"name": one["url"].rpartition("/")[2], "language": one["language"], "label": one["label"]}
                for one in variant["subtitles"]
            ]
            asked = {
                "folder": f"{service.url}/variants/{variant['id']}/files",
                "main": Path(variant["stored_path"]).name,
                "tracks": json.dumps(tracks),
                "moments": json.dumps(moments),
            }
            found = await reported(f"{origin}/?{urlencode(asked)}", report, tmp_path)
            with av.open(str(service.settings.media_path / variant["stored_path"])) as container:
                pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
                numbers = [footage.read_number(picture.astype(np.uint8, copy=False)) for picture in pictures]
    assert set(found) == {"alone", "hls", "dash"}, found
    for player, seen in found.items():
        for track, wanted in zip(seen["tracks"], MOVED, strict=True):
            assert [(start, end, written(text)) for start, end, text in track["cues"]] == [
                (pytest.approx(start, abs=0.001), pytest.approx(end, abs=0.001), written(text))
                for start, end, text in wanted
            ], player
        for moment in seen["moments"]:
            frame = Fraction(str(moment["time"])) // Fraction(1, 25)
            assert footage.read_number(luma(moment["png"])) == numbers[frame], (player, moment["time"])
            cues = [written(text) for start, end, text in MOVED[0] if start <= moment["time"] < end]
            assert [written(text) for text in moment["cues"]] == cues, (player, moment["time"])


@pytest.mark.slow
async def test_an_edit_of_a_result_keeps_its_tracks(shared_service: Service, source: footage.Footage) -> None:
    """They move along with the new steps, whichever route it is, and whether it is made of the original or, because of
    its loudness, of the result's file."""
    client = shared_service.client
    video = await shared_service.upload(source.path)
    quick = {"qualities": ["source"], "preset": "ultrafast"}
    for output, of_the_file in ((quick, False), (quick | {"audio": {"loudness": -20}}, True)):
        first = await edited(shared_service, video["id"], STEPS[:2], [output])
        answer = await client.post(
            "/trim", json={"video_id": first["output_variant_id"], "start": 1, "end": 4.2, "preset": "ultrafast"}
        )
        assert answer.status_code == 202, answer.text
        job = await shared_service.until(answer.json()["job_id"], "SUCCESS")
        assert any("made of the variant's file" in warning for warning in job["warnings"]) == of_the_file
        assert not any("left out" in warning for warning in job["warnings"])
        variant = (await client.get(f"/variants/{job['output_variant_id']}")).json()
        with av.open(str(shared_service.settings.media_path / variant["stored_path"])) as container:
            times = [(start, end) for start, end, _ in cues_in(container, 0)]
        assert times == [pytest.approx(span) for span in [(0, 0.4), (0.4, 0.5), (0.5, 1.48), (2, 3.2)]]
        assert [track["cues"] for track in variant["subtitles"]] == [3, 3]


@pytest.mark.parametrize(
    ("step", "pointer", "sentence"),
    [
        ({"language": "klingon"}, "/steps/0/language", "BCP 47"),
        ({"language": "xx"}, "/steps/0/language", "ISO 639"),
        ({"label": "a\nb"}, "/steps/0/label", "one line"),
        ({"label": "a\u0007"}, "/steps/0/label", "control characters"),
        ({"style": {"color": "red"}}, "/steps/0/style", "players style a track"),
        ({"as": "burned", "language": "en"}, "/steps/0/language", 'say "as": "track"'),
        ({"cues": [{"start": 0, "end": 1, "text": "x"}] * 11}, "/steps/0/cues", "11 cues"),
    ],
)
async def test_what_is_wrong_is_named(
    step: dict[str, Any], pointer: str, sentence: str, shared_service: Service, source: footage.Footage
) -> None:
    """By the field."""
    video = await shared_service.upload(source.path)
    cue = {"start": 0, "end": 1, "text": "x"}
    asked = {"type": "subtitles", "as": "track", "cues": [cue]} | step
    answer = await shared_service.client.post("/edits", json={"source": video["id"], "steps": [asked]})
    errors: Any = problem(answer, 422, "invalid_input")["errors"]
    assert [error["pointer"] for error in errors] == [pointer]
    assert sentence in errors[0]["detail"]
