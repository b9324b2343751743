"""Plan to commands: whole argument lists, decided without touching a file."""

from __future__ import annotations

import msgspec
import pytest

from reelwright.edits.edit import trim
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import Facts, resolve
from reelwright.errors import JobFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Recipe
from reelwright.media.recipes.compile import compile_plan
from reelwright.settings import CONTAINERS
from tests.support.media_info import media

CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True)


def compiled(info: MediaInfo, start: float = 3, end: float = 5, capabilities: Capabilities = CAPABILITIES) -> Recipe:
    return compile_plan(resolve(trim(start, end), Facts(sha256="0" * 64, media=info)), capabilities)


def arguments(info: MediaInfo, start: float = 3, end: float = 5) -> list[str]:
    (command,) = compiled(info, start, end).commands
    return list(command.arguments)


def after(arguments: list[str], option: str) -> str:
    """What follows the option, every time that it comes."""
    return " ".join(arguments[i + 1] for i, argument in enumerate(arguments) if argument == option)


def test_the_whole_command_of_a_trim() -> None:
    """Seek with a run-up, allow-lists before the input, one graph, H.264 and AAC, index first."""
    assert arguments(media()) == [
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+warning"),
        *("-progress", "pipe:1", "-stats_period", "0.1"),
        *("-copyts", "-ss", "2.680000", "-t", "3.320000"),
        *("-fflags", "+discardcorrupt", "-reinit_filter:v", "0", "-max_pixels", "70778880", "-threads", "4"),
        *("-protocol_whitelist", "file"),
        *("-format_whitelist", ",".join(CONTAINERS)),
        *("-codec_whitelist", CAPABILITIES.decoders),
        *("-i", "<in0>", "-filter_complex_threads", "4", "-filter_complex"),
        "[0:0]scale=w=1280:h=720:flags=bicubic,trim=start_pts=38400:end_pts=64000,setpts=expr=PTS-(38400),"
        "format=pix_fmts=yuv420p,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709[o0]",
        "-filter_complex",
        "[0:1]aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,atrim=start=3.000000:end=5.000000,"
        "asetpts=expr=PTS-(3.000000)/TB,atrim=start=0.000000,aresample=async=1:min_hard_comp=0.020000,"
        "apad=whole_dur=2.000000,asetpts=expr='if(isnan(PTS),N/SR/TB,PTS)',atrim=end=2.000000[o1]",
        *("-map", "[o0]", "-map", "[o1]", "-c:a:0", "aac", "-b:a:0", "128000", "-bsf:a:0"),
        r"noise=drop=lte(dts-startdts+1\,ld(0))+0*st(0\,max(ld(0)\,dts-startdts+1))",
        *("-metadata:s:a:0", "language=eng", "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-profile:v", "high", "-threads:v", "4"),
        *("-fps_mode", "vfr"),
        *("-movflags", "+faststart", "-f", "mp4", "<out0>"),
    ]


def test_damage_behind_the_interval_is_not_read() -> None:
    """The second try drops packets that nothing in the interval needs, and the last one of a file without an index."""
    (command,) = compiled(media()).commands
    more = [argument for argument in command.if_damaged if argument not in command.arguments]
    assert more == [
        *("-y", "-bsf:0"),
        r"noise=drop=st(0\,ld(0)+gte(pts\,startpts)*lt(pts\,64000));"
        r"gte(dts\,64000)+gte(pts\,64000)*gte(ld(0)*512\,64000-startpts)",
        *("-bsf:1", r"noise=drop=gte(pts\,240000)"),
    ]
    (command,) = compiled(media(frame_count=None, last_packet_s="49/10")).commands
    assert after(list(command.if_damaged), "-bsf:0") == r"noise=drop=gte(dts\,64000)+gte(dts\,62720)"


def test_containers_without_an_index_are_read_from_their_start() -> None:
    """A seek may land behind the key frame that the first picture needs."""
    info = msgspec.structs.replace(media(), container="mpegts")
    assert "-ss" not in arguments(info)
    assert after(arguments(info), "-t") == "6.000000"


def test_ticks_count_in_the_files_own_clock() -> None:
    """A stream that starts at 1.4 s is cut there."""
    found = after(arguments(media(start="7/5")), "-filter_complex")
    assert "trim=start_pts=56320:end_pts=81920" in found
    assert "atrim=start=4.400000:end=6.400000" in found


def test_variable_rates_keep_their_times() -> None:
    """A fine time base for the encoder: 1/rate would move frames."""
    assert after(arguments(media(variable_frame_rate=True)), "-enc_time_base") == "1:90000"
    assert "-enc_time_base" not in arguments(media())


def test_odd_sides_become_even_and_hdr_becomes_sdr() -> None:
    """Before the picture is made 4:2:0, 8 bit."""
    odd = after(arguments(media(width=321, height=181)), "-filter_complex")
    assert "scale=w=320:h=180:flags=bicubic,format=pix_fmts=yuv420p" in odd
    hdr = media(color_transfer="smpte2084", bit_depth=10, pixel_format="yuv420p10le")
    assert "tonemap=tonemap=hable" in after(arguments(hdr), "-filter_complex")


def test_hdr_without_tone_mapping_is_refused_with_a_reason() -> None:
    """Washed-out colours are no result."""
    plain = msgspec.structs.replace(CAPABILITIES, tone_mapping=False)
    with pytest.raises(JobFailed, match="tone-map") as caught:
        compiled(media(color_transfer="arib-std-b67"), capabilities=plain)
    assert caught.value.code == "unsupported_here"


def test_interlaced_pictures_stay_interlaced() -> None:
    """With the field order that they have."""
    top, bottom = arguments(media(field_order="tt")), arguments(media(field_order="bb"))
    assert (after(top, "-flags"), after(top, "-x264-params")) == ("+ildct+ilme", "tff=1")
    assert after(bottom, "-x264-params") == "bff=1"


def test_every_track_is_kept_and_none_is_needed() -> None:
    """Two tracks: two maps with their languages; none: no audio options at all."""
    two = arguments(media(tracks=2))
    assert [two[i + 1] for i, a in enumerate(two) if a == "-map"] == ["[o0]", "[o1]", "[o2]"]
    assert "-c:a" not in arguments(media(tracks=0))


def test_the_same_plan_gives_the_same_recipe() -> None:
    """And it survives JSON, as it is stored on the job."""
    recipe = compiled(media())
    assert recipe == compiled(media())
    assert msgspec.json.decode(msgspec.json.encode(recipe), type=Recipe) == recipe
