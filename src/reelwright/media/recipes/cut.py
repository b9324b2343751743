"""Cut: an interval of a source, read from a little before it, to the tick and the sample."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import msgspec

from reelwright.edits import audio_tracks
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.held_frames import video_begin
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput
from reelwright.media.ffmpeg.command import BROADCAST, dropping
from reelwright.media.ffmpeg.filtergraph import Filter, Graphs, filter_, seconds, timestamps_from, timestamps_from_s
from reelwright.media.recipes.audio_filters import coded, in_step, lasting

SEEKABLE = frozenset({"mov", "matroska", "webm", "avi"})
"""Containers with an index of key frames: a seek into any other may land behind the key frame that is needed."""

RUN_UP_S, RUN_UP_FRAMES, RUN_OUT_S = Fraction(1, 4), 8, Fraction(1)
"""How long before an interval reading begins, at least, and how long after it ends."""


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """An interval of a source in the file's own clock, in which decoded frames are stamped.

    The picture is cut by whole ticks of its time base, exactly; sound at the same instant, to the sample.
    """

    first_tick: int
    end_tick: int
    origin_s: str
    sound_end_s: str
    behind_s: str = "0"
    """By how many whole seconds the clock in which frames are stamped is behind the file's."""

    @classmethod
    def of(cls, media: MediaInfo, start: Fraction, end: Fraction, *, keeping_clocks: bool = True) -> Cut:
        """`keeping_clocks`: as for `input_options`."""
        tick, behind = Fraction(media.main_video.time_base), _behind(media, keeping_clocks=keeping_clocks)
        zero = media.start - behind
        first = ceil((zero + start) / tick)
        return cls(
            first_tick=first,
            end_tick=ceil((zero + end) / tick),
            origin_s=str(first * tick),
            sound_end_s=str(zero + end),
            behind_s=str(behind),
        )

    def input_options(
        self,
        media: MediaInfo,
        start: Fraction,
        end: Fraction,
        *,
        looking_back: bool = False,
        keeping_clocks: bool = True,
    ) -> tuple[str, ...]:
        """Seek to a little before the start (frames are reordered, decoders need a run-up) and stop reading soon
        after the end. `looking_back`: what is on display at the start may have begun long before it;
        `keeping_clocks`: `-copyts` may be said, which is said for all inputs of a command or for none."""
        seek = Fraction(0)
        if media.clock_jumps or not keeping_clocks:
            # `-copyts` would leave the jumps open; the offset is what ffmpeg takes off without it, but for whole
            # seconds: 10 s and more it takes for a jump itself
            zero = media.start - _behind(media, keeping_clocks=keeping_clocks)
            return ("-itsoffset", seconds(zero), "-t", seconds(zero + end + RUN_OUT_S))
        if is_seekable(media):
            frame_s = 1 / Fraction(media.main_video.frame_rate) if media.main_video.frame_rate else Fraction(1, 25)
            seek = max(start - max(RUN_UP_S, RUN_UP_FRAMES * frame_s), Fraction(0))
        if seek <= video_begin(media):
            # No key frame lies before: a demuxer that seeks for the first one takes the audio to there too.
            return ("-copyts", "-t", seconds(end + RUN_OUT_S))
        if looking_back:  # every frame from the key frame on passes, whose time is not known; the filters end it
            return ("-copyts", "-noaccurate_seek", "-ss", seconds(seek))
        return ("-copyts", "-ss", seconds(seek), "-t", seconds(end - seek + RUN_OUT_S))

    def without_the_rest(self, media: MediaInfo) -> tuple[str, ...]:
        """Drop, before they are decoded, packets behind the interval: one that is damaged fails the command although
        no frame of the interval needs it. Then only the file's end ends the reading.

        Whatever is decoded after the end is not needed; nor, where frames are counted, what is shown after it once
        all before it came. The last packet of a file that may be cut off is dropped as well: verification allows for
        it where it is lost at the end of a picture without a frame count.
        """
        picture, end = media.main_video, self.end_tick
        tick = Fraction(picture.time_base)
        rules, before = [f"gte(dts,{end})"], ""
        if (grid := frame_grid(media)) is not None:
            before = f"st(0,ld(0)+gte(pts,startpts)*lt(pts,{end}));"
            rules.append(f"gte(pts,{end})*gte(ld(0)*{grid.frame_s / tick},{end}-startpts)")
        if (last_s := self._last_packet_s(media)) is not None:
            rules.append(f"gte(dts,{last_s / tick})")
        options = dropping(picture.index, before + "+".join(rules))
        for track in media.decodable_audio:
            ends = ceil(Fraction(self.sound_end_s) / Fraction(track.time_base))
            options += dropping(track.index, f"gte(pts,{ends})")
        return options

    def has_last_packet(self, media: MediaInfo) -> bool:
        """Whether the packet that `without_the_rest` drops at the end of the file is one of the interval's."""
        last_s = self._last_packet_s(media)
        return last_s is not None and last_s < self.end_tick * Fraction(media.main_video.time_base)

    def _last_packet_s(self, media: MediaInfo) -> Fraction | None:
        """When the packet is decoded that the end of the file may have torn; None where that is not known, and of
        broadcasts: what is damaged of those is made with what can be decoded, and may lie anywhere."""
        if media.main_video.last_packet_s is None or media.container in BROADCAST:
            return None
        return Fraction(media.main_video.last_packet_s) - Fraction(self.behind_s)

    def needed_to(self, media: MediaInfo) -> dict[int, int]:
        """By stream, the tick of the interval's end."""
        ends = {
            track.index: ceil(Fraction(self.sound_end_s) / Fraction(track.time_base)) for track in media.decodable_audio
        }
        return {media.main_video.index: self.end_tick, **ends}

    def picture_filters(self) -> list[Filter]:
        return [
            filter_("trim", start_pts=self.first_tick, end_pts=self.end_tick),
            filter_("setpts", expr=timestamps_from(self.first_tick)),
        ]

    def sound(self, graphs: Graphs, number: int, track: AudioStream, expected: ExpectedOutput) -> tuple[str, ...]:
        """Options for output track `number`: the sound of the interval, all of it and no more. Holes, a late start and
        an early end become silence, so that every sample stays in step with the picture."""
        form = audio_tracks.coded(track, expected.output.audio, expected.output.container)
        return coded(graphs, number, track, form, self.sound_filters(track))

    def sound_filters(self, track: AudioStream) -> list[Filter]:
        """The sound of the interval, all of it and no more, from time zero on."""
        origin, end = Fraction(self.origin_s), Fraction(self.sound_end_s)
        begins = Fraction(track.start_s) - Fraction(self.behind_s)
        behind = min(max(begins - origin, Fraction(0)), end - origin)
        return [
            filter_("atrim", start=origin, end=end),
            filter_("asetpts", expr=timestamps_from_s(origin)),
            *in_step(behind),
            *lasting(end - origin),
        ]


def _behind(media: MediaInfo, *, keeping_clocks: bool) -> Fraction:
    """Whole seconds, so that ticks stay what they are."""
    return Fraction(floor(media.start)) if media.clock_jumps or not keeping_clocks else Fraction(0)


def is_seekable(media: MediaInfo) -> bool:
    """Whether a seek lands before the wanted frame. ffmpeg seeks by the track that it takes for the main one: beside
    another picture, that may be the wrong one, but for containers in which each track has an index of its own."""
    family = media.container.split(",")[0]
    if family == "avi" and not _counts_frames(media):
        return False
    return family in SEEKABLE and (family == "mov" or len(media.video) == 1)


def _counts_frames(media: MediaInfo) -> bool:
    """Whether each tick is a frame. AVI has no other times than numbers of ticks; where those are shorter than frames,
    ffmpeg is off by some after a seek."""
    rate = media.main_video.frame_rate
    return rate is not None and Fraction(media.main_video.time_base) * Fraction(rate) == 1
