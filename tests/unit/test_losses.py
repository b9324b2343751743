"""What of a source no output has is told, with the way to keep it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reelwright.edits import ladder
from reelwright.edits.edit import overlay, transcode, trim
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.layers import ImageLayer
from reelwright.edits.media_info import MediaInfo, OtherStream
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, ImageFacts, resolve
from reelwright.errors import InvalidInput
from tests.support.media_info import media


def warnings(info: MediaInfo, **wanted: Any) -> tuple[str, ...]:
    """Of a trim."""
    output = ladder.single(Ladder(qualities=(Quality.SOURCE,), **wanted), info.main_video.display_size, usual_crf=18)
    return resolve(trim(1, 2, output), Facts(sha256="0" * 64, media=info)).warnings


def test_tracks_that_are_left_out_are_counted() -> None:
    """In one sentence, whatever is made; what nobody would miss is not named."""
    kinds = ("subtitle", "subtitle", "data", "attachment", "empty")
    other = [OtherStream(index=9 + number, kind=kind) for number, kind in enumerate(kinds)]
    info = msgspec.structs.replace(media(), other=other, chapters=3, programs=2)
    told = (
        "left out: 2 subtitle tracks, 1 data track, 1 attachment, 3 chapters",
        "the file holds 2 programmes: the picture of one is used",
    )
    assert warnings(info) == told
    facts = Facts(sha256="0" * 64, media=info)
    assert resolve(transcode(ladder.outputs(Ladder(), (1280, 720))), facts).warnings == told
    drawn = ImageFacts(sha256="1" * 64, width=8, height=8)
    laid = overlay((ImageLayer(image_path="a"),))
    assert resolve(laid, msgspec.structs.replace(facts, layers=(drawn,))).warnings == told
    assert warnings(media()) == ()


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9"])
def test_depth_and_hdr_are_kept_or_missed(codec: str) -> None:
    """H.264 keeps neither, which is said with the codecs that do."""
    deep = media(bit_depth=10, pixel_format="yuv420p10le")
    bright = media(bit_depth=10, pixel_format="yuv420p10le", color_transfer="smpte2084")
    said = warnings(deep, codec=codec), warnings(bright, codec=codec)
    if codec != "h264":
        assert said == ((), ())
        deeper = media(bit_depth=12, pixel_format="yuv420p12le")
        assert warnings(deeper, codec=codec) == ("the video has 12 bits a sample: it becomes 10",)
        return
    assert said[0] == ("the video has 10 bits a sample: with h264 it becomes 8; the codecs hevc, av1 and vp9 keep ten",)
    assert said[1] == ("the video is HDR: it becomes SDR (BT.709); the codecs hevc, av1 and vp9 keep it",)


def test_colours_that_nothing_here_can_show_are_refused() -> None:
    """Dolby Vision without a usual picture in it; one with such a picture is that."""
    with pytest.raises(InvalidInput, match="Dolby Vision of profile 5"):
        warnings(media(dolby_vision_profile=5, dolby_vision_compatibility=0))
    assert warnings(media(dolby_vision_profile=8, dolby_vision_compatibility=2)) == ()
    assert warnings(media(dolby_vision_profile=7, dolby_vision_compatibility=0)) == ()
