"""What a measured loudness becomes: a number that was checked, or none at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelwright.edits.edit import transcode
from reelwright.edits.outputs import AudioEncoding, FileOutput
from reelwright.edits.plan import Facts, resolve
from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.loudness import MAX_GAIN_DB, LoudnessGain
from reelwright.media.ffmpeg.runner import fill
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

GAIN = LoudnessGain.of(0, -16)


def said(lufs: str) -> str:
    return f"frame:1 pts:1 pts_time:0.1\nlavfi.r128.I=-70.000\nframe:2 pts:2 pts_time:0.2\nlavfi.r128.I={lufs}\n"


def test_the_last_word_counts() -> None:
    """The difference to the target; of silence nothing, of next to nothing not too much."""
    assert GAIN.decibels(said("-23.017")) == pytest.approx(7.017)
    assert GAIN.decibels(said("-8.5")) == -7.5
    assert GAIN.decibels(said("-70.000")) == 0
    assert GAIN.decibels(said("-65.1")) == MAX_GAIN_DB
    assert GAIN.decibels("") == 0


@pytest.mark.parametrize("text", ["lavfi.r128.I=nan\n", "lavfi.r128.I=-1,volume=9\n", "xlavfi.r128.I=-23.0\n", "x"])
def test_what_is_no_number_is_never_passed_on(text: str) -> None:
    """The job fails instead."""
    with pytest.raises(MediaProcessFailed):
        GAIN.decibels(text)


def test_the_second_command_waits_for_the_number(tmp_path: Path) -> None:
    """One that measures, sound alone, and one that makes everything; a slot stands for the number."""
    output = FileOutput(audio=AudioEncoding(loudness_lufs=-16))
    plan = resolve(transcode((output,)), Facts(sha256="0" * 64, media=media()))
    recipe = compile_plan(plan, Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True))
    first, second = recipe.commands
    assert [first.arguments[i + 1] for i, word in enumerate(first.arguments) if word == "-map"] == ["[o0]"]
    assert any("file=loudness-1.txt" in word for word in first.arguments)
    (slotted,) = [word for word in second.arguments if "{" in word]
    (gain,) = first.gains
    assert (tmp_path / gain.file).write_text(said("-20.5"))
    assert "volume=volume=4.500dB," in fill(slotted, {gain.name: gain.read(tmp_path)})
