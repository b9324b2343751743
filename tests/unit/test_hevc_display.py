"""What a sequence of HEVC says of how it is shown, whatever stands before it in its parameter set."""

from __future__ import annotations

import pytest

from reelwright.media.splicing.bits import Malcoded, packed, protected, trailed, ue
from reelwright.media.splicing.hevc_display import PictureLook, is_dynamic, is_static, shown

GRADED = "42010102200000030090000003000003003ca00a080c1f3b6595952930bc05a848804db080000003008000000c84"
"""Of x265: ten bits, HDR10, chroma above to the left."""
WIDE = "42010101600000030090000003000003003ca00a880c1c44d965654a4e178736040000030004000003006420"
"""Of x265: pixels of 4:3, full range, usual scaling lists, sides that are cut off."""


def test_what_x265_writes_is_read() -> None:
    graded = PictureLook(chroma=1, size=(320, 180), bits=(2, 2), shape=(1, 1), chroma_place=(2, 2))
    assert shown(bytes.fromhex(GRADED)) == graded
    assert shown(bytes.fromhex(WIDE)) == PictureLook(1, (322, 182), (0, 0), (4, 3), full_range=True)


SCALING = [(size, number) for size in range(4) for number in range(0, 6, 3 if size == 3 else 1)]
LISTS = "".join("0" + ue(0) for _ in SCALING)
"""Of scaling: each as the one before it."""
OWN_LISTS = "".join("1" + ue(0) * ((size > 1) + min(64, 1 << (4 + 2 * size))) for size, _ in SCALING)
"""Each with all its numbers."""
BY_ITSELF = ue(2) + ue(1) + (ue(0) + "1") * 2 + ue(0) + "1"
BY_ANOTHER = "1" + "1" + ue(0) + "1" + "01" + "00" + "1"
"""A picture earlier: of four, three are left."""
SETS = ue(3) + BY_ITSELF + BY_ANOTHER + "1" + "0" + ue(1) + "1" * 4
LOOK = "1" + "1" + f"{255:08b}{3:016b}{2:016b}" + "0" + "1" + "101" + "1" + "0" + "1" + ue(1) + ue(1)


def sps(*, chroma: str = ue(1), lists: str = "0", sets: str = SETS, look: str = LOOK) -> bytes:
    """With several layers, of 640x360 in ten bits."""
    bits = "0" * 4 + "001" + "1" + "0" * 96 + "11" + "0" * 14 + "0" * (88 + 8)
    bits += ue(0) + chroma + ue(640) + ue(368) + "1" + ue(0) * 3 + ue(4) + ue(2) * 2 + ue(4)
    bits += "1" + ue(4) * 6 + ue(0) * 6 + lists + "11" + "1" + "0" * 8 + ue(0) * 2 + "0"
    bits += sets + "1" + ue(1) + "0" * 9 + "11" + look
    return protected(bytes.fromhex("4201") + packed(trailed(bits)))


@pytest.mark.parametrize("lists", ["0", "10", "11" + LISTS, "11" + OWN_LISTS])
def test_what_stands_before_is_read_over(lists: str) -> None:
    """Scaling lists, sets of reference pictures by themselves and by others, far ones, several layers."""
    found = shown(sps(lists=lists))
    assert found == PictureLook(1, (640, 360), (2, 2), (3, 2), full_range=True, chroma_place=(1, 1))


def test_what_is_not_said_is_not_known() -> None:
    """Nor what stands for no shape."""
    unknown = PictureLook(1, (640, 360), (2, 2))
    assert shown(sps(look="0")) == shown(sps(look="1" + "0" * 4)) == unknown
    assert shown(sps(look="1" + "1" + f"{99:08b}" + "11" + "0" * 2)) == unknown
    assert shown(sps(chroma=ue(3) + "0", look="0")).chroma == 3


@pytest.mark.parametrize("sets", [ue(65), ue(1) + ue(17)])
def test_more_than_there_can_be_is_not_read(sets: str) -> None:
    with pytest.raises(Malcoded, match="counts too much"):
        shown(sps(sets=sets))


def test_what_breaks_off_is_no_parameter_set() -> None:
    for length in range(2, 30):
        with pytest.raises(Malcoded):
            shown(bytes.fromhex(GRADED)[:length])


def test_frames_go_beside_those_that_are_shown_alike() -> None:
    """The shape of pixels may be said by the container alone."""
    source = shown(bytes.fromhex(GRADED))
    assert source.goes_with(source)
    assert source.goes_with(source._replace(shape=(0, 1)))
    assert not source._replace(shape=(4, 3)).goes_with(source)
    assert not source._replace(chroma_place=(0, 0)).goes_with(source)
    assert not source._replace(full_range=True).goes_with(source)


@pytest.mark.parametrize(
    ("kind", "content", "dynamic", "static"),
    [
        (4, "b5003c0001040000", True, False),
        (4, "b500314741393403", False, False),  # captions
        (137, "33c286c41d4c0bb884d03e803d1340420098968000000001", False, True),
        (144, "03e80190", False, True),
        (5, "ff" * 300, False, False),
        (5, "", False, False),
    ],
)
def test_what_is_said_beside_pictures_is_told_apart(kind: int, content: str, *, dynamic: bool, static: bool) -> None:
    told = bytes.fromhex(content)
    size = bytes([255] * (len(told) // 255) + [len(told) % 255])
    unit = protected(bytes.fromhex("4e01") + bytes([kind]) + size + told + b"\x80")
    assert (is_dynamic(unit), is_static(unit)) == (dynamic, static)
