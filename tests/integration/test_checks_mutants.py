"""Outputs that are broken in every way that could be thought of are caught, by the check that is meant for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from reelwright.edits.edit import trim
from reelwright.edits.plan import Plan, resolve
from reelwright.errors import ReelwrightError
from reelwright.media.checks.inspector import Inspector
from reelwright.media.probe.prober import Prober
from tests.support import recipes
from tests.support.media_files import ffmpeg, material
from tests.support.source_kinds import some_slow

FRAMES = 100
SWAPPED = [*range(50), 51, 50, *range(52, FRAMES)]
REPEATED = [*range(50), 49, *range(51, FRAMES)]


@dataclass(frozen=True)
class Good:
    """An output that is as planned: 4 s of a picture that moves throughout, with bursts of sound at uneven times."""

    plan: Plan
    source: Path
    made: Path


@pytest.fixture(scope="module", params=["192:108", pytest.param("1920:1080", marks=pytest.mark.soak)])
async def good(prober: Prober, common_footage: Path, folder: Path, request: pytest.FixtureRequest) -> Good:
    size = request.param.replace(":", "x")
    folder = folder / size
    folder.mkdir()
    moving = "mandelbrot=size=192x108:rate=25:start_scale=1.5:end_scale=0.02:end_pts=150"
    picture = f"{moving},scale={request.param},format=yuv420p"
    sound = "aevalsrc=0.3*sin(3000*t)*lt(mod(0.9*t*t+0.3*t\\,1)\\,0.35):s=48000:c=stereo"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    named = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]
    coded = ["-t", "6", "-c:v", "libx264", "-preset", "veryfast", *named, "-c:a", "aac"]
    source = material(common_footage / f"ever moving {size}.mp4", *inputs, *coded)
    media = await prober.probe(source)
    whole = recipes.edit_of("trim", media, begin_s=1)
    plan = resolve(trim(1, 5, whole.outputs[0]), recipes.facts(media))
    made = folder / "work" / "out0.mp4"
    await recipes.make(plan, {"in0": source, "out0": made})
    assert plan.outputs[0].frame_count == FRAMES
    return Good(plan, source, made)


Mutation = Callable[[Path, Path], None]
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-profile:v", "high")
FAST = ("-movflags", "+faststart")


def copied(*options: str, after: tuple[str, ...] = ()) -> Mutation:
    """Another file with the same packets; `options` come before the input, `after` behind it."""

    def mutate(made: Path, target: Path) -> None:
        ffmpeg(*options, "-i", str(made), "-map", "0", "-c", "copy", *after, *FAST, str(target))

    return mutate


def pictured(*filters: str, options: tuple[str, ...] = ()) -> Mutation:
    """The picture filtered and coded again."""

    def mutate(made: Path, target: Path) -> None:
        graph = ("-filter_complex", f"[0:v]{','.join(filters)}[v]", "-map", "[v]", "-map", "0:a")
        ffmpeg("-i", str(made), *graph, *CODED, *options, "-c:a", "copy", *FAST, str(target))

    return mutate


def sounding(*filters: str, options: tuple[str, ...] = ("-c:a", "aac")) -> Mutation:
    """The sound filtered and coded again."""

    def mutate(made: Path, target: Path) -> None:
        graph = ("-af", ",".join(filters)) if filters else ()
        ffmpeg("-i", str(made), "-map", "0", "-c:v", "copy", *graph, *options, *FAST, str(target))

    return mutate


def bytewise(change: Callable[[bytearray], bytearray]) -> Mutation:
    def mutate(made: Path, target: Path) -> None:
        target.write_bytes(change(bytearray(made.read_bytes())))

    return mutate


def flipped(kind: str) -> Mutation:
    """Bits flipped within some packets of a stream."""

    def mutate(made: Path, target: Path) -> None:
        content = bytearray(made.read_bytes())
        with av.open(str(made)) as opened:
            (stream,) = opened.streams.get({kind: 0})
            packets = [packet for packet in opened.demux(stream) if packet.size > 60]
        for packet in packets[len(packets) // 2 :][:8]:
            assert packet.pos is not None
            for place in range(packet.pos + packet.size // 3, packet.pos + packet.size - 8, 7):
                content[place] ^= 0x5A
        target.write_bytes(content)

    return mutate


def late_sound(made: Path, target: Path) -> None:
    again = ("-itsoffset", "0.1", "-i", str(made), "-map", "0:v", "-map", "1:a", "-c", "copy")
    ffmpeg("-i", str(made), *again, *FAST, str(target))


def frozen(made: Path, target: Path) -> None:
    graph = "[0:v]split[a][b];[a][b]freezeframes=first=30:last=60:replace=30[v]"
    ffmpeg(
        "-i",
        str(made),
        "-filter_complex",
        graph,
        "-map",
        "[v]",
        "-map",
        "0:a",
        *CODED,
        "-c:a",
        "copy",
        *FAST,
        str(target),
    )


def index_last(made: Path, target: Path) -> None:
    ffmpeg("-i", str(made), "-map", "0", "-c", "copy", str(target))


def of_another_codec(made: Path, target: Path) -> None:
    ffmpeg("-i", str(made), "-map", "0", "-c:v", "libx265", "-preset", "ultrafast", "-c:a", "copy", *FAST, str(target))


def of_another_container(made: Path, target: Path) -> None:
    ffmpeg("-i", str(made), "-map", "0", "-c", "copy", "-f", "matroska", str(target))


def shuffled(order: list[int]) -> Mutation:
    return pictured(f"shuffleframes={' '.join(map(str, order))}")


HDR_NAMES = "colour_primaries=9:transfer_characteristics=16:matrix_coefficients=9"

MUTATIONS: dict[str, tuple[Mutation, str]] = {
    "the file is cut off": (bytewise(lambda whole: whole[: len(whole) * 7 // 10]), "decodes readable"),
    "nothing is there": (bytewise(lambda _: bytearray()), ""),
    "it ends early": (copied(after=("-t", "3")), "duration frames"),
    "the sound is missing": (copied(after=("-an",)), "audio_tracks"),
    "there is a track too many": (copied(after=("-map", "0:a")), "audio_tracks"),
    "the sound begins 100 ms late": (late_sound, "audio_times sync"),
    "the sound is heard 100 ms late": (sounding("adelay=100:all=1", "atrim=end=4"), "sync"),
    "the sound is heard 80 ms early": (
        sounding("atrim=start=0.08", "asetpts=PTS-STARTPTS", "apad", "atrim=end=4"),
        "sync",
    ),
    "the sound is cut short": (sounding("atrim=end=3.2"), "audio_times"),
    "the sound is silent for a while": (sounding("volume=0:enable='between(t,1,3)'"), "silence"),
    "the sound is silent": (sounding("volume=0"), "silence"),
    "the sound is distorted": (sounding("volume=30dB"), "clipping"),
    "the sound has another rate": (sounding(options=("-c:a", "aac", "-ar", "22050")), "audio_format"),
    "the sound is mono": (sounding(options=("-c:a", "aac", "-ac", "1")), "audio_format"),
    "the sound is of another codec": (sounding(options=("-c:a", "libmp3lame")), "audio_format"),
    "packets of sound are lost": (copied(after=("-bsf:a", "noise=drop=between(n\\,60\\,80)")), "audio_times"),
    "packets of sound are damaged": (flipped("audio"), "decodes"),
    "half of the frames": (pictured("fps=12.5"), "frames"),
    "twice as many frames": (pictured("fps=50"), "frames"),
    "it is slower": (pictured("setpts=PTS*25/24", options=("-r", "24")), "frame_times duration"),
    "pixels are not square": (pictured("setsar=4/3"), "display_size"),
    "it is of another size": (pictured("scale=160:90"), "picture"),
    "it is turned": (copied("-display_rotation", "90"), "rotation"),
    "it is upside down": (copied("-display_rotation", "180"), "rotation"),
    "the picture stands still": (frozen, "still"),
    "the picture is black for a while": (pictured("drawbox=color=black:t=fill:enable='between(t,1,2)'"), "black"),
    "the picture begins black": (pictured("drawbox=color=black:t=fill:enable='lt(t,0.6)'"), "black"),
    "the last frame is lost": (pictured("trim=end_frame=99"), "frames"),
    "the first frame is lost": (pictured("trim=start_frame=1"), "frames"),
    "the first frame is lost and all come earlier": (pictured("trim=start_frame=1", "setpts=PTS-STARTPTS"), "frames"),
    "two frames are swapped": (shuffled(SWAPPED), "frame_order"),
    "a frame is repeated in place of another": (shuffled(REPEATED), "frame_order"),
    "packets of the picture are lost": (copied(after=("-bsf:v", "noise=drop=between(n\\,40\\,44)")), "frames"),
    "packets of the picture are damaged": (flipped("video"), "decodes"),
    "its clock jumps": (
        copied(after=("-bsf:v", "setts=pts=PTS+gte(N\\,50)*0.4/TB:dts=DTS+gte(N\\,50)*0.4/TB")),
        "frame_times",
    ),
    "the index comes last": (index_last, "index"),
    "it is in another container": (of_another_container, "container"),
    "it is of another codec": (of_another_codec, "picture"),
    "it has ten bits": (pictured("format=yuv420p10le", options=("-profile:v", "high10")), "pixel_format"),
    "it calls its colours HDR": (copied(after=("-bsf:v", f"h264_metadata={HDR_NAMES}")), "colors"),
}


async def test_a_good_output_passes(prober: Prober, inspector: Inspector, good: Good) -> None:
    checks = await recipes.checked(prober, inspector, good.plan, 0, good.made, good.source)
    assert {one.outcome for one in checks} == {"ok"}, checks


@pytest.mark.few(8)
@pytest.mark.parametrize("name", some_slow(MUTATIONS, [*MUTATIONS][1::2]))
async def test_a_broken_output_is_caught(
    prober: Prober, inspector: Inspector, good: Good, name: str, tmp_path: Path
) -> None:
    """Each by a check that says what is wrong, or it cannot be read at all."""
    mutate, meant = MUTATIONS[name]
    target = tmp_path / "mutant.mp4"
    mutate(good.made, target)
    try:
        checks = await recipes.checked(prober, inspector, good.plan, 0, target, good.source)
    except ReelwrightError:
        assert not meant
        return
    failed = {one.name for one in checks if one.outcome == "failed"}
    assert failed & set(meant.split()), [one.complaint for one in checks if one.outcome == "failed"]
