"""The step `concat`, as filters: each part at one size, rate and form of sound, then joined.

What is joined has the number of frames that the plan says, whatever its source gives: the last one stands as long.
"""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits import color
from reelwright.edits.facts import ImageFacts
from reelwright.edits.geometry import Size
from reelwright.edits.media_info import AudioStream, MediaInfo, VideoStream
from reelwright.edits.steps.concat import PlannedClip, PlannedConcat
from reelwright.media.ffmpeg.filtergraph import FRAME_NUMBERS, Filter, filter_, grid
from reelwright.media.ffmpeg.graph import Graph, Pad, rate, rgb, time_base
from reelwright.media.ffmpeg.untrusted_inputs import picture_input, video_input
from reelwright.media.recipes.audio_filters import form_of, formed, lasting, silence
from reelwright.media.recipes.color_names import MATRICES, matched_colors
from reelwright.media.recipes.cut import Cut
from reelwright.media.recipes.scene import Scene, Sound, evenly, opened
from reelwright.media.recipes.seeking import reading_options
from reelwright.media.recipes.sound_joins import crossfaded, without_clicks
from reelwright.media.recipes.steps import fit_and_pad

BEHIND_TRANSPARENCY = "black"


def apply(scene: Scene, step: PlannedConcat) -> None:
    videos: list[Pad] = []
    numbers: list[int | None] = []
    for clip in step.parts:
        if clip is None:
            videos.append(scene.video.then(*_evenly(step, step.frames)))
            numbers.append(None)
        elif isinstance(clip.facts, ImageFacts):
            number = scene.opens(lambda slot: _still_input(slot))
            videos.append(_still(scene, step, clip, clip.facts, number))
            numbers.append(number)
        else:
            number, video = _clip(scene, step, clip)
            videos.append(video)
            numbers.append(number)
    joined = _crossed(scene.graph, videos, step) if step.overlap else _one_after_the_other(scene.graph, videos)
    ticks = time_base(1 / Fraction(step.rate))
    scene.video = joined.then(filter_("settb", expr=ticks), filter_("setpts", expr=FRAME_NUMBERS))
    tracks = step.tracks_of(scene.state)
    own = list(scene.sounds)
    scene.sounds[:] = [
        _sound(scene, step, track, numbers, own[place] if own else None, place) for place, track in enumerate(tracks)
    ]


def _evenly(step: PlannedConcat, frames: int) -> list[Filter]:
    """So many frames at the rate of all."""
    return [*evenly(Fraction(step.rate), frames), filter_("settb", expr=time_base(1 / Fraction(step.rate)))]


def _clip(scene: Scene, step: PlannedConcat, clip: PlannedClip) -> tuple[int, Pad]:
    """A video of its own scene, whose filters become part of this one's graph."""
    assert not isinstance(clip.facts, ImageFacts)
    assert clip.opening is not None
    media = clip.facts.media
    number = scene.opens(lambda slot: _clip_input(scene, slot, clip, media))
    other = opened(media, clip.opening, scene.capabilities, number=number, keeps_clocks=scene.keeps_clocks)
    other.graph = scene.graph
    fit_and_pad.apply(other, clip.fit)
    like = scene.state.video
    other.through(*_like(other.state.video, like), *_evenly(step, clip.frames))
    return number, other.video


def _clip_input(scene: Scene, slot: str, clip: PlannedClip, media: MediaInfo) -> tuple[str, ...]:
    assert clip.opening is not None
    start, end = Fraction(clip.opening.start_s), Fraction(clip.opening.end_s)
    reading = reading_options(media, start, end, looking_back=clip.looks_back, keeping_clocks=scene.keeps_clocks)
    return (*reading, *video_input(slot, media, scene.capabilities))


def _like(video: VideoStream, like: VideoStream) -> list[Filter]:
    return [
        *matched_colors(video, like),
        filter_("format", pix_fmts=like.pixel_format or "yuv420p"),
        filter_("setsar", sar=1),
    ]


def _still_input(slot: str) -> tuple[str, ...]:
    # all wait decoded for their turn: a second thread would hold another frame of each
    return ("-threads", "1", *picture_input(slot))


def _still(scene: Scene, step: PlannedConcat, clip: PlannedClip, facts: ImageFacts, number: int) -> Pad:
    """One frame, brought to the canvas once, that stands."""
    size: Size = clip.size or (facts.width, facts.height)
    behind = clip.fit.color if clip.fit.color is not None else BEHIND_TRANSPARENCY
    ground = scene.graph.made(
        filter_("color", size=grid(*size), color=rgb(color.parse(behind)), rate=rate(Fraction(step.rate)))
    ).then(filter_("trim", end_frame=1), filter_("format", pix_fmts="gbrp"))
    scaled = filter_("scale", w=size[0], h=size[1], flags="bicubic")
    picture = scene.graph.stream(number, 0).then(scaled, filter_("format", pix_fmts="gbrap"))
    own = Scene(
        scene.state.of_size(size),
        scene.capabilities,
        scene.graph,
        scene.graph.joined([ground, picture], filter_("overlay", format="gbrp"), filter_("setsar", sar=1)),
        [],
        scene.cut,
        keeps_clocks=scene.keeps_clocks,
    )
    like = scene.state.video
    matrix = MATRICES.get(like.color_space or "", "bt709")
    own.through(
        filter_("scale", out_color_matrix=matrix, out_range=like.color_range or "tv"),
        filter_("format", pix_fmts=like.pixel_format or "yuv420p"),
    )
    fit_and_pad.apply(own, clip.fit)
    own.through(
        *_like(like, like),
        filter_("loop", loop=-1, size=1),
        filter_("settb", expr=time_base(1 / Fraction(step.rate))),
        filter_("setpts", expr=FRAME_NUMBERS),
        *_evenly(step, clip.frames),
    )
    return own.video


def _one_after_the_other(graph: Graph, videos: list[Pad]) -> Pad:
    return graph.joined(videos, filter_("concat", n=len(videos), v=1, a=0))


def _crossed(graph: Graph, videos: list[Pad], step: PlannedConcat) -> Pad:
    frame = 1 / Fraction(step.rate)
    first, *others = videos
    whole = step.parts[0].frames if step.parts[0] is not None else step.frames
    for video, part in zip(others, step.parts[1:], strict=True):
        offset = whole - step.overlap
        crossing = filter_(
            "xfade", transition=step.transition or "fade", duration=step.overlap * frame, offset=offset * frame
        )
        first = graph.joined([first, video], crossing)
        whole = offset + (part.frames if part is not None else step.frames)
    return first


def _sound(
    scene: Scene, step: PlannedConcat, track: AudioStream, numbers: list[int | None], own: Sound | None, place: int
) -> Sound:
    """A track of all parts, each as long as its frames; silence where one has no sound."""
    graph = own.graph if own is not None else Graph(f"s{place}x")
    frame, last = 1 / Fraction(step.rate), len(step.parts) - 1
    pads: list[Pad] = []
    for position, (part, number) in enumerate(zip(step.parts, numbers, strict=True)):
        length = (step.frames if part is None else part.frames) * frame
        if part is None:
            pad = own.pad if own is not None else silence(graph, track, length)
        else:
            pad = _clip_sound(scene, graph, part, number, track, length)
        declicked = [] if step.overlap else without_clicks(
            length, joined_before=position > 0, joined_after=position < last
        )  # fmt: skip
        pads.append(pad.then(*lasting(length), *declicked))
    if step.overlap:
        whole = crossfaded(graph, pads, round(step.overlap * frame * track.sample_rate))
    else:
        whole = graph.joined(pads, filter_("concat", n=len(pads), v=0, a=1))
    return Sound(graph, whole.then(*lasting(step.count * frame)))


def _clip_sound(
    scene: Scene, graph: Graph, clip: PlannedClip, number: int | None, track: AudioStream, length: Fraction
) -> Pad:
    facts = clip.facts
    if isinstance(facts, ImageFacts) or not facts.media.decodable_audio or clip.opening is None or number is None:
        return silence(graph, track, length)
    tracks = facts.media.decodable_audio
    usual = next((one for one in tracks if one.default), tracks[0])
    same = (one for one in tracks if track.language is not None and one.language == track.language)
    chosen = next(same, usual)
    start, end = Fraction(clip.opening.start_s), Fraction(clip.opening.end_s)
    cut = Cut.of(facts.media, start, end, keeping_clocks=scene.keeps_clocks)
    return graph.stream(number, chosen.index).then(*formed(chosen, form_of(track)), *cut.sound_filters(chosen))
