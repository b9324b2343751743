"""An edit of several steps as the ground of renditions: read once, from a little before what is wanted of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from reelwright.edits.audio_tracks import CodedAudio
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import REPORTING, Command
from reelwright.media.ffmpeg.damage import BROADCAST, LAST_FRAME
from reelwright.media.ffmpeg.filtergraph import Filter, filter_
from reelwright.media.ffmpeg.graph import Pad, rate, whole_graph
from reelwright.media.ffmpeg.loudness import levelling, measuring
from reelwright.media.ffmpeg.untrusted_inputs import video_input
from reelwright.media.recipes import needed_span
from reelwright.media.recipes.audio_filters import encoded, form_for, form_of, formed, held
from reelwright.media.recipes.loudness_measurements import Measurement, gain_for
from reelwright.media.recipes.scene import Sound
from reelwright.media.recipes.seeking import reading_options
from reelwright.media.recipes.sidecars import PALETTED
from reelwright.media.recipes.steps import composed
from reelwright.media.recipes.subtitles_and_chapters import TrackInputs
from reelwright.media.recipes.transcode import rendition_commands


def edit_commands(plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """The renditions of an edit of several steps, in one decode. Raises JobFailed `unsupported_here`."""
    return rendition_commands(lambda: EditedSource(plan, capabilities), plan, capabilities)


class EditedSource:
    """All steps of a plan, as one graph a stream. `part`: the times of the result that alone are wanted; `slots`: as
    the scene has them."""

    def __init__(
        self,
        plan: Plan,
        capabilities: Capabilities,
        *,
        part: tuple[Fraction, Fraction] | None = None,
        slots: Sequence[int] = (),
    ) -> None:
        self._source, self._capabilities = plan.inputs[0].media, capabilities
        first = plan.steps[0]
        assert isinstance(first, PlannedOpening)
        self._opening = first
        # images alone, or a part, may need little of all: it is read no further than that
        at = needed_span.moments(plan) if part is None else part
        self._since = [Fraction(0)] * len(plan.steps) if at is None else needed_span.needed_since(plan, at[0])
        self._scene = composed(plan, capabilities, self._since, slots)
        if at is not None:
            self._scene.through(filter_("trim", end=needed_span.needed_until(self._scene.state, at[-1])))
        self._heard_in = [expected.audio_tracks for expected in plan.outputs]
        self._tracks: dict[int, Iterator[Pad]] = {}
        self._beside = TrackInputs(plan.texts, lambda options: self._scene.opens(lambda _: options))

    @property
    def media(self) -> MediaInfo:
        return self._scene.state.media

    @property
    def tick(self) -> Fraction:
        """The time base in which frames are stamped, seconds."""
        return self._scene.state.tick

    @property
    def common(self) -> list[Filter]:
        """Frames on a grid are numbered by the encoder's own clock, which ticks once a frame."""
        grid = self._scene.state.grid
        if grid is None or (grid.first_s / grid.frame_s).denominator != 1:
            return []
        # `fps` would go on to where the source ends: a step may have left that out
        return [filter_("fps", fps=rate(1 / grid.frame_s)), filter_("trim", end_frame=grid.count)]

    def split(self, common: list[Filter], shapes: list[list[Filter]]) -> list[str]:
        graph = self._scene.graph
        pads = graph.split(self._scene.video.then(*common), len(shapes))
        return [
            graph.output(self._shaped(pad, shape), filter_("null")) for pad, shape in zip(pads, shapes, strict=True)
        ]

    def _shaped(self, pad: Pad, shape: list[Filter]) -> Pad:
        if shape and shape[-1].name == PALETTED:
            return self._scene.graph.paletted(pad.then(*shape[:-1]), shape[-1])
        return pad.then(*shape)

    def sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        """Every track coded: it went through the steps."""
        options: list[str] = []
        for number, (track, form, label) in enumerate(self._heard(plan, expected)):
            options += ["-map", label, *encoded(number, track, form)]
        return options

    def passing_sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        """Through the steps, too, for what they read is read at one pace; it is not coded."""
        maps = [option for _, _, label in self._heard(plan, expected) for option in ("-map", label)]
        return [*maps, *(["-c:a", "pcm_s16le"] if maps else [])]

    def _heard(self, plan: Plan, expected: ExpectedOutput) -> Iterator[tuple[AudioStream, CodedAudio, str]]:
        """Each track, how it is to be coded, and the label of what the steps make of it."""
        for number, track in enumerate(self.media.audio[: expected.audio_tracks]):
            form = form_for(track, expected)
            gain = gain_for(self.media, plan, track, expected)
            filters = [
                *formed(track, form),
                *([] if gain is None else levelling(gain, form.sample_rate)),
                *([held()] if form.mixed_down else []),
            ]
            pad = next(self._track(number)).then(*filters)
            yield track, form, self._scene.sounds[number].graph.output(pad, filter_("anull"))

    def subtitles(self, expected: ExpectedOutput) -> list[str]:
        return self._beside.options(expected.output.container)

    def metadata(self, expected: ExpectedOutput) -> Sequence[str]:
        return self._beside.metadata(expected.output)

    def measured(self, wanted: Sequence[Measurement]) -> list[str]:
        options: list[str] = []
        for sound, track in zip(self._scene.sounds, self.media.audio, strict=True):
            own = [one for one in wanted if one.track.index == track.index]
            for pad, (_, form, gain) in zip(self._several(sound, track, len(own)), own, strict=True):
                pad = pad.then(*formed(track, form), *measuring(gain))
                options += ["-map", sound.graph.output(pad, filter_("anull"))]
        return options

    def command(self, arguments: Sequence[str], *, before: tuple[str, ...] = (), **more: Any) -> Command:
        media, cut, opening = self._source, self._scene.cut, self._opening
        start, end = Fraction(opening.start_s) + self._since[0], Fraction(opening.end_s)
        kept = self._scene.keeps_clocks
        reading = reading_options(media, start, end, looking_back=opening.rate is not None, keeping_clocks=kept)
        from_start = reading_options(media, Fraction(0), end, keeping_clocks=kept)
        rest = () if opening.rate is not None else cut.without_the_rest(media)
        graphs = (self._scene.graph, *(sound.graph for sound in self._scene.sounds))
        following = [
            *video_input("<in0>", media, self._capabilities),
            *(option for options in self._scene.inputs for option in options),
            *("-filter_complex_threads", str(self._capabilities.threads), *whole_graph(graphs)),
            *arguments,
        ]
        reporting = (*REPORTING, *before)
        return Command(
            arguments=(*reporting, *reading, *following),
            if_damaged=("-y", *reporting, *reading, *rest, *following) if rest else (),
            from_start=("-y", *reporting, *from_start, *rest, *following) if from_start != reading else (),
            lost_then=LAST_FRAME if cut.has_last_packet(media) else "",
            needed_to=cut.needed_to(media),
            forgiving=media.container in BROADCAST,
            video_stream=media.main_video.index,
            **more,
        )

    def _track(self, number: int) -> Iterator[Pad]:
        """A track, once for each output that has so many."""
        if number not in self._tracks:
            times = sum(tracks > number for tracks in self._heard_in)
            self._tracks[number] = iter(self._several(self._scene.sounds[number], self.media.audio[number], times))
        return self._tracks[number]

    def _several(self, sound: Sound, track: AudioStream, times: int) -> list[Pad]:
        """A track so many times. Its form is said before: ffmpeg would bring all to that of the first, stereo for all
        where one is."""
        form = formed(track, form_of(track)) if times > 1 else []
        return sound.graph.split(sound.pad.then(*form), times, sound=True)
