"""Sound, GIFs and images without a video: planned, and as commands that read no more than they need."""

from __future__ import annotations

from itertools import pairwise
from typing import TypedDict, Unpack

import msgspec
import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.gifs_and_previews import Gif
from reelwright.edits.outputs import AudioEncoding, Channels, FileOutput
from reelwright.edits.plan import SUBTITLED, Facts, resolve
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import InvalidInput, JobFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Command
from reelwright.media.recipes import far_stills
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True, rubberband=True)
LONG = media(seconds=7200, tracks=2)


class Sound(TypedDict, total=False):
    loudness_lufs: float
    channels: Channels


def mp3(**audio: Unpack[Sound]) -> FileOutput:
    return FileOutput(container="mp3", video=None, audio=AudioEncoding(codec="mp3", **audio))


def commands(*outputs: FileOutput, images: tuple[AnySidecar, ...] = (), start: float = 0) -> tuple[Command, ...]:
    edit = Edit(steps=(TrimStep(start=start),) if start else (), outputs=outputs, sidecars=images)
    plan = resolve(edit, Facts(sha256="0" * 64, media=LONG))
    assert (plan.version == SUBTITLED) == (not outputs)
    assert plan.length == 7200 - start
    return compile_plan(plan, CAPABILITIES).commands


def told(command: Command, option: str) -> list[str]:
    """What follows an option, wherever it stands."""
    arguments = command.arguments
    return [after for before, after in pairwise(arguments) if before == option]


def test_sound_alone_takes_the_first_track_and_no_picture() -> None:
    (command,) = commands(mp3(), start=60)
    assert told(command, "-c:a:0") == ["libmp3lame"]
    assert all(graph.startswith("[0:1]") for graph in told(command, "-filter_complex"))
    assert not told(command, "-c:v")
    assert float(told(command, "-ss")[0]) == pytest.approx(59.7, abs=0.1)


def test_a_late_poster_is_read_from_a_little_before_it() -> None:
    (command,) = commands(images=(Poster(at="1:30:00"),))
    assert 5398 < float(told(command, "-ss")[0]) < 5400
    (graph,) = told(command, "-filter_complex")
    assert "trim=end=5400.1" in graph


def test_an_image_of_all_of_the_video_reads_all() -> None:
    """Where its moments lie near to each other, or are too many, or their frames too large to be kept."""
    for images in (
        (Poster(at="1:30:00"), Sprite(every=10)),
        (Sprite(every=60), Gif(duration=1)),
        (Sprite(count=300), Thumbnails(every=31)),
        (Thumbnails(every=31, width=1280),),
    ):
        (command,) = commands(images=images)
        assert not told(command, "-ss")


def test_images_of_moments_far_apart_are_sought_one_by_one() -> None:
    """Near ones together; each image is put together of its frames in the end. What cannot be sought is read."""
    made = commands(images=(Sprite(), Thumbnails(at=(0, 144.5, "1:30:00"))))
    places, (sheet, thumbnails) = made[:-2], made[-2:]
    assert len(places) == 100
    assert not told(places[0], "-ss")
    assert [float(told(one, "-ss")[0]) for one in places[1:]] == pytest.approx([72 * n for n in range(1, 100)], abs=1)
    assert told(places[2], "-start_number") == ["2", "1"]
    assert told(sheet, "-filter_complex") == ["[0:0]setsar=sar=1,tile=layout=10x10[s1]"]
    assert thumbnails.arguments[-1] == "<thumbnail-%04d.jpg>"
    plan = resolve(Edit(steps=(), outputs=(), sidecars=(Sprite(),)), Facts(sha256="0" * 64, media=LONG))
    assert far_stills.frames_bytes(plan) == 100 * 160 * 90 * 3 // 2
    stream = msgspec.structs.replace(LONG, container="mpegts")
    recorded = resolve(Edit(steps=(), outputs=(), sidecars=(Sprite(),)), Facts(sha256="0" * 64, media=stream))
    assert len(compile_plan(recorded, CAPABILITIES).commands) == 1
    assert far_stills.frames_bytes(recorded) == 0


def test_a_typical_poster_reads_two_minutes() -> None:
    """From the first tenth on; of a video that is no longer, all."""
    (command,) = commands(images=(Poster(),))
    assert 718 < float(told(command, "-ss")[0]) < 720
    (graph,) = told(command, "-filter_complex")
    assert "trim=end=835.1" in graph
    assert "thumbnail=n=24" in graph
    (command,) = commands(images=(Poster(),), start=7100)
    assert 7099 < float(told(command, "-ss")[0]) < 7100


def test_outputs_of_one_loudness_share_its_measurement() -> None:
    """Each other loudness, or form, has its own; what asks for none has none."""
    measured, made = commands(mp3(loudness_lufs=-16.0), mp3(loudness_lufs=-16.0), mp3(loudness_lufs=-23.0), mp3())
    assert [gain.name for gain in measured.gains] == ["gain-1", "gain-1-1"]
    graphs = " ".join(told(made, "-filter_complex"))
    assert (graphs.count("{gain-1}dB"), graphs.count("{gain-1-1}dB")) == (2, 1)
    mono, _ = commands(mp3(loudness_lufs=-16.0), mp3(loudness_lufs=-16.0, channels=1))
    assert len(mono.gains) == 2


@pytest.mark.parametrize(
    ("gif", "words"),
    [
        (Gif(), "at most 30.0 s long: say `duration`, or trim it before"),
        (Gif(duration=20, width=1280), "at most 5.8 s long"),
        (Gif(at=7200), "before the end"),
    ],
)
def test_a_gif_that_is_too_much_is_refused_with_how_long_it_may_be(gif: Gif, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        commands(images=(gif,))


def test_without_sound_there_is_no_sound_alone() -> None:
    with pytest.raises(InvalidInput, match="the video has none"):
        resolve(Edit(steps=(), outputs=(mp3(),)), Facts(sha256="0" * 64, media=media(tracks=0)))


def test_an_ffmpeg_without_an_encoder_is_told_of() -> None:
    plan = resolve(Edit(steps=(), outputs=(mp3(),)), Facts(sha256="0" * 64, media=LONG))
    lacking = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True, encoders=("libx264",))
    with pytest.raises(JobFailed, match="libmp3lame") as failed:
        compile_plan(plan, lacking)
    assert failed.value.code == "unsupported_here"
