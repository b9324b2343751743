"""Tracks of subtitles and chapters: the files that they are read from, written by the worker, and the options that put
them into outputs.

No word of a client is in an argument: what tracks are called is read from a file as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reelwright.edits import language_tags
from reelwright.edits.codecs import Container
from reelwright.edits.cues import chapters, write_srt, write_webvtt
from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.track import SubtitleTrack, of_kind, one_after_another, track_file_name
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan import Plan
from reelwright.media.ffmpeg.command import WITHOUT_METADATA

NAMES = "subtitles.ffmeta"
"""What the tracks are called, as ffmpeg reads metadata."""
CHAPTERS, CHAPTERS_OF_MP4 = "chapters.ffmeta", "chapters.mp4.ffmeta"
"""In the same way, the chapters, and those for MP4, where one ends as the next begins."""
MOVIE_TICKS_PER_S = "48000"
"""In MP4, of what is said of the whole file: chapters and edit lists. ffmpeg would take what is whole for every track,
of pictures, sound and subtitles 24 millions or more: a chapter of some seconds is then longer than 32 bits can say."""
SAME_TIME = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"
"""For players of HLS: cues count from where the first segments begin, which is at zero."""
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "=;#\\"})


def texts(plan: Plan) -> dict[str, str]:
    """What the worker writes before it begins, by name."""
    containers = {expected.output.container for expected in plan.outputs}
    heads = [SAME_TIME] if plan.streaming is not None and plan.streaming.request.hls else []
    found: dict[str, str] = {}
    for number, track in enumerate(plan.tracks, start=1):
        found[track_file_name(number)] = write_webvtt.written(track.cues, first_lines=heads)
        if "mkv" in containers:
            found[_source(number, "mkv")] = write_srt.written(track.cues)
        if "mp4" in containers:
            found[_source(number, "mp4")] = write_srt.written(one_after_another(track.cues), places=False)
    if plan.tracks:
        found[NAMES] = _names(plan.tracks)
    if plan.chapters:
        found[CHAPTERS] = _marks(chapters.in_file(plan.chapters, "mkv"))
        found[CHAPTERS_OF_MP4] = _marks(chapters.in_file(plan.chapters, "mp4"))
    return found


def _marks(cues: Sequence[Cue]) -> str:
    """Cues begin and end at whole milliseconds."""
    head = "[CHAPTER]\nTIMEBASE=1/1000\n"
    return ";FFMETADATA1\n" + "".join(
        f"{head}START={round(cue.start * 1000)}\nEND={round(cue.end * 1000)}\ntitle={_escaped(cue.text)}\n"
        for cue in cues
    )


def _names(tracks: Sequence[SubtitleTrack]) -> str:
    return ";FFMETADATA1\n" + "".join(f"[STREAM]\ntitle={_escaped(track.label)}\n" for track in tracks)


def _escaped(text: str) -> str:
    """ffmpeg takes any backslash at a line's end for one that joins the next line to it: behind one that is meant,
    there is something invisible."""
    return text.translate(_SPECIAL) + ("\u2060" if text.endswith("\\") else "")


def _source(number: int, container: Container) -> str:
    """From which file a container's track is made. WebM has WebVTT as it is, Matroska SRT, which all its players know;
    MP4 has a text of its own (3GPP's), of which one is shown at a time."""
    return {"webm": track_file_name(number), "mkv": f"subtitles-{number}.srt", "mp4": f"subtitles-{number}.mp4.srt"}[
        container
    ]


class InputList:
    """Inputs that a command opens behind its first ones. `first`: the number of the first of them."""

    def __init__(self, first: int = 1) -> None:
        self._next = first
        self.options: list[str] = []

    def opens(self, options: tuple[str, ...]) -> int:
        """Open one more; returns its number."""
        self.options += options
        self._next += 1
        return self._next - 1


class TrackInputs:
    """What a command has opened of subtitles and chapters, each once, after all other inputs. `opens`: opens one more
    by its options, and returns its number."""

    def __init__(self, texts: Sequence[SubtitleTrack], opens: Callable[[tuple[str, ...]], int]) -> None:
        self._tracks, self._opens = of_kind("subtitles", texts), opens
        self._has_chapters = bool(of_kind("chapters", texts))
        self._opened: dict[str, int] = {}

    def options(self, container: Container) -> list[str]:
        """The options of an output that has all tracks, behind its sound."""
        if not self._tracks:
            return []
        names = self._open(NAMES, "ffmetadata")
        options = ["-c:s", "mov_text" if container == "mp4" else "copy"]
        for number, track in enumerate(self._tracks):
            subtitles = self._open(_source(number + 1, container), "webvtt" if container == "webm" else "srt")
            shown = [name for name, wanted in (("default", track.default), ("forced", track.forced)) if wanted]
            options += [
                *("-map", f"{subtitles}:s:0", f"-map_metadata:s:s:{number}", f"{names}:s:{number}"),
                *(f"-metadata:s:s:{number}", f"language={language_tags.code_of(track.language)}"),
                *(f"-disposition:s:{number}", "+".join(shown) or "0"),
            ]
        return options

    def metadata(self, output: FileOutput) -> tuple[str, ...]:
        """The options of an output that say what its file says of itself: chapters, and else nothing."""
        if not self._has_chapters or not output.holds_chapters:
            return WITHOUT_METADATA
        number = self._open(CHAPTERS_OF_MP4 if output.container == "mp4" else CHAPTERS, "ffmetadata")
        clock = ("-movie_timescale", MOVIE_TICKS_PER_S) if output.container == "mp4" else ()
        return ("-map_metadata:g", "-1", "-map_metadata:s", "-1", "-map_chapters", str(number), *clock)

    def _open(self, name: str, demuxer: str) -> int:
        if name not in self._opened:
            # a file of our own, opened as what it is and nothing else
            opened = ("-protocol_whitelist", "file", "-format_whitelist", demuxer, "-f", demuxer, "-i", f"<{name}>")
            self._opened[name] = self._opens(opened)
        return self._opened[name]
