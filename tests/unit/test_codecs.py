"""Codecs: the rows, the encoders and the other places that name codecs agree."""

from typing import get_args
from uuid import UUID

import pytest
from msgspec import UNSET, UnsetType

from reelwright import file_formats, source_codecs
from reelwright.api.schemas.cut_modes import ALL
from reelwright.edits import codecs, cut_mode_expectations
from reelwright.edits.audio_tracks import COPIED
from reelwright.edits.codecs import (
    CODECS,
    COPIED_INTO,
    Codec,
    Container,
    CopiedCodec,
    CopyContainer,
    SoundCodec,
    SoundContainer,
    VideoContainer,
)
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.output_shorthand import read_word
from reelwright.edits.outputs import FileOutput, Preset, VideoEncoding
from reelwright.edits.plan import Facts, resolve
from reelwright.edits.plan.splice_refusals import BESIDE
from reelwright.edits.splice_structs import REMUXED, CutMode
from reelwright.edits.steps.trim import TrimStep
from reelwright.jobs.draft_edit import EditRequest, edit_of
from reelwright.media.encoders import hardware, muxing, software
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.splicing.packet_source import HOLDING, HOLDING_INTRA
from tests.support.media_info import media

CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=2, tone_mapping=True)


def test_each_codec_has_its_row_and_its_encoder_a_module() -> None:
    """And nothing else has: to add a codec is a name, a row and a module."""
    assert set(CODECS) == set(get_args(Codec))
    assert {rules.encoder for rules in CODECS.values()} == set(software.SOFTWARE)
    assert set(hardware.CODECS) <= set(CODECS)


def test_results_can_be_edited_further() -> None:
    """What renditions are coded by is among what a source may be coded by."""
    assert set(CODECS) <= set(source_codecs.OURS) & set(source_codecs.VIDEO)


def test_each_container_holds_video_and_audio() -> None:
    """Every row names only containers there are, and each of them is held to the same names; those of sound alone hold
    one codec, and are formats that are known."""
    containers = set(get_args(VideoContainer))
    assert all(set(rules.containers) <= containers for rules in CODECS.values())
    assert all(codecs.held_by(container) for container in get_args(VideoContainer))
    assert set(codecs.AUDIO_CODECS) == set(get_args(Container)) == {*COPIED, *codecs.SOUND_CONTAINERS}
    assert set(COPIED) == containers | set(get_args(CopyContainer))
    assert set(codecs.SOUND_CONTAINERS) == set(get_args(SoundContainer))
    assert set(codecs.SOUND_CONTAINERS) <= {known.extension[1:] for known in file_formats.SOUNDS}
    assert all(len(codecs.AUDIO_CODECS[container]) == 1 for container in codecs.SOUND_CONTAINERS)
    assert set(codecs.AUDIO_RULES) == set(get_args(SoundCodec))


def test_what_is_only_copied_is_known_to_all_tables() -> None:
    """No encoder is for it; its container is one that results of other codecs are not put into; it may be a source."""
    assert set(COPIED_INTO) == set(get_args(CopiedCodec)) <= set(source_codecs.VIDEO)
    assert not set(COPIED_INTO) & set(CODECS)
    assert set(COPIED_INTO.values()) == set(get_args(CopyContainer))
    for container in COPIED_INTO.values():
        assert not codecs.held_by(container)
        assert file_formats.demuxer_of(container) == "mov"
        assert muxing.into(container, "<out0>")[-1] == "<out0>"


@pytest.mark.parametrize(
    ("own", "mode", "named", "codec", "like_source"),
    [
        ("hevc", "smart", False, "hevc", UNSET),
        ("hevc", "smart", True, "h264", UNSET),
        ("hevc", "auto", False, "h264", UNSET),
        ("prores", "copy", False, "h264", True),
        ("prores", "copy", True, "h264", UNSET),
        ("prores", "exact", False, "h264", UNSET),
        ("theora", "smart", False, "h264", UNSET),
    ],
)
def test_an_edit_without_outputs_is_copied_as_its_source_is(
    own: str, mode: CutMode, *, named: bool, codec: Codec, like_source: bool | UnsetType
) -> None:
    """Where a copy is asked for by name; what is coded after all is H.264 where nothing is coded as the source."""
    request = EditRequest(UUID(int=0), (TrimStep(start=1),), (read_word("mp4"),), ((),), mode, names_outputs=named)
    edit, _ = edit_of(request, Facts(sha256="0" * 64, media=media(codec=own)))
    (output,) = edit.outputs
    assert (output.pictures.codec, output.container, output.like_source) == (codec, "mp4", like_source)


def test_each_cut_mode_says_what_is_copied() -> None:
    """From each container of which packets are copied, by the tables that copying goes by."""
    assert set(cut_mode_expectations.EXPECTED) == set(get_args(CutMode))
    families = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "webm": "matroska"}
    for one in cut_mode_expectations.sources():
        own = HOLDING_INTRA if one.codec in COPIED_INTO else (*HOLDING, *REMUXED) if one.codec in BESIDE else HOLDING
        assert {families.get(container, container) for container in one.containers} == set(own)
    listed = {one.mode: one for one in ALL}
    assert not listed["exact"].sources
    results = {one.codec: one.result for one in listed["smart"].sources}
    assert (results["h264"], results["prores"]) == ("mp4", "mov")


@pytest.mark.parametrize("codec", CODECS)
def test_a_row_is_sound(codec: Codec) -> None:
    """Its factors are those that may be asked for, for every quality with a box, rising as pictures get smaller."""
    rules = CODECS[codec]
    factors = list(rules.crf.values())
    assert set(rules.crf) == set(Quality) - {Quality.SOURCE}
    assert factors == sorted(factors)
    assert rules.crf_range[0] <= factors[0] <= factors[-1] <= rules.crf_range[1]
    assert rules.two_pass or not rules.two_pass_unasked


@pytest.mark.parametrize("preset", get_args(Preset))
@pytest.mark.parametrize("codec", CODECS)
def test_each_encoder_knows_each_preset(codec: Codec, preset: Preset) -> None:
    """With a factor, with a bit rate, in segments, and in two passes where its row says so."""
    rules = CODECS[codec]
    variations = [
        VideoEncoding(codec=codec, preset=preset),
        VideoEncoding(codec=codec, preset=preset, segment_s=4, peak_bit_rate=1_000_000),
        VideoEncoding(codec=codec, preset=preset, bit_rate=500_000, two_pass=rules.two_pass),
    ]
    for video in variations:
        output = FileOutput(video=video, container=rules.containers[0])
        plan = resolve(transcode((output,)), Facts(sha256="0" * 64, media=media()))
        options = software.coded_video(media(), plan.outputs[0], CAPABILITIES)
        assert options[:2] == ("-c:v", rules.encoder)
        assert len(options) % 2 == 0, "an option without its value"
    if rules.two_pass:
        assert 0 < software.first_pass_share(variations[-1]) <= 1
