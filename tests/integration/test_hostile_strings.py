"""No string of a stranger's becomes anything but letters, numbers or a refusal; a traced canary is never opened.

By default five hundred strings: each piece of which they are made alone, then several joined; `slow` are as many more.
Each field has answered in all its ways after some 250. `pytest -m soak tests/integration/test_hostile_strings.py` takes
a hundred thousand.
"""

from __future__ import annotations

import os
import re
import string
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fontTools.ttLib import TTFont

from reelwright.api.schemas.overlays import OverlaysIn
from reelwright.api.v1.schemas import V1Overlay, V1Watermark
from reelwright.edits.edit import overlay
from reelwright.edits.layers import AnyLayer, TextLayer, TextStyle, VideoLayer
from reelwright.edits.plan import Facts, ImageFacts, VideoFacts, resolve
from reelwright.edits.text_rules import checked_text
from reelwright.edits.validation import problems
from reelwright.errors import InvalidInput, NotFound, UnsupportedMedia
from reelwright.library import file_references
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.images import text_image
from reelwright.media.images.font_languages import families
from reelwright.media.images.fonts import UnknownFont
from reelwright.media.recipes.compile import compile_plan
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage
from tests.support import hostile_strings
from tests.support.hostile_strings import Watch
from tests.support.images import BUNDLED_ONLY, drawing_in_this_process
from tests.support.job_database import World
from tests.support.media_info import media

NUMBERED = [
    (0, 500),
    pytest.param((500, 1_000), marks=pytest.mark.slow),
    pytest.param((0, 100_000), marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
]
CAPABILITIES = Capabilities(ffmpeg_version="any", threads=2, tone_mapping=True)
PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
VIDEO = VideoFacts(sha256="2" * 64, media=media())
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
VIDEO_ID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def canary(tmp_path: Path) -> tuple[Path, Watch]:
    """A picture that nobody may open, beside a folder of assets that has links to it."""
    path, assets = tmp_path / "canary.png", tmp_path / "assets"
    path.write_bytes(b"\x89PNG secret")
    (assets / "folder").mkdir(parents=True)
    (assets / "logo.png").write_bytes(b"\x89PNG")
    (assets / "link.png").symlink_to(path)
    os.mkfifo(assets / "pipe.png")
    watch = Watch(path)
    path.read_bytes()
    assert watch.events() > 0, "it is traced"
    return path, watch


Request = OverlaysIn | V1Overlay | V1Watermark


def bodies(text: str) -> dict[str, tuple[type[Request], dict[str, Any]]]:
    """A request for every string field of every route that lays something over a video."""
    word = {"type": "text", "text": "a"}
    image = {"type": "image", "image_path": "logo.png"}
    video = {"type": "video", "video_path": "video:x"}
    fields: dict[str, dict[str, Any]] = {
        **{name: {**word, name: text} for name in ("text", "font", "color", "outline_color", "shadow_color")},
        **{name: {**word, name: text} for name in ("background", "align", "x", "y", "start", "end", "type")},
        "position": {**word, "position": {"anchor": text}},
        "margin": {**word, "position": {"anchor": "center", "margin": text}},
        **{f"image {name}": {**image, name: text} for name in ("image_path", "x", "y", "start", "end")},
        **{f"video {name}": {**video, name: text} for name in ("video_path", "x", "y", "start", "end", "at_end")},
    }
    found: dict[str, tuple[type[Request], dict[str, Any]]] = {
        name: (OverlaysIn, {"video_id": VIDEO_ID, "overlays": [layer]}) for name, layer in fields.items()
    }
    for name in ("image_path", "x", "y"):
        mark = {"image_path": "logo.png", name: text}
        found[f"watermark {name}"] = (OverlaysIn, {"video_id": VIDEO_ID, "watermark": mark})
    v1 = {"video_id": VIDEO_ID, "overlay_type": "text", "content": "a"}
    for name in ("content", "language", "font_color", "overlay_type"):
        found[f"v1 {name}"] = (V1Overlay, {**v1, name: text})
    found["v1 image"] = (V1Overlay, {**v1, "overlay_type": "image", "content": text})
    found["v1 mark"] = (V1Watermark, {"video_id": VIDEO_ID, "watermark_path": text, "position": "center"})
    found["v1 place"] = (V1Watermark, {"video_id": VIDEO_ID, "watermark_path": "logo.png", "position": text})
    return found


def arguments(layer: AnyLayer) -> list[str]:
    """The whole command, numbers taken out; colours, fonts and letters are judged on the way. Raises InvalidInput."""
    if isinstance(layer, TextLayer):
        if errors := problems(layer.style):
            raise InvalidInput(errors)
        try:
            BUNDLED_ONLY.find(layer.font)
        except UnknownFont as error:
            raise InvalidInput([]) from error
    facts = VIDEO if isinstance(layer, VideoLayer) else PICTURE
    plan = resolve(overlay((layer,)), Facts(sha256="0" * 64, media=media(), layers=(facts,)))
    (command,) = compile_plan(plan, CAPABILITIES).commands
    return [NUMBER.sub("0", argument) for argument in command.arguments]


def _layers(request: Request) -> tuple[AnyLayer, ...]:
    if isinstance(request, OverlaysIn):
        return request.layers
    if isinstance(request, V1Watermark):
        return (request.layer(),)
    return (request.layer(next((family for family in families(request.language) if family in BUNDLED_ONLY), None)),)


USUAL = {
    kind: arguments(layer)
    for kind, layer in {
        "text": TextLayer(text="a"),
        "picture": msgspec.convert({"type": "image", "image_path": "a"}, AnyLayer),
        "watermark": msgspec.convert({"type": "watermark", "image_path": "a"}, AnyLayer),
        "video": VideoLayer(video_path="a"),
        **{at_end: VideoLayer(video_path="a", at_end=at_end) for at_end in ("hold", "loop")},
    }.items()
}
SHAPES = {tuple(usual) for usual in USUAL.values()}


@pytest.mark.parametrize("numbers", NUMBERED, ids="{0[0]} to {0[1]}".format)
def test_no_string_in_any_field_changes_the_command(canary: tuple[Path, Watch], numbers: tuple[int, int]) -> None:
    """Decoded, judged, placed and compiled, or refused: the command is one of the few usual ones, but for numbers."""
    path, watch = canary
    taken: Counter[str] = Counter()
    for text in hostile_strings.strings(*numbers, path):
        for field, (kind, body) in bodies(text).items():
            try:
                request = msgspec.json.decode(msgspec.json.encode(body), type=kind)
                layers = _layers(request)
                made = [arguments(layer) for layer in layers]
            except (InvalidInput, msgspec.ValidationError, msgspec.DecodeError, UnicodeEncodeError):
                continue
            taken[field] += 1
            for command in made:
                assert tuple(command) in SHAPES, (field, text, command)
    assert watch.events() == 0
    harmless = {"text", "image image_path", "v1 content"}
    if numbers[0] == 0:  # here are the pieces alone, some of which are colours, fonts and places
        harmless |= {"x", "color", "font"}
    assert harmless <= set(taken)


@pytest.mark.parametrize("numbers", NUMBERED, ids="{0[0]} to {0[1]}".format)
async def test_no_reference_leads_out_of_the_assets_folder(
    canary: tuple[Path, Watch], world: World, tmp_path: Path, numbers: tuple[int, int]
) -> None:
    """Pictures are found in it or in the database, and nowhere else; links out, devices and pipes are refused."""
    path, watch = canary
    settings = Settings(assets_dir=str(tmp_path / "assets"))
    storage = LocalStorage(tmp_path / "media", reserve_bytes=0)
    inside = (tmp_path / "assets").resolve()
    found: Counter[str] = Counter()
    for text in hostile_strings.strings(*numbers, path):
        try:
            picture = await file_references.image(text, settings=settings, storage=storage, sessions=world.sessions)
            assert picture.resolve().is_relative_to(inside), text
            found[picture.name] += 1
        except (NotFound, UnsupportedMedia, InvalidInput):
            pass
        with pytest.raises((NotFound, UnsupportedMedia)):
            async with world.sessions() as session:
                await file_references.video(session, text)
    assert watch.events() == 0
    assert set(found) <= {"logo.png"}


@pytest.mark.parametrize("numbers", NUMBERED, ids="{0[0]} to {0[1]}".format)
def test_what_is_drawn_is_drawn_literally(
    canary: tuple[Path, Watch], tmp_path_factory: pytest.TempPathFactory, numbers: tuple[int, int]
) -> None:
    """Every text is refused or drawn, and plain ones are as wide as all their letters are: no markup is followed,
    no escape, no expansion. The sum of advances is right but for kerning."""
    path, watch = canary
    face = drawing_in_this_process(tmp_path_factory.mktemp("fonts"))
    font = TTFont(BUNDLED_ONLY.find(None).path)
    advances, names, per_em = font["hmtx"].metrics, font.getBestCmap(), font["head"].unitsPerEm
    plain = set(string.ascii_letters + string.digits + string.punctuation + " ")
    measured = 0
    for text in hostile_strings.strings(*numbers, path):
        try:
            letters = checked_text(text)
        except ValueError:
            continue
        if BUNDLED_ONLY.missing_glyphs(letters):
            continue
        size_px = 20
        picture = text_image.draw(letters, TextStyle(font_size=size_px), face)
        if set(letters) <= plain and len(letters) >= 8:
            wide = sum(advances[names[ord(letter)]][0] for letter in letters.strip()) * size_px / per_em
            assert abs(picture.width - wide) < 0.06 * wide + 6, (letters, picture.width, wide)
            measured += 1
    assert measured > (numbers[1] - numbers[0]) / 10
    assert watch.events() == 0
