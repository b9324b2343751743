"""Images alone whose moments lie far apart: each is sought and made by itself, so that nothing between them is decoded.

The frames of an image are those of one reading, filtered as there: they are kept as they come out of the filters, and
put together in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits.gifs_and_previews import Preview
from reelwright.edits.plan import Plan
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sidecars import PlannedSidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import REPORTING, WITHOUT_METADATA, Command
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.ffmpeg.graph import Graph, whole_graph
from reelwright.media.recipes import needed_span, sidecars
from reelwright.media.recipes.seeking import is_seekable
from reelwright.media.recipes.several_steps import EditedSource
from reelwright.media.recipes.tone_mapping import to_sdr

FAR_S = Fraction(30)
"""From one moment to the next: decoding as much takes longer than one more process, and what it decodes from its key
frame on, which may lie seconds before."""
MOST_PLACES = 250
"""Where moments lie apart; of more, everything is read once."""
MOST_BYTES = 2**28
"""Of all frames until they are put together; where they are more, everything is read once."""
COMBINING_WEIGHT = 0.05
"""Of the work that the frames are."""


def far_still_commands(plan: Plan, capabilities: Capabilities) -> tuple[Command, ...] | None:
    """None where reading once is as good, or only that is exact. Raises JobFailed `unsupported_here`."""
    if (found := places(plan)) is None:
        return None
    commands = [_frames_command(plan, place, capabilities) for place in found]
    weight = COMBINING_WEIGHT * len(commands) / len(plan.sidecars)
    return (*commands, *(_combining(number, one, weight, capabilities) for number, one in enumerate(plan.sidecars)))


def frames_bytes(plan: Plan) -> int:
    """What the frames take of a disk until they are put together."""
    return 0 if places(plan) is None else _frames_bytes(plan)


def _frames_bytes(plan: Plan) -> int:
    return sum(one.width * one.height * 3 // 2 * len(one.at_s) for one in plan.sidecars)


def places(plan: Plan) -> list[list[Fraction]] | None:
    """The moments, those together that lie near to each other; None where all is read once."""
    moments = needed_span.moments(plan)
    if not moments or not all(isinstance(one.request, Poster | Preview | Sprite | Thumbnails) for one in plan.sidecars):
        return None
    media, first = plan.inputs[0].media, plan.steps[0]
    assert isinstance(first, PlannedOpening)
    if first.rate is not None or media.clock_jumps or not is_seekable(media) or _frames_bytes(plan) > MOST_BYTES:
        return None
    found = [[moments[0]]]
    for moment in moments[1:]:
        if moment - found[-1][-1] > FAR_S:
            found.append([])
        found[-1].append(moment)
    if not 1 < len(found) <= MOST_PLACES:
        return None
    # where each is sought has to be known
    sought = all(needed_span.needed_since(plan, place[0])[0] > 0 for place in found[1:])
    return found if sought else None


def _last_frame_s(plan: Plan) -> Fraction:
    """A time at which the last frame of what the steps make is on display, about."""
    video = plan.states[-1].video
    assert video.duration_s is not None  # an opening says it
    return Fraction(video.start_s) + Fraction(repr(video.duration_s)) - Fraction(1, 10)


def _frames_command(plan: Plan, place: Sequence[Fraction], capabilities: Capabilities) -> Command:
    """All frames of one place, of every image."""
    last_frame = _last_frame_s(plan)
    # behind the last frame's start, that is what is seen
    ground = EditedSource(plan, capabilities, part=(max(min(place[0], last_frame), Fraction(0)), place[-1]))
    video = ground.media.main_video
    colors = to_sdr(video, tone_mapping=capabilities.tone_mapping)
    shapes, outputs = [], []
    for number, still in enumerate(plan.sidecars):
        own = [(at, one) for at, one in enumerate(still.at_s) if place[0] <= Fraction(one) <= place[-1]]
        if own:
            times = msgspec.structs.replace(still, at_s=tuple(one for _, one in own))
            error = sidecars.clock_error(ground.media, ())
            shapes.append(sidecars.picked(times, video, error))
            outputs.append((own[0][0], f"<{_frames_file(number)}>"))
    arguments: list[str] = []
    labels = ground.split([*ground.common, *colors], shapes)
    for label, (begin, name) in zip(labels, outputs, strict=True):
        arguments += ["-map", label, *WITHOUT_METADATA, "-c:v", "rawvideo", "-fps_mode", "passthrough"]
        arguments += ["-start_number", str(begin), "-f", "image2", name]
    return ground.command(arguments, expected_s=str(place[-1] - place[0] + 1))


def _combining(number: int, still: PlannedSidecar, weight: float, capabilities: Capabilities) -> Command:
    """The image of its frames, or the images. What moves is of limited range, as WebP has it."""
    form, rate = "yuvj420p", sidecars.PICTURES_A_SECOND
    if isinstance(still.request, Preview):
        form, rate = "yuv420p", still.request.frame_rate
    graph = Graph("s")
    label = graph.output(graph.stream(0, 0).then(filter_("setsar", sar=1), *sidecars.combined(still)), filter_("null"))
    return Command(
        arguments=(
            *REPORTING,
            *("-protocol_whitelist", "file", "-f", "image2", "-c:v", "rawvideo", "-pixel_format", form),
            *("-video_size", f"{still.width}x{still.height}", "-framerate", str(rate)),
            *("-i", f"<{_frames_file(number)}>", *whole_graph([graph])),
            *("-map", label, *WITHOUT_METADATA),
            *sidecars.options(still, capabilities.encoders),
        ),
        expected_s=str(Fraction(len(still.at_s), rate)),
        weight=weight,
    )


def _frames_file(number: int) -> str:
    return f"frames-{number}-%04d.yuv"
