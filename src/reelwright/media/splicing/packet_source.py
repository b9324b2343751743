"""A source whose packets are read, from the key frame that is wanted on. Runs only in the splicer's children; objects
of PyAV are untyped here."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any

import av

from reelwright.edits.codecs import COPIED_INTO
from reelwright.edits.splice_structs import REMUXED, SpliceRefusal
from reelwright.media.splicing.bits import Malcoded, from_start_codes
from reelwright.media.splicing.h264 import H264, Fields
from reelwright.media.splicing.hevc import Dynamic, Hevc
from reelwright.media.splicing.seen_packets import SeenPacket
from reelwright.media.splicing.vp9_av1_and_intra import NAMES, KeyFramed
from reelwright.settings import CONTAINERS

Codec = H264 | Hevc | KeyFramed
HOLDING = ("mov", "matroska")
"""Containers whose packets MP4 holds as they are."""
HOLDING_INTRA = (*HOLDING, "avi", "mxf")
"""The same of codecs whose frames are alike in all containers."""
EARLIER = 6
"""So many times is looked further back, where a seek lands too late."""


class NotCopied(Exception):
    """The source's packets cannot be copied."""

    def __init__(self, refused: SpliceRefusal) -> None:
        super().__init__(refused.detail)
        self.refused = refused


class Positioned(io.RawIOBase):
    """A file with a place of its own in it: a descriptor's is the same for all that have it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._at = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = os.pread(self._descriptor, size if size >= 0 else 1 << 20, self._at)
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        self._at = base + offset
        return self._at


def opened_again(media_fd: int) -> Any:
    """The same file, to be read beside. Raises FFmpegError."""
    options = {"format_whitelist": ",".join(CONTAINERS), "codec_whitelist": "none"}
    return av.open(Positioned(media_fd), options=options, metadata_errors="replace")


def opened(media_fd: int, *, decoders: str = "none", max_pixels: int = 1, whole: bool = False) -> Any:
    """Raises FFmpegError. Without `decoders` nothing is decoded, be it to find out what a stream is. `whole`: packets
    that an MP4's edit list leaves out are read as well."""
    os.lseek(media_fd, 0, os.SEEK_SET)
    options = {
        "fd": str(media_fd),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(CONTAINERS),
        "codec_whitelist": decoders,
        "max_pixels": str(max_pixels),
    }
    if whole:
        options["advanced_editlist"] = "0"
    return av.open("fd:", options=options, metadata_errors="replace")


def opened_to_copy(media_fd: int, video_stream: int, *, decoders: str, max_pixels: int) -> Any:
    """A source of which packets are copied. Where its container does not say what the result's has to (WebM, of VP9;
    MXF, of DNxHR), a frame is decoded to find out. Raises FFmpegError."""
    container = opened(media_fd)
    if container.streams[video_stream].codec_context.codec.canonical_name not in NAMES:
        return container
    container.close()
    return opened(media_fd, decoders=decoders, max_pixels=max_pixels)


class PacketSource:
    """The video stream of an open container."""

    def __init__(self, container: Any, video_stream: int) -> None:
        """Raises NotCopied."""
        self.container = container
        family = container.format.name.split(",")[0]
        self.is_sent = family in REMUXED
        """Whether units come behind start codes, and no index says where key frames are."""
        self.stream = container.streams[video_stream]
        holding = HOLDING_INTRA if self.stream.codec_context.codec.canonical_name in COPIED_INTO else HOLDING
        if family not in holding and not self.is_sent:
            raise NotCopied(
                SpliceRefusal(reason="container", detail="its container holds pictures in another way than MP4")
            )
        self.codec = _codec(self.stream, self._described() if self.is_sent else self.stream.codec_context.extradata)
        if (refused := self.codec.refused()) is not None:
            raise NotCopied(refused)

    def seen(self, packet: Any) -> SeenPacket:
        """Raises NotCopied."""
        if packet.pts is None:
            raise NotCopied(SpliceRefusal(reason="times", detail="it is not said when each frame is shown"))
        if packet.has_sidedata("new_extradata"):
            raise NotCopied(SpliceRefusal(reason="parameters", detail="its parameters change"))
        if isinstance(self.codec, KeyFramed):
            return SeenPacket(packet.pts, packet.dts, self.codec.kind_of(packet))
        try:
            data = bytes(packet)
            if self.is_sent:
                data = from_start_codes(data, self.codec.configuration.length_size)
            kind = self.codec.kind(data)
        except Fields as error:
            raise NotCopied(SpliceRefusal(reason="fields", detail=str(error))) from error
        except Dynamic as error:
            raise NotCopied(SpliceRefusal(reason="format", detail=str(error))) from error
        except Malcoded as error:
            raise NotCopied(SpliceRefusal(reason="damaged", detail=str(error))) from error
        return SeenPacket(packet.pts, packet.dts, kind)

    def packets(self, tick: int) -> Iterator[Any]:
        """From a key frame on that is shown at `tick` or before, or from the file's first one."""
        first = self.stream.start_time or 0
        second = round(1 / self.stream.time_base)
        target = tick
        for times in range(EARLIER):
            # by bytes, a seek to the very start lands behind it
            self.container.seek(
                max(target, first) if not self.is_sent else target if target > first else first - 10 * second,
                stream=self.stream,
                backward=True,
            )
            packets = (packet for packet in self.container.demux(self.stream) if packet.size)
            begun = next((packet for packet in packets if packet.is_keyframe), None)
            if begun is None and self.is_sent and target > first:
                target -= second << times
                continue
            if begun is None or begun.pts is None:
                raise NotCopied(SpliceRefusal(reason="times", detail="it is not said when each frame is shown"))
            if begun.pts <= tick or begun.pts <= first or target <= first:
                yield begun
                yield from packets
                return
            earlier = (begun.pts if begun.dts is None else begun.dts) - 1
            target = min(earlier, target) - (second << times if self.is_sent else 0)
        raise NotCopied(SpliceRefusal(reason="times", detail="its key frames are not where its index says"))

    def _described(self) -> bytes:
        """Its parameters as MP4 would say them, by what the muxer writes of a first packet."""
        first = next((packet for packet in self.container.demux(self.stream) if packet.is_keyframe), None)
        if first is None or not self.stream.codec_context.extradata:
            raise NotCopied(SpliceRefusal(reason="parameters", detail="its parameters are not found"))
        written = io.BytesIO()
        with av.open(written, "w", format="mp4") as made:
            first.stream = made.add_stream_from_template(self.stream)
            made.mux(first)
        written.seek(0)
        with av.open(written, options={"codec_whitelist": "none"}) as read:
            return read.streams.video[0].codec_context.extradata or b""


def _codec(stream: Any, extradata: bytes | None) -> Codec:
    name = stream.codec_context.codec.canonical_name
    try:
        if name == "h264":
            return H264(extradata or b"")
        if name == "hevc":
            return Hevc(extradata or b"")
        if name in NAMES:
            return KeyFramed(extradata or b"", stream.codec_context.codec_tag)
    except Malcoded as error:
        raise NotCopied(SpliceRefusal(reason="parameters", detail=str(error))) from error
    raise NotCopied(SpliceRefusal(reason="codec", detail=f"{name} is not cut in this way"))
