"""Tracks of text read out of real files by the contained prober: all that is there, on clients' time line, never more
than an edit may have, whatever the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reelwright.edits.cues.embedded import EmbeddedSubtitles
from reelwright.edits.cues.track import MAX_TRACKS
from reelwright.media.probe import subtitle_tracks
from reelwright.media.probe.prober import UNREAD, Prober, has_text, probe_rules
from reelwright.settings import Settings
from tests.support import footage
from tests.support.media_files import ffmpeg


def srt(*cues: tuple[str, str, str]) -> str:
    return "".join(f"{number}\n{start} --> {end}\n{text}\n\n" for number, (start, end, text) in enumerate(cues, 1))


def with_text(made: Path, text: str, *options: str, tracks: int = 1) -> Path:
    """Footage of two seconds with a track of that text, so many times."""
    said = made.with_suffix(".srt")
    said.write_text(text, encoding="utf-8")
    maps = [part for _ in range(tracks) for part in ("-map", "1")]
    inputs = ("-i", str(footage.make(audio=1).path), "-f", "srt", "-i", str(said))
    ffmpeg(*inputs, "-map", "0", *maps, "-c", "copy", *options, str(made))
    return made


async def read(prober: Prober, path: Path) -> EmbeddedSubtitles:
    media = await prober.probe(path)
    assert has_text(media)
    return await prober.embedded_subtitles(path, media)


LATER = srt(("00:00:00,500", "00:00:01,000", "a"), ("00:00:01,200", "00:00:01,700", "b"))


@pytest.mark.parametrize("options", [("film.mkv",), ("film.mp4", "-c:s", "mov_text"), ("film.mov", "-c:s", "mov_text")])
async def test_times_count_from_where_the_video_begins(
    prober: Prober, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Not from the file's own zero."""
    name, *codec = options
    path = with_text(tmp_path / name, LATER, *codec, "-output_ts_offset", "7", "-avoid_negative_ts", "disabled")
    (track,) = (await read(prober, path)).tracks
    found = [(float(one.start), float(one.end), one.text) for one in track.cues]
    assert [text for _, _, text in found] == ["a", "b"]
    assert [pytest.approx(times, abs=0.03) for times in ((0.5, 1.0), (1.2, 1.7))] == [one[:2] for one in found]


async def test_a_file_that_was_cut_off_has_what_came_before(prober: Prober, tmp_path: Path) -> None:
    whole = with_text(tmp_path / "whole.mkv", LATER)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 55 // 100])
    (track,) = (await read(prober, cut)).tracks
    assert [one.text for one in track.cues] == ["a"]


async def test_no_file_has_more_than_an_edit_may(
    prober: Prober, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tracks, cues, bytes, time: what is over is told, and the file is a video all the same."""
    many = await read(prober, with_text(tmp_path / "many.mkv", LATER, tracks=MAX_TRACKS + 3))
    assert len(many.tracks) == len(many.streams) == MAX_TRACKS
    assert len(many.warnings) == 3
    crowd = srt(*(("00:00:00,000", "00:00:01,000", f"{number}") for number in range(21_000)))
    long = await read(prober, with_text(tmp_path / "long.mkv", crowd))
    assert (long.tracks, long.streams) == ((), ())
    assert "more than 20000 cues" in long.warnings[0]
    heavy = srt(("00:00:00,000", "00:00:01,000", "<b>x</b>" * 100_000), ("00:00:01,000", "00:00:02,000", "light"))
    heavy_path = with_text(tmp_path / "heavy.mkv", heavy)
    (track,) = (await read(prober, heavy_path)).tracks
    assert [one.text for one in track.cues] == ["light"]
    monkeypatch.setattr(subtitle_tracks, "MAX_BYTES", 100_000)
    rules = probe_rules(Settings())
    for given, why in ((rules, "have at most 100000 bytes together"), (replace(rules, timeout_s=0), "takes too long")):
        with heavy_path.open("rb") as opened:
            found = subtitle_tracks.read(opened.fileno(), given)
        assert found.tracks == ()
        assert why in found.warnings[0]


async def test_what_takes_too_long_is_left_out(prober: Prober, tmp_path: Path) -> None:
    """With a warning; the video itself was taken."""
    path = with_text(tmp_path / "film.mkv", LATER)
    media = await prober.probe(path)
    hurried = replace(probe_rules(Settings()), timeout_s=0.001)
    found = await prober.by(hurried).embedded_subtitles(path, media)
    assert found.tracks == ()
    assert found.warnings == (UNREAD,) or "takes too long" in found.warnings[0]
