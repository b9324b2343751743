"""Into which queue a job is put: what is done in a minute does not wait behind what codes moving pictures."""

from __future__ import annotations

import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.gifs_and_previews import Gif
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.plan.splicing import spliced
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.splice_structs import FrameRun, SplicedInterval, Survey
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.steps.trim import TrimStep
from reelwright.jobs.queue_choice import LIGHT, MEDIA, queue_of, taken_with
from tests.support.media_info import PictureSize, media

HD: PictureSize = {"width": 1920, "height": 1080, "display_width": 1920, "display_height": 1080}
UHD: PictureSize = {"width": 3840, "height": 2160, "display_width": 3840, "display_height": 2160}
MINUTES_2, HOURS_2 = media(seconds=120, **HD), media(seconds=7200, **HD)
TICKS = 12800


def planned(source: MediaInfo, *outputs: FileOutput, images: tuple[AnySidecar, ...] = (), end: float = 0) -> Plan:
    steps = (TrimStep(start=0, end=end),) if end else ()
    return resolve(Edit(steps=steps, outputs=outputs, sidecars=images), Facts(sha256="0" * 64, media=source))


@pytest.mark.parametrize("end", [0.1, 5, 60])
def test_what_codes_moving_pictures_is_media_however_short(end: float) -> None:
    assert queue_of(planned(MINUTES_2, FileOutput(), end=end)) == MEDIA


@pytest.mark.parametrize(
    ("source", "image", "queue"),
    [
        (HOURS_2, Poster(at=5400), LIGHT),
        (HOURS_2, Poster(), LIGHT),
        (media(seconds=7200, **UHD), Poster(), LIGHT),
        (HOURS_2, Gif(at=60, duration=5), LIGHT),
        (MINUTES_2, Sprite(), LIGHT),
        (MINUTES_2, Thumbnails(every=10), LIGHT),
        (HOURS_2, Sprite(), LIGHT),
        (HOURS_2, Thumbnails(at=(1.0, 7000.0)), LIGHT),
        (HOURS_2, Thumbnails(every=20), MEDIA),
        (media(seconds=7200, **UHD), Sprite(every=31), MEDIA),
    ],
)
def test_images_go_by_what_has_to_be_read_for_them(source: MediaInfo, image: AnySidecar, queue: str) -> None:
    """A poster of a film is light wherever in it, and so are a hundred tiles that are sought; all of it is not."""
    assert queue_of(planned(source, images=(image,))) == queue


def test_copies_are_light_and_one_rendition_that_is_coded_is_not() -> None:
    """As are images beside copies, of a short video: all of it is read for them."""
    copied = FileOutput(video=VideoEncoding(copy_conforming=True))
    assert planned(HOURS_2, copied).outputs[0].copied
    assert queue_of(planned(HOURS_2, copied)) == LIGHT
    assert queue_of(planned(HOURS_2, copied, FileOutput())) == MEDIA
    assert queue_of(planned(MINUTES_2, copied, images=(Sprite(),))) == LIGHT
    assert queue_of(planned(HOURS_2, copied, images=(Sprite(),))) == MEDIA


def test_sound_alone_is_light() -> None:
    """It is coded some hundred times as fast as it plays."""
    sound = FileOutput(container="mp3", video=None, audio=AudioEncoding(codec="mp3"))
    assert queue_of(planned(HOURS_2, sound)) == LIGHT


@pytest.mark.parametrize(("coded", "queue"), [(0, LIGHT), (100, LIGHT), (4000, LIGHT), (6000, MEDIA)])
def test_a_cut_that_copies_goes_by_what_it_codes(coded: int, queue: str) -> None:
    """Pixels of H.264, at 1080p: 10^10 are 4800 frames."""
    end = 7000 * TICKS
    tail = FrameRun(first_tick=end - 512 * coded, last_tick=end - 512, count=coded) if coded else None
    copied = FrameRun(first_tick=0, last_tick=end - 512 * (coded + 1))
    survey = Survey(intervals=(SplicedInterval(start_tick=0, end_tick=end, copied=copied, tail=tail),))
    plan = spliced(planned(HOURS_2, FileOutput(), end=7000), "smart", survey)
    assert plan.is_spliced
    assert queue_of(plan) == queue


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (["light", "media"], ["light", "media", "render"]),
        (["light"], ["light"]),
        (["media"], ["media", "render"]),
        (["render"], ["render", "light", "media"]),
        (["render", "light"], ["render", "light"]),
        (["theirs"], ["theirs"]),
    ],
)
def test_workers_take_the_parts_of_what_they_are_asked_for(asked: list[str], taken: list[str]) -> None:
    """And with `media` what releases without parts have queued: nobody knows what it costs."""
    assert taken_with(asked) == taken
