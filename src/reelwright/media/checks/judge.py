"""Findings -> Checks: is a made file what its plan promised, to the last frame and sample? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from reelwright import file_formats
from reelwright.edits import audio_tracks, language_tags
from reelwright.edits.cues import chapters
from reelwright.edits.cues.track import one_after_another
from reelwright.edits.media_info import MAX_CHAPTERS, MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.edits.result_check import ResultCheck, check, note
from reelwright.media.checks.expected_colors import colors, pixel_format
from reelwright.media.checks.expected_timeline import Timeline
from reelwright.media.checks.header_and_length import described
from reelwright.media.checks.inspection import AudioFindings, Findings, Stretch
from reelwright.media.checks.sound_sync import EQUAL_S

LATE_S = Fraction(1, 20)
"""By so much sound may begin beside its time: it is coded in pieces that are not shorter."""
HOLE_S = 0.1
TICK_S = Fraction(1, 500)
"""What times that were rounded to milliseconds are off by, with room."""
NOTED_S = {"black": 1.0, "still": 5.0, "silent": 3.0}
"""From such a length on a stretch is told though the source may be so, too."""
JOINER = "\u2060"
"""At the end of a title it is what keeps a backslash apart from the line's end, as it is written."""
CLIPPED = 0.05
"""Share of pieces of sound that reach full scale, of sound that is distorted."""


def verified(plan: Plan, number: int, made: MediaInfo, found: Findings) -> tuple[ResultCheck, ...]:
    """Return all that output `number` was held to: by its header and index, and by what was read and decoded of it."""
    return (*described(plan.outputs[number], made), *judged(plan, number, made, found))


def judged(plan: Plan, number: int, made: MediaInfo, found: Findings) -> tuple[ResultCheck, ...]:
    """Return what output `number` of the plan was held to, beside what its header is held to."""
    expected, timeline = plan.outputs[number], Timeline.of(plan)
    if expected.output.video is None:
        return (
            *_file(expected, made, found),
            *_decoding_sound(found),
            *_sound(plan, number, made, found, timeline),
            *_stretches(found, ("silent",)),
        )
    return (
        *_file(expected, made, found),
        *_look(expected, made, timeline),
        *_frames(expected, found, timeline),
        *_decoding(found, proven=plan.is_spliced),
        *_sound(plan, number, made, found, timeline),
        *_subtitles(plan, expected, found),
        *_chapters(plan, expected, made),
        *_stretches(found),
    )


def _file(expected: ExpectedOutput, made: MediaInfo, found: Findings) -> Iterator[ResultCheck]:
    yield check("readable", not found.broken_off, "read to its end" if not found.broken_off else "breaks off")
    container = expected.output.container
    family = file_formats.demuxer_of(container)
    yield check("container", made.container.split(",")[0] == family, made.container, container)
    if family == file_formats.MP4.demuxer:
        yield check("index", found.index_first is True, "first" if found.index_first else "behind the media", "first")


def _look(expected: ExpectedOutput, made: MediaInfo, timeline: Timeline) -> Iterator[ResultCheck]:
    """What makes players show the frames in another way than they are."""
    video = made.main_video
    rotation = timeline.media.main_video.rotation if expected.copied else 0
    yield check("rotation", video.rotation == rotation, _turned(video.rotation), _turned(rotation))
    shown = video.display_width, video.display_height
    width, height = wanted = timeline.shown_size
    if not expected.copied:
        wanted = round(Fraction(expected.height * width, height)), expected.height
    room = 2 + 2 * Fraction(wanted[0], wanted[1])
    yield check("display_size", abs(shown[0] - wanted[0]) <= room, _size(shown), _size(wanted))
    named = [(one or "unknown") for one in (video.color_primaries, video.color_transfer, video.color_space)]
    planned = colors(timeline, expected)
    alike = all(one in ("unknown", two) or two is None for one, two in zip(named, planned, strict=True))
    yield check("colors", alike, "/".join(named), "/".join(one or "any" for one in planned))
    if (form := pixel_format(timeline, expected)) is not None:
        named_form = (video.pixel_format or "").replace("yuvj", "yuv")  # the same, of full range
        yield check("pixel_format", named_form == form, str(video.pixel_format), form)


def _turned(degrees: int) -> str:
    return f"turned by {degrees} degrees" if degrees else "upright"


def _frames(expected: ExpectedOutput, found: Findings, timeline: Timeline) -> Iterator[ResultCheck]:
    video = found.video
    grid = timeline.grid(expected)
    if grid is None:
        in_order = video.shortest_step_s is None or video.shortest_step_s > 0
        yield check("frame_times", in_order, "in order" if in_order else "two frames at one time", "in order")
        return
    yield check("frames", video.packets == grid.count, str(video.packets), str(grid.count))
    first, step = grid.first_s, grid.frame_s
    late = Fraction(video.first_s or 0) - first
    # in streams a picture that begins late is shown from the start
    begins = -TICK_S <= late <= step / 2 or (video.first_s == 0 and late < 0)
    steady = video.longest_step_s <= step * Fraction(3, 2) + TICK_S or (late < 0 and begins)
    steady &= video.shortest_step_s is None or video.shortest_step_s >= step / 2 - TICK_S
    seen = f"from {video.first_s or 0:.3f} s on, every {video.shortest_step_s or 0:.4f} to {video.longest_step_s:.4f} s"
    yield check("frame_times", begins and steady, seen, f"from {float(first):.3f} s on, every {float(step):.4f} s")


def _decoding(found: Findings, *, proven: bool) -> Iterator[ResultCheck]:
    """`proven`: all packets were compared with what they are to be, and frames decoded where these meet."""
    video = found.video
    errors = video.errors + sum(track.errors for track in found.audio)
    first = [video.first_error_s, *(track.first_error_s for track in found.audio)]
    times = [time_s for time_s in first if time_s is not None]
    lost = video.whole and not errors and video.decoded < video.packets
    part = "all frames" if video.whole else f"{video.decoded} of {video.packets} frames, {video.groups_decoded} groups"
    seen = f"{part} and all sound, without an error"
    if proven and not errors:
        yield check("decodes", video.packets > 0, "each packet is one that was joined; sound without an error")
        return
    if errors:
        seen = f"{errors} errors" + (f", the first at {min(times):.3f} s" if times else "")
    elif lost:
        seen = f"{video.decoded} frames of {video.packets} come out"
    yield check("decodes", not errors and not lost and video.decoded > 0, seen)
    yield check("frame_size", not video.resized, f"{video.resized} frames of another size" if video.resized else "one")


def _decoding_sound(found: Findings) -> Iterator[ResultCheck]:
    errors, heard = sum(track.errors for track in found.audio), sum(track.samples for track in found.audio)
    seen = f"{errors} errors" if errors else "all of it, without an error"
    yield check("decodes", not errors and heard > 0, seen if heard else "no sound comes out")


def _sound(plan: Plan, number: int, made: MediaInfo, found: Findings, timeline: Timeline) -> Iterator[ResultCheck]:
    expected = plan.outputs[number]
    tracks = timeline.media.decodable_audio
    for index, heard in enumerate(found.audio[: expected.audio_tracks]):
        track = tracks[index] if index < len(tracks) else None
        copied = track is not None and timeline.is_sound_copied(plan, track, expected)
        label = "" if len(found.audio) == 1 else f"track {index}: "
        if not copied:
            form = timeline.coded_sound(plan, track, expected)
            codec = made.audio[index].codec if index < len(made.audio) else "none"
            channels = audio_tracks.channels_in(form.layout)
            alike = heard.sample_rate == form.sample_rate and heard.channels == channels
            yield check(
                "audio_format",
                codec == form.codec and alike,
                f"{label}{codec}, {heard.channels} channels at {heard.sample_rate} Hz",
                f"{form.codec}, {channels} channels at {form.sample_rate} Hz",
            )
        interval: tuple[Fraction, Fraction | None] = (Fraction(0), Fraction(expected.duration_s))
        if track is not None:
            interval = timeline.sound_interval(plan, number, track)
        yield _audio_times(label, heard, interval, copied=copied)
        loud = not timeline.is_mixed and expected.output.audio.loudness_lufs is None
        yield from _audio_as_in_source(label, heard, as_loud=loud)


def _audio_times(
    label: str, heard: AudioFindings, interval: tuple[Fraction, Fraction | None], *, copied: bool
) -> ResultCheck:
    if heard.start_s is None or heard.end_s is None:
        return check("audio_times", False, f"{label}no sound comes out")
    piece = Fraction(2048 if copied else 1024, heard.sample_rate or 48000)
    start, end = interval
    late, early = Fraction(heard.start_s) - start, None if end is None else end - Fraction(heard.end_s)
    room = max(LATE_S, 2 * piece)
    right = abs(late) <= room and (early is None or early <= room + Fraction(1, 20))
    holes = heard.longest_hole_s <= HOLE_S or copied
    seen = f"{label}{heard.start_s:.3f} to {heard.end_s:.3f} s"
    if not holes:
        seen += f", with a hole of {heard.longest_hole_s:.3f} s"
    wanted = f"{float(start):.3f} s to " + ("its end" if end is None else f"{float(end):.3f} s")
    return check("audio_times", right and holes, seen, wanted)


def _audio_as_in_source(label: str, heard: AudioFindings, *, as_loud: bool) -> Iterator[ResultCheck]:
    shift = heard.shift_s
    if shift is not None:
        right = abs(shift) <= EQUAL_S
        seen = "as in the source" if right else f"{abs(shift):.2f} s {'later' if shift > 0 else 'earlier'} than there"
        yield check("sync", right, label + seen)
    distorted = heard.clipped > CLIPPED
    if distorted and as_loud and heard.source_loud == 0:
        share = f"{label}{100 * heard.clipped:.0f} % of it is cut off at full scale"
        yield check("clipping", False, share, "sound as loud as the source's")
    else:
        yield note("clipping", distorted, f"{label}peak {heard.peak:.2f} of full scale")


def _subtitles(plan: Plan, expected: ExpectedOutput, found: Findings) -> Iterator[ResultCheck]:
    """Tracks of text, where any are planned or made."""
    wanted, made = len(plan.tracks), len(found.subtitles)
    if wanted or made:
        yield check("subtitle_tracks", made == wanted, str(made), str(wanted))
    for track, text in zip(plan.tracks, found.subtitles, strict=False):
        cues = one_after_another(track.cues) if expected.output.container == "mp4" else track.cues
        start, end = cues[0].start, max(cue.end for cue in cues)
        language = language_tags.tag_of(text.language)
        right = text.cues == len(cues) and language == track.language.partition("-")[0]
        for time, seen in ((start, text.first_s), (end, text.end_s)):
            right &= seen is not None and abs(time - Fraction(seen)) <= TICK_S
        shown = f"{language}, {text.cues} cues, {text.first_s or 0:.3f} to {text.end_s or 0:.3f} s"
        planned = f"{track.language}, {len(cues)} cues, {float(start):.3f} to {float(end):.3f} s"
        yield check("subtitles", right, shown, planned)


def _chapters(plan: Plan, expected: ExpectedOutput, made: MediaInfo) -> Iterator[ResultCheck]:
    """Where each begins and what it is called, where any are planned or made: those that are read of a file, whose
    time line begins when its first frame or sound does."""
    wanted = chapters.in_file(plan.chapters, expected.output.container) if expected.output.holds_chapters else ()
    found, zero = made.chapter_marks, Fraction(made.start_s)
    if not wanted and not made.chapters:
        return
    read = [cue for cue in wanted[:MAX_CHAPTERS] if cue.end > zero]
    starts = [max(cue.start - zero, Fraction(0)) for cue in read]
    right = made.chapters == len(wanted) and len(found) == len(read)
    for cue, start, mark in zip(read, starts, found, strict=False):
        right &= abs(start - Fraction(mark.start_s)) <= TICK_S
        right &= cue.text.rstrip(JOINER) == mark.title.rstrip(JOINER)
    seen = _begins(made.chapters, (Fraction(mark.start_s) for mark in found))
    yield check("chapters", right, seen, _begins(len(wanted), starts))


def _begins(count: int, starts: Iterable[Fraction]) -> str:
    first = ", ".join(f"{float(start):.3f}" for start in islice(starts, 5))
    more = f" and {count - 5} more" if count > 5 else ""
    return f"{count}: at {first} s{more}" if count else "none"


_STRETCHES = {"black": "black", "still": "still", "silent": "silence", "order": "frame_order"}


def _stretches(found: Findings, kinds: Iterable[str] = tuple(_STRETCHES)) -> Iterator[ResultCheck]:
    for kind in kinds:
        name = _STRETCHES[kind]
        stretches = [one for one in found.stretches if one.kind == kind]
        wrong = [one for one in stretches if one.differs]
        if wrong:
            yield check(name, False, f"{_times(wrong)}, and the source is not")
            continue
        told = [one for one in stretches if one.end_s - one.start_s >= NOTED_S.get(kind, float("inf"))]
        yield note(name, bool(told), _times(told) if told else "nothing odd")


def _times(stretches: list[Stretch]) -> str:
    first = sorted(stretches, key=lambda one: one.start_s)[:3]
    listed = ", ".join(f"{one.start_s:.2f} to {one.end_s:.2f} s" for one in first)
    return listed if len(stretches) <= 3 else f"{listed} and {len(stretches) - 3} more"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
