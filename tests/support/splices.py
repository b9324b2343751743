"""Results that copy, made without a service: survey, plan, coded runs, join, proof; and judged frame by frame."""

from __future__ import annotations

import subprocess
import zlib
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from msgspec import UNSET

from reelwright.edits.edit import Edit
from reelwright.edits.plan import Plan, remux, resolve, splicing
from reelwright.edits.splice_structs import CutMode, Splice, SpliceRefusal
from reelwright.media.ffmpeg import executable
from reelwright.media.ffmpeg.runner import run
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.compile import splice_recipe
from reelwright.media.sandbox.fork_client import ForkClient
from reelwright.media.splicing.requests import (
    REMUX_FILE,
    SOUND_FILE,
    Joined,
    JoinRequest,
    ProofRequest,
    Proven,
    SpliceRequest,
    SurveyRequest,
)
from reelwright.media.splicing.splicer import SpliceFailed, Splicer
from tests.support.recipes import BUDGET, SETTINGS, Layer, facts, ffmpeg_can


@dataclass(frozen=True, slots=True)
class Made:
    plan: Plan
    splice: Splice
    joined: Joined
    proven: Proven
    proving: ProofRequest


def splicer(reader: ForkClient) -> Splicer:
    return Splicer(reader, memory_bytes=BUDGET.memory_bytes, stall_s=BUDGET.stall_s)


async def planned(
    prober: Prober, splicer: Splicer, edit: Edit, source: Path, mode: CutMode, layers: Sequence[Layer] = ()
) -> Plan:
    """The plan of an edit, its source surveyed."""
    media = await prober.probe(source)
    plan = resolve(edit, facts(media, *(known for known, _ in layers)))
    asked = splicing.wanted(plan, mode)
    survey = None
    if not isinstance(asked, SpliceRefusal):
        request = SurveyRequest(
            video_stream=media.main_video.index,
            intervals=asked.intervals,
            chosen=asked.chosen,
            touched=asked.touched,
        )
        survey = await splicer.survey(source, request)
    return splicing.spliced(plan, mode, survey)


async def cut(
    prober: Prober,
    splicer: Splicer,
    edit: Edit,
    source: Path,
    target: Path,
    mode: CutMode = "smart",
    layers: Sequence[Layer] = (),
) -> Made | SpliceRefusal:
    """The whole way; `target` lies in a folder of its own, which is made. Why not, where it is refused."""
    plan = await planned(prober, splicer, edit, source, mode, layers)
    splice = plan.splice
    assert isinstance(splice, Splice)
    if splice.refused is not None:
        return splice.refused
    return await made(splicer, plan, splice, source, target, layers)


async def made(
    splicer: Splicer, plan: Plan, splice: Splice, source: Path, target: Path, layers: Sequence[Layer] = ()
) -> Made:
    """Coded runs, join, proof. Raises SpliceFailed."""
    able = await ffmpeg_can()
    target.parent.mkdir()
    recipe = splice_recipe(plan, able)
    program = executable.ffmpeg_path(SETTINGS)
    missing = await run(
        recipe, slots_of(source, layers), ffmpeg=program, work=target.parent, budget=BUDGET, report=lambda *_: None
    )
    if missing:
        raise SpliceFailed("encode", "; ".join(missing))
    tracks = splicing.tracks(plan)
    copied_from = remux.remuxed(plan) if remux.is_remuxed(plan) else plan
    source = target.parent / REMUX_FILE if remux.is_remuxed(plan) else source
    media, cut_there = copied_from.inputs[0].media, copied_from.splice
    assert isinstance(cut_there, Splice)
    request = SpliceRequest(
        video_stream=media.main_video.index,
        coding=cut_there.coding,
        intervals=cut_there.intervals,
        decoders=able.decoders,
        max_pixels=able.max_pixels,
        threads=able.threads,
    )
    common = msgspec.structs.asdict(request)
    sound = SOUND_FILE if splice.sound == "coded" else ""
    joining = JoinRequest(
        folder=str(target.parent),
        container="mp4" if splice.container is UNSET else splice.container,
        tracks=tracks,
        sound=sound,
        **common,
    )
    joined = await splicer.join(source, target, joining, wall_s=60, output_bytes=2**31, report=lambda _: None)
    proving = ProofRequest(contents=joined.contents, folder=str(target.parent), touched=splice.drawn, **common)
    proven = await splicer.prove(source, target, proving, wall_s=60, report=lambda _: None)
    return Made(plan, splice, joined, proven, proving)


def slots_of(source: Path, layers: Sequence[Layer]) -> dict[str, Path]:
    return {"in0": source} | {f"in{number}": path for number, (_, path) in enumerate(layers, 1)}


@dataclass(frozen=True, slots=True)
class Frame:
    tick: Fraction
    digest: int
    samples: np.ndarray
    """Of its luma."""
    peak: int

    @property
    def luma(self) -> np.ndarray:
        """From 0 to 1."""
        return self.samples.astype(np.float32) / self.peak


def frames(path: Path) -> Iterator[Frame]:
    """All frames, as they are coded; damage is an error."""
    with av.open(f"file:{path}") as opened:
        video = opened.streams.video[0]
        video.thread_type = "AUTO"
        video.codec_context.options = {"err_detect": "explode"}
        for frame in opened.decode(video):
            assert frame.pts is not None
            assert not frame.is_corrupt
            planes = [np.asarray(memoryview(plane)).reshape(-1, plane.line_size) for plane in frame.planes]
            digest = 0
            for plane, component in zip(planes, frame.format.components, strict=True):
                wide = component.width * (2 if component.bits > 8 else 1)
                digest = zlib.crc32(np.ascontiguousarray(plane[: component.height, :wide]).tobytes(), digest)
            luma = planes[0][: frame.height]
            if frame.format.components[0].bits > 8:
                luma = luma.view(np.uint16)
            peak = (1 << frame.format.components[0].bits) - 1
            assert video.time_base is not None
            yield Frame(frame.pts * video.time_base, digest, luma[:, : frame.width].copy(), peak)


def judge(source: Path, target: Path, made: Made, *, least_psnr: float = 35.0) -> None:
    """Every frame of every interval is there once, in order, at its time to the tick; copied ones are the source's, bit
    for bit, all others are like it."""
    splice = made.splice
    copied = encoded = 0
    here = list(frames(target))
    there = list(frames(source))
    place, at = 0, Fraction(0)
    for interval in splice.intervals:
        start, end = interval.start_tick * splice.tick, interval.end_tick * splice.tick
        for wanted in there:
            if not start <= wanted.tick < end:
                continue
            frame = here[place]
            place += 1
            assert abs(frame.tick - (wanted.tick - start + at)) < Fraction(1, 10_000), f"frame {place} of {target.name}"
            run = interval.copied
            if run.first_tick * splice.tick <= wanted.tick <= run.last_tick * splice.tick:
                assert frame.digest == wanted.digest, f"copied frame {place} of {target.name}"
                copied += 1
            else:
                error = float(((frame.luma - wanted.luma) ** 2).mean())
                assert error == 0 or 10 * np.log10(1 / error) >= least_psnr, f"coded frame {place} of {target.name}"
                encoded += 1
        at += end - start
    assert place == len(here)
    judge_readable(target)
    assert (made.joined.copied, made.joined.encoded) == (copied, encoded)
    assert copied > 0


def judge_readable(target: Path) -> None:
    """A reader that stops at the first error has none, in no stream: another version of FFmpeg's than the one that
    `frames` reads by."""
    as_they_are = ("-fps_mode", "passthrough", "-enc_time_base:v", "demux")  # frames of uneven times are no fault
    reading = ("-v", "warning", "-xerror", "-i", str(target), "-map", "0", *as_they_are, "-c:d", "copy")
    read = subprocess.run(
        [get_ffmpeg_exe(), *reading, "-f", "null", "-"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (read.returncode, read.stderr) == (0, "")


def judge_drawn(source: Path, target: Path, whole: Path, made: Made, *, least_psnr: float = 28.0) -> None:
    """Every frame is at the time at which it is in `whole`, where all were coded. Copied ones are the source's, bit for
    bit; all others are what the whole shows then, in each of its parts."""
    splice, media = made.splice, made.plan.inputs[0].media
    here, wanted = list(frames(target)), list(frames(whole))
    judge_readable(target)
    assert [float(frame.tick) for frame in here] == pytest.approx([float(frame.tick) for frame in wanted], abs=0.0011)
    there = {frame.tick: frame for frame in frames(source)}
    times = sorted(there)
    kinds = {"copied": 0, "encoded": 0}
    for frame, like in zip(here, wanted, strict=True):
        at = Fraction(0)
        for interval in splice.intervals:
            if frame.tick < at + interval.length * splice.tick:
                break
            at += interval.length * splice.tick
        tick = frame.tick - at + interval.start_tick * splice.tick
        place = bisect(times, tick)
        own = min(times[max(place - 1, 0) : place + 1], key=lambda time: abs(time - tick))
        assert abs(own - tick) < Fraction(1, 10_000)
        run = interval.copied
        if run.first_tick * splice.tick <= own <= run.last_tick * splice.tick:
            assert frame.digest == there[own].digest, f"copied frame at {float(frame.tick):.3f} s"
            kinds["copied"] += 1
        else:
            upright = np.rot90(frame.luma, -media.main_video.rotation // 90)
            assert upright.shape == like.samples.shape
            error = (upright - like.luma) ** 2
            parts = [half for row in np.array_split(error, 4) for half in np.array_split(row, 4, axis=1)]
            worst = max(float(part.mean()) for part in parts)
            assert worst == 0 or 10 * np.log10(1 / worst) >= least_psnr, f"coded frame at {float(frame.tick):.3f} s"
            kinds["encoded"] += 1
    assert kinds == {"copied": made.joined.copied, "encoded": made.joined.encoded}
