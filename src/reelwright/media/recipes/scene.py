"""Scene: what the planned steps so far make of a source, as graphs that go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from reelwright.edits import audio_tracks
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.outputs import AudioEncoding
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.state import VideoState
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.filtergraph import Filter, filter_, timestamps_from
from reelwright.media.ffmpeg.graph import Graph, Pad, finer, rate, time_base
from reelwright.media.recipes.audio_filters import formed
from reelwright.media.recipes.cut import Cut
from reelwright.media.recipes.video_filters import conform, steady


@dataclass(slots=True)
class Sound:
    """A track on its way."""

    graph: Graph
    pad: Pad


@dataclass(slots=True)
class Scene:
    """`inputs` are the options that open what is read beside the source, `slots` the numbers of the slots that they
    open, where those do not just follow one another; `keeps_clocks`: whether frames come in the files' own time."""

    state: VideoState
    capabilities: Capabilities
    graph: Graph
    video: Pad
    sounds: list[Sound]
    cut: Cut
    keeps_clocks: bool
    inputs: list[tuple[str, ...]] = field(default_factory=list)
    slots: Sequence[int] = ()

    def opens(self, options: Callable[[str], tuple[str, ...]]) -> int:
        """Read one more input: `options` open the slot that they are given. Returns its index."""
        number = len(self.inputs) + 1
        self.inputs.append(options(f"<in{self.slots[number - 1] if self.slots else number}>"))
        return number

    def zero(self, media: MediaInfo) -> Fraction:
        """When an input of this scene begins, in the time in which its frames come: the file's own where `-copyts`
        leaves it, which it does for all inputs of a command or none."""
        return media.start if self.keeps_clocks else Fraction(0)

    def through(self, *filters: Filter) -> None:
        """The video through filters."""
        self.video = self.video.then(*filters)

    def heard_through(self, *filters: Filter) -> None:
        """Each track through filters."""
        for sound in self.sounds:
            sound.pad = sound.pad.then(*filters)

    @property
    def deep(self) -> bool:
        """Whether frames have ten bits a sample."""
        return (self.state.video.bit_depth or 8) > 8

    @property
    def hdr_picture(self) -> VideoStream | None:
        """The picture as it is so far, where it is HDR."""
        return self.state.video if self.state.video.is_hdr else None

    def stamped(self) -> None:
        """Bring the video's frames back to the time base that the state says: some filters choose their own."""
        self.through(filter_("settb", expr=time_base(self.state.tick)))

    def finely_stamped(self) -> None:
        """For filters that count in ticks, or round the times of what they lay over the video to its ticks: where those
        are as long as frames, what moves would come up to half a frame early."""
        self.through(filter_("settb", expr=time_base(finer(self.state.tick))))


def opened(
    media: MediaInfo,
    step: PlannedOpening,
    capabilities: Capabilities,
    *,
    number: int = 0,
    since: Fraction = Fraction(0),
    keeps_clocks: bool,
) -> Scene:
    """The source, input `number`, as steps take it. `since`: nobody looks at what is before, seconds; `keeps_clocks`:
    as the scene has it that it is part of."""
    start, end = Fraction(step.start_s), Fraction(step.end_s)
    cut, state = Cut.of(media, start, end, keeping_clocks=keeps_clocks), step.of(media)
    video = media.main_video
    graph = Graph(f"v{number}x" if number else "v")
    unseen = [filter_("trim", start=since)] if since else []
    frames = [*steady(video), *_frames(cut, step, state), *unseen]
    upright = conform(
        video,
        tone_mapping=capabilities.tone_mapping,
        size=state.canvas,
        pixel_format=state.video.pixel_format or "yuv420p",
        hdr=step.hdr,
        fields=False,
    )
    pad = graph.stream(number, video.index).then(*frames, *upright, filter_("setsar", sar=1))
    sounds = []
    for place, track in enumerate(media.decodable_audio):
        form = audio_tracks.coded(track, AudioEncoding(), "mkv")
        heard = Graph(f"s{place}x{number}x" if number else f"s{place}x")
        sounds.append(
            Sound(heard, heard.stream(number, track.index).then(*formed(track, form), *cut.sound_filters(track)))
        )
    scene = Scene(state, capabilities, graph, pad, sounds, cut, keeps_clocks=keeps_clocks)
    scene.stamped()
    return scene


def _frames(cut: Cut, step: PlannedOpening, state: VideoState) -> list[Filter]:
    if step.rate is None:
        return cut.picture_filters()
    # Every frame from before the interval passes: the one that is on display at its start is among them. A frame is
    # shown from the first instant on that is not before its own (`up`), a tick of room for times that were rounded;
    # the last one stands until the end.
    count = frame_grid(state.media)
    assert count is not None
    return [
        filter_("setpts", expr=timestamps_from(cut.first_tick + 1)),
        *evenly(Fraction(step.rate), count.count),
    ]


def evenly(frames_per_s: Fraction, count: int) -> list[Filter]:
    """So many frames at a rate, each what is on display then: one is there from the first instant on that is not before
    its own (`up`), the first from the start on, the last to the end."""
    return [
        filter_("fps", fps=rate(frames_per_s), start_time=0, round="up"),
        filter_("tpad", stop=-1, stop_mode="clone"),
        filter_("trim", end_frame=count),
    ]
