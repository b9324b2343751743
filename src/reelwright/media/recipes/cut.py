"""Cut: an interval of a source, read from a little before it, to the tick and the sample."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import msgspec

from reelwright.edits import audio_tracks
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput
from reelwright.media.ffmpeg.damage import BROADCAST, dropping
from reelwright.media.ffmpeg.filtergraph import Filter, Graphs, filter_, timestamps_from, timestamps_from_s
from reelwright.media.recipes.audio_filters import coded, in_step, lasting
from reelwright.media.recipes.seeking import clock_behind


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
        """`keeping_clocks`: as for `reading_options`."""
        tick, behind = Fraction(media.main_video.time_base), clock_behind(media, keeping_clocks=keeping_clocks)
        zero = media.start - behind
        first = ceil((zero + start) / tick)
        return cls(
            first_tick=first,
            end_tick=ceil((zero + end) / tick),
            origin_s=str(first * tick),
            sound_end_s=str(zero + end),
            behind_s=str(behind),
        )

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
