"""Encoders in hardware: believed only when they code, used only when asked for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, resolve
from reelwright.media.encoders import hardware
from reelwright.media.ffmpeg import hardware_devices
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from reelwright.settings import Settings
from tests.support.media_info import media

ALL = ("h264_nvenc", "hevc_nvenc", "h264_vaapi")
CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True, hardware=ALL)


async def test_only_what_codes_a_picture_is_there() -> None:
    """That ffmpeg lists it, or that its device exists, says little. `libx264` shows that the trial itself is right."""
    assert await hardware.encodes(Settings(), "libx264")
    for encoder in ("h264_nvenc", "h264_qsv", "h264_vaapi", "hevc_nvenc"):
        if not hardware_devices.devices():
            assert not await hardware.encodes(Settings(), encoder)
    for encoder in await hardware.hardware_encoders(Settings()):
        assert await hardware.encodes(Settings(), encoder)


async def test_without_devices_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's start does not wait for it."""
    monkeypatch.setattr(hardware_devices, "NEEDED", {"nvenc": ("/dev/none-such",)})

    async def fail(*_: object, **__: object) -> str:
        raise AssertionError("ffmpeg was started")

    monkeypatch.setattr(hardware, "ask", fail)
    monkeypatch.setattr(hardware, "listed_encoders", fail)
    assert await hardware.hardware_encoders(Settings()) == ()


def coded_by(capabilities: Capabilities = CAPABILITIES, source: dict[str, Any] | None = None, **video: Any) -> str:
    output = FileOutput(quality=Quality.P480, video=VideoEncoding(**video))
    plan = resolve(transcode((output,)), Facts(sha256="0" * 64, media=media(**(source or {}))))
    command = compile_plan(plan, capabilities).commands[-1]
    coder = command.arguments[command.arguments.index("-c:v") + 1]
    assert command.hardware == (coder in ALL)
    return coder


def test_hardware_is_used_only_when_asked_for_and_able() -> None:
    """Never by default; not for two passes, ten bits, or what the machine lacks."""
    assert coded_by() == "libx264"
    assert coded_by(hardware=True) == "h264_nvenc"
    assert coded_by(hardware=True, codec="hevc") == "hevc_nvenc"
    assert coded_by(hardware=True, codec="av1") == "libsvtav1"
    assert coded_by(hardware=True, bit_rate=500_000, two_pass=True) == "libx264"
    assert coded_by(hardware=True, codec="hevc", source={"bit_depth": 10}) == "libx265"
    none = msgspec.structs.replace(CAPABILITIES, hardware=())
    assert coded_by(none, hardware=True) == "libx264"


def test_vaapi_gets_its_pictures_uploaded() -> None:
    """By one device for all outputs."""
    outputs = [FileOutput(quality=one, video=VideoEncoding(hardware=True)) for one in (Quality.P720, Quality.P480)]
    plan = resolve(transcode(tuple(outputs)), Facts(sha256="0" * 64, media=media()))
    (command,) = compile_plan(plan, msgspec.structs.replace(CAPABILITIES, hardware=ALL[2:])).commands
    assert command.arguments.count("-init_hw_device") == 1
    graph = command.arguments[command.arguments.index("-filter_complex") + 1]
    assert graph.count("format=pix_fmts=nv12,hwupload") == 2
