"""Edits that touch some frames, through the service: told before, made so, told after; all coded where it must be."""

from __future__ import annotations

from typing import Any

import av
import pytest

from tests.acceptance.test_smart_cuts import explained
from tests.support import footage, frame_judge, splices
from tests.support.footage import Footage
from tests.support.service import Service, problem

MARK = {"type": "text", "text": "NOW", "font_size": 40, "position": "center", "background": "black"}


@pytest.fixture
def source() -> Footage:
    return footage.make(seconds=6, keyframe_every=25)


async def test_an_overlay_for_a_while_codes_what_it_touches(shared_service: Service, source: Footage) -> None:
    """What is explained is what is made: frames up to the next key frame; its sound is the source's, packet by
    packet."""
    video = await shared_service.upload(source.path)
    body = {"video_id": video["id"], "overlays": [MARK | {"start": 2.2, "end": 2.9, "fade_in": 0.3}]}
    shown = await explained(shared_service, "/overlays", body | {"reencode": "touched"})
    assert (shown["cut"]["asked"], shown["cut"]["chosen"], shown["cut"]["sound"]) == ("smart", "smart", "copied")
    assert [(piece["what"], piece["frames"]) for piece in shown["cut"]["pieces"]] == [
        ("copied", None),
        ("encoded", 20),
        ("copied", None),
    ]
    made = await _made(shared_service, "/overlays", body | {"reencode": "touched"})
    assert made["warnings"] == []
    assert made["frames"] == {"copied": 130, "encoded": 20}
    assert (made["plan"], made["commands"]) == (shown["plan"], [command["argv"] for command in shown["commands"]])
    (check,) = [one for one in made["outputs"][0]["checks"] if one["name"] == "splice"]
    assert "20 what was drawn" not in check["seen"]
    assert "what was drawn" in check["seen"]

    whole = await _made(shared_service, "/overlays", body)
    assert (whole["frames"], "splice" in whole["plan"]) == (None, False)
    result, other = [await shared_service.result(job["job_id"]) for job in (made, whole)]
    here, there, own = (list(splices.frames(path)) for path in (result, other, source.path))
    for number, (frame, like, before) in enumerate(zip(here, there, own, strict=True)):
        assert frame.tick == like.tick == before.tick
        if 55 <= number < 75:
            assert float(((frame.luma - like.luma) ** 2).mean()) < 10**-3.0
        else:
            assert frame.digest == before.digest, number
    assert float(((here[70].luma - own[70].luma) ** 2).mean()) > 10**-2
    assert _packets(result) == _packets(source.path)
    assert frame_judge.beep_offsets_s(result) == pytest.approx(frame_judge.beep_offsets_s(source.path), abs=0.001)


@pytest.mark.slow
async def test_cuts_overlays_and_sound_go_together(shared_service: Service, source: Footage) -> None:
    """Of an edit of several steps all is copied that none of them touches; `auto` finds out whether that can be."""
    video = await shared_service.upload(source.path)
    steps = [
        {"type": "cut", "intervals": [{"start": 1.32, "end": 2.6}]},
        {"type": "overlay", "layers": [MARK | {"start": 2, "end": 2.4}]},
        {"type": "audio", "volume": 0.5},
        {"type": "fade", "out": 0.4},
    ]
    body = {"source": video["id"], "steps": steps, "mode": "auto"}
    shown = await explained(shared_service, "/edits", body)
    assert (shown["cut"]["chosen"], shown["cut"]["sound"]) == ("smart", "coded")
    job = await _made(shared_service, "/edits", body)
    assert (job["warnings"], job["plan"]) == ([], shown["plan"])
    assert job["frames"]["encoded"] + job["frames"]["copied"] == 118
    assert job["frames"]["copied"] > job["frames"]["encoded"]
    whole = await _made(shared_service, "/edits", body | {"mode": "exact"})
    here, there = [list(splices.frames(await shared_service.result(one["job_id"]))) for one in (job, whole)]
    assert len(here) == len(there)
    for frame, like in zip(here, there, strict=True):
        assert abs(frame.tick - like.tick) < 0.0011
        assert float(((frame.luma - like.luma) ** 2).mean()) < 10**-2.7


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/overlays", {"overlays": [MARK | {"start": 1, "end": 5.5}]}, "more than 60 % of its frames are touched"),
        ("/overlays", {"overlays": [MARK | {"start": 1, "end": 2}], "quality": "240p"}, "another size is wanted"),
        ("/overlays", {"overlays": [MARK | {"start": 1, "end": 2}], "codec": "hevc"}, "hevc is wanted"),
        ("/watermark", {"image_path": "wm.png"}, "no key frame lies in what is not touched of it"),
    ],
)
async def test_all_is_coded_where_it_must_be(
    shared_service: Service, source: Footage, path: str, body: dict[str, Any], reason: str
) -> None:
    video = await shared_service.upload(source.path)
    shown = await explained(shared_service, path, {"video_id": video["id"], **body, "reencode": "touched"})
    assert (shown["cut"]["chosen"], shown["cut"]["pieces"]) == ("exact", [])
    assert shown["cut"]["reason"].startswith(reason)
    assert [one for one in shown["warnings"] if one.startswith(f"all of it is coded anew: {reason}")]


async def test_what_contradicts_itself_is_refused(shared_service: Service, source: Footage) -> None:
    video = await shared_service.upload(source.path)
    turned = {"source": video["id"], "steps": [{"type": "rotate", "degrees": 90}]}
    response = await shared_service.client.post("/edits", json=turned | {"reencode": "touched"})
    assert problem(response, 422, "invalid_input")["errors"][0]["pointer"] == "/reencode"
    trimmed = {"source": video["id"], "steps": [{"type": "trim", "start": 1}], "reencode": "all", "mode": "smart"}
    response = await shared_service.client.post("/edits", json=trimmed)
    assert problem(response, 422, "invalid_input")["errors"][0]["pointer"] == "/reencode"
    response = await shared_service.client.post("/edits", json=turned | {"mode": "copy"})
    assert problem(response, 422, "invalid_input")["errors"][0]["pointer"] == "/mode"
    said_twice = await explained(shared_service, "/edits", trimmed | {"mode": "exact"})
    assert not said_twice["cut"], said_twice["cut"]


async def _made(service: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await service.client.post(path, json=body)
    assert response.status_code == 202, response.text
    return await service.until(response.json()["job_id"], "SUCCESS")


def _packets(path: Any) -> list[bytes]:
    with av.open(str(path)) as opened:
        return [bytes(packet) for packet in opened.demux(audio=0) if packet.size]
